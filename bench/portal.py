"""Measure how many times a second the portal answers, and the processor time of each answer, with and without ETag.

    python bench/portal.py [--statements 2000] [--calls 500] [--sqlite | --postgres] [--look PORT]

Publishes as many statements as asked (some corrected, some withdrawn, some of drills), on SQLite and on the test
PostgreSQL, serves them by the cases service in a process of its own, and asks one call after another on one connection:
each form of the list as it is kept (200 and 304), pages, a feed that must be rendered anew, and a search.
With `--look` it serves them on that port until Ctrl-C instead, to be looked at.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import random
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
import psutil
from pydantic import SecretStr

from bench.readiness import bus, served
from contracts.words import IncidentType, Level, Role
from kit.auth import Principal
from kit.embedded import EmbeddedPostgres
from kit.ids import new_id
from kit.runtime import Runtime
from services.cases.app import wire
from services.cases.models import Base, StatementRow
from services.cases.service.actors import Actor
from services.cases.service.opening import Opening
from services.cases.settings import CasesSettings

_KEY: Final = secrets.token_hex(32)
_DESK: Final = Principal("bench", "王办", frozenset({Role.OFFICE}))
_PLACES: Final = ("永平镇", "景东县", "宁洱县同心镇", "思茅区", "墨江县", "澜沧县上允镇")
_MATTERS: Final = ("移民补偿款发放", "山体滑坡处置", "安置点供水恢复", "搬迁安置房质量核查", "道路抢通")
_TEXT: Final = """{date}，{place}{matter}有关情况在网上受到关注。市搬迁安置办会同县人民政府立即组织力量到场核实处置。

一、基本情况。截至{date}18时，涉及{count}户，已逐户走访核对，{done}户办理完毕，其余将于月底前办结。现场未发现人员伤亡。

二、已采取的措施。成立工作专班，公开办理流程和进度；设立现场咨询点，受理群众咨询和投诉；对网上反映的问题逐条核查，结果向社会公布。

三、下一步工作。市搬迁安置办将持续关注群众诉求，及时发布进展。请广大群众以官方发布的信息为准，不信谣、不传谣。咨询电话：0879-0000000。
"""


def _settings(database_url: str, redis_url: str, folder: Path) -> CasesSettings:
    return CasesSettings(
        data=folder,
        database_url=database_url,
        redis_url=redis_url,
        internal_key=SecretStr(_KEY),
        clock_pass=3600,
        log_level="warning",
    )


async def fill(database_url: str, redis_url: str, folder: Path, number: int) -> None:
    """Put `number` published statements into a new database, the newest of today, and a tenth as many of a drill."""
    runtime = Runtime(_settings(database_url, redis_url, folder), "cases", Base)
    parts = wire(runtime, _settings(database_url, redis_url, folder))
    await runtime.start()
    chance, now = random.Random(7), datetime.now(UTC)
    try:
        cases = []
        for drill in (False, True):
            opening = Opening(
                title="永平镇滑坡",
                level=Level.IV,
                reason="基准",
                detected_at=now,
                summary="",
                incident_type=IncidentType.OTHER,
                drill=drill,
            )
            cases.append((await parts.openings.by_hand(opening, Actor.of(_DESK))).id)
        rows: list[StatementRow] = []
        for i in range(number):
            rows.append(_statement(cases[0], i, now - timedelta(hours=9 * i + 1), chance))
            if i % 10 == 0:
                rows.append(_statement(cases[1], i, now - timedelta(hours=9 * i), chance, "【演练】"))
        for later, earlier in zip(rows[2::23], rows[3::23], strict=False):
            if later.case_id != earlier.case_id:
                continue
            earlier.state, earlier.corrected_by, earlier.corrected_at = "corrected", later.id, later.published_at
            later.title, later.corrects = f"关于更正{earlier.title.removeprefix('关于')}", earlier.id
            later.correction_reason = "受影响户数统计口径有误，漏计两个村民小组"
        for row in rows[4::41]:
            if row.state == "published":
                row.state, row.withdrawn_at = "withdrawn", (row.published_at or now) + timedelta(hours=5)
                row.withdrawn_reason = "数据尚未经县统计部门核实"
        async with runtime.database.writing() as session:
            session.add_all(rows)
    finally:
        await runtime.stop()


def _statement(case_id: str, number: int, at: datetime, chance: random.Random, mark: str = "") -> StatementRow:
    place, matter, count = chance.choice(_PLACES), chance.choice(_MATTERS), chance.randrange(20, 400)
    date = f"{at.year}年{at.month}月{at.day}日"
    text = _TEXT.format(date=date, place=place, matter=matter, count=count, done=count * 2 // 3)
    return StatementRow(
        id=new_id(),
        case_id=case_id,
        number=number + 1,
        title=f"{mark}关于{place}{matter}情况的通报",
        text=text,
        state="published",
        author_id="bench",
        author="王办",
        disclosure={
            "catalogue": "应急管理",
            "subject_words": f"网络舆情 移民 {matter[:4]}",
            "publisher": "市搬迁安置办",
            "index_number": f"1042-/{at:%Y}-{at:%m%d}{number:05d}",
            "document_number": f"普搬办告〔{at.year}〕{number % 300 + 1}号",
        },
        index_number=f"1042-/{mark}{at:%Y}-{at:%m%d}{number:05d}",
        created_at=at,
        published_at=at,
    )


def measure(server: psutil.Process, number: int, ask: Callable[[int], object]) -> str:
    """Return calls a second, p50, p99 and the server's mean processor time in milliseconds, as cells of a table."""
    for i in range(5):
        ask(i)
    taken, before = [], server.cpu_times()
    for i in range(number):
        began = time.perf_counter()
        ask(i)
        taken.append((time.perf_counter() - began) * 1000)
    after = server.cpu_times()
    worked = (after.user + after.system - before.user - before.system) * 1000 / number
    taken.sort()
    rate = 1000 * number / sum(taken)
    return f"{rate:.0f} | {statistics.median(taken):.2f} | {taken[int(number * 0.99)]:.2f} | {worked:.2f}"


def lines(kind: str, client: httpx.Client, server: psutil.Process, calls: int) -> None:
    """Measure each answer and print its line."""
    root = "/public/v1/statements"
    first = client.get(f"{root}.json").raise_for_status().json()
    if any("演练" in one["title"] for one in first["items"]):
        raise SystemExit("a drill's statement is on the portal")
    one = first["items"][0]["id"]

    def asking(path: str, status: int = 200, **headers: str) -> Callable[[int], object]:
        def ask(number: int) -> object:
            answer = client.get(path.replace("NUMBER", f"{number + 100:03d}"), headers=headers)
            if answer.status_code != status:
                raise SystemExit(f"{path}: {answer.status_code} {answer.text[:200]}")
            return answer

        return ask

    asked: list[tuple[str, int, Callable[[int], object]]] = []
    for form in ("json", "rss", "atom"):
        tag = client.get(f"{root}.{form}").headers["etag"]
        asked.append((f"{form}, 50 items", calls, asking(f"{root}.{form}")))
        asked.append((f"{form}, 304 by ETag", calls, asking(f"{root}.{form}", 304, **{"If-None-Match": tag})))
    asked.append(("page of the list", calls, asking(root, accept="text/html")))
    asked.append(("page of a statement", calls, asking(f"{root}/{one}", accept="text/html")))
    # what was not asked for before is rendered anew
    asked.append(("atom, 50 items, rendered anew", 60, asking(f"{root}.atom?since=2000-01-01&until=2NUMBER-01-01")))
    asked.append(("search for two words, page", 60, asking(f"{root}?q=永平镇+走访", accept="text/html")))
    for name, number, ask in asked:
        print(f"| {kind} | {name} | {measure(server, number, ask)} |", flush=True)


def report(kind: str, database_url: str, folder: Path, asked: argparse.Namespace) -> None:
    """Fill, serve and measure one database; prints the lines of the table. With `look`, serves it until Ctrl-C."""
    with bus(folder) as redis_url:
        asyncio.run(fill(database_url, redis_url, folder, asked.statements))
        with served("cases", database_url, redis_url, folder, _KEY, asked.look or 0) as (base, server):
            if asked.look:
                print(f"{base}/public/v1/statements until Ctrl-C", flush=True)
                while server.is_running():
                    time.sleep(1)
            with httpx.Client(base_url=base, timeout=60, trust_env=False) as client:
                lines(kind, client, server, asked.calls)


def main() -> None:
    """Run the benchmark and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--statements", type=int, default=2000)
    parser.add_argument("--calls", type=int, default=500, help="calls of each kind that are timed")
    parser.add_argument("--look", type=int, metavar="PORT", help="serve on this port, measure nothing")
    parser.add_argument("--sqlite", action="store_true", help="SQLite alone")
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL alone")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="huiying-bench-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        folder.chmod(0o755)
        if not asked.look:
            print(
                f"{time.strftime('%Y-%m')}, {os.cpu_count()} cores ({platform.machine()})"
                f", {asked.statements} statements"
            )
            print("\n| database | answer | calls/s | p50 ms | p99 ms | CPU ms |\n| --- | --- | --- | --- | --- | --- |")
        if asked.look or not asked.postgres:
            report("SQLite", f"sqlite:///{folder}/{{service}}.db", folder, asked)
        if not asked.sqlite:
            (folder / "postgres").mkdir()
            (folder / "postgres").chmod(0o755)
            postgres = EmbeddedPostgres(folder / "postgres")
            postgres.start()
            try:
                report("PostgreSQL", postgres.url(), folder, asked)
            finally:
                postgres.stop()


if __name__ == "__main__":
    main()
