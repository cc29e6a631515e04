"""The quality gate of article pages: what each page says, and nothing of what stands around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.extraction.article import Article, read_article
from tests.unit.ingest.extraction.saved import NOW, at, page

URL = "https://www.example.com/a/1"


@dataclass(frozen=True)
class Expected:
    """What a page says: its text is given by its first and last line and the number of lines."""

    page: str
    title: str
    first: str
    last: str
    lines: int
    author: str | None = None
    outlet: str | None = None
    published_at: datetime | None = None
    counters: dict[str, int] = field(default_factory=dict)
    url: str = URL


PAGES = (
    Expected(
        "portal",
        "青禾镇自来水发黄持续三天 水务集团称管网冲洗所致",
        "原标题：青禾镇自来水发黄 官方：正在冲洗管网",
        "截至发稿，集团尚未公布补偿办法。",
        5,
        "林溪言",
        "江川晨报",
        at("2026-06-15T08:18:00"),
        {"comments": 1286},
    ),
    Expected(
        "government",
        "关于主城区部分路段夜间施工的通告",
        "为加快推进雨污分流改造，市住房和城乡建设局定于1月5日至1月20日对滨江路、学府路实施夜间施工，施工时间为每晚22时至次日5时。",
        "2025年12月31日",
        5,
        None,
        "市住房和城乡建设局",
        at("2026-01-02T17:05:00"),
        {"reads": 1024},
    ),
    Expected(
        "government_bare",
        "桐岭县疾控中心关于不明原因腹泻的情况说明",
        "3月7日以来，我县河东片区陆续有居民出现腹泻症状，截至3月9日12时，全县各医疗机构共接诊43人，均为轻症，无重症和死亡。",
        "2026年3月9日",
        5,
        "办公室",
        "县卫健局",
        at("2026-03-09T15:42:00"),
        {"reads": 356},
    ),
    Expected(
        "wechat",
        "夜查：外卖封签为什么总是“一撕就开”？",
        "这个问题，是最近后台收到最多的留言。",
        "目前，十一家商户已被责令改正，平台被约谈。您遇到过这样的封签吗？",
        4,
        "苏禾",
        "江川市场监管",
        at("2026-06-11T20:00:00"),
        {"reads": 23_000, "likes": 418},
    ),
    Expected(
        "jsonld",
        "地铁三号线信号故障 早高峰限流一小时",
        "20日早高峰，地铁三号线因信号设备故障，上行列车晚点最长达四十分钟，多个车站采取限流措施。",
        "市交通局要求运营方三日内提交分析报告。",
        4,
        "顾闻",
        None,
        datetime(2026, 5, 20, 1, 12, tzinfo=UTC),
        {"reads": 53_210, "likes": 312, "comments": 87},
    ),
    Expected(
        "no_date",
        "小区电梯为何半年坏了九次",
        "住在青禾苑七号楼的居民最近很苦恼：楼里唯一的电梯，半年里坏了九次，最长的一次停了四天。",
        "社区已经召集业主代表开会，商量更换方案。",
        3,
    ),
    Expected(
        "gbk_era",
        "滨江公园健身器材锈蚀多年无人更换",
        "本站讯 家住滨江路的读者反映，滨江公园的健身器材锈蚀严重，有的已经断裂，老人孩子使用时容易受伤。",
        "公园管理处答复，器材已过使用年限，更换计划已经上报，预计五月底前完成。",
        3,
        published_at=at("2026-04-08T10:26:00"),
    ),
    Expected(
        "blog_reprint",
        "一张停水通知背后的三个问题",
        "（转载自《沿江时报》）",
        "第三个问题：谁来为损失负责？这些问题，需要一个明确的答复。",
        5,
        "江畔客",
        "沿江时报",
        at("2026-06-14T10:30:00"),
        {"reads": 12_000, "reposts": 36, "likes": 208},
    ),
    Expected(
        "newspaper",
        "多部门联合整治“幽灵外卖”",
        "本报江川6月14日电 （记者林知远）近日，"
        "市场监管、公安、网信等部门联合开展“幽灵外卖”专项整治，重点清查无实体店、冒用地址等问题。",
        "《江声日报》（2026年06月15日 11 版）",
        3,
        "林知远",
        "江声网－《江声日报》",
        at("2026-06-15T08:18:00"),
    ),
    Expected(
        "split_time",
        "江川推进“最多跑一次”向乡镇延伸",
        "新江网江川6月15日电（记者顾闻、沈知）记者从江川市政务服务局获悉，"
        "全市四十二个乡镇便民中心已能办理社保、医保等一百二十个事项。",
        "在青禾镇，居民王先生用时六分钟办完了医保异地备案。“以前要进城跑两趟。”他说。",
        2,
        "顾闻、沈知",
        "新江网",
        at("2026-06-15T08:18:20"),
    ),
    Expected(
        "hashed_classes",
        "官方通报“小学校服检出超标物质”：封存同批次，全部召回",
        "6月14日深夜，江川市教育局发布通报，就“小学校服检出超标物质”一事作出说明。",
        "“我们会对结果负责。”教育局一名工作人员告诉江流新闻，退换工作三日内完成。",
        4,
        "沈知",
        "江流新闻",
        at("2026-06-15T08:18:00"),
        {"comments": 128},
    ),
    Expected(
        "decree",
        "市人民政府办公室关于印发城市内涝应急预案的通知",
        "江政办发〔2026〕12号",
        "（此件公开发布）",
        8,
        published_at=at("2026-06-05T00:00:00"),
    ),
    Expected(
        "comments_below",
        "老桥封闭检修首日：摆渡车排队半小时",
        "清晨六点半，老桥南岸的摆渡车站已经排起了长队，工作人员说，首日客流比预计多了一倍。",
        "交通部门表示，将从明天起增开八辆摆渡车，早晚高峰三分钟一班，并在两岸各设一处遮阳棚。",
        2,
        "沈知",
        None,
        at("2026-06-14T09:30:00"),
    ),
)


@pytest.mark.parametrize("expected", PAGES, ids=lambda expected: expected.page)
def test_an_article_page_is_read_in_full_and_nothing_else_of_it(expected: Expected) -> None:
    found = read_article(page(expected.page), expected.url, NOW)
    said = found.text.split("\n")
    assert found.title == expected.title
    assert (said[0], said[-1], len(said)) == (expected.first, expected.last, expected.lines)
    assert (found.author, found.outlet) == (expected.author, expected.outlet)
    assert found.published_at == expected.published_at
    assert dict(found.counters) == expected.counters


@pytest.mark.parametrize("name", ["list", "list_cards", "forum_index"])
def test_a_list_page_is_no_article(name: str) -> None:
    found = read_article(page(name), "https://www.example.com/zwgk/", NOW)
    assert found.text == ""
    assert found.published_at is None


def test_a_text_that_only_a_script_would_draw_is_taken_from_what_is_declared() -> None:
    found = read_article(page("forum_jsonld"), URL, NOW)
    assert found.text == "上周收到通知，物业费每平方米涨五角，没有开业主大会。"
    assert found.published_at == at("2026-06-12T20:15:00")


def test_a_page_kept_in_gb18030_reads_as_the_same_page() -> None:
    markup = page("gbk_era")
    assert read_article(markup.encode("gb18030").decode("gb18030"), URL, NOW) == read_article(markup, URL, NOW)


def test_the_day_in_the_address_serves_where_the_page_shows_none() -> None:
    found = read_article(page("no_date"), "https://www.example.com/202604/t20260417_8812.html", NOW)
    assert found.published_at == at("2026-04-17T00:00:00")


def test_a_local_time_declared_as_utc_is_read_as_the_page_shows_it() -> None:
    markup = page("comments_below").replace(
        "</head>", '<meta property="article:published_time" content="2026-06-14T09:30:00Z"></head>'
    )
    assert read_article(markup, URL, NOW).published_at == at("2026-06-14T09:30:00")


def test_a_title_is_not_cut_at_a_quotation_mark_that_breaks_its_meta_tag() -> None:
    title = '暴雨夜的"摆渡人"：社区书记蹚水背出七位老人'
    markup = (
        page("comments_below")
        .replace("老桥封闭检修首日：摆渡车排队半小时", title)
        .replace("</head>", f'<meta property="og:title" content="{title}"></head>')
    )
    assert read_article(markup, URL, NOW).title == title


NESTED = "<div>" * 1_000_000
ODD = {
    "nothing": "",
    "white space": " \n\t ",
    "no markup": "只有一句话，没有标记。",
    "null bytes": "\x00" * 1000,
    "half a character": "<p>\ud800</p>",
    "binary": bytes(range(256)).decode("latin-1") * 400,
    "nested": NESTED,
    "open angle": "<" * 300_000,
    "commas": "<p>" + "，" * 500_000,
    "an endless title": "<title>" + "_-" * 200_000 + "</title>",
    "an endless script": "<script>" + "publishTime:" * 100_000 + "</script>",
    "bottomless JSON": '<script type="application/ld+json">' + "[" * 200_000 + "</script>",
    "frames": "<frameset><frame src=a></frameset>",
    "declared in utf-16": '<?xml version="1.0" encoding="utf-16"?><html><body><p>水。</p></body></html>',
}


@pytest.mark.timeout(200)
@pytest.mark.parametrize("name", ODD)
def test_odd_input_has_no_text_and_raises_nothing(name: str) -> None:
    assert read_article(ODD[name], URL, NOW).text == ""


@pytest.mark.timeout(200)
def test_five_megabytes_of_prose_are_read_in_bounded_time() -> None:
    found = read_article("<body>" + "<p>这是一句很普通的话，说了又说。</p>" * 200_000, URL, NOW)
    assert found.text.startswith("这是一句很普通的话，说了又说。")


MARKUP = st.lists(
    st.sampled_from(
        [
            "<div>",
            "</div>",
            "<p>",
            "<a/href='/a/1.html'>",
            "</a>",
            "<h1>",
            "<title>",
            "<table><tr><td>",
            "<br>",
            "<script>",
            "&#0;",
            "<!--",
            "<meta/content=",
            "来源：",
            "2026年6月15日",
            "阅读1.2万",
            "，",
            "水管爆了，没有人来修。",
            "\x00",
            '"',
        ]
    )
    | st.text(max_size=20),
    max_size=60,
).map("".join)


@settings(max_examples=150, deadline=None)
@given(MARKUP)
def test_no_markup_makes_reading_fail(markup: str) -> None:
    found = read_article(markup, URL, NOW)
    assert isinstance(found, Article)
    assert found.published_at is None or found.published_at.tzinfo is not None
