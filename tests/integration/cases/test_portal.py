"""The portal over HTTP on both databases: lists in each form, pages forth and back, search, caching, and no drill."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import feedparser
import httpx
import pytest

from tests.integration.cases.harness import OFFICE, Cases, StartCases
from tests.integration.cases.voices import open_case, page, publish, release

LIST = "/public/v1/statements"
FORMS = (f"{LIST}.json", f"{LIST}.rss", f"{LIST}.atom")
BROWSER = {"accept": "text/html"}


async def ask(cases: Cases, path: str, status: int = 200, method: str = "GET", **headers: str) -> httpx.Response:
    """Ask as a stranger."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await cases.call(method, path, None, headers=given)
    assert answer.status_code == status, answer.text
    return answer


async def found(cases: Cases, **asked: str) -> list[str]:
    """Return the titles that a search finds."""
    answer = await cases.call("GET", f"{LIST}.json", None, params=asked)
    assert answer.status_code == 200, answer.text
    return [one["title"] for one in answer.json()["items"]]


async def filled(cases: Cases, number: int) -> str:
    """Publish so many answers, an hour apart, and return the case."""
    case = await open_case(cases)
    for i in range(number):
        cases.clock.advance(timedelta(hours=1))
        await publish(cases, case, f"答问{i}", f"第{i}条答复，不涉及数字。", kind="qa")
    return case


async def test_every_form_leads_through_the_list_forth_and_back(cases: Cases) -> None:
    await filled(cases, 5)
    newest_first = [f"答问{i}" for i in (4, 3, 2, 1, 0)]
    for form in (f"{LIST}.rss", f"{LIST}.atom"):
        url, seen, last = f"{form}?limit=2", [], ""
        while url:
            read = feedparser.parse((await ask(cases, url)).content)
            assert not read.bozo
            seen += [one.title for one in read.entries]
            links = {one.rel: one.href.removeprefix("https://huiying.example") for one in read.feed.links}
            assert links["first"] == f"{form}?limit=2"
            assert ("previous" in links) == (url != links["first"])
            last, url = url, links.get("next", "")
        assert seen == newest_first
        back = []
        while last:
            read = feedparser.parse((await ask(cases, last)).content)
            back = [one.title for one in read.entries] + back
            links = {one.rel: one.href.removeprefix("https://huiying.example") for one in read.feed.links}
            last = links.get("previous", "")
        assert back == newest_first
    told = (await ask(cases, f"{LIST}.json?limit=2")).json()
    following = (await ask(cases, told["next_url"].removeprefix("https://huiying.example"))).json()
    assert [one["title"] for one in [*told["items"], *following["items"]]] == newest_first[:4]
    html = await page(cases, f"{LIST}?limit=2&text=large")
    assert 'rel="next"' in html
    assert "text=large" in html


async def test_search_finds_words_and_nothing_that_was_not_asked_for(cases: Cases) -> None:
    case = await open_case(cases)
    await publish(
        cases,
        case,
        "供水通报",
        "城区（东）已恢复供水 100%_a\\b'; DROP TABLE statements;--",
        kind="qa",
        subject_words="供水，水质",
    )
    cases.clock.advance(timedelta(days=40))
    await publish(
        cases, case, "滑坡通报", "永平镇滑坡，Road CLOSED。", kind="qa", subject_words="滑坡", catalogue="应急"
    )
    assert await found(cases) == ["滑坡通报", "供水通报"]
    for words, titles in {
        "供水": ["供水通报"],
        "通报 恢复": ["供水通报"],
        "通报　永平": ["滑坡通报"],
        "road closed": ["滑坡通报"],
        "（东）": ["供水通报"],
        "１００%": ["供水通报"],
        "%_a": ["供水通报"],
        "\\b'": ["供水通报"],
        "_": ["供水通报"],
        "通%报": [],
        "'; DROP TABLE statements;--": ["供水通报"],
        "恢复 永平": [],
        "1042-/2026": ["滑坡通报", "供水通报"],
    }.items():
        assert await found(cases, q=words) == titles, words
    assert await found(cases, theme="水质") == ["供水通报"]
    assert await found(cases, theme="水") == []
    assert await found(cases, theme="应急") == ["滑坡通报"]
    first = (await cases.call("GET", f"{LIST}.json", None)).json()["items"][1]["date_published"][:10]
    assert await found(cases, until=first) == ["供水通报"]
    assert await found(cases, period=first[:7]) == ["供水通报"]
    assert await found(cases, period=first[:4], state="published") == ["滑坡通报", "供水通报"]
    assert await found(cases, state="withdrawn") == []
    html = await page(cases, f"{LIST}?q=恢复&since=&until=&theme=&state=")  # as a form sends it
    assert "已<mark>恢复</mark>供水" in html
    assert "没有符合条件的信息" in await page(cases, f"{LIST}?q=%E6%B2%A1%E6%9C%89")


@pytest.mark.parametrize(
    "query", ["since=2026-02-30", "period=x", "state=draft", "q=%00", "cursor=WzFd", "q=" + "x" * 101]
)
async def test_what_cannot_be_read_is_refused_for_programs_and_for_people(cases: Cases, query: str) -> None:
    for form in (LIST, *FORMS):
        refused = await ask(cases, f"{form}?{query}", 400)
        assert refused.headers["content-type"] == "application/problem+json"
    shown = await ask(cases, f"{LIST}?{query}", 400, **BROWSER)
    assert "查询条件有误" in shown.text if "cursor" not in query else "cursor 参数无效" in shown.text
    assert "content-security-policy" in shown.headers


async def test_nothing_is_sent_twice_and_a_change_is_seen_at_once(cases: Cases) -> None:
    case = await filled(cases, 2)
    one = (await ask(cases, f"{LIST}.json")).json()["items"][0]
    paths = [LIST, *FORMS, f"{LIST}/{one['id']}"]

    async def tags() -> dict[tuple[str, str], str]:
        found = {}
        for path in paths:
            for accept in ("application/json", "text/html"):
                answer = await ask(cases, path, accept=accept)
                tag = found[path, accept] = answer.headers["etag"]
                assert not tag.startswith("W/")
                assert answer.headers["cache-control"].startswith("public, max-age=")
                assert ("accept" in answer.headers.get("vary", "").lower()) == (path in (LIST, paths[-1]))
                head = await ask(cases, path, method="HEAD", accept=accept)
                assert (head.content, head.headers["etag"]) == (b"", tag)
                assert head.headers["content-length"] == str(len(answer.content))
                same = await ask(cases, path, 304, accept=accept, if_none_match=f'"x", {tag}')
                assert (same.content, same.headers["etag"]) == (b"", tag)
                await ask(cases, path, 304, accept=accept, if_modified_since=answer.headers["last-modified"])
        return found

    before = await tags()
    assert len({before[path, "text/html"] for path in (LIST, f"{LIST}.rss", f"{LIST}.atom")}) == 3
    assert await tags() == before
    cases.clock.advance(timedelta(hours=1))
    said = f"/api/v1/cases/{case}/statements/{one['id']}"
    await cases.post(f"{said}/withdraw", OFFICE, {"reason": "有误"})
    after = await tags()
    assert all(after[key] != before[key] for key in before)


async def test_a_correction_a_withdrawal_and_an_unpublished_draft(cases: Cases) -> None:
    case = await open_case(cases)
    first = await publish(cases, case, "情况通报", "截至3月2日8时，滑坡影响213户。")
    body = {"title": "更正", "text": "滑坡影响231户。", "reason": "漏了两个组"}
    path = f"/api/v1/cases/{case}/statements/{first['id']}"
    correction = await cases.post(f"{path}/correct", OFFICE, body, status=201)
    hidden = await ask(cases, f"{LIST}/{correction['id']}", 404, **BROWSER)
    assert "没有找到这条信息" in hidden.text
    assert "更正" not in [one["title"] for one in (await ask(cases, f"{LIST}.json")).json()["items"]]
    cases.clock.advance(timedelta(hours=3))
    await release(cases, case, correction["id"])
    told = (await ask(cases, f"{LIST}/{first['id']}")).json()
    assert (told["state"], told["corrected_reason"], told["modified_at"]) == (
        "corrected",
        "漏了两个组",
        told["corrected_at"],
    )
    for shown in (await page(cases, f"{LIST}/{first['id']}"), await page(cases, f"{LIST}/{correction['id']}")):
        assert "213户" in shown  # both texts stand on both pages
        assert "231户" in shown
        assert "漏了两个组" in shown
    await cases.post(f"/api/v1/cases/{case}/statements/{correction['id']}/withdraw", OFFICE, {"reason": "再核"})
    assert "该文后来也已撤回" in await page(cases, f"{LIST}/{first['id']}")
    read = feedparser.parse((await ask(cases, f"{LIST}.atom")).content)
    assert [one.title for one in read.entries] == ["〔已撤回〕更正", "〔已更正〕情况通报"]
    assert read.entries[1].updated > read.entries[1].published
    assert read.entries[0].summary.endswith("撤回：再核本文更正《情况通报》。更正原因：漏了两个组")


async def test_nothing_of_a_drill_is_anywhere_on_the_portal(cases: Cases) -> None:
    earnest = await open_case(cases)
    real = await publish(cases, earnest, "供水通报", "已恢复供水。", kind="qa")
    before = {path: (await ask(cases, path)).headers["etag"] for path in FORMS}
    cases.clock.advance(timedelta(hours=1))
    drill = await open_case(cases, "演练滑坡", drill=True)
    first = await publish(cases, drill, "演练通报", "演练正文 影响213户。", subject_words="演练主题")
    draft = await cases.post(
        f"/api/v1/cases/{drill}/statements/{first['id']}/correct",
        OFFICE,
        {"title": "演练更正", "text": "演练正文 影响231户。", "reason": "演练"},
        status=201,
    )
    await release(cases, drill, draft["id"])
    last = await publish(cases, drill, "演练答问", "演练正文", kind="qa")
    await cases.post(f"/api/v1/cases/{drill}/statements/{last['id']}/withdraw", OFFICE, {"reason": "演练"})
    for id_ in (first["id"], draft["id"], last["id"]):
        for accept in ("text/html", "application/json"):
            assert "演练" not in (await ask(cases, f"{LIST}/{id_}", 404, accept=accept)).text
    for query in ("", "?q=演练", "?theme=演练主题", "?period=2026", "?state=withdrawn"):
        for path in (*FORMS, LIST):
            shown: Any = await ask(cases, path + query, accept="text/html" if path == LIST else "*/*")
            assert first["id"] not in shown.text
            assert "演练正文" not in shown.text
            assert "演练通报" not in shown.text
    # not even when it was, nor how often
    assert {path: (await ask(cases, path)).headers["etag"] for path in FORMS} == before
    assert "演练主题" not in await page(cases, LIST)
    assert (await ask(cases, f"{LIST}/{real['id']}")).json()["title"] == "供水通报"


@pytest.mark.parametrize("id_", ["nothing", "..%2f..%2fetc", "%00", "a" * 65, "'%20or%201=1", "%E5%8F%A3%E5%BE%84"])
async def test_what_is_not_there_is_told_people_and_programs(cases: Cases, id_: str) -> None:
    shown = await ask(cases, f"{LIST}/{id_}", 404, **BROWSER)
    if "%2f" not in id_:
        assert "没有找到这条信息" in shown.text
        assert shown.headers["content-type"].startswith("text/html")
    assert (await ask(cases, f"{LIST}/{id_}", 404)).headers["content-type"] == "application/problem+json"


async def test_what_another_replica_published_is_seen_after_a_second(start: StartCases) -> None:
    one, other = await start(), await start()
    case = await open_case(one)
    assert await found(other) == []
    await publish(one, case, "供水通报", "已恢复供水。", kind="qa")
    assert await found(one) == ["供水通报"]
    one.clock.advance(timedelta(seconds=1))
    assert await found(other) == ["供水通报"]
