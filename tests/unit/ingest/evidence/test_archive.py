"""Pages are kept, found again, repeated pages not copied; files are rotated and stay valid WARC."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from kit.clock import ManualClock
from services.ingest.evidence import Archive, EvidenceAltered, EvidenceMissing
from services.ingest.fetching.page import Page
from tests.unit.ingest.evidence.conftest import BODY, HEADERS, START, noise

MakePage = Callable[..., Page]


def checked(path: Path) -> list[tuple[str, str]]:
    """Return type and address of every record, digests checked by warcio's own reader."""
    found = []
    with path.open("rb") as file:
        for record in ArchiveIterator(file, check_digests="raise"):
            assert record.rec_headers.protocol == "WARC/1.1"
            record.content_stream().read()
            found.append((record.rec_type, record.rec_headers.get_header("WARC-Target-URI", "")))
    return found


def warcio_check(path: Path) -> None:
    """Run `warcio check` on a file."""
    done = subprocess.run(
        [sys.executable, "-m", "warcio.cli", "check", "-v", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "digest pass" in done.stdout
    assert "failed" not in done.stdout


def test_a_page_is_kept_and_found_again(archive: Archive, page: MakePage, tmp_path: Path) -> None:
    kept = page(requested="http://example.gov.cn/1", redirects=("https://example.gov.cn/1",))
    record = archive.write(kept)
    archive.flush(record)

    headers, body = archive.read(record)
    assert body == BODY
    assert headers == {**HEADERS, "content-length": str(len(BODY))}
    assert record.sha256 == kept.digest == hashlib.sha256(BODY).hexdigest()
    found = archive.kept(record)
    assert (found.url, found.requested, found.redirects) == (kept.url, kept.requested, kept.redirects)
    assert (found.status, found.fetched_at, found.revisit) == (200, START, False)

    archive.close()
    path = tmp_path / "evidence" / record.file
    assert record.file == "huiying-20260302081800-00000-a.warc.gz"
    assert checked(path) == [("warcinfo", ""), ("response", kept.url)]
    warcio_check(path)
    # what was noted as its place is where an index built by warcio finds it
    with path.open("rb") as file:
        iterator = ArchiveIterator(file)
        places = [(iterator.get_record_offset(), iterator.get_record_length()) for _ in iterator]
    assert (record.offset, record.length) in places


def test_only_the_owner_reads_the_files(archive: Archive, page: MakePage, tmp_path: Path) -> None:
    record = archive.write(page())
    folder = tmp_path / "evidence"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / record.file).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("body", [b"", b"\r\n\r\n", noise(70_000), "普洱".encode("gb18030")])
def test_any_body_comes_back(archive: Archive, page: MakePage, body: bytes) -> None:
    record = archive.write(page(body))
    assert archive.read(record)[1] == body
    archive.close()
    assert archive.read(record)[1] == body


def test_a_large_page(archive: Archive, page: MakePage, tmp_path: Path) -> None:
    body = noise(20 * 1024 * 1024)
    record = archive.write(page(body))
    assert archive.read(record)[1] == body
    archive.close()
    warcio_check(tmp_path / "evidence" / record.file)


def test_headers_of_the_coding_are_set_aside(archive: Archive, page: MakePage, tmp_path: Path) -> None:
    coded = {**HEADERS, "content-encoding": "gzip", "content-length": "61", "transfer-encoding": "chunked"}
    record = archive.write(page(headers=coded))
    headers, body = archive.read(record)
    assert body == BODY
    assert headers["x-archive-orig-content-encoding"] == "gzip"
    assert headers["content-length"] == str(len(BODY))
    archive.close()
    with (tmp_path / "evidence" / record.file).open("rb") as file:
        assert [one.content_stream().read() for one in ArchiveIterator(file)][-1] == BODY


def test_a_header_cannot_break_the_record(archive: Archive, page: MakePage, tmp_path: Path) -> None:
    nasty = {
        "x-a": "1\r\nWARC-Type: revisit\r\n\r\nbody",
        "x\r\ny": "2",
        "x-zh": "云南",
        "x-latin": "caf\xe9",
        "x-e": "",
    }
    record = archive.write(page(headers=nasty, url="https://example.com/a b\r\nX: 1", status=799))
    found = archive.kept(record)
    assert (found.body, found.status) == (BODY, 799)
    assert found.url == "https://example.com/a%20b%20X:%201"
    archive.close()
    assert len(checked(tmp_path / "evidence" / record.file)) == 2


def test_an_answer_not_modified_is_refused(archive: Archive, page: MakePage) -> None:
    with pytest.raises(ValueError, match="304"):
        archive.write(page(b"", status=304))


def test_the_same_body_is_not_copied(archive: Archive, page: MakePage, clock: ManualClock, tmp_path: Path) -> None:
    body = noise(50_000)
    first = archive.write(page(body))
    clock.advance(timedelta(minutes=5))
    second = archive.write(page(body, headers={**HEADERS, "age": "300"}), earlier=first)
    clock.advance(timedelta(minutes=5))
    third = archive.write(page(body), earlier=second)
    assert max(second.length, third.length) < 1000
    for record, minutes in ((second, 5), (third, 10)):
        found = archive.kept(record)
        assert (found.body, found.revisit, found.fetched_at) == (body, True, START + timedelta(minutes=minutes))
    assert archive.read(second)[0]["age"] == "300"

    archive.close()
    path = tmp_path / "evidence" / first.file
    assert [kind for kind, _ in checked(path)] == ["warcinfo", "response", "revisit", "revisit"]
    warcio_check(path)
    with path.open("rb") as file:
        records = [one.rec_headers for one in ArchiveIterator(file)]
    for repeat in records[2:]:
        assert repeat.get_header("WARC-Profile") == ("http://netpreserve.org/warc/1.1/revisit/identical-payload-digest")
        # a chain leads to the record with the body, not to another revisit
        assert repeat.get_header("WARC-Refers-To") == records[1].get_header("WARC-Record-ID")
        assert repeat.get_header("WARC-Payload-Digest") == f"sha256:{first.sha256}"
        assert repeat.get_header("WARC-Refers-To-Date") == records[1].get_header("WARC-Date")


def test_a_copy_is_kept_where_a_revisit_would_not_hold(
    archive: Archive, page: MakePage, clock: ManualClock, tmp_path: Path
) -> None:
    first = archive.write(page())

    def is_copy(other: Page, earlier: object = first) -> bool:
        return not archive.kept(archive.write(other, earlier=earlier)).revisit  # type: ignore[arg-type]

    assert is_copy(page(BODY + b" "))
    assert is_copy(page(url="https://example.gov.cn/news/2.html"))
    assert is_copy(page(), replace(first, file="huiying-20260302081800-00009-b.warc.gz"))
    assert not is_copy(page())
    clock.advance(timedelta(days=1))
    assert is_copy(page())


def test_files_are_rotated_by_size(tmp_path: Path, page: MakePage, clock: ManualClock) -> None:
    with Archive(tmp_path, replica="host/1 甲", clock=clock, max_bytes=100_000) as archive:
        records = [archive.write(page(noise(30_000, seed))) for seed in range(7)]
        large = archive.write(page(noise(300_000)))
        after = archive.write(page())
    files = list(dict.fromkeys(record.file for record in records))
    assert [sum(record.file == file for record in records) for file in files] == [3, 3, 1]
    assert large.file not in files
    assert after.file != large.file
    assert all("-host-1" in file for file in files)
    for path in tmp_path.iterdir():
        assert path.name == large.file or path.stat().st_size <= 100_000
        assert checked(path)[0][0] == "warcinfo"


def test_files_are_rotated_by_day(archive: Archive, page: MakePage, clock: ManualClock) -> None:
    first = archive.write(page())
    clock.advance(timedelta(hours=15, minutes=41))
    same = archive.write(page())
    clock.advance(timedelta(minutes=2))
    other = archive.write(page())
    assert first.file == same.file != other.file
    assert other.file.startswith("huiying-20260303000100-")


def test_a_new_start_is_a_new_file(tmp_path: Path, page: MakePage, clock: ManualClock) -> None:
    records = []
    for _ in range(3):
        with Archive(tmp_path, replica="a", clock=clock) as archive:
            records.append(archive.write(page()))
    assert len({record.file for record in records}) == 3
    assert all(Archive(tmp_path, replica="b").read(record)[1] == BODY for record in records)


def test_threads_share_an_archive(tmp_path: Path, page: MakePage, clock: ManualClock) -> None:
    with Archive(tmp_path, replica="a", clock=clock, max_bytes=200_000) as archive:

        def keep(seed: int) -> bool:
            body = noise(500 + 97 * seed, seed)
            record = archive.write(page(body, url=f"https://example.com/{seed}"))
            archive.flush(record)
            return archive.read(record)[1] == body

        with ThreadPoolExecutor(8) as threads:
            assert all(threads.map(keep, range(200)))
    pages = [url for path in tmp_path.iterdir() for kind, url in checked(path) if kind == "response"]
    assert sorted(pages) == sorted(f"https://example.com/{seed}" for seed in range(200))


def test_two_archives_share_a_folder(tmp_path: Path, page: MakePage, clock: ManualClock) -> None:
    with Archive(tmp_path, replica="a", clock=clock) as one, Archive(tmp_path, replica="a", clock=clock) as two:
        mine, yours = one.write(page()), two.write(page())
        assert mine.file != yours.file
        assert two.read(mine) == one.read(yours)


def test_altered_bytes_are_found_and_named(archive: Archive, page: MakePage, tmp_path: Path) -> None:
    records = [archive.write(page(noise(3000, seed))) for seed in range(3)]
    archive.close()
    path = tmp_path / "evidence" / records[1].file
    whole = path.read_bytes()
    for at in (0, 12, records[1].length // 2, records[1].length - 5):
        place = records[1].offset + at
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(EvidenceAltered, match=rf"{records[1].file} at byte {records[1].offset}: ") as caught:
            archive.read(records[1])
        assert caught.value.offset == records[1].offset
        assert archive.read(records[0])[1] == noise(3000, 0)
        assert archive.read(records[2])[1] == noise(3000, 2)


def test_a_rewritten_record_is_found(archive: Archive, page: MakePage, tmp_path: Path) -> None:
    """Somebody who makes the record anew, with digests that fit, is found out by what was noted."""
    record = archive.write(page())
    other = archive.write(page(BODY.replace("搬迁".encode(), "拆迁".encode())))
    moved = archive.write(page(url="https://example.gov.cn/other.html"))
    with pytest.raises(EvidenceAltered, match="the body's SHA-256 is not the one that was noted"):
        archive.read(replace(record, offset=other.offset, length=other.length))
    # the body is the same, the address is not
    with pytest.raises(EvidenceAltered, match="the record's SHA-256 is not the one that was noted"):
        archive.read(replace(record, offset=moved.offset, length=moved.length))


def test_an_altered_original_is_named(archive: Archive, page: MakePage, tmp_path: Path) -> None:
    first = archive.write(page(noise(3000)))
    second = archive.write(page(noise(3000)), earlier=first)
    archive.close()
    path = tmp_path / "evidence" / first.file
    whole = bytearray(path.read_bytes())
    whole[first.offset + 1500] ^= 1
    path.write_bytes(whole)
    with pytest.raises(EvidenceAltered, match=f"at byte {first.offset}: "):
        archive.read(second)
    assert not archive.kept(archive.write(page(noise(3000)), earlier=second)).revisit


def test_what_is_gone_is_named(archive: Archive, page: MakePage, tmp_path: Path) -> None:
    record = archive.write(page())
    archive.close()
    with pytest.raises(EvidenceAltered, match="ends within the record"):
        archive.read(replace(record, offset=record.offset + record.length))
    (tmp_path / "evidence" / record.file).unlink()
    with pytest.raises(EvidenceMissing, match=f"{record.file} at byte {record.offset}: the file is gone"):
        archive.read(record)
    (tmp_path / "secret.warc.gz").write_bytes(b"x")
    with pytest.raises(EvidenceMissing, match="no name of an archive's file"):
        archive.read(replace(record, file="../secret.warc.gz"))


def test_an_extract_stands_alone(archive: Archive, page: MakePage, clock: ManualClock, tmp_path: Path) -> None:
    archive.write(page(noise(5000)))
    first = archive.write(page())
    clock.advance(timedelta(minutes=1))
    second = archive.write(page(), earlier=first)
    for record, kinds in ((first, ["warcinfo", "response"]), (second, ["warcinfo", "response", "revisit"])):
        path = tmp_path / "extract.warc.gz"
        path.write_bytes(archive.extract(record))
        assert [kind for kind, _ in checked(path)] == kinds
        warcio_check(path)
        with path.open("rb") as file:
            found = list(ArchiveIterator(file))
            bodies = [one.content_stream().read() for one in ArchiveIterator(io.BytesIO(path.read_bytes()))]
        assert bodies[1] == BODY
        assert found[0].rec_headers.get_header("WARC-Filename") == record.file
        assert (
            found[-1]
            .rec_headers.get_header("WARC-Date")
            .startswith(f"{record.written_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}")
        )


def test_who_collected_stands_in_the_file(tmp_path: Path, page: MakePage, clock: ManualClock) -> None:
    with Archive(tmp_path, replica="a", clock=clock, software="Huiying/1.2", contact="office@example.gov.cn") as one:
        record = one.write(page())
    with (tmp_path / record.file).open("rb") as file:
        said = next(iter(ArchiveIterator(file))).content_stream().read().decode()
    assert "software: Huiying/1.2\r\n" in said
    assert "operator: office@example.gov.cn\r\n" in said


def test_a_full_disk_loses_nothing_else(archive: Archive, page: MakePage, monkeypatch: pytest.MonkeyPatch) -> None:
    before = archive.write(page())
    write = os.write

    def full(descriptor: int, data: memoryview) -> int:
        if len(data) < 1000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[:1000])

    with monkeypatch.context() as disk:
        disk.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space left"):
            archive.write(page(noise(50_500)))
        with pytest.raises(OSError, match="No space left"):
            archive.write(page())
    after = archive.write(page())
    archive.flush(before, after)
    assert after.file != before.file
    assert archive.read(before)[1] == archive.read(after)[1] == BODY


def test_a_failing_disk_is_told_to_whoever_flushes(
    tmp_path: Path, page: MakePage, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    archive = Archive(tmp_path, replica="a", clock=clock, max_bytes=10_000)
    lost = archive.write(page(noise(9_000)))
    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", failing)
        # the file is full: it is closed for another page, and that fails
        with pytest.raises(OSError, match="Input/output"):
            archive.write(page(noise(9_000)))
    good = archive.write(page())
    archive.flush(good)
    with pytest.raises(OSError, match=lost.file):
        archive.flush(lost)
    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", failing)
        with pytest.raises(OSError, match="Input/output"):
            archive.flush(good)
    archive.close()


def test_times_are_kept_in_utc(tmp_path: Path, page: MakePage) -> None:
    here = datetime.fromisoformat("2026-03-02T07:30:00.123456+08:00")
    with Archive(tmp_path, replica="a", clock=ManualClock(here)) as archive:
        record = archive.write(replace(page(), fetched_at=here))
        assert record.file.startswith("huiying-20260301233000-")
        assert archive.kept(record).fetched_at == here
