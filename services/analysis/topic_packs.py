"""Topic packs: topics that belong together, in a file that is checked with the texts it says it matches.

The form is written down in docs/topics.md. A pack's topics are kept under the key `pack.topic`, so that they never
meet a topic of the plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from contracts.words import Channel
from kit.documents import Document, DocumentError, Finding, Location, parse_document, read_text
from services.analysis.enrich.folding import fold
from services.analysis.enrich.query import MAX_LENGTH, QueryError
from services.analysis.enrich.query.gazetteer import place_named
from services.analysis.enrich.topic_trial import TopicTrial
from services.analysis.enrich.topics import TopicRule

#: Folders with more files than this are not meant to hold packs.
_MOST_FILES: Final = 200


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Example(_Strict):
    """A text that a topic must match or must not."""

    text: str = Field(min_length=1)
    title: str = ""
    channel: Channel | None = None


def _plain_text(value: object) -> object:
    return {"text": value} if isinstance(value, str) else value


_Example = Annotated[Example, BeforeValidator(_plain_text)]


class PackTopic(_Strict):
    """A topic of a pack. `places` stands in for the pack's own, `exclude` is added to the pack's."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=23)
    name: str = Field(min_length=1, max_length=100)
    query: str = Field(min_length=1, max_length=MAX_LENGTH)
    places: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    matches: tuple[_Example, ...] = Field(min_length=1)
    misses: tuple[_Example, ...] = Field(min_length=1)


class TopicPack(_Strict):
    """A pack as its file gives it."""

    pack: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=40)
    title: str = Field(min_length=1, max_length=100)
    version: str = Field(min_length=1, max_length=32)
    about: str = ""
    places: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    topics: tuple[PackTopic, ...] = Field(min_length=1)

    def rules(self) -> list[TopicRule]:
        """Return the topics as they are matched, in the file's order."""
        return [
            TopicRule(
                key=f"{self.pack}.{topic.key}",
                query=topic.query,
                places=self.places if topic.places is None else topic.places,
                exclude=(*self.exclude, *topic.exclude),
                family=self.pack,
            )
            for topic in self.topics
        ]


@dataclass(frozen=True, slots=True)
class PackFile:
    """A file in the folder of packs: the pack, or what is wrong with it."""

    name: str
    pack: TopicPack | None
    findings: tuple[Finding, ...]


def packs_in(folder: Path) -> list[PackFile]:
    """Return the packs of a folder by name, checked; none where there is no such folder."""
    files = sorted(path for path in folder.glob("*.yaml") if path.is_file())[:_MOST_FILES]
    return [_file(path) for path in files]


def _file(path: Path) -> PackFile:
    try:
        pack, findings = check_pack(path)
    except OSError as error:
        message = f"无法读取 / cannot be read: {error.strerror}"
        return PackFile(path.stem, None, (Finding(path.name, 1, "", message),))
    broken = any(finding.severity == "error" for finding in findings)
    return PackFile(path.stem, None if broken else pack, tuple(findings))


def check_pack(path: Path) -> tuple[TopicPack | None, list[Finding]]:
    """Return a pack (None where it cannot be read as one) and every finding on it, by line; raises OSError."""
    try:
        pack, document = parse_document(read_text(path), str(path), TopicPack)
    except DocumentError as error:
        return None, error.findings
    return pack, sorted(_findings(pack, document), key=lambda finding: finding.line)


def _findings(pack: TopicPack, document: Document) -> Iterator[Finding]:
    stem = Path(document.name).stem
    if pack.pack != stem:
        message = f"名称须与文件名 {stem} 相同 / must be the file's name, {stem}"
        yield document.finding(("pack",), message)
    known: set[str] = set()
    yield from _unknown_places(pack.places, ("places",), document)
    for i, (topic, rule) in enumerate(zip(pack.topics, pack.rules(), strict=True)):
        at: Location = ("topics", i)
        if topic.key in known:
            yield document.finding((*at, "key"), f"专题 {topic.key} 重复 / the topic {topic.key} is repeated")
        known.add(topic.key)
        yield from _unknown_places(topic.places or (), (*at, "places"), document)
        try:
            trial = TopicTrial(rule)
        except QueryError as error:
            yield document.finding((*at, "query"), f"查询式有误：{error.zh} / the query cannot be read: {error.en}")
            continue
        yield from _examples(topic, trial, at, document)


def _unknown_places(names: tuple[str, ...], at: Location, document: Document) -> Iterator[Finding]:
    for i, name in enumerate(names):
        if place_named(fold(name)) is None:
            message = f"地名表中没有“{name}”，按普通词查找 / {name} is not in the gazetteer and is looked for as a word"
            yield document.finding((*at, i), message, "warning")


def _examples(topic: PackTopic, trial: TopicTrial, at: Location, document: Document) -> Iterator[Finding]:
    for kind, examples, wanted in (("matches", topic.matches, True), ("misses", topic.misses, False)):
        for i, example in enumerate(examples):
            outcome = trial.hold(example.title, example.text, example.channel)
            if outcome.matches is wanted:
                continue
            if wanted:
                why = "；".join(reason.zh for reason in outcome.reasons)
                why_en = "; ".join(reason.en for reason in outcome.reasons)
                message = f"应命中而未命中：{why} / should match but does not: {why_en}"
            else:
                words = "、".join(dict.fromkeys(highlight.text for highlight in outcome.highlights))
                message = f"不应命中而命中：{words} / should not match but does: {words}"
            yield document.finding((*at, kind, i), message)
