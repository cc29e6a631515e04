"""Posts and events come out as files: the same that the API shows, to those who may see them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import unquote

import pytest

from contracts.words import Role
from kit.auth import Principal
from kit.clock import ManualClock
from kit.settings import ServiceSettings
from kit.testing import INTERNAL_KEY, MakeRuntime, schema_differences
from services.analysis import models
from services.analysis.exports.columns import COLUMNS
from services.analysis.exports.workbook import CELL, MARK
from services.analysis.exports.writing import PIECE
from services.analysis.models import Base, table
from tests.integration.analysis.exporting import (
    CHUNKS,
    EXPORTS,
    HASH,
    NOW,
    Exporting,
    a_post,
    read_csv,
    read_xlsx,
    replica,
    seeded,
)

SHANGHAI = timezone(timedelta(hours=8))


def local(time: str) -> str:
    """Return a time of the API as it stands in a file."""
    return datetime.fromisoformat(time).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.usefixtures("small_batches")
async def test_posts_come_out_as_the_api_lists_them_in_both_formats(one: Exporting) -> None:
    await seeded(one, 40)
    shown = await one.listed("/posts", channel="weibo")
    job, file = await one.made(filter={"channel": "weibo"})
    rows = read_csv(file)
    assert [row["编号"] for row in rows] == [post["id"] for post in shown]
    assert [row["发布时间（北京时间）"] for row in rows] == [local(post["published_at"]) for post in shown]
    assert [row["正文"] for row in rows] == [post["text"] for post in shown]
    assert rows[0]["正文"] == "库区群众询问第0批补偿款，\n联系电话138****0001", "what was masked stays masked"
    assert rows[0]["渠道"] == "微博"
    assert rows[0]["来源级别"] == "县级媒体"
    assert rows[0]["监测专题"] == "移民安置"
    assert rows[0]["所属事件"] == "事件0"
    assert rows[0]["情感得分"] == "-0.5"
    assert (job["rows"], job["total"], job["percent"], job["size"]) == (14, 14, 100.0, len(file))
    assert job["available"]
    assert job["expires_at"] == (NOW + timedelta(days=7)).isoformat().replace("+00:00", "Z")

    job, file = await one.made(format="xlsx", filter={"channel": "weibo"})
    found = read_xlsx(file)
    assert [row["编号"] for row in found] == [post["id"] for post in shown]
    for row, text, post in zip(found, rows, shown, strict=True):
        assert row["发布时间（北京时间）"].strftime("%Y-%m-%d %H:%M:%S") == local(post["published_at"])
        assert row["阅读"] == post["metrics"]["reads"]
        assert row["情感得分"] == post["analysis"]["sentiment"]["score"]
        same = {name for name, value in row.items() if isinstance(value, str)}
        assert {name: row[name] for name in same} == {name: text[name] for name in same}
    about = {row["说明"]: row[None] for row in read_xlsx(file, 1)}
    assert about["筛选：渠道"] == "微博"
    assert about["导出人"] == "用户u1"
    assert about["行数"] == 14
    assert "不含作者信息" in about["作者"]
    assert (job["sheets"], job["notes"]) == (1, [])
    assert HASH.encode() not in file


async def test_every_filter_of_the_list_is_a_filter_of_the_file(one: Exporting) -> None:
    await seeded(one, 12)
    for wanted in (
        {"sentiment": "negative"},
        {"q": "第3批"},
        {"event": "event-1"},
        {"source": "普洱论坛"},
        {"incident_type": "accident"},
        {"place": "澜沧", "topic": "resettlement"},
        {"since": (NOW - timedelta(minutes=3)).isoformat(), "until": NOW.isoformat()},
    ):
        listed = await one.listed("/posts", **wanted)
        _, file = await one.made(filter=wanted, columns=["id"], language="en")
        assert [row["Id"] for row in read_csv(file)] == [post["id"] for post in listed], wanted


@pytest.mark.usefixtures("small_batches")
async def test_events_come_out_each_once_though_their_heat_changes(one: Exporting) -> None:
    await seeded(one, 1)
    _, file = await one.made("events", "xlsx")
    shown = {event["id"]: event for event in await one.listed("/events")}
    rows = read_xlsx(file)
    assert [row["编号"] for row in rows] == ["event-2", "event-1", "event-0"]
    for row in rows:
        event = shown[row["编号"]]
        assert row["事件名称"] == event["title"]
        assert row["热度"] == event["metrics"]["heat"]
        assert row["负面占比"] == event["metrics"]["negative_share"]
        assert row["摘要"] == "=摘要"
        assert (row["阶段"], row["事件类型"], row["监测专题"]) == ("成长", "事故灾难", "移民安置")
    _, file = await one.made("events", filter={"incident_type": "accident", "status": "active"}, language="en")
    assert [row["Summary"] for row in read_csv(file)] == ["'=摘要"] * 3
    assert {row["Stage"] for row in read_csv(file)} == {"growing"}


async def test_a_file_has_a_name_a_length_and_a_kind(one: Exporting) -> None:
    await seeded(one, 1)
    for format, kind in (
        ("csv", "text/csv; charset=utf-8"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ):
        job, file = await one.made(format=format)
        answer = await one.call("GET", f"/exports/{job['id']}/file")
        assert answer.headers["content-type"] == kind
        assert answer.headers["content-length"] == str(len(file)) == str(job["size"])
        plain, _, encoded = answer.headers["content-disposition"].partition("; filename*=UTF-8''")
        assert plain == f'attachment; filename="posts_20260302-080000.{format}"'
        assert unquote(encoded) == f"信息导出_20260302-080000.{format}"


async def test_what_cannot_be_asked_for(one: Exporting) -> None:
    async def pointers(**body: Any) -> list[str]:
        answer = await one.call("POST", "/exports", status=422, json={"what": "posts", **body})
        return [error["pointer"] for error in answer.json()["errors"]]

    assert await pointers(filter={"author_hash": HASH}) == ["/filter/author_hash"]
    assert await pointers(filter={"channel": "tv", "q": "长" * 9_999}) == ["/filter/q", "/filter/channel"]
    assert await pointers(columns=["id", "author_hash", "id"]) == ["/columns/1", "/columns/2"]
    assert await pointers(columns=[]) == ["/columns"]
    assert await pointers(format="pdf") == ["/format"]
    assert await pointers(filter={"q": "(补偿款 AND"}) == ["/filter/q"]
    assert await pointers(filter={"source": "a\x00"}) == ["/filter/source"]
    assert await pointers(author="某人") == ["/author"]
    await one.call("POST", "/exports", role=None, status=403, json={"what": "posts"})
    assert await one.all(EXPORTS) == []


async def test_exports_are_seen_by_their_users_and_by_overseers(one: Exporting) -> None:
    await seeded(one, 3)
    job, _ = await one.made()
    theirs = await one.ask(user="u2")
    for path in ("", "/file"):
        await one.call("GET", f"/exports/{job['id']}{path}", user="u2", status=404)
        await one.call("GET", f"/exports/{job['id']}{path}", user="u3", role=Role.AUDITOR)
    await one.call("POST", f"/exports/{job['id']}/cancel", user="u2", status=404)
    await one.call("DELETE", f"/exports/{job['id']}", user="u2", status=404)

    async def listed(user: str, role: Role = Role.OFFICE, **params: Any) -> list[str]:
        answer = await one.call("GET", "/exports", user=user, role=role, params=params)
        return [item["id"] for item in answer.json()["items"]]

    assert await listed("u1") == [job["id"]]
    assert await listed("u2") == [theirs]
    assert await listed("u3", Role.AUDITOR) == [theirs, job["id"]]
    assert await listed("u3", Role.ADMIN, mine=True) == []
    page = (await one.call("GET", "/exports", role=Role.ADMIN, params={"limit": 1})).json()
    rest = (await one.call("GET", "/exports", role=Role.ADMIN, params={"cursor": page["next_cursor"]})).json()
    assert [item["id"] for item in page["items"] + rest["items"]] == [theirs, job["id"]]
    assert rest["next_cursor"] is None

    await one.call("DELETE", f"/exports/{job['id']}", status=204)
    assert await listed("u1") == []
    await one.call("GET", f"/exports/{job['id']}", status=404)
    seen = (await one.call("GET", f"/exports/{job['id']}", user="u3", role=Role.AUDITOR)).json()
    assert (seen["created_by"], seen["state"], seen["available"]) == ("用户u1", "done", False)
    assert seen["deleted_at"] is not None
    await one.exports.runner.sweep()
    assert await one.all(CHUNKS) == []


async def test_limits_are_told_of(make_runtime: MakeRuntime, clock: ManualClock, small_batches: None) -> None:
    one = await replica(make_runtime, clock, rows=14)
    await seeded(one, 40)
    job, file = await one.made(format="xlsx")
    assert (job["rows"], job["total"], job["truncated"]) == (14, 14, "rows")
    job = await one.job(job["id"], **{"Accept-Language": "zh"})
    assert job["notes"] == ["已达到导出上限 14 行，其余未导出；请缩小筛选范围，分次导出"]
    about = {row["说明"]: row[None] for row in read_xlsx(file, 1)}
    assert about["注意"] == job["notes"][0]
    assert len(read_xlsx(file)) == 14
    job, _ = await one.made(filter={"since": (NOW - timedelta(minutes=6)).isoformat()})
    assert (job["rows"], job["truncated"]) == (14, None), "it ends where the limit is"
    await one.client.aclose()

    one = await replica(make_runtime, clock, bytes=1200)
    job, file = await one.made()
    assert job["truncated"] == "bytes"
    assert 0 < job["rows"] == len(read_csv(file)) < 40
    await one.client.aclose()


async def test_a_long_text_is_cut_in_a_workbook_and_whole_in_csv(one: Exporting) -> None:
    await one.put(table(models.Post), [a_post(1, text="水" * 40_000), a_post(2, text="=1+1", title="@SUM(A1)")])
    job, file = await one.made(format="xlsx", language="en")
    assert job["cut_cells"] == 1
    assert "32,767" in job["notes"][0]
    rows = read_xlsx(file)
    assert rows[0]["Text"] == "水" * (CELL - len(MARK)) + MARK
    assert rows[1]["Text"] == "=1+1"
    job, file = await one.made()
    assert job["cut_cells"] == 0
    rows = read_csv(file)
    assert rows[0]["正文"] == "水" * 40_000
    assert (rows[1]["正文"], rows[1]["标题"]) == ("'=1+1", "'@SUM(A1)")


async def test_pieces_are_small_whatever_the_texts(one: Exporting) -> None:
    await one.put(table(models.Post), [a_post(n, text=chr(0x4E00 + n) * 20_000) for n in range(60)])
    for format in ("csv", "xlsx"):
        id_ = await one.ask(format=format)
        await one.exports.runner.step()
        pieces = sorted((row.number, len(row.data)) for row in await one.all(CHUNKS) if row.export_id == id_)
        assert [number for number, _ in pieces] == list(range(len(pieces)))
        assert max(size for _, size in pieces) <= PIECE
        _, content = await one.exports.file(id_, Principal("u1", "u1", frozenset({Role.OFFICE})))
        served = [len(piece) async for piece in content]
        assert max(served) <= PIECE
        assert sum(served) == (await one.job(id_))["size"]


async def test_no_column_shows_an_author(one: Exporting) -> None:
    await seeded(one, 9)
    for what in COLUMNS:
        for format in ("csv", "xlsx"):
            _, file = await one.made(what, format)
            rows: list[dict[str, Any]] = list(read_csv(file)) if format == "csv" else read_xlsx(file)
            assert rows
            assert HASH not in repr(rows)


async def test_the_migration_makes_these_tables(database_url: str) -> None:
    settings = ServiceSettings(database_url=database_url, internal_key=INTERNAL_KEY)
    differences = await schema_differences(settings.database_url_for("analysis"), "analysis", Base)
    assert [one for one in differences if "export" in repr(one)] == []
