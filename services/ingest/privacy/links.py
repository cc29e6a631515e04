"""Addresses of pages: what is personal in them goes, what names the page stays."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

from contracts.masks import ID_CARD
from services.ingest.privacy.mail import mask_mail
from services.ingest.privacy.numbers import mask_numbers

_INSIDE: Final = r"(?:〔[^〔〕\s]{1,6}〕|[^\s〔〕\u2018-\u201f\u3000-\u303f\u3400-\u9fff\uff00-\uff60\"'<>])"
_TOP: Final = "(?:com|cn|net|org|gov|top|cc|me|io)"
#: the quick look for one
MAY_LINK: Final = re.compile(rf"://|www\.|\.{_TOP}/", re.I)
#: an address within a text, with or without a scheme
LINK: Final = re.compile(
    rf"(?:https?://|(?<![@A-Za-z0-9.-])(?:www\.|(?:[a-z0-9-]{{1,63}}\.){{1,4}}{_TOP}/)){_INSIDE}+",
    re.I,
)


def mask_url(url: str) -> str:
    """Return a URL without credentials and fragment, with mobile and ID-card numbers and e-mail in its query masked.

    In the path only ID cards are masked: a long number there is an article's far more often than a person's, and in the
    query too more often than a bank card's.
    """
    parts = urlsplit(url)
    query = "&".join(_masked_pair(pair) for pair in parts.query.split("&")) if parts.query else ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], _masked_path(parts.path), query, ""))


def mask_link(link: str) -> str:
    """Return an address that stands in a text, masked as by :func:`mask_url` but else unchanged."""
    at = min((place for mark in "?#" if (place := link.find(mark)) >= 0), default=len(link))
    tail = link[at:]
    return mask_mail(_masked_path(link[:at])) + (mask_mail(mask_numbers(tail, cards=False)) if tail else "")


def _masked_pair(pair: str) -> str:
    parsed = parse_qsl(pair, keep_blank_values=True)
    if len(parsed) != 1:
        return pair
    key, value = parsed[0]
    masked = mask_mail(mask_numbers(value, cards=False))
    return pair if masked == value else f"{quote(key)}={quote(masked)}"


def _masked_path(path: str) -> str:
    steps = path.split("/")
    for number, step in enumerate(steps):
        plain = unquote(step)
        if ID_CARD in mask_numbers(plain, cards=False):
            steps[number] = quote(mask_numbers(plain, cards=False))
    return "/".join(steps)
