"""The order in which a text is masked."""

from __future__ import annotations

from services.ingest.privacy.links import LINK, MAY_LINK, mask_link
from services.ingest.privacy.mail import mask_mail
from services.ingest.privacy.numbers import mask_numbers
from services.ingest.privacy.plates import mask_plates


def mask(text: str) -> str:
    """Return a text with every personal number replaced by its mark. Masking twice changes nothing more."""
    # a mark changes what stands around the next number, so that a masked text is read until nothing is left to mask
    while (masked := _masked(text)) != text:
        text = masked
    return text


def _masked(text: str) -> str:
    if not ("/" in text and MAY_LINK.search(text)):
        return _prose(text)
    out: list[str] = []
    done = 0
    for match in LINK.finditer(text):
        out += [_prose(text[done : match.start()]), mask_link(match[0])]
        done = match.end()
    return "".join([*out, _prose(text[done:])])


def _prose(text: str) -> str:
    return mask_numbers(mask_plates(mask_mail(text)))
