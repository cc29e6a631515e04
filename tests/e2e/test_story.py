"""One story, from the first posts to an acknowledged notification, through the gateway only."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.e2e.conftest import MakeSystem
from tests.e2e.harness import WEBHOOK_SECRET, Client, Receiver, System, eventually

HANDLES = ("库区老李头_0879", "糯扎渡边的风", "江城小周zz")
PHONE = "13887654321"
ID_CARD = "532701197805120010"
STORY = (
    "澜沧县某库区移民安置点几十户群众反映，搬迁补偿款拖了两年迟迟未发，多次上访没有结果，"
    "安置房墙体开裂漏水也没有人管，大家非常失望、愤怒，要求移民部门公开资金去向并给出说法。"
)


def story_posts() -> list[dict[str, Any]]:
    """Return the story as it spreads: three voices on weibo and a forum, then a provincial paper."""
    now = datetime.now(UTC)
    weibo = [
        {
            "url": f"https://weibo.com/u/{i}",
            "text": f"{STORY}{tail}",
            "published_at": (now - timedelta(minutes=50 - i)).isoformat(),
            "channel": "weibo",
            "source": "微博",
            "author": handle,
            "metrics": {"reads": 800, "likes": 30, "comments": 12, "reposts": 9},
        }
        for i, (handle, tail) in enumerate(
            zip(HANDLES, (f"有知情的请打{PHONE}", f"身份证{ID_CARD}也登记过", "求关注！"), strict=True)
        )
    ]
    paper = {
        "url": "https://www.yndaily.com/2026/11/1.html",
        "title": "澜沧一库区移民补偿款两年未发 群众盼说法",
        "text": STORY,
        "published_at": (now - timedelta(minutes=5)).isoformat(),
        "channel": "news",
        "source": "云南日报",
        "metrics": {"reads": 52000, "likes": 600, "comments": 410, "reposts": 220},
    }
    return [*weibo, paper]


def test_a_story_becomes_a_case_and_is_acknowledged(system: System, receiver: Receiver) -> None:
    admin = system.login()
    leader = enter_leader(system, admin, receiver)
    listener = system.listen(admin)

    posts = story_posts()
    assert admin.post("/api/v1/posts", {"posts": posts}) == {"accepted": 4, "duplicates": 0, "rejected": []}
    # the same address again is no new post, it only counts on
    posts[0]["metrics"]["likes"] = 95
    assert admin.post("/api/v1/posts", {"posts": posts[:1]})["duplicates"] == 1

    event = eventually(lambda: the_event(admin, likes=95), "one event of all four posts")
    assert event["metrics"]["voices"] == 3
    assert event["metrics"]["sources"] == 2
    assert event["metrics"]["top_tier"] == "provincial"
    assert event["metrics"]["negative_share"] >= 0.5
    assert "resettlement" in event["topics"]
    assert event["places"] == ["澜沧县"]
    assert len(list(admin.items(f"/api/v1/events/{event['id']}/posts"))) == 4

    alert = eventually(lambda: first(admin.items("/api/v1/alerts", event_id=event["id"], level="II")), "an alert")
    met = {reason["criterion"]: reason for reason in alert["reasons"] if reason["met"]}
    assert met["provincial_media"]["observed"] == "provincial"
    assert alert["case_id"]

    case = admin.get(f"/api/v1/cases/{alert['case_id']}")
    assert re.fullmatch(r"YQ-20\d\d-\d{4}", case["number"])
    assert (case["state"], case["level"], case["level_active"]) == ("reported", "II", False)
    clocks = the_clocks(admin, case["id"])
    assert {
        kind: clocks[kind]["state"] for kind in ("acknowledge", "report_up", "first_release", "press_conference")
    } == {
        "acknowledge": "running",
        "report_up": "running",
        "first_release": "running",
        "press_conference": "running",
    }
    assert 0 < clocks["acknowledge"]["remaining"] <= 15 * 60
    assert "国办" in clocks["first_release"]["source"]

    notification = eventually(lambda: told_to_leader(leader), "a notification sent to the group leader")
    assert notification["case_id"] == case["id"]
    assert receiver.letters, "the webhook was not called"
    leader.post(f"/api/v1/notifications/{notification['id']}/acknowledge")
    eventually(
        lambda: the_clocks(admin, case["id"])["acknowledge"]["state"] == "met", "the acknowledge clock to be met"
    )
    assert admin.get(f"/api/v1/alerts/{alert['id']}")["status"] == "acknowledged"

    entries = list(admin.items(f"/api/v1/cases/{case['id']}/timeline"))
    assert {"opened", "acknowledged"} <= {entry["kind"] for entry in entries}
    verdict = admin.get(f"/api/v1/cases/{case['id']}/timeline/verify")
    assert verdict["intact"]
    assert verdict["entries"] == len(entries)

    eventually(
        lambda: {"alert.raised", "event.updated", "case.changed", "notification.changed"} <= set(listener.names()),
        "the live stream to tell of it",
    )
    listener.stop()
    nobody_is_named(system, [*admin.heard, *leader.heard, *listener.raw, *(str(letter) for letter in receiver.letters)])


def enter_leader(system: System, admin: Client, receiver: Receiver) -> Client:
    """Make the group leader, as a user and as a contact who is told by webhook; returns her client."""
    user = {"username": "wang.fang", "name": "王芳", "password": "a-long-password-of-tests", "roles": ["group_leader"]}
    admin.post("/api/v1/users", user)
    way = {"channel": "webhook", "address": receiver.url, "secret": WEBHOOK_SECRET}
    contact = {"name": "王芳", "roles": ["group_leader"], "username": "wang.fang", "ways": [way]}
    admin.post("/api/v1/contacts", contact)
    return system.login("wang.fang", "a-long-password-of-tests")


def the_event(client: Client, *, likes: int) -> dict[str, Any] | None:
    found = list(client.items("/api/v1/events", topic="resettlement"))
    if len(found) != 1 or found[0]["metrics"]["posts_total"] != 4:
        return None
    counted = 3 * (12 + 9) + likes + 2 * 30 + 600 + 410 + 220
    return found[0] if found[0]["metrics"]["interactions"] == counted else None


def the_clocks(client: Client, case_id: str) -> dict[str, dict[str, Any]]:
    """Return the case's clocks by kind; of two of a kind the one started last."""
    return {clock["kind"]: clock for clock in client.get(f"/api/v1/cases/{case_id}/clocks")["items"]}


def told_to_leader(leader: Client) -> dict[str, Any] | None:
    for notification in leader.items("/api/v1/notifications", mine="true", kind="alert_raised"):
        if any(d["contact_name"] == "王芳" and d["state"] == "sent" for d in notification["deliveries"]):
            return notification
    return None


def nobody_is_named(system: System, heard: list[str]) -> None:
    """No handle and no personal number in any answer, in the log, or in any byte on disk."""
    secrets = (*HANDLES, PHONE, ID_CARD)
    for secret in secrets:
        assert not any(secret in text for text in heard), f"{secret} was shown"
        assert secret not in system.said(), f"{secret} was logged"
    for path in files_of(system.data):
        content = path.read_bytes()
        for secret in secrets:
            for encoding in ("utf-8", "utf-16-le", "gb18030"):
                assert secret.encode(encoding) not in content, f"{secret} lies in {path.name}"
            escaped = secret.encode("ascii", "backslashreplace")
            assert escaped not in content, f"{secret} lies escaped in {path.name}"


def files_of(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def first(items: Any) -> dict[str, Any] | None:
    return next(iter(items), None)


def test_no_door_leads_to_an_author(make_system: MakeSystem) -> None:
    system = make_system()
    system.start()
    admin = system.login()
    admin.post("/api/v1/posts", {"posts": story_posts()})
    eventually(lambda: len(list(admin.items("/api/v1/posts"))) == 4, "the posts")
    everything = len(list(admin.items("/api/v1/posts")))
    for parameter in ("author", "author_hash", "voice"):
        # a parameter that is not there filters nothing
        assert len(list(admin.items("/api/v1/posts", **{parameter: HANDLES[0]}))) == everything
    shown = admin.get("/api/v1/posts")["items"][0]
    assert not [field for field in shown if "author" in field or "voice" in field]
    document = admin.get("/openapi.json")
    parameters = [
        parameter["name"]
        for path in document["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict)
        for parameter in operation.get("parameters", [])
    ]
    assert not [name for name in parameters if "author" in name or "voice" in name]
