"""Files come in: progress is seen, crashes lose and double nothing, bad rows lose no others."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa
from fastapi import FastAPI
from openpyxl import Workbook
from pydantic import SecretStr

from contracts.words import Role
from kit.auth import CONTEXT_HEADER, ContextSigner, Principal
from kit.clock import ManualClock
from kit.embedded import free_port
from kit.settings import ServiceSettings
from kit.testing import INTERNAL_KEY, MakeRuntime, schema_differences
from services.ingest.app import assemble
from services.ingest.imports import runner
from services.ingest.imports.tables import IMPORTS, REJECTIONS
from services.ingest.models import POSTS, Base
from services.ingest.settings import IngestSettings

HANDLE = "澜沧老李在路上"
PHONE = "13887990001"


def build(make_runtime: MakeRuntime, clock: ManualClock, **settings: Any) -> FastAPI:
    values = {"author_key": SecretStr("a" * 32), "collect": False, "max_backlog": 100_000, **settings}
    runtime = make_runtime("ingest", Base, settings_type=IngestSettings, clock=clock, **values)
    return assemble(runtime, runtime.settings)  # type: ignore[arg-type]


@pytest_asyncio.fixture
async def app(make_runtime: MakeRuntime, clock: ManualClock) -> AsyncIterator[FastAPI]:
    app = build(make_runtime, clock)
    await app.state.runtime.start()
    yield app


def caller(app: FastAPI, role: Role = Role.OFFICE) -> httpx.AsyncClient:
    context = ContextSigner(INTERNAL_KEY).sign(Principal("u1", "tester", frozenset({role})))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://ingest", headers={CONTEXT_HEADER: context}
    )


@pytest_asyncio.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with caller(app) as client:
        yield client


async def upload(client: httpx.AsyncClient, content: bytes, filename: str, **query: str) -> dict[str, Any]:
    answer = await client.post("/api/v1/imports", params={"filename": filename, **query}, content=content)
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"] == f"/api/v1/imports/{answer.json()['id']}"
    return dict(answer.json())


async def ended(client: httpx.AsyncClient, id_: str, **headers: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            job = dict((await client.get(f"/api/v1/imports/{id_}", headers=headers)).json())
            if job["state"] in ("done", "failed", "cancelled"):
                return job
            await asyncio.sleep(0.05)


async def rejected(client: httpx.AsyncClient, id_: str) -> list[dict[str, Any]]:
    answer = await client.get(f"/api/v1/imports/{id_}/rejected")
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


async def every_cell(app: FastAPI) -> str:
    found: list[str] = []
    async with app.state.runtime.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            found += [repr(tuple(row)) for row in await session.execute(sa.select(table))]
    return "\n".join(found)


async def count(app: FastAPI, table: sa.Table) -> int:
    async with app.state.runtime.database.reading() as session:
        return int(await session.scalar(sa.select(sa.func.count()).select_from(table)))


def files(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "imports").iterdir())


def lines(count: int) -> bytes:
    rows = ({"text": f"第{i}条：库区搬迁安置进展", "url": f"https://a.example.com/{i}"} for i in range(count))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


async def test_a_csv_comes_in_with_its_bad_rows_named(app: FastAPI, client: httpx.AsyncClient, tmp_path: Path) -> None:
    text = (
        "微博正文,原文链接,发布时间,转发数,用户昵称,备注\n"
        f"安置房漏水，联系{PHONE},https://a.example.com/1,2026/3/1 8:05,1.2万,{HANDLE},x\n"
        ",,,,,\n"
        f"坏数字 {PHONE},https://a.example.com/2,2026-03-01,很多,{HANDLE},\n"
        f"坏时间,https://a.example.com/3,昨天,3,{HANDLE},\n"
        "坏地址,ftp://a.example.com/x,2026-03-01,3,,\n"
        "又一条,https://a.example.com/4,2026年3月1日 下午3:04,10万+,,\n"
        "安置房漏水重复,https://a.example.com/1?utm_source=x,,,,\n"
    )
    job = await upload(client, text.encode("gb18030"), "导出.csv")
    assert (job["state"], job["filename"], job["total_bytes"]) == ("queued", "导出.csv", len(text.encode("gb18030")))
    job = await ended(client, job["id"])
    assert job["state"] == "done", job
    assert (job["records"], job["accepted"], job["duplicates"], job["rejected"]) == (6, 3, 1, 2)
    assert (job["encoding"], job["delimiter"], job["format"]) == ("gb18030", ",", "csv")
    assert job["done_bytes"] == job["total_bytes"]
    assert {c["name"]: (c["field"], c["by"]) for c in job["columns"]} == {
        "微博正文": ("text", "name"),
        "原文链接": ("url", "name"),
        "发布时间": ("published_at", "name"),
        "转发数": ("reposts", "name"),
        "用户昵称": ("author", "name"),
        "备注": (None, None),
    }
    bad = await rejected(client, job["id"])
    assert [row["line"] for row in bad] == [5, 6]
    assert bad[0]["row"]["published_at"] == "昨天"
    assert "ftp" in bad[1]["row"]["url"]
    async with app.state.runtime.database.reading() as session:
        kept = {row.url: row for row in await session.execute(sa.select(POSTS))}
    everything = await every_cell(app)
    assert kept["https://a.example.com/1"].reposts == 12_000
    assert kept["https://a.example.com/2"].reposts == 0
    assert kept["https://a.example.com/4"].published_at.isoformat() == "2026-03-01T07:04:00+00:00"
    assert HANDLE not in everything
    assert PHONE not in everything
    assert files(tmp_path) == []


async def test_a_workbook_in_a_form(app: FastAPI, client: httpx.AsyncClient) -> None:
    book = Workbook()
    book.active.title = "说明"
    sheet = book.create_sheet("数据")
    sheet.append(["舆情监测日报"])
    sheet.merge_cells("A1:C1")
    sheet.append([])
    sheet.append(["标题", "内容", "阅读量"])
    sheet.append(["库区", "库区移民反映补偿款迟发", "3,400"])
    sheet["A4"].hyperlink = "https://b.example.com/9"
    sheet.append([None, "=1+1", 3])
    body = io.BytesIO()
    book.save(body)
    answer = await client.post(
        "/api/v1/imports",
        params={"channel": "forum", "source": "普洱论坛"},
        files={"note": (None, "日报"), "file": ("日报.xlsx", body.getvalue(), "application/vnd.ms-excel")},
    )
    assert answer.status_code == 202, answer.text
    job = await ended(client, answer.json()["id"])
    assert job["problem"] is None
    assert (job["state"], job["filename"], job["sheet"]) == ("done", "日报.xlsx", "数据")
    assert (job["accepted"], job["rejected"]) == (1, 1)
    async with app.state.runtime.database.reading() as session:
        [row] = (await session.execute(sa.select(POSTS))).all()
    assert (row.url, row.reads, row.channel, row.source_name) == ("https://b.example.com/9", 3400, "forum", "普洱论坛")


async def test_a_preview_stores_nothing(app: FastAPI, client: httpx.AsyncClient, tmp_path: Path) -> None:
    text = (
        f"序号;说了什么;看这里;渠道;昵称\n1;库区移民反映补偿款迟发已有三个月，电话{PHONE};https://a.example.com/1;微博;{HANDLE}\n"
        "2;;https://a.example.com/2;微博;\n3;另一条写得也很长的正文内容;https://a.example.com/3;传单;\n"
    )
    answer = await client.post(
        "/api/v1/imports/preview",
        params={"filename": "a.csv"},
        content=text.encode("utf-16"),
        headers={"Accept-Language": "zh-CN"},
    )
    assert answer.status_code == 200, answer.text
    seen = answer.json()
    assert (seen["encoding"], seen["delimiter"]) == ("utf-16", ";")
    assert [(c["name"], c["field"], c["by"]) for c in seen["columns"]] == [
        ("序号", None, None),
        ("说了什么", "text", "content"),
        ("看这里", "url", "content"),
        ("渠道", "source", "name"),
        ("昵称", "author", "name"),
    ]
    assert seen["unknown"] == ["序号"]
    assert "published_at" in seen["missing"]
    assert [(row["line"], row["problem"]) for row in seen["rows"]] == [(2, None), (3, "正文为空"), (4, None)]
    assert PHONE not in answer.text
    assert HANDLE not in answer.text
    assert "前 3 条中有 1 条将被拒绝" in seen["problems"]
    chosen = await client.post(
        "/api/v1/imports/preview",
        params={"filename": "a.csv", "mapping": json.dumps({"title": "说了什么", "channel": "渠道"})},
        content=text.encode(),
    )
    assert {c["name"]: c["by"] for c in chosen.json()["columns"]}["说了什么"] == "chosen"
    assert "unknown channels: 传单" in chosen.json()["problems"]
    assert await count(app, POSTS) == await count(app, IMPORTS) == 0
    assert files(tmp_path) == []


@pytest.mark.parametrize("after", [1, 2, 4])
async def test_a_killed_import_goes_on_and_counts_exactly(
    make_runtime: MakeRuntime, clock: ManualClock, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_BATCH", 50)
    first = build(make_runtime, clock, replica="one")
    await first.state.runtime.start()
    content = lines(230) + b"{broken\n" + lines(10)
    pushes = 0
    take = first.state.ingest.take
    reached = asyncio.Event()

    async def killed(*args: Any, **kwargs: Any) -> Any:
        nonlocal pushes
        pushes += 1
        if pushes == after + 1:
            # the transaction is open and its rows are written when the process dies
            also = kwargs["also"]

            async def die(session: Any, taken: Any) -> None:
                await also(session, taken)
                reached.set()
                await asyncio.Event().wait()

            kwargs["also"] = die
        return await take(*args, **kwargs)

    monkeypatch.setattr(first.state.ingest, "take", killed)
    async with caller(first) as client:
        job = await upload(client, content, "a.jsonl")
    await asyncio.wait_for(reached.wait(), 60)
    for task in first.state.runtime._tasks:
        task.cancel()
    await asyncio.gather(*first.state.runtime._tasks, return_exceptions=True)
    assert await count(first, POSTS) == after * 50

    second = build(make_runtime, clock, replica="one")
    await second.state.runtime.start()
    async with caller(second) as client:
        job = await ended(client, job["id"])
        bad = await rejected(client, job["id"])
    assert (job["state"], job["records"]) == ("done", 241)
    assert (job["accepted"], job["duplicates"], job["rejected"]) == (230, 10, 1)
    assert [row["line"] for row in bad] == [231]
    assert await count(second, POSTS) == 230


async def test_two_replicas_do_not_read_one_file_twice(
    make_runtime: MakeRuntime, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_BATCH", 50)
    apps = [build(make_runtime, clock) for _ in range(2)]
    for app in apps:
        await app.state.runtime.start()
    async with caller(apps[0]) as client:
        jobs = [await upload(client, lines(600), "a.jsonl"), await upload(client, lines(600), "b.jsonl")]
        done = [await ended(client, job["id"]) for job in jobs]
    assert sum(job["accepted"] for job in done) == 600
    assert sum(job["duplicates"] for job in done) == 600
    assert [job["records"] for job in done] == [600, 600]


async def test_a_backlog_is_waited_for_and_a_cancel_is_heard(
    app: FastAPI, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    app.state.runtime.settings.max_backlog = 0
    job = await upload(client, lines(20), "a.jsonl")
    other = await upload(client, lines(30), "b.jsonl")
    async with asyncio.timeout(10):
        while not (seen := (await client.get(f"/api/v1/imports/{job['id']}")).json())["waiting"]:
            await asyncio.sleep(0.05)
    assert (seen["state"], seen["records"]) == ("running", 0)
    cancelled = await client.post(f"/api/v1/imports/{job['id']}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    again = await client.post(f"/api/v1/imports/{job['id']}/cancel")
    assert (again.status_code, again.json()["state"]) == (409, "cancelled")
    app.state.runtime.settings.max_backlog = 1000
    assert (await ended(client, other["id"]))["accepted"] == 30
    assert (await ended(client, job["id"]))["accepted"] == 0
    assert await count(app, POSTS) == 30
    async with asyncio.timeout(5):
        while files(tmp_path):
            await asyncio.sleep(0.05)


async def test_what_cannot_be_read_fails_with_the_reason_and_keeps_what_came_before(
    app: FastAPI, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_BATCH", 50)
    whole = gzip.compress(b"".join(json.dumps({"text": f"{i * 7919}"}).encode() + b"\n" for i in range(40_000)))
    broken = await upload(client, whole[: len(whole) // 200], "a.jsonl.gz")
    nothing = await upload(client, b"a,b\n1,2\n", "b.csv")
    for content, name in ((b"PK\x03\x04 not a workbook", "c.csv"), (bytes(range(256)) * 9, "d.xlsx")):
        answer = await client.post("/api/v1/imports", params={"filename": name}, content=content)
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "unreadable-file")
    job = await ended(client, broken["id"])
    assert job["state"] == "failed"
    assert "the archive is broken" in job["problem"]
    job = await ended(client, nothing["id"], **{"Accept-Language": "zh"})
    assert (job["state"], job["problem"]) == ("failed", "没有正文列，共 2 列，列名均不认识")


async def test_too_large_empty_unsupported_and_forbidden(
    make_runtime: MakeRuntime, clock: ManualClock, tmp_path: Path
) -> None:
    app = build(make_runtime, clock, import_bytes=2048)
    await app.state.runtime.start()
    async with caller(app) as client:

        async def post(content: Any, name: str = "a.csv", **headers: str) -> httpx.Response:
            return await client.post("/api/v1/imports", params={"filename": name}, content=content, headers=headers)

        async def streamed() -> AsyncIterator[bytes]:
            for _ in range(5):
                yield b"text\n" * 200

        assert (await post(b"x" * 2**17)).status_code == 413
        assert (await post(streamed())).status_code == 413
        assert (await post(b"")).json()["type"].endswith("empty-file")
        assert (await post(b"x", "a.docx")).status_code == 415
        no_file = await client.post("/api/v1/imports", files={"note": (None, "x")})
        assert no_file.json()["type"].endswith("bad-form")
        cut = await post(
            b"--b\r\nContent-Disposition: form-data; name=f; filename=a.csv\r\n\r\ntext\n",
            **{"Content-Type": "multipart/form-data; boundary=b"},
        )
        assert cut.status_code == 400
        bad = await client.post(
            "/api/v1/imports", params={"filename": "a.csv", "mapping": '{"body": "x"}'}, content=b"x"
        )
        assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "query.mapping")
        assert (await client.get("/api/v1/imports/none")).status_code == 404
        assert (await client.get("/api/v1/imports/none/rejected")).status_code == 404
    assert files(tmp_path) == []
    async with caller(app, Role.AUDITOR) as stranger:
        assert (await stranger.post("/api/v1/imports?filename=a.csv", content=b"text\n1")).status_code == 403


async def test_a_full_disk_is_told(
    app: FastAPI, client: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.ingest.imports import uploads

    monkeypatch.setattr(uploads, "_RESERVE", 2**62)
    answer = await client.post("/api/v1/imports?filename=a.csv", content=b"text\n1")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (503, "disk-full")
    assert int(answer.headers["Retry-After"]) > 0


async def test_choices_come_by_the_form_too(app: FastAPI, client: httpx.AsyncClient, tmp_path: Path) -> None:
    async def send(**fields: str) -> httpx.Response:
        parts = {name: (None, value) for name, value in fields.items()}
        return await client.post(
            "/api/v1/imports",
            params={"source": "查询来源"},
            files={**parts, "file": ("导出.csv", "帖子,备注\n库区移民,x\n".encode())},
        )

    answer = await send(mapping='{"text": "帖子"}', channel="forum", source="表单来源")
    assert answer.status_code == 202, answer.text
    assert (await ended(client, answer.json()["id"]))["accepted"] == 1
    async with app.state.runtime.database.reading() as session:
        [row] = (await session.execute(sa.select(POSTS))).all()
    assert (row.channel, row.source_name) == ("forum", "查询来源")
    for wrong in ({"channel": "传单"}, {"mapping": "{"}, {"mapping": '{"body": "x"}'}, {"sheet": "x" * 101}):
        answer = await send(**wrong)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{next(iter(wrong))}")
    assert files(tmp_path) == []


async def test_rows_beyond_bounds_lose_no_others(app: FastAPI, client: httpx.AsyncClient) -> None:
    content = (
        '{"text": "一", "published_at": 1' + "0" * 400 + '}\n{"text": "二", "published_at": Infinity}\n'
        '{"text": "三", "published_at": '
        + PHONE
        + '}\n{"text": "", "likes": Infinity, "说明": 1e400}\n{"text": "五"}\n'
    )
    job = await ended(client, (await upload(client, content.encode(), "a.jsonl"))["id"])
    assert (job["state"], job["accepted"], job["rejected"]) == ("done", 1, 4), job
    bad = await rejected(client, job["id"])
    assert bad[1]["row"]["published_at"] == "inf"
    assert bad[2]["row"]["published_at"] == "〔手机号〕"
    assert bad[3]["row"] == {"likes": "inf", "说明": "inf"}
    assert PHONE not in await every_cell(app)


async def test_a_file_that_waits_elsewhere_is_not_given_up(
    make_runtime: MakeRuntime, clock: ManualClock, tmp_path: Path
) -> None:
    here = build(make_runtime, clock, data=tmp_path / "here", max_backlog=0)
    there = build(make_runtime, clock, data=tmp_path / "there")
    await here.state.runtime.start()
    async with caller(here) as client:
        jobs = [await upload(client, lines(3), name) for name in ("a.jsonl", "b.jsonl")]
        for _ in range(3):
            clock.advance(timedelta(minutes=40))
            await here.state.imports.runner.alive()
            await there.state.imports.runner.step()
        for job in jobs:
            assert (await client.get(f"/api/v1/imports/{job['id']}")).json()["state"] in ("queued", "running")
        clock.advance(timedelta(minutes=61))
        await there.state.imports.runner.step()
        job = await ended(client, jobs[1]["id"])
    assert (job["state"], job["problem"]) == ("failed", "the uploaded file is gone")


async def test_lists_are_paged_and_what_was_left_is_swept(
    app: FastAPI, client: httpx.AsyncClient, tmp_path: Path, clock: ManualClock
) -> None:
    ids = [(await upload(client, b'text\n""\n' + f"{i}".encode(), "a.csv"))["id"] for i in range(3)]
    for id_ in ids:
        assert (await ended(client, id_))["state"] == "done"
    page = (await client.get("/api/v1/imports?limit=2")).json()
    assert [job["id"] for job in page["items"]] == ids[:0:-1]
    rest = (await client.get("/api/v1/imports", params={"limit": 2, "cursor": page["next_cursor"]})).json()
    assert [job["id"] for job in rest["items"]] == ids[:1]
    left = tmp_path / "imports" / "unknown.upload"
    left.write_bytes(b"x")
    os.utime(left, (0, 0))
    clock.advance(timedelta(days=181))
    await app.state.imports.runner.sweep()
    assert files(tmp_path) == []
    assert await count(app, REJECTIONS) == 0


async def test_a_record_that_the_database_refuses_loses_no_others(
    app: FastAPI, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = app.state.ingest.take

    async def picky(items: Any, **kwargs: Any) -> Any:
        if any("第7条" in item["text"] for item in items):
            raise ValueError("no such character")
        return await take(items, **kwargs)

    monkeypatch.setattr(app.state.ingest, "take", picky)
    job = await ended(client, (await upload(client, lines(10), "a.jsonl"))["id"])
    assert (job["state"], job["accepted"], job["rejected"]) == ("done", 9, 1)
    [bad] = await rejected(client, job["id"])
    assert (bad["line"], bad["reason"]) == (8, "it could not be stored")


async def test_migrations_make_the_tables(database_url: str) -> None:
    url = ServiceSettings(database_url=database_url, internal_key=SecretStr("x" * 32)).database_url_for("ingest")
    assert await schema_differences(url, "ingest", Base) == []


def start(port: int, folder: Path, redis: str) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "HUIYING_DATA": str(folder),
        "HUIYING_REDIS_URL": redis,
        "HUIYING_INTERNAL_KEY": INTERNAL_KEY,
        "HUIYING_AUTHOR_KEY": "a" * 32,
        "HUIYING_COLLECT": "false",
        "HUIYING_PORT": str(port),
        "HUIYING_REPLICA": "ingest-1",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "huiying", "serve", "ingest"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


async def test_sigkill_twice_and_every_post_is_in_once(tmp_path: Path, valkey_url: str) -> None:
    total = 4000
    port = free_port()

    async def sign(request: httpx.Request) -> None:  # anew for each: a context lasts a minute
        signer = ContextSigner(INTERNAL_KEY)
        request.headers[CONTEXT_HEADER] = signer.sign(Principal("u1", "tester", frozenset({Role.OFFICE})))

    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", event_hooks={"request": [sign]}, trust_env=False
    ) as client:

        async def stands(path: str) -> dict[str, Any]:
            try:
                answer = await client.get(path)
            except httpx.TransportError:
                return {}
            return dict(answer.json()) if answer.status_code == 200 else {}

        process = start(port, tmp_path, valkey_url)
        try:
            async with asyncio.timeout(60):
                while not (await stands("/readyz")).get("ready"):
                    await asyncio.sleep(0.1)
            job = await upload(client, lines(total), "a.jsonl")
            path = f"/api/v1/imports/{job['id']}"
            for reached in (500, 2000):
                async with asyncio.timeout(60):
                    while (await stands(path)).get("records", 0) < reached:
                        await asyncio.sleep(0.01)
                process.kill()
                process.wait()
                process = start(port, tmp_path, valkey_url)
            async with asyncio.timeout(120):
                while (seen := await stands(path)).get("state") not in ("done", "failed") or files(tmp_path):
                    await asyncio.sleep(0.1)
        finally:
            process.kill()
            process.wait()
    assert (seen["state"], seen["records"], seen["accepted"], seen["duplicates"]) == ("done", total, total, 0)
