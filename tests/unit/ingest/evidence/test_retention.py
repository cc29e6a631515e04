"""Evidence goes when its time is over, as whole files, and nothing goes too early."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from kit.clock import ManualClock
from services.ingest.evidence import Archive, EvidenceMissing
from services.ingest.fetching.page import Page
from tests.unit.ingest.evidence.conftest import BODY, START, noise

MakePage = Callable[..., Page]
DAY = timedelta(days=1)


def test_old_files_go_and_are_named(tmp_path: Path, page: MakePage, clock: ManualClock) -> None:
    with Archive(tmp_path, replica="a", clock=clock) as archive:
        records = []
        for _ in range(5):
            records.append(archive.write(page()))
            clock.advance(DAY)
        sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
        purged = archive.purge(START + 3 * DAY - timedelta(seconds=1))
        assert [(one.file, one.bytes) for one in purged] == [(r.file, sizes[r.file]) for r in records[:3]]
        for record in records[:3]:
            with pytest.raises(EvidenceMissing, match="the file is gone"):
                archive.read(record)
        for record in records[3:]:
            assert archive.read(record)[1] == BODY
        assert archive.purge(START + 3 * DAY - timedelta(seconds=1)) == []


def test_the_newest_page_of_a_file_decides(tmp_path: Path, page: MakePage, clock: ManualClock) -> None:
    with Archive(tmp_path, replica="a", clock=clock) as archive:
        archive.write(page())
        clock.advance(timedelta(hours=4))
        archive.write(page(noise(100)))
        newest = clock.now()
    reader = Archive(tmp_path, replica="b", clock=clock)
    assert reader.purge(newest - timedelta(seconds=1)) == []
    assert reader.purge(newest) == []
    assert len(reader.purge(newest + timedelta(seconds=1))) == 1


def test_no_open_file_goes(tmp_path: Path, page: MakePage, clock: ManualClock) -> None:
    with Archive(tmp_path, replica="a", clock=clock) as writer, Archive(tmp_path, replica="b", clock=clock) as other:
        record = writer.write(page())
        assert other.purge(START + 400 * DAY) == []
        assert writer.purge(START + 400 * DAY) == []
        writer.close()
        assert [one.file for one in other.purge(START + 400 * DAY)] == [record.file]


def test_a_resting_crawl_lets_go_of_its_last_file(tmp_path: Path, page: MakePage, clock: ManualClock) -> None:
    with Archive(tmp_path, replica="a", clock=clock) as archive:
        record = archive.write(page())
        clock.advance(181 * DAY)
        assert [one.file for one in archive.purge(clock.now() - 180 * DAY)] == [record.file]


def test_the_body_of_a_page_that_stays_stays(tmp_path: Path, page: MakePage, clock: ManualClock) -> None:
    with Archive(tmp_path, replica="a", clock=clock) as archive:
        first = archive.write(page())
        archive.close()
        clock.advance(timedelta(hours=2))
        second = archive.write(page(), earlier=first)
        assert second.file != first.file
        archive.close()
        assert archive.purge(START + timedelta(hours=1)) == []
        assert archive.read(second)[1] == BODY
        assert {one.file for one in archive.purge(START + timedelta(hours=3))} == {first.file, second.file}


def test_other_files_are_left_alone(tmp_path: Path, clock: ManualClock) -> None:
    for name in ("readme.txt", "other-20200101000000-00000-x.warc.gz", "huiying-20200101000000-00000-x.warc.gz.part"):
        (tmp_path / name).write_text("x")
    assert Archive(tmp_path, replica="a", clock=clock).purge(START + 400 * DAY) == []
    assert len(list(tmp_path.iterdir())) == 3


def test_a_damaged_file_stays_for_its_day(tmp_path: Path, page: MakePage, clock: ManualClock) -> None:
    with Archive(tmp_path, replica="a", clock=clock) as archive:
        record = archive.write(page(noise(1000)))
        archive.close()
        path = tmp_path / record.file
        whole = bytearray(path.read_bytes())
        whole[record.offset + 500] ^= 1
        path.write_bytes(whole)
        assert archive.purge(START + timedelta(hours=1)) == []
        assert [one.file for one in archive.purge(START + DAY)] == [record.file]
