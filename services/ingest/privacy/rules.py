"""Whether digits, as they are parted and as they are placed, are a person's number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from services.ingest.privacy import checks
from services.ingest.privacy.context import Around

#: how people part a mobile number; in other parts they are figures beside each other, unless a word says otherwise
_MOBILE_PARTS: Final = frozenset({(11,), (3, 4, 4), (3, 8), (7, 4), (4, 4, 3), (3, 3, 5)})
SINGLES: Final = (1,) * 11
#: these part the members of a list as well
_LISTING: Final = re.compile(r"[,，、;；:：=+%\n]")
_ID_PARTS: Final = frozenset({(6, 8, 4), (6, 4, 4, 4), (6, 4, 2, 2, 4), (6, 12), (14, 4)})
_BANK_PARTS: Final = frozenset({(6, 10), (6, 11), (6, 12), (6, 13), (4, 12), (4, 15)})


def reads_as_id_card(digits: str, sizes: tuple[int, ...], gaps: Sequence[str], around: Around) -> bool:
    """Tell whether digits are an ID card's; `sizes` are those of their groups, `gaps` what parts these."""
    if checks.is_id_card(digits):
        # times and dates that follow each other may by chance make a valid number
        if not gaps or around.speaks_of_identity or _are_tricks(gaps):
            return True
        return _is_uniform(gaps) and (sizes in _ID_PARTS or not _lists(gaps))
    return not gaps and checks.is_old_id_card(digits) and not around.is_reference


def reads_as_mobile(parts: tuple[int, ...], gaps: Sequence[str], around: Around, single_neighbours: bool) -> bool:
    """Tell whether eleven digits that could be a mobile number are written and placed as one."""
    if around.speaks_of_calling and not around.is_reference:
        return (
            parts in _MOBILE_PARTS or parts == SINGLES or (_is_uniform(gaps) and not _lists(gaps) and max(parts) <= 6)
        )
    if around.is_reference or around.is_quantity or around.is_within_code:
        return False
    if parts == (11,):
        return True
    if _lists(gaps):
        return False
    if parts in _MOBILE_PARTS:
        return parts == (3, 4, 4) or _is_uniform(gaps)
    return parts == SINGLES and not single_neighbours


def reads_as_bank_card(digits: str, sizes: tuple[int, ...], gaps: Sequence[str], around: Around) -> bool:
    """Tell whether digits are a bank card's."""
    if len(digits) < 16 or not checks.is_bank_card(digits, named=True):
        return False
    named = around.speaks_of_cards
    if not named and (around.is_reference or around.is_within_code or not checks.is_bank_card(digits, named=False)):
        return False
    if len(sizes) == 1:
        return True
    equal = len(set(sizes[:-1])) == 1 and 3 <= sizes[0] <= 6 and sizes[-1] <= max(sizes[0], 4)
    if equal or sizes in _BANK_PARTS:
        return not _lists(gaps) or (named and _is_uniform(gaps))
    return named and (_is_uniform(gaps) or _are_tricks(gaps)) and max(sizes) <= 10 and len(sizes) > 2


def _is_uniform(gaps: Sequence[str]) -> bool:
    return len({gap.strip() or gap for gap in gaps}) == 1


def _are_tricks(gaps: Sequence[str]) -> bool:
    """Tell whether no gap is one that figures beside each other have."""
    return not any(re.search(r"[\s.,:;/()\-，、：；（）]", gap) for gap in gaps)


def _lists(gaps: Sequence[str]) -> bool:
    return any(_LISTING.search(gap) for gap in gaps)
