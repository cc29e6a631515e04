"""Pages for people, the merged API document, and the state of the whole."""

from __future__ import annotations

import asyncio
from importlib.resources import files
from typing import Any, Final

import httpx
import structlog
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError

from gateway import exposition
from gateway.api.parts import Parts, PartsDep
from gateway.openapi import merged
from kit.metrics import BUS_FINISHED, BUS_LAG
from kit.problems import prefers_chinese
from kit.transient import brief

_log = structlog.get_logger(__name__)

router = APIRouter(include_in_schema=False)

_STATIC: Final = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css", "favicon.png": "image/png"}
_CSP: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_DOCS_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'"
)
#: seconds that a service may take to work its document out, which it does once
_DOCUMENT_SECONDS: Final = 30.0
_LANDING: Final = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Huiying 回应</title><style>
body{font:16px/1.7 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;color:#1c2733}
body{max-width:42rem;margin:3rem auto;padding:0 1rem}
h1{font-size:1.6rem}a{color:#0b5cad}li{margin:.3rem 0}code{background:#eef2f6;padding:.1rem .3rem;border-radius:3px}
</style></head><body>
<h1>Huiying 回应</h1>
<p>把网络舆情应急预案变成运行着的系统：早发现、核事实、按预案分级处置，及时、如实地回应公众。</p>
<ul>
<li><a href="/docs">接口文档</a>（<a href="/openapi.json">OpenAPI 3.1</a>）</li>
<li><a href="/public/v1/statements">已发布的口径</a>（公开）</li>
<li><a href="/readyz">各部件状态</a></li>
</ul>
<p>取访问令牌：<code>huiying token</code></p>
</body></html>"""
_MOCK: Final = (
    '<p role="note" style="background:#8a1c1c;color:#fff;padding:.5rem .8rem;border-radius:4px">'
    "<strong>示例数据</strong>：这里的人物、媒体、村名和事件全部是虚构的，不得用于真实工作。</p>"
)
_DOCS: Final = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Huiying 回应 API</title><link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="/docs/favicon.png">
</head><body><div id="swagger-ui"></div><script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script></body></html>"""
_START: Final = """SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true,
  persistAuthorization: true, docExpansion: "none", presets: [SwaggerUIBundle.presets.apis]});"""


@router.get("/")
async def landing(parts: PartsDep) -> HTMLResponse:
    """Say what this is and where to go on."""
    page = _LANDING.replace("<h1>", _MOCK + "<h1>", 1) if parts.settings.mock else _LANDING
    return HTMLResponse(page, headers={"Content-Security-Policy": _CSP})


@router.get("/docs")
async def docs() -> HTMLResponse:
    """Show the API, from files that come with the installation."""
    return HTMLResponse(_DOCS, headers={"Content-Security-Policy": _DOCS_CSP})


@router.get("/docs/{name}")
async def docs_file(name: str) -> Response:
    """Serve a file of the API pages."""
    if name == "start.js":
        return Response(_START, media_type="text/javascript")
    if name not in _STATIC:
        return JSONResponse({"detail": "not found"}, 404)
    content = await asyncio.to_thread((files("fastapi_offline") / "static" / name).read_bytes)
    return Response(content, media_type=_STATIC[name], headers={"Cache-Control": "public, max-age=86400"})


@router.get("/openapi.json")
async def openapi(request: Request, parts: PartsDep) -> JSONResponse:
    """Return the API of all services as one OpenAPI 3.1 document, in Chinese where Accept-Language asks for it."""
    documents: dict[str, Any] = getattr(request.app.state, "documents", {})
    missing = [name for name in parts.settings.upstreams() if name not in documents]
    answers = await asyncio.gather(*(_fetch(parts, name, "/openapi.json", _DOCUMENT_SECONDS) for name in missing))
    for name, answer in zip(missing, answers, strict=True):
        if isinstance(answer, httpx.Response) and answer.status_code == 200:
            documents[name] = answer.json()
    request.app.state.documents = documents
    # in one order, so that the same schema gets the same name every time
    ordered = {name: documents[name] for name in parts.settings.upstreams() if name in documents}
    absent = [name for name in parts.settings.upstreams() if name not in documents]
    headers = {"X-Huiying-Incomplete": ",".join(absent)} if absent else {"Cache-Control": "public, max-age=60"}
    chinese = prefers_chinese(request.headers.get("accept-language"))
    headers |= {"Vary": "Accept-Language", "Content-Language": "zh-CN" if chinese else "en"}
    return JSONResponse(merged({"gateway": request.app.openapi(), **ordered}, chinese=chinese), headers=headers)


@router.get("/readyz")
async def readyz(parts: PartsDep) -> JSONResponse:
    """Tell whether everything answers, naming each part."""
    names = list(parts.settings.upstreams())
    own, answers = await asyncio.gather(
        parts.runtime.ready(), asyncio.gather(*(_fetch(parts, name, "/readyz") for name in names))
    )
    body: dict[str, Any] = {
        "gateway": {name: {"ok": ok, "detail": detail} for name, (ok, detail) in own.items()},
    }
    ready = all(ok for ok, _ in own.values())
    for name, answer in zip(names, answers, strict=True):
        body[name], fine = _state(answer)
        ready = ready and fine
    workers = body["analysis"].get("workers", {}).get("detail", "")
    if workers:
        live = not workers.startswith("0 ")
        body["analysis-worker"] = {"live": {"ok": live, "detail": workers}}
        ready = ready and live
    headers = {"Cache-Control": "no-store"} if ready else {"Cache-Control": "no-store", "Retry-After": "2"}
    return JSONResponse({"ready": ready, "services": body}, 200 if ready else 503, headers=headers)


@router.get("/metrics")
async def metrics(parts: PartsDep) -> Response:
    """Return the metrics of the gateway and the services, with a `service` label, and how far every group is.

    Workers expose their own on their own ports.
    """
    try:  # workers are not asked one by one: how far behind they are, the bus itself knows
        for (stream, group), progress in (await parts.runtime.bus.progress()).items():
            BUS_LAG.labels(stream, group).set(progress.lag)
            BUS_FINISHED.labels(stream, group).set(progress.finished)
    except (RedisError, OSError) as error:
        _log.warning("metrics.lag_unknown", error=brief(error))
    names = list(parts.settings.upstreams())
    answers = await asyncio.gather(*(_fetch(parts, name, "/metrics") for name in names))
    texts = {"gateway": generate_latest().decode()}
    for name, answer in zip(names, answers, strict=True):
        if isinstance(answer, httpx.Response) and answer.status_code == 200:
            texts[name] = answer.text
    return PlainTextResponse(exposition.merged(texts), media_type=CONTENT_TYPE_LATEST)


async def _fetch(parts: Parts, service: str, path: str, seconds: float = 2) -> httpx.Response | str:
    """Ask the addresses of a service in turn until one answers; returns what went wrong where none does."""
    wrong = "no address"
    for address in parts.settings.upstreams()[service]:
        try:
            return await parts.http.get(address + path, timeout=seconds)
        except httpx.HTTPError as error:
            wrong = f"{type(error).__name__}: {error}".strip(": ")
    return wrong


def _state(answer: httpx.Response | str) -> tuple[dict[str, Any], bool]:
    """Return a service's checks as it told them, and whether it is ready."""
    if isinstance(answer, str):
        return {"reachable": {"ok": False, "detail": answer}}, False
    try:
        return dict(answer.json()["checks"]), answer.status_code == 200
    except (ValueError, TypeError, KeyError):
        return {"reachable": {"ok": False, "detail": f"{answer.status_code}, not in the form of /readyz"}}, False
