"""Vendors and mail gateways deliver posts: only signed, only once, in whatever form their hook says."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import sys
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr
from standardwebhooks import Webhook

from contracts.words import Role
from kit.auth import CONTEXT_HEADER, ContextSigner, Principal
from kit.clock import ManualClock
from kit.embedded import free_port
from kit.testing import INTERNAL_KEY, MakeRuntime
from services.ingest.app import assemble
from services.ingest.hooks.tables import DELIVERIES
from services.ingest.models import POSTS, Base
from services.ingest.settings import IngestSettings

HANDLE = "澜沧老李在路上"


@pytest_asyncio.fixture
async def app(make_runtime: MakeRuntime, clock: ManualClock) -> AsyncIterator[FastAPI]:
    runtime = make_runtime(
        "ingest",
        Base,
        settings_type=IngestSettings,
        clock=clock,
        author_key=SecretStr("a" * 32),
        collect=False,
        hook_bytes=2**20,
    )
    app = assemble(runtime, runtime.settings)  # type: ignore[arg-type]
    await runtime.start()
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


@pytest_asyncio.fixture
async def vendor(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ingest") as stranger:
        yield stranger


async def make(client: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    answer = await client.post("/api/v1/hooks", json={"name": "某供应商", **values})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return dict(answer.json())


def signed(secret: str, id_: str, at: datetime, body: bytes) -> dict[str, str]:
    """Sign as the senders' own library does."""
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(id_, at, body.decode()),
    }


def hmac_of(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def push(*texts: str) -> bytes:
    return json.dumps({"posts": [{"text": text} for text in texts]}, ensure_ascii=False).encode()


async def posts(app: FastAPI) -> list[Any]:
    async with app.state.runtime.database.reading() as session:
        return list((await session.execute(sa.select(POSTS).order_by(POSTS.c.id))).all())


def slug(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return str(answer.json()["type"]).rpartition("/")[2]


async def test_a_standard_webhook_is_taken_once(
    app: FastAPI, client: httpx.AsyncClient, vendor: httpx.AsyncClient, clock: ManualClock
) -> None:
    hook = await make(client, source="某供应商", channel="weibo")
    assert hook["secret"].startswith("whsec_")
    path, body = hook["path"], push("库区移民反映补偿款迟发", "安置房漏水", "  ")
    headers = signed(hook["secret"], "msg_1", clock.now(), body)
    taken = await vendor.post(path, content=body, headers=headers)
    assert taken.status_code == 202, taken.text
    assert taken.json() == {
        "accepted": 2,
        "duplicates": 0,
        "rejected": [{"index": 2, "reason": "the text is empty"}],
    }
    assert {(row.channel, row.source_name) for row in await posts(app)} == {("weibo", "某供应商")}
    again = await vendor.post(path, content=body, headers=headers)
    assert (again.status_code, slug(again)) == (409, "hook.replayed")
    clock.advance(timedelta(seconds=1))
    other = await vendor.post(path, content=body, headers=signed(hook["secret"], "msg_2", clock.now(), body))
    assert other.json()["duplicates"] == 2
    shown = (await client.get(f"/api/v1/hooks/{hook['id']}")).json()
    assert "secret" not in shown
    assert [(one["accepted"], one["duplicates"], one["rejected"]) for one in shown["deliveries"]] == [
        (0, 2, 1),
        (2, 0, 1),
    ]
    assert shown["refused"] is None


async def test_what_is_not_proven_is_refused_and_told(
    app: FastAPI, client: httpx.AsyncClient, vendor: httpx.AsyncClient, clock: ManualClock
) -> None:
    hook = await make(client)
    path, body, now = hook["path"], push("库区移民反映补偿款迟发"), clock.now()
    good = signed(hook["secret"], "msg_1", now, body)
    tries: list[tuple[bytes, dict[str, str], str]] = [
        (body, {}, "hook.unsigned"),
        (body + b" ", good, "hook.bad-signature"),
        (body, {**good, "webhook-id": "msg_2"}, "hook.bad-signature"),
        (body, {**good, "webhook-signature": "v1,!!"}, "hook.bad-signature"),
        (body, {**good, "webhook-signature": "v2," + good["webhook-signature"][3:]}, "hook.bad-signature"),
        (body, {**good, "webhook-timestamp": "soon"}, "hook.stale"),
        (body, {**good, "webhook-timestamp": "nan"}, "hook.stale"),
        (body, signed(hook["secret"], "msg_1", now - timedelta(seconds=301), body), "hook.stale"),
        (body, signed(hook["secret"], "msg_1", now + timedelta(seconds=301), body), "hook.stale"),
        (body, signed("whsec_" + "A" * 43 + "=", "msg_1", now, body), "hook.bad-signature"),
    ]
    for content, headers, expected in tries:
        answer = await vendor.post(path, content=content, headers={**headers, "Accept-Language": "zh-CN"})
        assert (answer.status_code, slug(answer)) == (401, expected)
        assert {"unsigned": "没有签名", "bad-signature": "签名不符", "stale": "签名的时间过旧"}[
            expected.partition(".")[2]
        ] in answer.json()["detail"]
        assert hook["secret"] not in answer.text
    shown = (await client.get(f"/api/v1/hooks/{hook['id']}", headers={"Accept-Language": "zh-CN"})).json()
    assert shown["refused"]["reason"] == "签名不符"
    assert await posts(app) == []
    missing = await vendor.post("/public/v1/hooks/none", content=body, headers=good)
    assert missing.status_code == 404
    await client.patch(f"/api/v1/hooks/{hook['id']}", json={"enabled": False})
    off = await vendor.post(path, content=body, headers=good)
    assert (off.status_code, slug(off)) == (410, "hook.disabled")
    await client.patch(f"/api/v1/hooks/{hook['id']}", json={"enabled": True})
    # one of several signatures is enough: senders rotate too
    both = {**good, "webhook-signature": "v1,AAAA " + good["webhook-signature"]}
    assert (await vendor.post(path, content=body, headers=both)).status_code == 202


async def test_a_rotated_secret_overlaps(
    app: FastAPI, client: httpx.AsyncClient, vendor: httpx.AsyncClient, clock: ManualClock
) -> None:
    hook = await make(client)
    body = push("库区移民反映补偿款迟发")
    rotated = await client.post(f"/api/v1/hooks/{hook['id']}/secret", json={"overlap_hours": 2})
    assert rotated.headers["Cache-Control"] == "no-store"
    fresh = rotated.json()["secret"]
    assert fresh != hook["secret"]

    async def status(secret: str, id_: str) -> int:
        answer = await vendor.post(hook["path"], content=body, headers=signed(secret, id_, clock.now(), body))
        return answer.status_code

    assert (await status(hook["secret"], "a"), await status(fresh, "b")) == (202, 202)
    clock.advance(timedelta(hours=2, seconds=1))
    assert (await status(hook["secret"], "c"), await status(fresh, "d")) == (401, 202)
    async with app.state.runtime.database.reading() as session:
        kept = repr((await session.execute(sa.select(Base.metadata.tables["hooks"]))).all())
    assert fresh not in kept
    assert fresh.removeprefix("whsec_") not in kept


@pytest.mark.parametrize("timestamped", [False, True])
async def test_a_vendor_s_json_is_mapped(
    app: FastAPI, client: httpx.AsyncClient, vendor: httpx.AsyncClient, clock: ManualClock, timestamped: bool
) -> None:
    hook = await make(
        client,
        format="json",
        signing="hmac",
        signature_header="X-Hub-Signature-256",
        timestamp_header="x-time" if timestamped else None,
        secret="vendor-secret-of-ours",
        mapping={
            "items": "data.list[]",
            "fields": {
                "text": "content",
                "title": "title",
                "url": "link",
                "published_at": "pub_time",
                "channel": "type",
                "author": "user.name",
                "reads": "stat.read",
            },
        },
    )
    entry = {
        "content": "<p>库区移民反映补偿款迟发</p>",
        "title": "库区",
        "link": "https://a.example.com/1",
        "pub_time": 1772409600000,
        "type": "微博",
        "user": {"name": HANDLE},
        "stat": {"read": "1.2万"},
    }
    body = json.dumps({"data": {"list": [entry, {"content": ""}, {"content": "一", "stat": {"read": "多"}}]}}).encode()
    stamp = str(int(clock.now().timestamp()))
    signature = hmac_of("vendor-secret-of-ours", stamp.encode() + b"." + body if timestamped else body)
    headers = {"x-hub-signature-256": f"sha256={signature}", "x-time": stamp}
    taken = await vendor.post(hook["path"], content=body, headers={**headers, "Accept-Language": "zh-CN"})
    assert taken.status_code == 202, taken.text
    assert taken.json()["accepted"] == 2
    assert [(one["index"], one["reason"]) for one in taken.json()["rejected"]] == [(1, "正文为空")]
    row, uncounted = await posts(app)
    assert (uncounted.text, uncounted.reads) == ("一", 0)
    assert (row.text, row.channel, row.reads) == ("库区移民反映补偿款迟发", "weibo", 12_000)
    assert row.published_at == datetime.fromisoformat("2026-03-02T00:00:00+00:00")
    replayed = await vendor.post(hook["path"], content=body, headers=headers)
    assert (replayed.status_code, slug(replayed)) == (409, "hook.replayed")
    clock.advance(timedelta(seconds=301))
    late = await vendor.post(hook["path"], content=body, headers=headers)
    assert (late.status_code, slug(late)) == ((401, "hook.stale") if timestamped else (409, "hook.replayed"))


async def test_one_item_that_cannot_be_read_costs_itself_alone(
    client: httpx.AsyncClient, vendor: httpx.AsyncClient
) -> None:
    secret = "vendor-secret-of-ours"
    fields = {"text": "t", "published_at": "at", "title": "join('', names)"}
    hook = await make(client, format="json", signing="hmac", secret=secret, mapping={"items": "l", "fields": fields})
    body = (
        '{"l": [{"t": "一", "names": []}, {"t": "二", "names": 3}, {"t": "三", "names": [], "at": 1' + "0" * 400 + "},"
        '{"t": "四", "names": [], "at": Infinity}]}'
    ).encode()
    taken = await vendor.post(hook["path"], content=body, headers={"x-signature": hmac_of(secret, body)})
    assert taken.status_code == 202, taken.text
    assert (taken.json()["accepted"], [one["index"] for one in taken.json()["rejected"]]) == (1, [1, 2, 3])
    assert "does not fit" in taken.json()["rejected"][0]["reason"]


async def test_a_mail_with_an_odd_date_is_no_failure_of_ours(
    client: httpx.AsyncClient, vendor: httpx.AsyncClient
) -> None:
    secret = "mail-gateway-secret"
    hook = await make(client, format="email", signing="hmac", secret=secret, digest={"per": "message"})
    for date in ("1" + "0" * 400, "Infinity"):
        body = ('{"subject": "日报", "text": "库区移民", "date": ' + date + "}").encode()
        taken = await vendor.post(hook["path"], content=body, headers={"x-signature": hmac_of(secret, body)})
        assert taken.status_code == 202, taken.text


@pytest.mark.parametrize("signing", ["standard", "hmac"])
async def test_the_documented_snippets_run_as_pasted(make_runtime: MakeRuntime, signing: str) -> None:
    text = (Path(__file__).parents[3] / "docs" / "imports.md").read_text(encoding="utf-8")
    standard, plain = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    runtime = make_runtime("ingest", Base, settings_type=IngestSettings, author_key=SecretStr("a" * 32), collect=False)
    app = assemble(runtime, runtime.settings)  # type: ignore[arg-type]
    await runtime.start()
    async with caller(app) as client:
        hook = await make(client, signing=signing)
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(10):
            while not server.started:
                await asyncio.sleep(0.02)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            standard if signing == "standard" else plain,
            env={"HOOK_URL": f"http://127.0.0.1:{port}{hook['path']}", "HOOK_SECRET": hook["secret"]},
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await asyncio.wait_for(process.communicate(), 60)
    finally:
        server.should_exit = True
        await serving
    assert json.loads(said) == {"accepted": 1, "duplicates": 0, "rejected": []}


def digest() -> bytes:
    mail = EmailMessage()
    mail["Subject"] = "舆情日报 3月2日"
    mail["From"] = "digest@vendor.example"
    mail["Date"] = "Mon, 02 Mar 2026 07:30:00 +0800"
    mail.set_content("请查看 HTML 版")
    mail.add_alternative(
        "<html><head><style>a{}</style></head><body><table>"
        '<tr><td><a href="https://a.example.com/1">库区移民反映补偿款迟发</a><p>多名群众称款项三个月未到账。</p></td></tr>'
        '<tr><td><a href="https://a.example.com/2">安置房漏水无人修</a><p>住户上传了视频。</p></td></tr>'
        '<tr><td><a href="https://vendor.example/unsubscribe">退订这份每日邮件摘要</a></td></tr>'
        '<tr><td><a href="javascript:alert(1)">这一条没有真正的地址</a></td></tr></table></body></html>',
        subtype="html",
    )
    return mail.as_bytes()


async def test_an_e_mail_digest_becomes_its_items(
    app: FastAPI, client: httpx.AsyncClient, vendor: httpx.AsyncClient
) -> None:
    hook = await make(client, format="email", signing="hmac", secret="mail-gateway-secret", source="某日报")
    body = digest()
    headers = {"x-signature": hmac_of("mail-gateway-secret", body), "Content-Type": "message/rfc822"}
    taken = await vendor.post(hook["path"], content=body, headers=headers)
    assert taken.json()["accepted"] == 2, taken.text
    first, second = await posts(app)
    assert (first.url, first.title) == ("https://a.example.com/1", "库区移民反映补偿款迟发")
    assert first.text == "库区移民反映补偿款迟发\n多名群众称款项三个月未到账。"
    assert second.source_name == "某日报"
    assert first.published_at.isoformat() == "2026-03-01T23:30:00+00:00"
    await client.patch(f"/api/v1/hooks/{hook['id']}", json={"digest": {"per": "message"}})
    parsed = json.dumps({"subject": "日报", "body-html": "<p>一段</p><p>另一段</p>", "Date": "2026-03-02"}).encode()
    whole = await vendor.post(
        hook["path"], content=parsed, headers={"x-signature": hmac_of("mail-gateway-secret", parsed)}
    )
    assert whole.json()["accepted"] == 1
    assert ((await posts(app))[-1].title, (await posts(app))[-1].text) == ("日报", "一段\n另一段")


async def test_a_csv_and_what_cannot_be_read(
    app: FastAPI, client: httpx.AsyncClient, vendor: httpx.AsyncClient
) -> None:
    secret = "csv-vendor-secret"
    hook = await make(client, format="csv", signing="hmac", secret=secret)

    async def send(body: bytes, **headers: str) -> httpx.Response:
        return await vendor.post(hook["path"], content=body, headers={"x-signature": hmac_of(secret, body), **headers})

    good = await send("微博正文,转发数\n库区移民,3\n安置房,很多\n".encode("gb18030"))
    assert (good.json()["accepted"], good.json()["rejected"]) == (2, [])
    bad = await send(b"a,b\n1,2\n", **{"Accept-Language": "zh-CN"})
    assert (bad.status_code, slug(bad)) == (422, "hook.unreadable")
    assert "没有正文列" in bad.json()["detail"]
    # it was not taken, so that it may be sent again
    assert (await send(b"a,b\n1,2\n")).status_code == 422
    assert (await send(b"x" * (2**20 + 1))).status_code == 413
    shown = (await client.get(f"/api/v1/hooks/{hook['id']}")).json()
    assert [one["error"] is None for one in shown["deliveries"]] == [False, False, True]
    app.state.runtime.settings.max_backlog = 0
    busy = await send("微博正文\n又一条\n".encode())
    assert (busy.status_code, slug(busy)) == (503, "backlog")


async def test_a_delivery_that_broke_off_may_be_sent_again_and_one_at_a_time_wins(
    app: FastAPI, client: httpx.AsyncClient, vendor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "posts-vendor-secret"
    hook = await make(client, signing="hmac", secret=secret)
    body = push(*(f"第{i}条：库区搬迁安置进展" for i in range(1200)))
    headers = {"x-signature": hmac_of(secret, body)}
    take = app.state.ingest.take
    calls = 0

    async def failing(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise TimeoutError("the database went away")
        return await take(*args, **kwargs)

    monkeypatch.setattr(app.state.ingest, "take", failing)
    with pytest.raises(TimeoutError):
        await vendor.post(hook["path"], content=body, headers=headers)
    assert len(await posts(app)) == 1000
    both = await asyncio.gather(*(vendor.post(hook["path"], content=body, headers=headers) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [202, 409]
    assert len(await posts(app)) == 1200
    async with app.state.runtime.database.reading() as session:
        [kept] = (await session.execute(sa.select(DELIVERIES))).all()
    assert kept.accepted + kept.duplicates == 1200


async def test_hooks_are_made_changed_and_deleted(app: FastAPI, client: httpx.AsyncClient, clock: ManualClock) -> None:
    hook = await make(client)
    path = f"/api/v1/hooks/{hook['id']}"
    assert (await client.post("/api/v1/hooks", json={"name": "某供应商"})).status_code == 409
    for wrong in (
        {"format": "json"},
        {"format": "json", "mapping": {"fields": {"text": "]["}}},
        {"format": "json", "mapping": {"fields": {"body": "x"}}},
        {"signing": "hmac", "secret": "short"},
        {"secret": "whsec_AAAA"},
        {"signature_header": "a b"},
        {"tolerance_seconds": 0},
    ):
        answer = await client.post("/api/v1/hooks", json={"name": "另一个", **wrong})
        assert answer.status_code == 422, wrong
    read = await client.get(path)
    assert "secret" not in read.json()
    changed = await client.patch(path, json={"name": "改名"}, headers={"If-Match": read.headers["ETag"]})
    assert (changed.status_code, changed.json()["name"], changed.json()["signing"]) == (200, "改名", "standard")
    assert (await client.patch(path, json={"name": "x"}, headers={"If-Match": '"1"'})).status_code == 412
    # a secret of the other kind cannot sign as the standard wants it
    plain = await make(client, name="第三个", signing="hmac")
    answer = await client.patch(f"/api/v1/hooks/{plain['id']}", json={"signing": "standard"})
    assert (answer.status_code, slug(answer)) == (422, "hook.unfit")
    assert "密钥须为 whsec_" in answer.text
    listed = (await client.get("/api/v1/hooks")).json()["items"]
    assert [one["name"] for one in listed] == ["改名", "第三个"]
    async with caller(app, Role.AUDITOR) as auditor:
        assert (await auditor.get(path)).status_code == 200
        assert (await auditor.post("/api/v1/hooks", json={"name": "y"})).status_code == 403
    clock.advance(timedelta(days=31))
    await app.state.hooks.deliveries.forget()
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404
