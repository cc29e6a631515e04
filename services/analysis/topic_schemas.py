"""What goes in and out of topics and topic packs over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.words import Channel
from kit.inputs import Plain
from services.analysis.enrich.query import MAX_LENGTH
from services.analysis.schemas import Input, Text

Word = Annotated[Plain, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Query = Annotated[Plain, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_LENGTH)]
Name = Annotated[Plain, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Family = Annotated[Plain, StringConstraints(strip_whitespace=True, pattern=r"^[a-z][a-z0-9_-]*$", max_length=64)]


class TopicInput(Input):
    """A topic to be watched."""

    name: Name = Field(examples=["移民补偿"])
    query: Query = Field(examples=["(移民 OR 搬迁) near/20 (补偿 OR 后期扶持) AND NOT 出国"])
    places: list[Word] = Field(default_factory=list, max_length=50, examples=[["普洱市"]])
    exclude: list[Word] = Field(default_factory=list, max_length=100)
    family: Family = Field("plan", description="topics of one family share their events")
    enabled: bool = True


class TopicPatch(Input):
    """Fields of a topic to be changed; of a topic of the plan or of a pack only `enabled`."""

    name: Name | None = None
    query: Query | None = None
    places: list[Word] | None = Field(default=None, max_length=50)
    exclude: list[Word] | None = Field(default=None, max_length=100)
    family: Family | None = None
    enabled: bool | None = None


class TopicView(BaseModel):
    """A topic. `problem` says why its query cannot be used; such a topic matches nothing."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    key: str
    name: str
    query: str
    places: list[str]
    exclude: list[str]
    origin: Literal["plan", "user", "pack"]
    family: str
    plan_version: str | None
    pack_version: str | None
    enabled: bool
    problem: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class TestedPost(Input):
    """A text with what else a query may look at."""

    text: Text
    title: Text = ""
    channel: Channel | None = None


class TopicTest(Input):
    """Texts to hold against a query (with `places` and `exclude`) or against a stored topic, by id or key."""

    query: Query | None = None
    places: list[Word] = Field(default_factory=list, max_length=50)
    exclude: list[Word] = Field(default_factory=list, max_length=100)
    topic: Word | None = None
    texts: list[Text | TestedPost] = Field(
        min_length=1,
        max_length=100,
        examples=[["澜沧县移民补偿款未到账", {"title": "移民安置", "text": "入住新居", "channel": "news"}]],
    )


class HighlightView(BaseModel):
    """Where something stands in the title or text: characters `start` to `end`, counted from 0."""

    model_config = ConfigDict(from_attributes=True)

    field: Literal["title", "text"]
    start: int
    end: int
    text: str
    kind: Literal["term", "near", "place", "excluded"] = Field(
        description="a word of the query, one near another, a place asked for, or a word that is ruled out"
    )


class ReasonView(BaseModel):
    """One thing that keeps a text out of the topic."""

    model_config = ConfigDict(from_attributes=True)

    zh: str
    en: str


class TopicTestResult(BaseModel):
    """Whether a text belongs to the topic, what speaks for it, and if it does not, why not."""

    model_config = ConfigDict(from_attributes=True)

    matches: bool
    highlights: list[HighlightView]
    places: list[str] = Field(description="counties that the text speaks of")
    reasons: list[ReasonView] = Field(description="what is missing or in the way; empty where the text matches")


class TopicTestResponse(BaseModel):
    """One result a text, in order."""

    results: list[TopicTestResult]


class PackProblem(BaseModel):
    """Something wrong or doubtful in a pack's file."""

    model_config = ConfigDict(from_attributes=True)

    line: int
    path: str
    message: str
    severity: Literal["error", "warning"]


class LoadedPack(BaseModel):
    """What of a pack is in force."""

    version: str | None
    topics: int
    enabled: int


class PackView(BaseModel):
    """A topic pack. `title` and what follows are null where the file cannot be used; `problems` says why."""

    name: str
    title: str | None
    version: str | None
    about: str | None
    topics: int | None = Field(description="topics in the file")
    loaded: LoadedPack | None = Field(description="null where none of its topics is in force")
    problems: list[PackProblem]


class PackList(BaseModel):
    """The packs at hand, and those in force whose file is gone."""

    items: list[PackView]


class PackLoaded(BaseModel):
    """What loading a pack did: topics added, changed, removed for the pack lacks them now, and left as they were."""

    pack: PackView
    added: int
    changed: int
    removed: int
    unchanged: int
