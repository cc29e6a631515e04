"""The pages: what machines read in them, what they may load, and that no text becomes markup."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from lxml import html

from services.cases.portal.archive import Archive
from services.cases.portal.pages import ListPage, excerpt, failure_page, list_page, marked, prefers_html, statement_page
from services.cases.portal.wanted import Wanted
from tests.unit.cases.portal.samples import BASE, IDS, site, statements


def statement(number: int) -> tuple[Any, str]:
    """Return the page of a sample, and its policy."""
    here = site()
    shown = statements(here)
    body, policy = statement_page(here, shown[number], {one.id: one for one in shown}, large=False)
    return html.fromstring(body), policy


def data(page: Any) -> dict[str, Any]:
    """Return the JSON-LD of a page."""
    (script,) = page.xpath("//script")
    assert script.get("type") == "application/ld+json"
    return dict(json.loads(script.text))


def test_a_statement_says_to_machines_what_government_portals_say() -> None:
    page, _ = statement(1)
    meta = {one.get("name"): one.get("content") for one in page.xpath("//meta[@name]")}
    assert (
        meta.items()
        >= {
            "SiteName": "某县供水信息",
            "SiteDomain": "portal.example",
            "SiteIDCode": "5308000000",
            "ColumnName": "供水",
            "ArticleTitle": "更正",
            "PubDate": "2026-03-01 10:30",
            "ContentSource": "某县水务局",
            "Keywords": "供水,水质,停水",
            "Url": f"{BASE}/public/v1/statements/{IDS[1]}",
        }.items()
    )
    graph = {one.get("property"): one.get("content") for one in page.xpath("//meta[@property]")}
    assert (graph["og:type"], graph["og:image"]) == ("article", "https://cdn.example/logo.png")
    assert page.xpath("//link[@rel='canonical']/@href") == [f"{BASE}/public/v1/statements/{IDS[1]}"]
    table = dict(zip(page.xpath("//dl/dt/text()"), page.xpath("//dl/dd/text()"), strict=True))
    assert table == {
        "索引号": "SW-2026-0301001",
        "公开目录": "供水",
        "发布机构": "某县水务局",
        "发布日期": "2026-03-01",
        "主题词": "供水　水质　停水",
        "文号": "水务告〔2026〕1号",
    }
    foot = page.xpath("string(//footer)")
    for told in (
        "主办单位：某县水务局",
        "承办单位：某县信息中心",
        "网站标识码：5308000000",
        "滇ICP备1号",
        "滇公网安备1号",
    ):
        assert told in foot


def test_schema_org_tells_a_correction_and_a_withdrawal() -> None:
    gone, new, old = (data(statement(number)[0]) for number in range(3))
    assert (gone["creativeWorkStatus"], gone["expires"]) == ("Withdrawn", "2026-03-01T18:30:00+08:00")
    assert new["@type"] == "Report"
    assert new["publisher"]["@type"] == "GovernmentOrganization"
    assert new["reportNumber"] == "水务告〔2026〕1号"
    assert new["isBasedOn"] == old["url"]
    assert new["articleBody"].endswith("</script><script>alert(1)</script>")  # and yet it ended no script
    assert old["dateModified"] == "2026-03-01T10:30:00+08:00"
    assert old["correction"] == {
        "@type": "CorrectionComment",
        "text": "漏了<两个组>",
        "url": new["url"],
        "datePublished": "2026-03-01T10:30:00+08:00",
    }


def test_what_became_of_a_text_stands_before_it_and_both_texts_are_readable() -> None:
    page, _ = statement(2)
    (notice,) = page.xpath("//article/*[1][contains(@class, 'notice')]")
    assert "本文已更正" in notice.xpath("string(.)")
    assert notice.xpath(".//a/@href") == [f"/huiying/public/v1/statements/{IDS[1]}"]
    assert len(notice.xpath(".//details//p")) == 2
    assert len(page.xpath("//article/div[@class='text']/p")) == 2
    gone, _ = statement(0)
    assert "数据有误" in gone.xpath("string(//article/*[1][contains(@class, 'notice')])")


def test_the_policy_lets_in_the_pages_own_style_and_nothing_else() -> None:
    page, policy = statement(1)
    (style,) = page.xpath("//style")
    digest = base64.b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert "img-src https://cdn.example;" in policy
    assert page.xpath("//*[@style or @onclick or @onload]") == []
    assert page.xpath("//script[not(@type='application/ld+json')]") == []


def test_a_page_has_its_landmarks_one_heading_and_labels() -> None:
    here = site()
    shown = ListPage(
        here, Wanted.read({"q": "通报"}), statements(here), Archive((), ("供水",)), True, "/next", "/previous"
    )
    for body in (list_page(shown)[0], failure_page(here, "没有找到", "原因<b>")[0]):
        page = html.fromstring(body)
        assert page.get("lang") == "zh-CN"
        assert [len(page.xpath(f"//{name}")) for name in ("main", "h1", "footer")] == [1, 1, 1]
        assert page.xpath("//body/*[1]/@href") == ["#content"]
        assert len(page.xpath("//h1")) == 1
        for field in page.xpath("//form//input[not(@type='hidden')] | //form//select"):
            assert page.xpath(f"//label[@for='{field.get('id')}']")
    page = html.fromstring(list_page(shown)[0])
    assert page.get("class") == "large"
    assert page.xpath("//ol//mark/text()") == ["通报", "通报"]
    assert all("text=large" in href for href in page.xpath("//ol//a/@href"))
    assert page.xpath("//ul[@class='tools']//a[1]/@href")[0].endswith("statements?q=%E9%80%9A%E6%8A%A5")


def test_a_logo_or_a_home_that_is_no_web_address_is_refused() -> None:
    for bad in ("javascript:alert(1)", "https://a.example/x; script-src *", "//a.example", "https://a b"):
        with pytest.raises(Exception, match="logo"):
            site(f'disclosure: {{index_prefix: S, catalogue: c, publisher: p, site: {{logo: "{bad}"}}}}\n')


def test_marks_and_excerpts_escape_what_they_show() -> None:
    assert marked("<b>供水</b>A", ("供水", "a")) == "&lt;b&gt;<mark>供水</mark>&lt;/b&gt;<mark>A</mark>"
    assert marked("213户", ("２１３",)) == "<mark>213</mark>户"
    assert marked("1.5", ("1?5",)) == "1.5"
    assert excerpt("前" * 100 + "供水" + "后" * 200, ("供水",)).startswith("…前")
    assert "<mark>供水</mark>" in excerpt("前" * 100 + "供水", ("供水",))


def test_a_browser_gets_pages_and_a_program_gets_json() -> None:
    assert prefers_html("text/html,application/xhtml+xml,*/*;q=0.8")
    assert not prefers_html(None)
    assert not prefers_html("*/*")
    assert not prefers_html("application/json, text/html;q=0.5")
