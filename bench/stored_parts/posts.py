"""Posts that nobody wrote."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from contracts.words import Channel, IncidentType, Tier
from language.places import COUNTIES
from services.analysis.calendar import day_of

#: "now" of the database: no post is later
END: Final = datetime(2026, 3, 2, 2, 20, tzinfo=UTC)
DAYS: Final = 60
TOPICS: Final = tuple(f"topic-{number:02}" for number in range(1, 21))
#: real words of the field, of which every post has about one
FIELD_WORDS: Final = (
    "移民",
    "搬迁",
    "安置",
    "补偿款",
    "后期扶持",
    "库区",
    "水电站",
    "镇政府",
    "饮水",
    "公路",
    "学校",
    "宅基地",
    "签字",
    "上访",
    "核查",
    "答复",
    "村民",
    "地震",
    "滑坡",
    "停电",
)
_CHARACTERS: Final = "".join(chr(code) for code in range(0x4E00, 0x4E00 + 1800))
_VOCABULARY: Final = 20_000
_CHUNK: Final = 20_000
TONES: Final = ("negative", "neutral", "positive")
#: share of a day's posts by its hours in Shanghai, from midnight
_RHYTHM: Final = (3, 2, 1, 1, 1, 2, 3, 5, 7, 8, 8, 8, 7, 6, 6, 7, 7, 7, 7, 8, 9, 9, 8, 5)

Row = dict[str, Any]


class Posts:
    """The rows of posts, in chunks, by time of publication."""

    def __init__(self, posts: int, random: np.random.Generator) -> None:
        self._random = random
        characters = random.integers(len(_CHARACTERS), size=(_VOCABULARY, 3))
        lengths = random.integers(2, 4, size=_VOCABULARY)
        self.words = [
            "".join(_CHARACTERS[c] for c in row[:length]) for row, length in zip(characters, lengths, strict=True)
        ]
        weights = 1 / np.arange(1, _VOCABULARY + 1) ** 1.05
        self._chances = np.cumsum(weights / weights.sum())
        sizes: list[int] = []
        left = posts
        while left:
            size = min(left, int(random.zipf(1.6)), max(1, posts // 20))
            sizes.append(size)
            left -= size
        owners = np.repeat(np.arange(len(sizes)), sizes)
        begun = random.uniform(0, DAYS, size=len(sizes))
        days = begun[owners] + random.exponential(1.0, size=posts)
        # what would be after the end came before it
        days = np.where(days >= DAYS, random.uniform(DAYS - 3, DAYS, size=posts), days)
        rhythm = np.cumsum(_RHYTHM) / sum(_RHYTHM)
        hours = np.searchsorted(rhythm, random.uniform(size=posts)) + random.uniform(size=posts)
        days = np.floor(days) + hours / 24
        order = np.argsort(days, kind="stable")
        # whole days back from the end keep the rhythm: the end is at 10:20 in Shanghai
        begin = day_of(END) - timedelta(days=DAYS - 1)
        seconds = days[order] * 86_400
        self._at = [begin + timedelta(seconds=float(s)) for s in seconds]
        last = int(np.searchsorted(seconds, (END - begin).total_seconds()))
        for late in range(last, posts):
            self._at[late] -= timedelta(days=1)
        placing = sorted(range(posts), key=lambda i: self._at[i])
        self._at = [self._at[i] for i in placing]
        self._owner = owners[order][placing]
        self.events = [id_of(begin, int(n)) for n in random.integers(2**62, size=len(sizes))]

    def __iter__(self) -> Iterator[list[Row]]:
        for start in range(0, len(self._at), _CHUNK):
            yield self._chunk(start, min(start + _CHUNK, len(self._at)))

    def _chunk(self, start: int, end: int) -> list[Row]:
        random, size = self._random, end - start
        drawn = np.minimum(np.searchsorted(self._chances, random.uniform(size=(size, 36))), _VOCABULARY - 1)
        lengths = random.integers(12, 34, size=size)
        field_word = random.integers(len(FIELD_WORDS), size=size)
        tone = np.searchsorted([0.3, 0.8, 1.0], random.uniform(size=size))
        topic = np.minimum(random.zipf(1.7, size=size), 60)
        place = random.integers(len(COUNTIES) * 2, size=size)
        channel = np.minimum(random.zipf(1.8, size=size) - 1, len(Channel) - 1)
        numbers = random.integers(2**62, size=size)
        counts = np.minimum(random.zipf(1.7, size=(size, 4)), 100_000)
        voices = random.integers(max(2, len(self._at) // 3), size=size)
        rows = []
        for i in range(size):
            at, event = self._at[start + i], int(self._owner[start + i])
            words = [self.words[w] for w in drawn[i, : lengths[i]]]
            words.insert(int(lengths[i]) // 2, FIELD_WORDS[field_word[i]])
            rows.append(
                self._row(
                    at,
                    start + i,
                    int(numbers[i]),
                    self.events[event],
                    words,
                    TONES[tone[i]],
                    [TOPICS[topic[i] - 1]] if topic[i] <= len(TOPICS) else [],
                    [COUNTIES[place[i]]] if place[i] < len(COUNTIES) else [],
                    tuple(Channel)[channel[i]].value,
                    [int(n) for n in counts[i]],
                    int(voices[i]),
                )
            )
        return rows

    def _row(
        self,
        at: datetime,
        number: int,
        chance: int,
        event: str,
        words: list[str],
        tone: str,
        topics: list[str],
        places: list[str],
        channel: str,
        counts: list[int],
        voice: int,
    ) -> Row:
        text = "，".join("".join(words[k : k + 6]) for k in range(0, len(words), 6)) + "。"
        return {
            "id": id_of(at, chance),
            "event_id": event,
            "url": f"https://site{chance % 200}.example/{number}",
            "title": "".join(words[:6]) if chance % 2 else "",
            "text": text,
            "channel": channel,
            "source": f"site{chance % 200}.example",
            "source_name": f"站点{chance % 200}",
            "source_tier": tuple(Tier)[chance % len(Tier)].value,
            "author_hash": f"voice-{voice}",
            "published_at": at,
            "collected_at": at + timedelta(minutes=2),
            "counted_at": at + timedelta(minutes=2),
            **dict(zip(("reads", "likes", "comments", "reposts"), counts, strict=True)),
            "story_hash": chance,
            "sentiment": tone,
            "score": {"negative": -0.7, "neutral": 0.0, "positive": 0.7}[tone],
            **{name: 0.8 if name == tone else 0.1 for name in TONES},
            "incident_type": tuple(IncidentType)[chance % len(IncidentType)].value,
            "incident_confidence": 0.6,
            "topics": topics,
            "places": places,
            "keywords": words[:3],
            "mentions": [],
            "facts": [],
            "model": "none",
            "partition": 0,
        }


def id_of(at: datetime, number: int) -> str:
    """Return an id of the form UUIDv7 for an instant and a number below 2**62."""
    return str(uuid.UUID(int=int(at.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62 | number))
