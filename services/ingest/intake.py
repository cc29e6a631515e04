"""From what was pushed to what is stored: checked, masked, its author hashed, its identity known. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError

from contracts.messages import Counters
from contracts.words import Channel
from kit.field_words import in_chinese, plain
from services.ingest.author import AuthorKeys
from services.ingest.folding import cleaned, folded
from services.ingest.identity import NotAUrl, canonical_url, identity, text_key
from services.ingest.privacy import mask, mask_url
from services.ingest.registry import Outlet, Registry
from services.ingest.schemas import MAX_TEXT, PushedPost

_OLDEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
_AHEAD: Final = timedelta(days=1)


class Unfit(ValueError):
    """Why a post is not taken, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        # a reason may quote what was sent
        self.zh, self.en = mask(zh), mask(en)
        super().__init__(self.en)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A post ready to be stored. Nothing in it names a person."""

    index: int
    identity: str
    text_key: str
    url: str | None
    title: str
    text: str
    channel: str
    source_id: str | None
    source_name: str | None
    source_tier: str | None
    #: where the page says its text is from, if not from the source
    outlet: str | None
    author_hash: str | None
    published_at: datetime
    counters: Counters
    #: identity of the post that this one repeats or answers
    repost_identity: str | None


class Intake:
    """Turns pushed items into candidates."""

    def __init__(self, keys: AuthorKeys, registry: Registry) -> None:
        self._keys, self._registry = keys, registry

    def candidates(
        self, items: Iterable[Any], now: datetime, *, chinese: bool, outlet: Outlet | None = None
    ) -> tuple[list[Candidate], list[tuple[int, str]]]:
        """Return the candidates among `items`, and for each other item its index and the reason."""
        good: list[Candidate] = []
        bad: list[tuple[int, str]] = []
        for index, item in enumerate(items):
            try:
                good.append(self._candidate(index, item, now, outlet))
            except Unfit as unfit:
                bad.append((index, unfit.zh if chinese else unfit.en))
        return good, bad

    def _candidate(self, index: int, item: Any, now: datetime, outlet: Outlet | None) -> Candidate:
        post = _read(item)
        text = cleaned(post.text).strip()
        if not text:
            raise Unfit("正文为空", "the text is empty")
        published = post.published_at or now
        if not _OLDEST <= published <= now + _AHEAD:
            raise Unfit("发布时间不合理", "published_at is before 1990 or more than a day ahead")
        url, canonical = _address(post.url, "url")
        _, reposted = _address(post.repost_of, "repost_of")
        outlet = outlet or self._registry.find(post.source, canonical)
        channel = post.channel or (outlet.channel if outlet else None) or Channel.OTHER
        masked = mask(text)
        name = cleaned(post.source).strip() if post.source else None
        return Candidate(
            index=index,
            identity=identity(canonical, masked),
            text_key=text_key(masked),
            url=url,
            title=mask(cleaned(post.title).strip()),
            text=masked,
            channel=channel.value,
            source_id=outlet.id if outlet else None,
            source_name=(outlet.name if outlet else mask(name) if name else None),
            source_tier=outlet.tier.value if outlet and outlet.tier else None,
            outlet=_named(post.outlet, outlet.name if outlet else name),
            author_hash=self._keys.hash(post.author, channel.value, now) if post.author else None,
            published_at=published.astimezone(UTC),
            counters=Counters(**post.metrics.model_dump()),
            repost_identity=identity(reposted, "") if reposted else None,
        )


def _read(item: Any) -> PushedPost:
    if not isinstance(item, dict):
        raise Unfit("不是对象", "not an object")
    if not isinstance(item.get("text"), str):
        raise Unfit("缺少正文 text", "text is missing")
    if len(item["text"]) > MAX_TEXT:
        raise Unfit(f"正文超过 {MAX_TEXT:,} 字", f"the text is longer than {MAX_TEXT:,} characters")
    try:
        post = PushedPost.model_validate({key: _storable(value) for key, value in item.items()})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise Unfit(f"字段 {where} {in_chinese(first)}", f"{where}: {plain(first)}") from None
    if post.published_at is not None and post.published_at.tzinfo is None:
        return post.model_copy(update={"published_at": post.published_at.replace(tzinfo=UTC)})
    return post


def _named(outlet: str | None, source: str | None) -> str | None:
    """Return the outlet that a page names, unless it is the source itself."""
    named = mask(cleaned(outlet).strip()) if outlet else ""
    return named[:100] if named and folded(named) != folded(source or "") else None


def _storable(value: Any) -> Any:
    return cleaned(value) if isinstance(value, str) else value


def _address(url: str | None, field: str) -> tuple[str | None, str | None]:
    """Return a URL as it is stored (personal numbers masked) and in canonical form; (None, None) for none."""
    if url is None or not url.strip():
        return None, None
    try:
        canonical = canonical_url(cleaned(url))
    except NotAUrl as error:
        raise Unfit(f"{field} 不是公开网页地址：{error}", f"{field} is no public web address: {error}") from None
    return mask_url(cleaned(url).strip()), canonical
