"""Settings of JSON APIs: where an entry's parts lie, and how pages are turned."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from services.ingest.adapters.expressions import Expression
from services.ingest.adapters.protocol import Config
from services.ingest.adapters.secrets import OpenHeaders, SecretHeaders

_Pages = Annotated[int, Field(ge=1, le=50, title="页数上限 · Pages", description="每次最多几页 / pages of one pass")]
_Parameter = Annotated[
    str, Field(pattern=r"^[\w.\[\]-]{1,60}$", title="参数名 · Parameter", description="网址参数名 / name in the query")
]


class CounterExpressions(Config):
    """Where an entry keeps its public figures, as totals since publication."""

    reads: Expression | None = Field(None, title="阅读 · Reads", description="阅读、播放量 / reads, plays")
    likes: Expression | None = Field(None, title="点赞 · Likes", description="点赞数 / likes")
    comments: Expression | None = Field(None, title="评论 · Comments", description="评论、回复数 / comments, replies")
    reposts: Expression | None = Field(None, title="转发 · Reposts", description="转发、分享数 / reposts, shares")


class ByPage(Config):
    """Pages counted by a number in the query: ?page=1, ?page=2, or an offset where `step` is a page's length."""

    kind: Literal["page"] = Field(title="方式 · Kind", description="按页码翻页 / by page number")
    parameter: _Parameter = "page"
    first: int = Field(1, ge=0, le=1_000_000, title="首页 · First", description="第一页的数 / the first page's number")
    step: int = Field(1, ge=1, le=10_000, title="步长 · Step", description="每页增加多少 / what a page adds")
    pages: _Pages = 3


class ByCursor(Config):
    """Pages that each name the next by a cursor in their JSON."""

    kind: Literal["cursor"] = Field(title="方式 · Kind", description="按游标翻页 / by cursor")
    parameter: _Parameter = "cursor"
    next: Expression = Field(title="下页游标 · Next", description="下一页游标的 JMESPath / where the next cursor lies")
    pages: _Pages = 3


class ByAddress(Config):
    """Pages that each name the next's address in their JSON."""

    kind: Literal["next_url"] = Field(title="方式 · Kind", description="按下页网址翻页 / by the next page's address")
    next: Expression = Field(title="下页网址 · Next", description="下一页网址的 JMESPath / where its address lies")
    pages: _Pages = 3


class JsonApiConfig(Config):
    """Settings of a JSON API. All expressions but `items` and `ok` are asked of one entry."""

    items: Expression = Field(
        title="条目 · Items", description="条目列表的 JMESPath，如 data.list / where the list of entries lies"
    )
    url: Expression | None = Field(
        None, title="网址 · URL", description="条目网址，可为相对地址，可用 join 拼接 / an entry's address"
    )
    title: Expression | None = Field(None, title="标题 · Title", description="条目标题 / an entry's title")
    text: Expression | None = Field(None, title="正文 · Text", description="条目正文，可含 HTML / an entry's text")
    author: Expression | None = Field(None, title="作者 · Author", description="作者名，只存散列 / kept as a hash")
    outlet: Expression | None = Field(None, title="来源 · Outlet", description="稿件来源 / the outlet named")
    published_at: Expression | None = Field(
        None, title="时间 · Time", description="发布时间：时间戳或文字，无时区按北京时间 / time of publication"
    )
    repost_of: Expression | None = Field(None, title="转自 · Repost of", description="原帖网址 / the original's URL")
    counters: CounterExpressions = Field(
        default_factory=CounterExpressions,
        title="互动数 · Counters",
        description="互动数的 JMESPath / public figures",
    )
    ok: Expression | None = Field(
        None, title="成功条件 · OK", description="为真才算成功，如 code == `0` / must be true, else the pass fails"
    )
    pagination: Annotated[ByPage | ByCursor | ByAddress, Field(discriminator="kind")] | None = Field(
        None, title="翻页 · Pagination", description="翻页方式，留空只读一页 / how further pages are asked for"
    )
    headers: OpenHeaders = Field(
        default_factory=dict, max_length=20, title="请求头 · Headers", description="不含密钥的请求头 / without secrets"
    )
    secret_headers: SecretHeaders = Field(
        default_factory=dict,
        max_length=5,
        title="密钥请求头 · Secret headers",
        description="请求头名到环境变量名（以 HUIYING_SOURCE_ 开头）；密钥不存入配置 / headers by environment variable",
    )
    search_url: str | None = Field(
        None,
        max_length=2000,
        pattern=r"^https?://[^\s]*\{keyword\}[^\s]*$",
        title="搜索网址 · Search URL",
        description="含 {keyword} 的网址：加强监测时按关键词另外搜索 / asked for each keyword in surge watch",
    )
    full_text: bool = Field(
        False, title="读取原文 · Full text", description="打开每个新条目的网址读取正文 / read each new entry's page"
    )
