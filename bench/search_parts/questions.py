"""What is asked: kinds of query, each with words of a given frequency, and the scan that each stands in for."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from bench.stored_posts import END, TOPICS
from language.places import COUNTIES
from services.analysis import models
from services.analysis.models import table
from services.analysis.search.wanted import PostFilter

POSTS: Final = table(models.Post)
#: words by their rank in the vocabulary: the commonest stand in a third of the posts, the rarest in a few of 100,000
COMMON: Final = range(40)
MIDDLING: Final = range(500, 2_000)
RARE: Final = range(15_000, 20_000)


@dataclass(frozen=True)
class Question:
    """A filter, where in the list the page begins, and the scan for the same."""

    wanted: PostFilter
    scan: sa.ColumnElement[bool]
    #: days before the newest post at which the page begins
    days_back: int = 0
    best: bool = False


def _contains(word: str) -> sa.ColumnElement[bool]:
    return sa.or_(POSTS.c.title.icontains(word, autoescape=True), POSTS.c.text.icontains(word, autoescape=True))


def questions(words: Sequence[str], seed: int = 3) -> dict[str, Iterator[Question]]:
    """Return by kind an endless supply of questions."""
    chance = random.Random(seed)

    def of(ranks: range, least: int = 2) -> str:
        while True:
            word = words[chance.choice(ranks)]
            if len(word) >= least:
                return word

    def plain(ranks: range, least: int = 2) -> Question:
        word = of(ranks, least)
        return Question(PostFilter(q=word), _contains(word))

    def joined(operator: str, ranks: range, others: range) -> Question:
        one, other = of(ranks), of(others)
        a, b = _contains(one), _contains(other)
        scans = {"AND": sa.and_(a, b), "OR": sa.or_(a, b), "NOT": sa.and_(a, ~b)}
        return Question(PostFilter(q=f"{one} {operator} {other}"), scans[operator])

    def near(ranks: range) -> Question:
        one, other = of(ranks), of(ranks)
        return Question(PostFilter(q=f"{one} near/10 {other}"), sa.and_(_contains(one), _contains(other)))

    def titled(ranks: range) -> Question:
        word = of(ranks)
        return Question(PostFilter(q=f"title:{word}"), POSTS.c.title.icontains(word))

    def with_topic(ranks: range) -> Question:
        word, topic = of(ranks), chance.choice(TOPICS)
        return Question(
            PostFilter(q=word, topic=topic), sa.and_(_contains(word), _contains_json(POSTS.c.topics, topic))
        )

    def with_place(ranks: range) -> Question:
        word, place = of(ranks), chance.choice(COUNTIES)
        return Question(
            PostFilter(q=word, place=place), sa.and_(_contains(word), _contains_json(POSTS.c.places, place))
        )

    def in_time(ranks: range) -> Question:
        word, until = of(ranks), END - timedelta(days=chance.uniform(5, 50))
        since = until - timedelta(days=2)
        window = sa.and_(POSTS.c.published_at >= since, POSTS.c.published_at < until)
        return Question(PostFilter(q=word, since=since, until=until), sa.and_(_contains(word), window))

    def deep(ranks: range) -> Question:
        word, days = of(ranks), chance.randint(20, 55)
        scan = sa.and_(_contains(word), POSTS.c.published_at < END - timedelta(days=days))
        return Question(PostFilter(q=word), scan, days_back=days)

    def best(ranks: range) -> Question:
        one, other = of(ranks), of(ranks)
        scan = sa.or_(_contains(one), _contains(other))
        return Question(PostFilter(q=f"{one} OR {other}"), scan, best=True)

    def labels() -> Question:
        topic, place = chance.choice(TOPICS), chance.choice(COUNTIES)
        scan = sa.and_(_contains_json(POSTS.c.topics, topic), _contains_json(POSTS.c.places, place))
        return Question(
            PostFilter(topic=topic, place=place, sentiment="negative"), scan & (POSTS.c.sentiment == "negative")
        )

    made: dict[str, Callable[[], Question]] = {
        "rare word": lambda: plain(RARE),
        "middling word": lambda: plain(MIDDLING),
        "common word": lambda: plain(COMMON),
        "phrase of three characters, common": lambda: plain(COMMON, 3),
        "one character": lambda: Question(PostFilter(q=(one := of(COMMON)[0])), _contains(one)),
        "AND, both common": lambda: joined("AND", COMMON, COMMON),
        "AND, common and rare": lambda: joined("AND", COMMON, RARE),
        "AND, both middling": lambda: joined("AND", MIDDLING, MIDDLING),
        "OR, middling and common": lambda: joined("OR", MIDDLING, COMMON),
        "NOT, middling without common": lambda: joined("NOT", MIDDLING, COMMON),
        "near/10, both common": lambda: near(COMMON),
        "near/10, both middling": lambda: near(MIDDLING),
        "title:, middling": lambda: titled(MIDDLING),
        "common word and topic": lambda: with_topic(COMMON),
        "middling word and place": lambda: with_place(MIDDLING),
        "middling word in two days": lambda: in_time(MIDDLING),
        "common word, page 20 to 55 days back": lambda: deep(COMMON),
        "best of two common words": lambda: best(COMMON),
        "topic, place and sentiment, no word": labels,
        "no hit": lambda: Question(PostFilter(q=(word := f"龘{of(RARE)}龘")), _contains(word)),
    }
    return {kind: _endless(make) for kind, make in made.items()}


def _contains_json(column: sa.Column[list[str]], value: str) -> sa.ColumnElement[bool]:
    return sa.cast(column, sa.Text).contains(value)


def _endless(make: Callable[[], Question]) -> Iterator[Question]:
    while True:
        yield make()
