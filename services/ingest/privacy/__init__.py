"""Masking personal numbers before anything is stored.

Mobile numbers, ID cards (18 characters with a valid check digit, 15 digits with a valid birthday), bank cards (16 to 19
digits of a known issuer that pass Luhn's check), number plates and e-mail addresses are replaced by a mark that keeps
none of their characters, also where they are written to escape a machine: with full-width or circled digits, Chinese
numerals, emoji between the digits, letters for digits. Figures, dates, document numbers, landlines and hotlines stay as
they are. What is found how reliably, and what is not: docs/privacy.md.
"""

from __future__ import annotations

from services.ingest.privacy.links import mask_url
from services.ingest.privacy.masking import mask

__all__ = ["mask", "mask_url"]
