"""Every part is killed in turn while posts stream in, and nothing is lost and nothing is counted twice."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from typing import Any

import httpx

from tests.e2e.harness import PARTS, WEBHOOK_SECRET, Client, Receiver, System, eventually, post

POSTS = 2000
BATCH = 20
STORIES = 60
COUNTIES = ("思茅区", "宁洱县", "墨江县", "景东县", "景谷县", "镇沅县", "江城县", "孟连县", "澜沧县", "西盟县")
PLIGHTS = (
    "水库移民安置点的搬迁补偿款拖欠两年没有发放，群众多次到县里反映都没有结果",
    "安置房交房不到一年就墙体开裂屋顶漏水，投诉以后一直没有人来维修",
    "库区塌岸滑坡冲毁了搬迁户的耕地，勘察的人迟迟不来，淹没区的损失没有人赔",
    "后期扶持资金的名单没有公示，有人领了双份，有人一分钱也没有拿到",
    "征地拆迁时答应的养老保险至今没有落实，经办的人互相推诿不给答复",
    "新搬迁的移民村停水十几天，孩子上学要走两个小时的泥路，没有人过问",
    "水电站蓄水以后渔民不能下河，答应的转产补助和技能培训全部落空",
)


def streamed(count: int) -> list[dict[str, Any]]:
    """Return posts that tell one story after another, from two places each, so that alerts are raised all along."""
    found = []
    for number in range(count):
        story = number * STORIES // count
        words = f"{COUNTIES[story % 10]}{PLIGHTS[story % 7]}。第{number}帖"
        where = {"channel": "weibo", "source": "微博"} if number % 2 else {"channel": "forum", "source": "百度贴吧"}
        found.append(post(number, words, author=f"网友{number}", metrics={"reads": 10, "likes": 1}, **where))
    return found


class Crawler:
    """Pushes posts steadily, and pushes again what was not answered, as any careful client does."""

    def __init__(self, client: Client, posts: list[dict[str, Any]]) -> None:
        self._client, self._posts = client, posts
        self.answers: Counter[int | str] = Counter()
        self.accepted = 0
        self.pushed = 0
        self.problem: BaseException | None = None
        self._goal = 0
        self._thread: threading.Thread | None = None

    def stream_to(self, goal: int) -> None:
        """Begin to push up to post number `goal`, in a thread."""
        self._goal = goal
        self._thread = threading.Thread(target=self._guarded)
        self._thread.start()

    def wait(self) -> None:
        """Wait until the goal is reached."""
        assert self._thread is not None
        self._thread.join(120)
        if self.problem is not None:
            raise self.problem
        assert self.pushed == self._goal

    def _guarded(self) -> None:
        try:
            while self.pushed < self._goal:
                self._push(self._posts[self.pushed : min(self._goal, self.pushed + BATCH)])
        except BaseException as error:
            self.problem = error

    def _push(self, posts: list[dict[str, Any]]) -> None:
        deadline = time.monotonic() + 60
        while True:
            assert time.monotonic() < deadline, f"no answer to a push: {self.answers}"
            try:
                answer = self._client.http.post("/api/v1/posts", json={"posts": posts})
            except httpx.TransportError as error:
                self.answers[type(error).__name__] += 1
            else:
                self.answers[answer.status_code] += 1
                if answer.status_code == 202:
                    body = answer.json()
                    assert not body["rejected"], body
                    self.accepted += body["accepted"]
                    self.pushed += len(posts)
                    return
                assert answer.status_code in (429, 502, 503, 504), answer.text
            time.sleep(0.1)


def test_every_part_may_die_while_posts_stream_in(system: System, receiver: Receiver) -> None:
    admin = system.login()
    way = {"channel": "webhook", "address": receiver.url, "secret": WEBHOOK_SECRET}
    people = {"name": "值守员", "roles": ["office", "department", "group_leader", "group_member", "county"]}
    admin.post("/api/v1/contacts", {**people, "ways": [way]})

    posts = streamed(POSTS)
    crawler = Crawler(admin, posts)
    # each by itself, and at last all of them at once
    rounds = [*((part,) for part in PARTS), PARTS]
    moments = random.Random(20261124)
    for number, parts in enumerate(rounds, start=1):
        crawler.stream_to(POSTS * number // len(rounds))
        if not system.catch_working(parts[0] if len(parts) == 1 else "analysis"):
            time.sleep(moments.uniform(0.05, 0.4))
        system.kill(*parts)
        crawler.wait()
    assert crawler.accepted <= POSTS  # an answer that was lost on its way is a duplicate the second time

    urls = {item["url"] for item in posts}
    eventually(lambda: analysed(admin) == POSTS, f"{POSTS} posts to be analysed", 180)
    shown = [item["url"] for item in admin.items("/api/v1/posts")]
    assert len(shown) == POSTS
    assert set(shown) == urls
    eventually(lambda: in_events(admin) == POSTS, "every post to be in one event", 180)

    settled(admin)
    assert in_events(admin) == POSTS
    events = {event["id"]: event for event in admin.items("/api/v1/events")}
    assert sum(event["metrics"]["interactions"] for event in events.values()) == POSTS
    told_once(system, admin, receiver)


def analysed(client: Client) -> int:
    return len(list(client.items("/api/v1/posts")))


def in_events(client: Client) -> int:
    return sum(event["metrics"]["posts_total"] for event in client.items("/api/v1/events"))


def settled(client: Client) -> None:
    """Wait until alerts and notifications have stopped changing and no delivery is under way."""
    last: Any = None
    since = time.monotonic()

    def still() -> bool:
        nonlocal last, since
        alerts = sorted(alert["id"] for alert in client.items("/api/v1/alerts"))
        deliveries = sorted(
            (delivery["id"], delivery["state"])
            for notification in client.items("/api/v1/notifications")
            for delivery in notification["deliveries"]
        )
        if (alerts, deliveries) != last or any(state == "pending" for _, state in deliveries):
            last, since = (alerts, deliveries), time.monotonic()
        return time.monotonic() - since > 3

    eventually(still, "alerts and notifications to settle", 180)


def told_once(system: System, client: Client, receiver: Receiver) -> None:
    """Every alert has one case and its notifications, each delivered once, and nothing was given up on."""
    alerts = list(client.items("/api/v1/alerts"))
    assert len(alerts) > STORIES // 3
    assert len({(alert["event_id"], alert["level"]) for alert in alerts}) == len(alerts)
    cases = list(client.items("/api/v1/cases"))
    assert cases
    assert len({case["event_id"] for case in cases}) == len(cases)
    for case in cases:
        assert client.get(f"/api/v1/cases/{case['id']}/timeline/verify")["intact"]

    notifications = list(client.items("/api/v1/notifications"))
    said = Counter((n["kind"], n["alert_id"], n["case_id"], n["subject"], n["body"]) for n in notifications)
    assert [words for words, count in said.items() if count > 1] == []
    told = {notification["alert_id"] for notification in notifications if notification["kind"] == "alert_raised"}
    assert told == {alert["id"] for alert in alerts}
    deliveries = [delivery for notification in notifications for delivery in notification["deliveries"]]
    assert {delivery["state"] for delivery in deliveries} == {"sent"}
    hooked = [delivery for delivery in deliveries if delivery["channel"] == "webhook"]
    assert hooked
    # in a storm one letter tells of many; each is in just one
    assert receiver.ids() == {delivery["id"] for delivery in hooked if delivery["folded_into"] is None}
    folded = Counter(id_ for id_, letter in dict(receiver.letters).items() for _ in letter["data"]["folded"])
    assert folded == Counter(delivery["folded_into"] for delivery in hooked if delivery["folded_into"] is not None)
    assert system.run("dead-letters", "list").stdout == "没有死信 / nothing lies aside\n"
