"""Every channel against a receiver that behaves like the service behind it, on good days and bad."""

from __future__ import annotations

import base64
import json
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr
from redis.asyncio import Redis

from contracts.words import ChannelName
from kit import logging as kit_logging
from kit.bus.redis_bus import connect
from kit.embedded import free_port
from kit.ids import new_id
from kit.testing import INTERNAL_KEY
from services.notify.channels.channel import Channel, Letter
from services.notify.channels.registry import Channels
from services.notify.retries import Outcome
from services.notify.settings import NotifySettings
from services.notify.ways import Way, check_way
from tests.integration.notify.receivers import (
    GARBAGE,
    SITES,
    AliyunSite,
    AppriseSite,
    DingTalkSite,
    FeishuSite,
    GatewaySite,
    PushSite,
    Site,
    TencentSite,
    VoiceSite,
    WeComAppSite,
    WeComBotMarkdownSite,
    WeComBotSite,
    decrypted,
)

LINK = "https://huiying.example/public/v1/acknowledgements/eyJ.abc.def"
SENTENCE = "澜沧县移民安置点的饮水问题一小时内有三十五条信息，负面占八成。"

Open = Callable[..., Awaitable[tuple[Any, Channel]]]


@pytest_asyncio.fixture
async def redis(valkey_url: str) -> AsyncIterator[Redis]:
    """Give a client of the emptied server."""
    client = connect(valkey_url)
    yield client
    await client.aclose()
    await client.connection_pool.disconnect()


@pytest.fixture(scope="module")
def tls() -> ssl.SSLContext:
    """Give whom the calls trust, read once."""
    return httpx.create_ssl_context()


@pytest_asyncio.fixture
async def opened(redis: Redis, tls: ssl.SSLContext) -> AsyncIterator[Open]:
    """Give an opener of receivers: one of the kind on a loopback port (or `site`), and a channel that leads to it."""
    runners: list[web.AppRunner] = []
    sites: list[Site] = []
    channels: list[Channels] = []

    async def begin(
        kind: type[Site], *behaviours: str, timeout: float = 30, site: Site | None = None, **settings: Any
    ) -> tuple[Site, Channel]:
        site = site or await serve(kind, *behaviours)
        values = {"send_timeout": timeout, "webhook_allow_hosts": "127.0.0.1", **site.settings(), **settings}
        made = Channels(NotifySettings(internal_key=SecretStr(INTERNAL_KEY), **values), redis, tls)
        channels.append(made)
        return site, next(channel for channel in made.all if channel.name == site.channel)

    async def serve(kind: type[Site], *behaviours: str) -> Site:
        port = free_port()
        site = kind(f"http://127.0.0.1:{port}", list(behaviours))
        app = web.Application(client_max_size=1_000_000)
        app.router.add_route("*", "/{path:.*}", site.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        runners.append(runner)
        sites.append(site)
        return site

    yield begin
    for site in sites:
        site.released.set()
    for made in channels:
        await made.close()
    for runner in runners:
        await runner.cleanup()


def letter(site: Site, *, text: str = SENTENCE, link: str | None = LINK) -> Letter:
    return Letter(
        id=new_id(),
        to="张三",
        address=site.address,
        subject="【Ⅱ级】澜沧县移民安置点饮水问题",
        text=text if link is None else f"{text}\n\n{link}",
        at=datetime.now(UTC),
        secret=site.secret,
        facts={"level": "II", "case_number": "YQ-2026-0001", "acknowledgement_url": link},
    )


def told_plainly(outcome: Outcome, site: Site) -> None:
    """Check that a failure has a reason, which gives no secret away."""
    assert not outcome.sent
    assert outcome.reason
    assert len(outcome.reason) < 300
    assert not [secret for secret in (*site.secrets, site.address) if secret in outcome.reason], outcome.reason


@pytest.mark.parametrize("kind", SITES)
async def test_the_ways_that_these_tests_use_can_be_entered(kind: type[Site]) -> None:
    site = kind("http://127.0.0.1:8000")
    check_way(Way(channel=ChannelName(site.channel), address=site.address, secret=site.secret))


@pytest.mark.parametrize("kind", SITES)
async def test_a_good_answer_is_sent(opened: Open, kind: type[Site]) -> None:
    site, channel = await opened(kind)
    assert channel.unavailable() is None
    assert (await channel.send(letter(site))).sent
    assert site.faults == []
    assert len(site.calls) == 1
    assert (await channel.send(letter(site, link=None))).sent
    assert site.faults == []


@pytest.mark.parametrize("kind", SITES)
async def test_the_vendors_later_is_tried_again_when_it_says(opened: Open, kind: type[Site]) -> None:
    site, channel = await opened(kind, "later")
    outcome = await channel.send(letter(site))
    told_plainly(outcome, site)
    assert (outcome.permanent, outcome.closed, outcome.waits, outcome.retry_after) == (False, False, False, site.asks)
    assert site.faults == []
    assert (await channel.send(letter(site))).sent


@pytest.mark.parametrize("kind", [kind for kind in SITES if kind is not AppriseSite])
async def test_the_vendors_final_no_is_not_tried_again(opened: Open, kind: type[Site]) -> None:
    site, channel = await opened(kind, "final")
    outcome = await channel.send(letter(site))
    told_plainly(outcome, site)
    assert (outcome.permanent, outcome.closed) == (True, False)
    assert site.faults == []


@pytest.mark.parametrize(
    "kind",
    [kind for kind in SITES if kind not in (WeComAppSite, AliyunSite, GatewaySite, VoiceSite, AppriseSite)],
)
async def test_an_address_that_is_no_more_closes_the_way(opened: Open, kind: type[Site]) -> None:
    site, channel = await opened(kind, "closed")
    outcome = await channel.send(letter(site))
    told_plainly(outcome, site)
    assert (outcome.permanent, outcome.closed) == (True, True)


@pytest.mark.parametrize("behaviour", ["429", "503", "500 good", "cut"])
@pytest.mark.parametrize("kind", SITES)
async def test_bad_days_of_the_other_side_are_tried_again(opened: Open, kind: type[Site], behaviour: str) -> None:
    site, channel = await opened(kind, behaviour)
    # what counts by its status alone is sent once the status is there, however the rest is cut
    by_status = behaviour == "cut" and not site.reads_body and kind is not AppriseSite
    outcome = await channel.send(letter(site))
    if by_status:
        assert outcome.sent
        return
    told_plainly(outcome, site)
    assert (outcome.permanent, outcome.closed, outcome.waits) == (False, False, False)
    # apprise does not hand the header on
    assert outcome.retry_after == (7 if behaviour == "429" and kind is not AppriseSite else None)
    assert (await channel.send(letter(site))).sent


@pytest.mark.parametrize("kind", SITES)
async def test_one_that_hangs_is_left_after_the_sending_time(opened: Open, kind: type[Site]) -> None:
    site, channel = await opened(kind, *["slow"] * 3, timeout=0.2)
    outcome = await channel.send(letter(site))
    while outcome.waits:  # what it needs is still being loaded
        outcome = await channel.send(letter(site))
    told_plainly(outcome, site)
    assert (outcome.permanent, outcome.waits) == (False, False)


@pytest.mark.parametrize("kind", SITES)
async def test_one_that_is_not_there_is_tried_again(opened: Open, kind: type[Site]) -> None:
    site, channel = await opened(kind, site=kind(f"http://127.0.0.1:{free_port()}"))
    outcome = await channel.send(letter(site))
    told_plainly(outcome, site)
    assert not outcome.permanent


@pytest.mark.parametrize("behaviour", [*GARBAGE, "redirect"])
@pytest.mark.parametrize("kind", SITES)
async def test_garbage_is_never_taken_for_a_yes(opened: Open, kind: type[Site], behaviour: str) -> None:
    site, channel = await opened(kind, behaviour)
    outcome = await channel.send(letter(site))
    if not site.reads_body and behaviour != "redirect":
        assert outcome.sent
        return
    told_plainly(outcome, site)
    assert not outcome.closed
    # a webhook that has moved must be entered anew
    assert outcome.permanent is (behaviour == "redirect" and site.channel == "webhook")
    assert [call.path for call in site.calls if call.path == "/elsewhere"] == []


@pytest.mark.parametrize("kind", SITES)
async def test_secrets_stay_out_of_the_logs(opened: Open, kind: type[Site], capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    kit_logging.configure("notify", level="debug")
    try:
        site, channel = await opened(kind, "final", "cut", "html", "good")
        for _ in range(4):
            await channel.send(letter(site))
    finally:
        root.handlers = handlers
        root.setLevel(level)
    logged = "".join(capsys.readouterr())
    assert not [secret for secret in site.secrets if secret in logged], logged


async def test_a_long_letter_goes_out_in_pieces_and_on_from_where_it_stopped(opened: Open) -> None:
    site, channel = await opened(WeComBotSite, "good", "503")
    long = letter(site, text=SENTENCE * 40, link=None)
    found = channel.preview(long)
    assert len(found) > 1
    assert all(len(piece.encode()) <= 2048 for piece in found)
    first = await channel.send(long)
    assert not first.sent
    # another replica takes over
    _, other = await opened(WeComBotSite, site=site)
    assert (await other.send(long)).sent
    assert (await channel.send(long)).sent
    taken = [call.json()["text"]["content"] for call in site.calls]
    assert taken == [found[0], found[1], found[1], *found[2:]]


async def test_a_corrected_address_gets_the_letter_from_its_start(opened: Open) -> None:
    site, channel = await opened(WeComBotSite, "good", "503")
    long = letter(site, text=SENTENCE * 40, link=None)
    await channel.send(long)
    site.address = "11111111-2222-3333-4444-555555555555"
    assert (await channel.send(replace(long, address=site.address))).sent
    assert [call.query["key"] for call in site.calls[2:]] == [site.address] * len(channel.preview(long))
    assert site.faults == []


@pytest.mark.parametrize(
    ("kind", "most"), [(WeComBotSite, 20), (WeComBotMarkdownSite, 20), (DingTalkSite, 20), (FeishuSite, 5)]
)
async def test_a_bot_is_not_told_more_often_than_its_vendor_takes(opened: Open, kind: type[Site], most: int) -> None:
    site, channel = await opened(kind)
    outcomes = [await channel.send(letter(site)) for _ in range(most + 1)]
    waiting = [outcome for outcome in outcomes if not outcome.sent]
    if kind is not FeishuSite:  # its five a second may be over before six are sent
        assert len(waiting) == 1
    for outcome in waiting:
        assert outcome.waits
        assert not outcome.permanent
        assert 0 < (outcome.retry_after or 0) <= 60
        told_plainly(outcome, site)
    assert len(site.calls) == most + 1 - len(waiting)


async def test_wecom_tokens_are_kept_and_fetched_anew_when_stale(opened: Open) -> None:
    site, channel = await opened(WeComAppSite)
    assert (await channel.send(letter(site))).sent
    assert (await channel.send(letter(site))).sent
    assert site.given == 1
    site.stale = True
    assert (await channel.send(letter(site))).sent
    assert site.given == 2
    assert [call.query["access_token"] for call in site.calls] == ["token-1"] * 3 + ["token-2"]


async def test_wecom_says_in_a_good_answer_whom_it_did_not_reach(opened: Open) -> None:
    site, channel = await opened(WeComAppSite)
    site.invalid_user = True
    outcome = await channel.send(letter(site))
    told_plainly(outcome, site)
    assert outcome.permanent


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [
        ({"errcode": 40001, "errmsg": "an-apps-secret-0123456789"}, True),
        ({"errcode": -1, "errmsg": "busy"}, False),
        ({"errcode": 0, "errmsg": "ok"}, False),
        ({"errcode": 0, "errmsg": "ok", "access_token": "", "expires_in": 7200}, False),
        ({"errcode": 0, "errmsg": "ok", "access_token": "t", "expires_in": "soon"}, False),
        ({}, False),
    ],
)
async def test_wecom_without_a_token(opened: Open, answer: dict[str, Any], permanent: bool) -> None:
    site, channel = await opened(WeComAppSite)
    site.token_answer = answer
    outcome = await channel.send(letter(site))
    told_plainly(outcome, site)
    assert outcome.permanent is permanent
    assert site.calls == []


async def test_wecom_drops_repeats_but_not_tests(opened: Open) -> None:
    site, channel = await opened(WeComAppSite)
    assert (await channel.send(letter(site))).sent
    assert (await channel.send(replace(letter(site), facts={"test": True}))).sent
    assert ["enable_duplicate_check" in call.json() for call in site.calls] == [True, False]


@pytest.mark.parametrize("kind", [WeComBotSite, DingTalkSite, FeishuSite])
async def test_a_bots_key_goes_to_its_vendor_alone(opened: Open, kind: type[Site]) -> None:
    site, channel = await opened(kind)
    path = {
        "wecom_bot": f"/cgi-bin/webhook/send?key={site.address}",
        "dingtalk": f"/robot/send?access_token={site.address}",
        "feishu": f"/open-apis/bot/v2/hook/{site.address}",
    }[site.channel]
    assert (await channel.send(replace(letter(site), address=site.base + path))).sent
    outcome = await channel.send(replace(letter(site), address=f"http://127.0.0.1:{free_port()}{path}"))
    assert outcome.permanent
    assert len(site.calls) == 1


async def test_nobody_is_mentioned_by_what_a_citizen_wrote(opened: Open) -> None:
    for kind, mention in ((WeComBotSite, "<@all>"), (WeComAppSite, "<@all>"), (FeishuSite, '<at user_id="all">')):
        site, channel = await opened(kind)
        assert (await channel.send(letter(site, text=f"{mention}快来看", link=None))).sent
        assert mention.encode() not in site.calls[0].body.replace(b'\\"', b'"')


async def test_feishu_gives_the_button_with_the_last_piece(opened: Open) -> None:
    site, channel = await opened(FeishuSite)
    long = letter(site, text=SENTENCE * 300)
    assert (await channel.send(long)).sent
    cards = [call.json()["card"]["elements"] for call in site.calls]
    assert len(cards) == len(channel.preview(long)) > 1
    assert [len(elements) for elements in cards] == [1] * (len(cards) - 1) + [2]
    assert cards[-1][1]["actions"][0]["url"] == LINK


async def test_templates_get_parameters_cut_and_without_addresses(opened: Open) -> None:
    site, channel = await opened(AliyunSite, sms_params="title=subject,number=case_number")
    long = replace(letter(site), subject="很长的标题" * 10 + LINK, facts={})
    assert (await channel.send(long)).sent
    assert site.faults == []
    params = json.loads(site.calls[0].query["TemplateParam"])
    assert params == {"title": ("很长的标题" * 4)[:19] + "…", "number": "无"}
    assert channel.preview(long)[0].startswith("【普洱移民局】模板 SMS_154950909：title=")
    site, channel = await opened(TencentSite)
    assert (await channel.send(letter(site))).sent
    assert site.calls[0].json()["TemplateParamSet"] == ["【Ⅱ级】澜沧县移民安置点饮水问题", "Ⅱ级"]
    assert channel.preview(letter(site)) == ["【普洱移民局】模板 1110：{1}=【Ⅱ级】澜沧县移民安置点饮水问题，{2}=Ⅱ级"]


@pytest.mark.parametrize("kind", [AliyunSite, TencentSite])
async def test_a_wrong_key_is_told_as_such(opened: Open, kind: type[Site]) -> None:
    name = "aliyun_access_key_secret" if kind is AliyunSite else "tencent_secret_key"
    site, channel = await opened(kind, **{name: "another-key"})
    outcome = await channel.send(letter(site))
    assert site.faults == ["wrong signature"]
    assert outcome.permanent
    assert "不正确" in (outcome.reason or "")


async def test_a_gateway_is_filled_in_without_being_broken_into(opened: Open) -> None:
    site, channel = await opened(GatewaySite)
    nasty = replace(letter(site, text='"}, "to": ["13900000000"], {id} {to}', link=None), to="{text}")
    assert (await channel.send(nasty)).sent
    message = site.calls[0].json()
    assert message["to"] == [site.address]
    assert message["msg"] == {"text": nasty.whole, "ref": nasty.id}


async def test_calls_read_no_addresses_aloud(opened: Open) -> None:
    site, channel = await opened(VoiceSite, voice_http_chars=60)
    assert (await channel.send(letter(site, text="请立即登录系统查看。"))).sent
    assert site.calls[0].json()["msg"]["text"] == "【Ⅱ级】澜沧县移民安置点饮水问题 请立即登录系统查看。"
    (read,) = channel.preview(letter(site, text=SENTENCE * 10))
    assert len(read) == 60


async def test_a_push_shows_the_letter(opened: Open) -> None:
    site, channel = await opened(PushSite)
    sent = letter(site, text=SENTENCE * 100)
    assert (await channel.send(sent)).sent
    (shown,) = site.shown
    assert (shown["id"], shown["title"], shown["url"]) == (sent.id, sent.subject, LINK)
    assert shown["body"].endswith("…")
    headers = site.calls[0].headers
    assert (headers["urgency"], headers["topic"]) == ("high", sent.id.replace("-", ""))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"vapid_private_key": ""}, "HUIYING_VAPID_PRIVATE_KEY"),
        ({"vapid_subject": "duty@puer.example"}, "mailto:"),
        ({"vapid_private_key": "nonsense"}, "P-256"),
        ({"vapid_private_key": "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----"}, "P-256"),
    ],
)
async def test_pushes_without_a_good_key(opened: Open, settings: dict[str, str], reason: str) -> None:
    site, channel = await opened(PushSite, **settings)
    assert reason in (channel.unavailable() or "")
    assert (await channel.send(letter(site))).permanent


async def test_pushes_and_apprise_stay_out_of_the_private_network(opened: Open) -> None:
    for kind in (PushSite, AppriseSite):
        site, channel = await opened(kind, webhook_allow_hosts="")
        outcome = await channel.send(letter(site))
        assert outcome.permanent
        assert "内网" in (outcome.reason or "")
        assert site.calls == []


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("dingtalk://token/13800001234", "钉钉群机器人"),
        ("wecombot://key", "企业微信群机器人"),
        ("feishu://token", "飞书群机器人"),
        ("mailto://user:password@example.org", "不在允许之列"),
        ("tgram://nonsense", "不认识"),
        ("file:///etc/passwd", "不在允许之列"),
    ],
)
async def test_apprise_is_locked_to_its_list(opened: Open, address: str, reason: str) -> None:
    site, channel = await opened(AppriseSite)
    outcome = await channel.send(replace(letter(site), address=address))
    assert outcome.permanent
    assert reason in (outcome.reason or "")


def test_the_browser_of_these_tests_decrypts_as_the_standard_says() -> None:
    # RFC 8291, section 5
    number = int.from_bytes(base64.urlsafe_b64decode("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94="))
    body = (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
        "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    private = ec.derive_private_key(number, ec.SECP256R1())
    auth = base64.urlsafe_b64decode("BTBZMqHH6r4Tts7J_aSIgg==")
    read = decrypted(base64.urlsafe_b64decode(body), private, auth)
    assert read == b"When I grow up, I want to be a watermelon"
