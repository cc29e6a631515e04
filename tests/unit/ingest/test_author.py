"""Author hashes: one voice is one hash within a channel and a period, and unlinkable beyond."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.author import AuthorKeys, author_hash

MASTER = "m" * 32
NOW = datetime(2026, 3, 2, 8, 18, tzinfo=UTC)
KEYS = AuthorKeys(MASTER, 90)
times = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@given(st.text(), times)
def test_a_hash_is_32_digits_or_nothing(handle: str, at: datetime) -> None:
    hashed = KEYS.hash(handle, "weibo", at)
    if hashed is None:
        assert not handle.replace("@", "").strip()
    else:
        assert len(hashed) == 32
        assert set(hashed) <= set("0123456789abcdef")


@pytest.mark.parametrize("same", ["小明", "@小明", "  小明 "])
def test_ways_to_write_a_handle(same: str) -> None:
    assert KEYS.hash(same, "weibo", NOW) == KEYS.hash("小明", "weibo", NOW)
    assert KEYS.hash("XiaoMing", "weibo", NOW) == KEYS.hash("ｘｉａｏｍｉｎｇ", "weibo", NOW)


def test_channels_cannot_be_brought_together() -> None:
    assert len({KEYS.hash("小明", channel, NOW) for channel in ("weibo", "wechat", "forum")}) == 3


@given(times, st.integers(1, 400))
def test_a_period_is_one_key_and_the_next_another(at: datetime, days: int) -> None:
    keys = AuthorKeys(MASTER, days)
    end = keys.ends(at)
    begin = end - timedelta(days=days)
    assert begin <= at < end
    assert (end.hour, end.minute, end.second, end.microsecond) == (0, 0, 0, 0)
    inside = {keys.hash("小明", "weibo", when) for when in (begin, at, end - timedelta(microseconds=1))}
    assert len(inside) == 1
    outside = {keys.hash("小明", "weibo", when) for when in (begin - timedelta(microseconds=1), end)}
    assert len(inside | outside) == 3


def test_an_event_over_a_boundary_counts_a_voice_twice_at_most() -> None:
    days = [NOW + timedelta(hours=hours) for hours in range(0, 24 * 89, 7)]
    assert len({KEYS.hash("小明", "weibo", when) for when in days}) == 2


def test_the_zone_in_which_the_time_is_given_is_all_one() -> None:
    boundary = KEYS.ends(NOW)
    for zone in (timezone(timedelta(hours=8)), timezone(timedelta(hours=-11))):
        assert KEYS.period(boundary.astimezone(zone)) == KEYS.period(boundary) == KEYS.period(NOW) + 1


def test_replicas_agree_and_nothing_is_stored(tmp_path: Path) -> None:
    program = (
        "from datetime import datetime; from services.ingest.author import AuthorKeys;"
        f"print(AuthorKeys({MASTER!r}, 90).hash('小明', 'weibo', datetime.fromisoformat({NOW.isoformat()!r})), end='')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == KEYS.hash("小明", "weibo", NOW)


def test_a_new_master_key_or_length_replaces_all() -> None:
    several = [KEYS, AuthorKeys("n" * 32, 90), AuthorKeys(MASTER, 30), AuthorKeys(MASTER.encode() + b"m", 90)]
    assert len({keys.hash("小明", "weibo", NOW) for keys in several}) == 4
    assert AuthorKeys(MASTER.encode(), 90).hash("小明", "weibo", NOW) == KEYS.hash("小明", "weibo", NOW)
    # nor is any the hash by the master key itself
    assert author_hash("小明", "weibo", MASTER.encode()) != KEYS.hash("小明", "weibo", NOW)


def test_the_key_of_a_period_is_hkdf() -> None:
    info = f"huiying/ingest/author/90/{KEYS.period(NOW)}".encode()
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(MASTER.encode())
    assert author_hash("小明", "weibo", key) == KEYS.hash("小明", "weibo", NOW)


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="fewer than 32 bytes"):
        AuthorKeys("short")
    with pytest.raises(ValueError, match="at least one day"):
        AuthorKeys(MASTER, 0)
    with pytest.raises(ValueError, match="needs a zone"):
        KEYS.hash("小明", "weibo", datetime(2026, 3, 2))
