"""What robots.txt asks for is done, whatever state it is in (RFC 9309)."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protego import Protego

from kit.clock import ManualClock
from services.ingest.fetching import robots
from services.ingest.fetching.limits import Limits
from services.ingest.fetching.page import FetchFailed, FetchProblem
from services.ingest.fetching.robots import Robots, _ours
from services.ingest.fetching.target import Target

LIMITS = Limits("HuiyingBot/1.0 (+https://office.example/bot)")
SITE = Target.of("https://site.example/")


class Site:
    """Answers for /robots.txt of every site, with what was set last."""

    def __init__(self, answer: str | bytes | FetchFailed = "") -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.clock = ManualClock(datetime(2026, 11, 24, tzinfo=UTC))
        self.robots = Robots(LIMITS, self.clock, self.read)

    async def read(self, target: Target) -> bytes:
        self.asked.append(target.url)
        await asyncio.sleep(0)
        if isinstance(self.answer, FetchFailed):
            failure = FetchFailed(
                self.answer.problem, self.answer.detail, url=self.answer.url or target.url, status=self.answer.status
            )
            raise failure
        return self.answer.encode() if isinstance(self.answer, str) else self.answer

    async def allows(self, path: str) -> bool:
        target = Target.of(f"https://site.example{path}")
        return (await self.robots.rules(target)).allow(target.url)


def failed(problem: FetchProblem, status: int | None = None, url: str = "") -> FetchFailed:
    return FetchFailed(problem, "as set", status=status, url=url)


@pytest.mark.parametrize(
    ("text", "open_", "closed"),
    [
        ("", ["/", "/a"], []),
        ("User-agent: *\nDisallow: /", [], ["/", "/a"]),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", ["/", "/a/b/c"], ["/a", "/a/c"]),
        ("user-agent: HUIYINGBOT\ndisallow: /x\n\nuser-agent: *\ndisallow: /", ["/y"], ["/x"]),
        ("User-agent: huiyingbot/2.0\nDisallow: /x", ["/y"], ["/x"]),
        ("User-agent: otherbot\nDisallow: /", ["/a"], []),
        ("User-agent: otherbot\nUser-agent: huiyingbot\nDisallow: /a", ["/b"], ["/a"]),
        ("User-agent: huiyingbot\nUser-agent: otherbot\nDisallow: /a", ["/b"], ["/a"]),
        (
            "User-agent: huiyingbot\nSitemap: https://site.example/s.xml\nUser-agent: otherbot\nDisallow: /a",
            ["/b"],
            ["/a"],
        ),
        ("User-agent: huiyingbot\nDisallow: /a\nUser-agent: otherbot\nDisallow: /b", ["/b"], ["/a"]),
        (
            "User-agent: huiyingbot\nDisallow: /a\nUser-agent: *\nDisallow: /b\nUser-agent: huiyingbot\nDisallow: /c",
            ["/b"],
            ["/a", "/c"],
        ),
        (
            "\ufeffUser-agent: * # all\r\nDisallow: /*.php$\rDisallow: /q?*id=",
            ["/a.php5", "/q?x"],
            ["/a.php", "/q?a&id=1"],
        ),
        ("User-agent: *\nDisallow: /新闻", ["/"], ["/%E6%96%B0%E9%97%BB/1"]),
        ("User-agent: *\nDisallow: /%7Euser/", ["/"], ["/~user/a"]),
        ("Disallow: /", ["/"], []),
        ("<html>404 not found</html>", ["/"], []),
        ("User-agent:\nDisallow: /", ["/"], []),
    ],
)
async def test_rules(text: str, open_: list[str], closed: list[str]) -> None:
    site = Site(text)
    assert [path for path in open_ if not await site.allows(path)] == []
    assert [path for path in closed if await site.allows(path)] == []
    assert len(site.asked) == 1


async def test_delays() -> None:
    assert (await Site("User-agent: *\nCrawl-delay: 2.5").robots.rules(SITE)).crawl_delay == 2.5
    assert (await Site("User-agent: *\nRequest-rate: 1/10s").robots.rules(SITE)).crawl_delay == 10
    assert (await Site("User-agent: other\nCrawl-delay: 5").robots.rules(SITE)).crawl_delay is None
    assert (await Site("User-agent: *\nCrawl-delay: soon").robots.rules(SITE)).crawl_delay is None
    assert (await Site("").robots.rules(SITE)).crawl_delay is None


async def test_each_origin_has_its_own() -> None:
    site = Site()
    for url in (
        "https://site.example/a",
        "https://site.example/b?c",
        "http://site.example/",
        "https://site.example:8443/",
    ):
        await site.robots.rules(Target.of(url))
    assert site.asked == [
        "https://site.example/robots.txt",
        "http://site.example/robots.txt",
        "https://site.example:8443/robots.txt",
    ]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 451])
async def test_where_there_is_none_everything_is_allowed(status: int) -> None:
    site = Site(failed(FetchProblem.HTTP_STATUS, status))
    assert await site.allows("/a")
    assert await site.allows("/b")
    assert len(site.asked) == 1


async def test_too_many_redirects_count_as_none() -> None:
    assert await Site(failed(FetchProblem.REDIRECTS)).allows("/a")


@pytest.mark.parametrize(
    "failure",
    [
        failed(FetchProblem.HTTP_STATUS, 500),
        failed(FetchProblem.HTTP_STATUS, 503),
        failed(FetchProblem.TIMEOUT),
        failed(FetchProblem.PROTOCOL),
        failed(FetchProblem.CONTENT),
        failed(FetchProblem.FORBIDDEN_ADDRESS, url="http://10.0.0.1/robots.txt"),
        failed(FetchProblem.NOT_AN_ADDRESS, url="ftp://x/"),
    ],
)
async def test_where_it_is_unreachable_nothing_is_allowed_for_a_while(failure: FetchFailed) -> None:
    site = Site(failure)
    for _ in range(2):
        with pytest.raises(FetchFailed) as caught:
            await site.allows("/a")
        assert caught.value.problem is FetchProblem.ROBOTS
        assert caught.value.status == failure.status
        assert caught.value.retry_after == LIMITS.robots_retry_seconds
        assert caught.value.url == "https://site.example/a"
    assert len(site.asked) == 1
    site.answer = "User-agent: *\nDisallow: /b"
    site.clock.advance(timedelta(seconds=LIMITS.robots_retry_seconds))
    assert await site.allows("/a")
    assert not await site.allows("/b")


@pytest.mark.parametrize(
    "problem", [FetchProblem.DNS, FetchProblem.CONNECT, FetchProblem.TLS, FetchProblem.FORBIDDEN_ADDRESS]
)
async def test_where_the_site_is_unreachable_that_is_what_is_said(problem: FetchProblem) -> None:
    site = Site(failed(problem))
    for _ in range(2):
        with pytest.raises(FetchFailed) as caught:
            await site.allows("/a")
        assert caught.value.problem is problem
    assert len(site.asked) == 1


async def test_rate_limits_are_passed_on_and_not_kept() -> None:
    site = Site(failed(FetchProblem.RATE_LIMITED, 429))
    for _ in range(2):
        with pytest.raises(FetchFailed) as caught:
            await site.allows("/a")
        assert caught.value.problem is FetchProblem.RATE_LIMITED
    assert len(site.asked) == 2


async def test_it_is_kept_for_a_day_and_no_longer() -> None:
    site = Site("User-agent: *\nDisallow: /a")
    assert not await site.allows("/a")
    site.answer = ""
    site.clock.advance(timedelta(hours=23, minutes=59))
    assert not await site.allows("/a")
    site.clock.advance(timedelta(minutes=1))
    assert await site.allows("/a")
    assert len(site.asked) == 2


async def test_an_old_copy_serves_on_while_a_new_one_is_unreachable() -> None:
    site = Site("User-agent: *\nDisallow: /a")
    assert await site.allows("/b")
    site.answer = failed(FetchProblem.HTTP_STATUS, 503)
    site.clock.advance(timedelta(hours=25))
    assert await site.allows("/b")
    assert not await site.allows("/a")
    assert len(site.asked) == 2
    site.clock.advance(timedelta(seconds=LIMITS.robots_retry_seconds))
    site.answer = ""
    assert await site.allows("/a")


async def test_many_who_ask_at_once_cause_one_request_and_one_who_leaves_stops_no_other() -> None:
    site = Site("User-agent: *\nDisallow: /a")
    tasks = [asyncio.create_task(site.allows("/a")) for _ in range(10)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert answers[1:] == [False] * 9
    assert len(site.asked) == 1
    await site.robots.close()


async def test_what_follows_half_a_megabyte_is_left_out() -> None:
    head = "User-agent: *\nDisallow: /a\n"
    site = Site(head + "#" * (500 * 1024 - len(head) - 1) + "\nDisallow: /b\n")
    assert not await site.allows("/a")
    assert await site.allows("/b")


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"User-agent: a{number}\n" for number in range(14_000)) + "Disallow: /a\n" * 20_000,
        "User-agent: *\n" + "".join(f"Disallow: /{number}*$\n" for number in range(30_000)),
        "".join(f"User-agent: a{number}\nDisallow: /{number}\n" for number in range(15_000)),
    ],
)
async def test_half_a_megabyte_of_malice_takes_neither_memory_nor_time(text: str) -> None:
    begun = time.process_time()
    tracemalloc.start()
    try:
        rules = await Site(text).robots.rules(SITE)
        rules.allow("https://site.example/" + "a" * 2000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 60 * 1024 * 1024
    assert time.process_time() - begun < 10


async def test_sites_are_forgotten_beyond_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robots, "_MOST_CHARACTERS", 100_000)
    site = Site("User-agent: *\n" + "Disallow: /a\n" * 770)
    for number in range(30):
        await site.robots.rules(Target.of(f"https://site{number}.example/"))
    assert len(site.robots) == 9


async def test_many_small_ones_are_forgotten_too() -> None:
    site = Site("")
    for number in range(4200):
        await site.robots.rules(Target.of(f"https://site{number}.example/"))
    assert len(site.robots) == 4096


@given(
    st.lists(
        st.sampled_from(
            [
                "user-agent: *",
                "User-agent: huiyingbot",
                "useragent: other",
                "disallow: /a",
                "allow: /a/b",
                "crawl-delay: 3",
                "sitemap: /s",
                "# x",
                "",
                "nonsense",
            ]
        )
    )
)
def test_leaving_others_groups_out_changes_nothing_for_us(lines: list[str]) -> None:
    text = "\n".join(lines)
    whole, ours = Protego.parse(text), Protego.parse(_ours(text, "HuiyingBot"))
    for path in ("/", "/a", "/a/b"):
        assert whole.can_fetch(f"https://site.example{path}", "HuiyingBot") == ours.can_fetch(
            f"https://site.example{path}", "HuiyingBot"
        )
    assert whole.crawl_delay("HuiyingBot") == ours.crawl_delay("HuiyingBot")
