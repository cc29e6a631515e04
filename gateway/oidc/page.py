"""The small page that a browser is shown where single sign-on does not go on."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import Final

from kit.logging import request_id
from kit.problems import Problem

_STYLE: Final = (
    "body{font:16px/1.7 system-ui,'Noto Sans CJK SC',sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.25rem;"
    "color:#1d2733;background:#fff}h1{font-size:1.35rem}a{color:#0b5cad}small{color:#5a6672}"
)
#: nothing runs and nothing is loaded; the one style is named by its hash
CSP: Final = (
    "default-src 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    + "'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
)


def error_page(problem: Problem, *, chinese: bool, again: str) -> str:
    """Return the page (HTML) that tells of `problem`, with a link to try again at the path `again`."""
    title, link, number = (
        ("未能登录", "重新登录", "请求编号") if chinese else ("You are not logged in", "Log in again", "Request id")
    )
    text = problem.zh if chinese else problem.en
    return (
        f'<!doctype html><html lang="{"zh-CN" if chinese else "en"}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><main><h1>{title}</h1><p>{escape(text)}</p>"
        f'<p><a href="{escape(again)}">{link}</a></p>'
        f"<small>{number} {escape(request_id() or '')} · {escape(problem.slug)}</small></main></body></html>"
    )
