"""The letter that asks an outlet for a correction (更正函), as a plan words it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

#: Words of takedown: nothing in a request may ask for one.
TAKEDOWN: Final = re.compile(
    r"删\s*(?:除|帖|贴|稿|文|掉|博|评|号|视频|链接|改原文)|撤\s*(?:稿|帖|下|除|文)|下\s*架|屏\s*蔽|封\s*(?:号|禁|杀|口|堵|帖)|禁\s*言|"
    r"断\s*(?:链|开链接)|关\s*(?:停|闭)(?:账号|帐号|评论|网站|栏目)|清\s*(?:除|理)(?:帖|信息|链接|负面|影响)|(?:降低|限制|减少)(?:传播|热度|推荐|流量)|"
    r"限流|压\s*(?:帖|稿|热搜)|撤\s*热搜|消除(?:负面|不利)|delete|take\s*down|remove the (?:post|article|text)",
    re.IGNORECASE,
)
#: What a template may name in braces.
FIELDS: Final = frozenset(
    {"number", "outlet", "title", "url", "claim", "evidence", "fact", "source", "contact", "publisher", "date"}
)
#: What every letter must say.
WANTED: Final = frozenset({"outlet", "url", "claim", "evidence", "fact", "source", "contact"})

#: The letter of a plan that has none of its own.
TEMPLATE: Final = """更正函（{number}）

{outlet}：
　　贵方刊载的内容{title}（{url}）中称：“{claim}”。经核实，该说法与事实不符。

一、核实依据
{evidence}

二、事实
　　{fact}
　　（出处：{source}）

三、请求
　　请贵方核实上述情况，并就该说法公开发布更正说明。如对上述事实有异议，请与我们联系，我们将提供进一步的材料。

　　本函只涉及上述事实说法，不涉及任何意见和评论。

联系方式：{contact}

{publisher}
{date}
"""

#: A field in a template.
FIELD: Final = re.compile(r"\{([^{}]*)\}")


def asks_for_takedown(texts: Iterable[str]) -> str:
    """Return the first word of takedown in some texts, empty where there is none."""
    return next((match[0] for text in texts if (match := TAKEDOWN.search(text))), "")


def faults(template: str) -> list[tuple[str, str]]:
    """Return what is wrong with a template, each in Chinese and English; nothing where it may be used."""
    named = set(FIELD.findall(template))
    found = [
        (f"更正函模板中没有 {{{name}}} 这一项", f"a letter has no field {{{name}}}") for name in sorted(named - FIELDS)
    ]
    found += [(f"更正函模板缺少 {{{name}}}", f"the letter lacks {{{name}}}") for name in sorted(WANTED - named)]
    word = asks_for_takedown([template])
    if word:
        found.append((f"更正函不得要求“{word}”", f"a letter must not ask for a takedown (“{word}”)"))
    if "更正" not in template:
        found.append(("更正函须请求发布更正说明", "the letter must ask for a correction (更正)"))
    return found
