"""Which partition of the tracker a post goes to: that of the family of its topics.

All that one office watches is one family, so that a story is never cut in two by the words of its posts. Families are
for what has nothing to do with each other: several bureaus on one system, say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from zlib import crc32

from contracts.streams import ANALYZED_PARTITIONS
from services.analysis.enrich.topics import PLAN_FAMILY

#: where new counters go: their sender does not know the post's partition, and this one may wait for any other's events
#: while no other waits for its own
RECOUNTS: Final = 0


def partition_of_post(topics: Sequence[str], families: Mapping[str, str]) -> int:
    """Return the partition of a post with these topics: their family's where all are of one, else the plan's."""
    found = {families.get(topic, PLAN_FAMILY) for topic in topics} or {PLAN_FAMILY}
    return partition_of(found.pop() if len(found) == 1 else PLAN_FAMILY)


def partition_of(family: str) -> int:
    """Return the partition of a family; the plan's is 0, and any other may share one."""
    return 0 if family == PLAN_FAMILY else crc32(family.encode()) % ANALYZED_PARTITIONS
