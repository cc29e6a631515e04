"""What makes two posts the same post: the same canonical URL, or the same folded text where there is no URL."""

from __future__ import annotations

import hashlib
import re
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

from services.ingest.folding import folded

#: Query parameters that say how a reader came, not what they read.
_TRACKING: Final = re.compile(
    r"utm_.*|spm.*|scm|share_.*|sharefrom|shareuid|from|isappinstalled|nsukey|wx_.*|wxwork_.*|weixin.*|chksm"
    r"|sessionid|refer_?flag|refer|referer|ref_src|fbclid|gclid|msclkid|_t|_r|sudaref|dt_dapp|app_source|tt_from|utm"
    r"|clicktime|enterid|version_code|from_source|vd_source|bd_vid",
    re.IGNORECASE,
)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class NotAUrl(ValueError):
    """A URL that no public page has; the message says why."""


def canonical_url(url: str) -> str:
    """Return a URL in one form: lower-case scheme and host, no default port, fragment or tracking parameters.

    http and https give the same form (https), as do a path with and without its last slash. Raises :class:`NotAUrl`.
    """
    try:
        parts = urlsplit(canonicalize_url(url.strip(), keep_fragments=False))
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise NotAUrl(str(error)) from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise NotAUrl("only http and https")
    if not host or ("." not in host and host != "localhost"):
        raise NotAUrl("no host")
    if parts.username or parts.password:
        raise NotAUrl("credentials in the URL")
    at = host if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{host}:{port}"
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.fullmatch(pair[0])]
    return urlunsplit(("https", at, parts.path.rstrip("/") or "/", urlencode(sorted(query)), ""))


def text_key(text: str) -> str:
    """Return what is the same for texts that fold alike: 32 hexadecimal digits of SHA-256."""
    return hashlib.sha256(folded(text).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def identity(url: str | None, text: str) -> str:
    """Return a post's identity: of its canonical URL, else of its folded text."""
    basis = f"url:{url}" if url else f"text:{text_key(text)}"
    return hashlib.sha256(basis.encode("utf-8", "surrogatepass")).hexdigest()[:40]
