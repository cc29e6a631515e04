"""RSSHub: platforms that have no feeds of their own, by the routes of an RSSHub that the deployment runs or trusts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Final
from urllib.parse import quote, urlsplit

from pydantic import Field, model_validator

from contracts.words import Channel
from services.ingest.adapters.feed import FeedConfig, read_through
from services.ingest.adapters.protocol import Collected, Config, Draft, Miss, OutOfTime, Surroundings
from services.ingest.adapters.rsshub_routes import Route, routes
from services.ingest.adapters.secrets import SecretName, secret
from services.ingest.fetching.page import FetchFailed, FetchProblem

#: routes of one pass that search for a keyword of surge watch
_MOST_KEYWORDS: Final = 20


class RssHubConfig(Config):
    """Settings of an RSSHub route: one by its name, or any other by its path."""

    preset: str | None = Field(
        None,
        title="路由 · Route",
        description="路由名，见下列选项 / the route's name",
        json_schema_extra={
            "enum": [*routes(), None],
            "x-presets": {name: route.model_dump(mode="json") for name, route in routes().items()},
        },
    )
    parameters: dict[str, Annotated[str, Field(max_length=300)]] = Field(
        default_factory=dict,
        max_length=10,
        title="参数 · Parameters",
        description="路由的参数，名称见所选路由 / the route's parameters by their names",
    )
    path: str | None = Field(
        None,
        max_length=500,
        pattern=r"^/[^\s?#]*$",
        title="自定义路径 · Path",
        description="未列出的路由直接写路径，如 /zhihu/daily / the path of a route that is not listed",
    )
    base: str | None = Field(
        None,
        max_length=500,
        pattern=r"^https?://[^\s?#]+$",
        title="RSSHub 地址 · Base",
        description="RSSHub 服务的地址，留空用监测点的网址 / where RSSHub runs; by default the source's address",
    )
    access_key: SecretName | None = Field(
        None,
        title="访问密钥 · Access key",
        description="存放 RSSHub 访问密钥的环境变量名（以 HUIYING_SOURCE_ 开头） / variable that holds its access key",
    )
    full_text: bool = Field(
        False, title="读取原文 · Full text", description="打开每个新条目的原文页面 / read each new entry's page"
    )

    @model_validator(mode="after")
    def _one_route(self) -> RssHubConfig:
        if (self.preset is None) == (self.path is None):
            raise ValueError("preset 与 path 须填写其中一个 / give either preset or path")
        if self.preset is None:
            return self
        route = routes().get(self.preset)
        if route is None:
            raise ValueError(f"preset：没有名为“{self.preset}”的路由 / preset: there is no such route")
        for name in self.parameters:
            if name not in route.parameters:
                known = "、".join(route.parameters) or "无"
                raise ValueError(f"parameters.{name}：{route.label}没有这个参数（有：{known}） / no such parameter")
        for name in route.required:
            if not self.parameters.get(name, "").strip():
                label = route.parameters[name].label
                raise ValueError(f"parameters.{name}：{route.label}需要“{label}” / this parameter is required")
        return self

    @property
    def route(self) -> Route | None:
        """Return the named route."""
        return routes()[self.preset] if self.preset is not None else None

    @property
    def own_path(self) -> str:
        """Return the path with its parameters in place."""
        return self.route.filled(self.parameters) if self.route else quote(self.path or "", safe="/%:@=&,+;~")


@dataclass(frozen=True, slots=True)
class _Part:
    """One feed of a pass: the source's own, or one that searches for a keyword."""

    key: str
    path: str
    keyword: str | None = None


class RssHubAdapter:
    """Reads a route of RSSHub, and in surge watch the searches that the route's platform offers."""

    name: ClassVar[str] = "rsshub"
    label: ClassVar[str] = "RSSHub（微博、贴吧、知乎、B 站、公众号等）"
    config: ClassVar[type[Config]] = RssHubConfig

    async def collect(self, config: RssHubConfig, around: Surroundings) -> Collected:
        """Return the route's new entries. Raises FetchFailed where RSSHub or its route cannot be had."""
        base = (config.base or around.source.url or "").rstrip("/")
        if urlsplit(base).scheme not in ("http", "https"):
            raise FetchFailed(FetchProblem.NOT_AN_ADDRESS, "没有填写 RSSHub 地址：请填写 base 或监测点的网址")
        key = secret(config.access_key) if config.access_key else None
        before = around.state.get("parts", {})
        drafts: list[Draft] = []
        misses: list[Miss] = []
        parts = _parts(config, around.keywords)
        # a search that is not reached or fails keeps what it knew
        state: dict[str, Any] = {part.key: before[part.key] for part in parts if part.key in before}
        seen, unchanged = 0, True
        for part in parts:
            url = _address(base, part.path, key)
            try:
                found = await read_through(
                    url,
                    FeedConfig(full_text=config.full_text),
                    around,
                    before.get(part.key, {}),
                    limit=max(0, around.limit - len(drafts)),
                )
            except FetchFailed as failure:
                if part.keyword is None:
                    raise
                reason = f"搜索“{part.keyword}”失败：{failure.detail}"
                misses.append(Miss(base + part.path, reason, f"search failed: {failure.problem}"))
                continue
            except OutOfTime:
                if part.keyword is None:
                    raise
                break
            channel = config.route.channel if config.route else None
            drafts += _unlike(drafts, found.drafts, channel)
            misses += found.misses
            state[part.key] = dict(found.state)
            seen, unchanged = seen + found.seen, unchanged and found.unchanged
        return Collected(drafts, {"parts": state}, seen=seen, misses=misses, unchanged=unchanged)


ADAPTER = RssHubAdapter()


def _parts(config: RssHubConfig, keywords: Sequence[str]) -> list[_Part]:
    parts = {config.own_path: _Part("own", config.own_path)}
    route = config.route
    if route is not None and route.search is not None:
        for keyword in keywords[:_MOST_KEYWORDS]:
            path = route.filled({**config.parameters, route.search: keyword})
            key = hashlib.blake2b(keyword.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
            parts.setdefault(path, _Part(key, path, keyword))
    return list(parts.values())


def _address(base: str, path: str, key: str | None) -> str:
    if key is None:
        return base + path
    # an access code is made of the whole path and the key, so that the key itself is in no address (RSSHub,
    # lib/middleware/access-control); MD5 is what it asks for
    whole = urlsplit(base + path).path
    code = hashlib.md5((whole + key).encode(), usedforsecurity=False).hexdigest()
    return f"{base}{path}?code={code}"


def _unlike(before: Sequence[Draft], found: Sequence[Draft], channel: Channel | None) -> list[Draft]:
    """Return the drafts that no search of this pass has brought yet, on the route's channel."""
    urls = {draft.url for draft in before if draft.url}
    return [replace(draft, channel=channel) for draft in found if draft.url not in urls]
