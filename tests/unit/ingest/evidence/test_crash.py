"""A process that is killed while it writes leaves an archive that reads: real processes, real SIGKILL."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from services.ingest.evidence import Archive, EvidenceAltered, Record
from services.ingest.evidence.members import members

ROOT = Path(__file__).parents[4]

#: keeps pages until it is killed, and tells of each once it is durable
WRITER = """
import dataclasses, json, random, sys
from datetime import UTC, datetime
from pathlib import Path
from services.ingest.evidence import Archive
from services.ingest.fetching.page import Page

archive = Archive(Path(sys.argv[1]), replica=sys.argv[2], max_bytes=8 * 1024 * 1024)
for number in range(1_000_000):
    body = random.Random(number).randbytes(1_500_000)
    url = f"https://example.com/{number}"
    record = archive.write(Page(url, url, 200, {}, body, datetime.now(UTC), 0.1))
    archive.flush(record)
    print(json.dumps(dataclasses.asdict(record), default=str), flush=True)
"""

#: dies after half a record: the second page's
HALF = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from services.ingest.evidence import Archive
from services.ingest.fetching.page import Page

archive = Archive(Path(sys.argv[1]), replica="half")
page = lambda name: Page(name, name, 200, {}, os.urandom(300_000), datetime.now(UTC), 0.1)
archive.write(page("https://example.com/1"))
write = os.write
def half(descriptor, data):
    write(descriptor, data[: len(data) // 2])
    os.kill(os.getpid(), signal.SIGKILL)
os.write = half
archive.write(page("https://example.com/2"))
"""


def _record(line: bytes) -> Record:
    told = json.loads(line)
    return Record(**{**told, "written_at": datetime.fromisoformat(told["written_at"])})


@pytest.mark.parametrize("seconds", [0.3, 0.7, 1.1])
def test_a_killed_writer(tmp_path: Path, seconds: float) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path), "killed"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as child:
        assert child.stdout
        first = child.stdout.readline()
        time.sleep(seconds)
        os.kill(child.pid, signal.SIGKILL)
        lines = [first, *child.stdout.read().splitlines(keepends=True)]
    assert child.returncode == -signal.SIGKILL

    told = [_record(line) for line in lines if line.endswith(b"\n")]
    archive = Archive(tmp_path, replica="reader")
    for record in told:
        assert archive.read(record)[1]
    # every whole record reads, told of or not; at most the last of a file is not whole
    whole = sum(1 for path in tmp_path.iterdir() for _ in members(path))
    files = len(list(tmp_path.iterdir()))
    assert len(told) + files <= whole <= len(told) + files + 1


def test_half_a_record(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", HALF, str(tmp_path)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    (path,) = tmp_path.iterdir()
    size = path.stat().st_size
    found = list(members(path))
    assert len(found) == 2
    end = found[-1][0] + found[-1][1]
    assert size > end + 100_000

    # warcio's own reader, too, gets whatever is whole
    with path.open("rb") as file:
        reader = iter(ArchiveIterator(file, check_digests="raise"))
        assert [next(reader).rec_type for _ in range(2)] == ["warcinfo", "response"]

    archive = Archive(tmp_path, replica="half")
    torn = Record(path.name, end, size - end, "0" * 64, datetime.fromtimestamp(path.stat().st_mtime).astimezone())
    with pytest.raises(EvidenceAltered, match="ends within the record"):
        archive.read(torn)

    # a dead process holds no lock, and the next one neither writes on nor over its file
    again = subprocess.run([sys.executable, "-c", HALF, str(tmp_path)], cwd=ROOT, check=False)
    assert again.returncode == -signal.SIGKILL
    assert path.stat().st_size == size
    assert len(list(tmp_path.iterdir())) == 2
    assert len(archive.purge(datetime.fromisoformat("2100-01-01T00:00:00+00:00"))) == 2
