"""Finding when a page was published: declared, beside the title, in a script, in the address, at the text's end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import htmldate

from services.ingest.extraction.dates import SHANGHAI, Reading, find_time
from services.ingest.extraction.document import READ, Element, Line
from services.ingest.extraction.structured import CHANGE_NAMES, TIME_NAMES, Declared, said

#: lines above the body, and of its beginning, in which a time is looked for
_ABOVE: Final = 14
_WITHIN: Final = 3
#: lines of the text's end in which a signature's date is looked for
_SIGNATURE: Final = 4
#: a longer line is prose, and its dates are the story's
_BYLINE: Final = 160
_LABEL: Final = re.compile(
    r"(?:(?:发布|发表|发文|公开|更新|上传|录入|发稿|刊发|成文)(?:时间|日期|于)?|时间|日期|来源|published"
    r"|posted(?: on)?|time|date)\s*[:：|]|^\W*(?:发布|发表|发文|更新|上传|录入|发稿|刊发)(?:时间|日期|于)",
    re.I,
)
_CHANGED: Final = re.compile(r"(?:最后更新|更新时间|最后修改|修改于|编辑于|updated)", re.I)
_STARTS_WITH_TIME: Final = re.compile(
    r"^\W*(?:19|20)?\d{2,4}\s*[-/.年]|^\W*\d{1,2}\s*[-/月]|^.{0,6}(?:前|刚刚|昨天|今天)"
)
_SCRIPTED: Final = re.compile(
    r"""(?:["'\s.](?:pub(?:lish)?_?(?:time|date|at)|publishedAt|datePublished|create_?(?:time|date|d_?at)|post_?time|pub_time|"""
    r"""ptime|news_?time|ori_create_time|ct|svr_time0)["']?\s*[:=]\s*["']?)"""
    r"""(?P<time>\d{13}|\d{10}|(?:19|20)\d\d[-/]\d{1,2}[-/]\d{1,2}"""
    r"""(?:[ T]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?)(?!\d)""",
    re.I,
)
_IN_ADDRESS: Final = re.compile(
    r"[/_t-](?P<year>20[0-3]\d|199\d)[-/_]?(?P<month>0[1-9]|1[0-2])[-/_]?(?P<day>0[1-9]|[12]\d|3[01])(?=[/_.-]|\d*[_/.-]|$)"
)
_SCRIPT_READ: Final = 200_000


def find_published(
    root: Element, facts: Declared, page: Sequence[Line], span: tuple[int, int] | None, url: str, now: datetime
) -> datetime | None:
    """Return when the page was published, with a zone, or None. `span` is where the body lies in the page's lines."""
    stated = _declared(facts, TIME_NAMES, now)
    seen = _beside_title(root, page, span, now) if span else None
    if stated is not None:
        return _agreed(stated, seen).moment
    if seen is not None and seen.exact:
        return seen.moment
    for other in (_scripted(root, now), _declared(facts, CHANGE_NAMES, now)):
        if seen is None and other is not None:
            return other.moment
        if other is not None and seen is not None and _same_day(other.moment, seen.moment):
            return other.moment
    if seen is not None:
        return seen.moment
    return _last_resorts(page, span, url, now)


def _declared(facts: Declared, names: Sequence[str], now: datetime) -> Reading | None:
    published = names is TIME_NAMES
    node = said(
        facts.article, *(("datePublished", "pubDate", "dateCreated", "uploadDate") if published else ("dateModified",))
    )
    texts = [
        node,
        facts.properties.get("datepublished", "") if published else "",
        *(facts.meta.get(name, "") for name in names),
    ]
    readings = [reading for text in texts if text and (reading := find_time(text, now)) is not None]
    # a declared day is completed by another declared time of that day
    for reading in readings:
        if reading.exact and _same_day(reading.moment, readings[0].moment):
            return reading
    return readings[0] if readings else None


def _agreed(stated: Reading, seen: Reading | None) -> Reading:
    """Prefer the day that is declared, and of that day the minute that readers see.

    Portals declare when an item went through their system, some declare local time as if it were UTC.
    """
    if seen is None or not seen.exact or not seen.absolute:
        return stated
    declared, visible = stated.moment, seen.moment
    same_clock = _to_minute(declared) == _to_minute(visible)
    if same_clock and declared.utcoffset() == visible.utcoffset():
        return stated if stated.exact else seen
    return seen if same_clock or _same_day(declared, visible) else stated


def _to_minute(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None, second=0, microsecond=0)


def _same_day(one: datetime, other: datetime) -> bool:
    return one.astimezone(SHANGHAI).date() == other.astimezone(SHANGHAI).date()


def _beside_title(root: Element, page: Sequence[Line], span: tuple[int, int], now: datetime) -> Reading | None:
    """Return the likeliest time on the lines around the body's beginning, or right after its end."""
    best: tuple[float, Reading] | None = None
    for line, distance in _near_body(page, span):
        text = line.spaced
        inside = span[0] <= line.order <= span[1]
        if len(text) > _BYLINE or not any(sign.isdigit() or sign in "刚昨今前天" for sign in text):
            continue
        labelled = _LABEL.search(text) is not None
        if line.clauses > (0 if inside and not labelled else 1) or (not labelled and line.density > 0.6):
            continue
        if len(text) > 70 and not labelled and not _STARTS_WITH_TIME.search(text):
            continue
        reading = find_time(text, now)
        if reading is None or (not reading.absolute and (line.clauses or len(text) > 60)):
            continue
        if not reading.absolute:
            reading = _hinted(line.block, now) or reading
        score = (
            (3.0 if labelled else 0.0)
            + (1.5 if reading.exact else 0.0)
            + (1.5 if _STARTS_WITH_TIME.search(text) else 0.0)
        )
        score += 1.0 if line.order < span[0] else 0.0
        score += (1.0 if reading.absolute else 0.0) - 0.15 * distance - (4.0 if _CHANGED.match(text) else 0.0)
        if line.clauses and not labelled:
            score -= 2.5
        if best is None or score > best[0]:
            best = score, reading
    timed = _time_element(root, now) if best is None else None
    return best[1] if best and best[0] > 0 else timed


def _hinted(block: Element, now: datetime) -> Reading | None:
    """Return the exact time that an element with a relative one carries in its attributes."""
    for one in block.iter("span", "time", "a", "em"):
        reading = find_time(one.get("datetime") or one.get("title") or "", now)
        if reading is not None and reading.absolute:
            return reading
    return None


def _near_body(page: Sequence[Line], span: tuple[int, int]) -> Iterator[tuple[Line, int]]:
    begins, ends = span
    for number in range(begins + _WITHIN, max(-1, begins - _ABOVE), -1):
        if number < len(page):
            yield page[number], abs(begins - number)
    for number in range(ends + 1, min(len(page), ends + 6)):
        yield page[number], 14 + number - ends


def _time_element(root: Element, now: datetime) -> Reading | None:
    for element in root.iter("time"):
        reading = find_time(element.get("datetime") or element.text or "", now)
        if reading is not None:
            return reading
    return None


def _scripted(root: Element, now: datetime) -> Reading | None:
    for element in root.iter("script"):
        if element.text and "ld+json" not in (element.get("type") or ""):
            for match in _SCRIPTED.finditer(element.text[:_SCRIPT_READ]):
                reading = find_time(match["time"], now)
                if reading is not None:
                    return reading
    return None


def _last_resorts(page: Sequence[Line], span: tuple[int, int] | None, url: str, now: datetime) -> datetime | None:
    match = _IN_ADDRESS.search(url)
    if match:
        reading = find_time(f"{match['year']}-{match['month']}-{match['day']}", now)
        if reading is not None:
            return reading.moment
    if span is not None:
        for line in page[max(span[0], span[1] - _SIGNATURE) : span[1] + 1][::-1]:
            reading = (
                find_time(line.text, now) if line.length <= 24 and re.search(r"年.{1,3}月.{1,4}日", line.text) else None
            )
            if reading is not None:
                return reading.moment
    return None


def whole_page_day(html: str, now: datetime) -> datetime | None:
    """Return the day that htmldate finds on the page, or None: for pages on which nothing else was found."""
    found = htmldate.find_date(
        html[:READ],
        original_date=True,
        extensive_search=False,
        min_date="1995-01-01",
        max_date=now.strftime("%Y-%m-%d"),
    )
    reading = find_time(found, now) if found else None
    # a bare year, such as a copyright's, comes out as its first day
    return reading.moment if reading and (reading.moment.month, reading.moment.day) != (1, 1) else None
