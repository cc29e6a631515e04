"""What machines read in a page: schema.org as JSON-LD, the meta tags of government websites, Open Graph.

The names of the meta tags are those of 政府网站发展指引 (国办发〔2017〕47号), annex 网页设计规范:

- SiteName, SiteDomain and SiteIDCode on every page;
- ColumnName, ColumnDescription, ColumnKeywords and ColumnType on a column's;
- ArticleTitle, PubDate, ContentSource, Keywords, Author, Description and Url on a text's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from markupsafe import Markup

from services.cases.portal.site import Site
from services.cases.portal.statements import PublicStatementOut
from services.cases.portal.times import minute, rfc3339

#: characters of a description
_SUMMARY: Final = 120
#: schema.org's creativeWorkStatus is free text or a DefinedTerm; these are this project's words
_STATUS: Final = {"published": "Published", "corrected": "Corrected", "withdrawn": "Withdrawn"}

Pairs = list[tuple[str, str]]


def summary(one: PublicStatementOut) -> str:
    """Return the beginning of a text in one line, behind what must be said before it."""
    told = " ".join("".join([*one.notices(), one.text]).split())
    return told if len(told) <= _SUMMARY else told[: _SUMMARY - 1] + "…"


def site_meta(site: Site) -> Pairs:
    """Return the tags of the site, by name."""
    found = [("SiteName", site.title), ("SiteDomain", site.domain), ("SiteIDCode", site.words.site_code)]
    return [(name, value) for name, value in found if value]


def column_meta(site: Site, themes: Sequence[str]) -> Pairs:
    """Return the tags of the list, by name."""
    return [
        ("ColumnName", site.catalogue),
        ("ColumnDescription", f"{site.publisher}发布、更正和撤回的信息"),
        ("ColumnKeywords", ",".join(themes)),
        ("ColumnType", "信息公开"),
    ]


def article_meta(site: Site, one: PublicStatementOut) -> Pairs:
    """Return the tags of a text, by name."""
    source = one.publisher or site.publisher
    return [
        ("ColumnName", one.disclosure.catalogue or site.catalogue),
        ("ColumnType", "信息公开"),
        ("ArticleTitle", one.title),
        ("PubDate", minute(one.published_at)),
        ("ContentSource", source),
        ("Keywords", ",".join(one.themes)),
        ("Author", source),
        ("Description", summary(one)),
        ("Url", one.url),
    ]


def open_graph(site: Site, title: str, url: str, one: PublicStatementOut | None = None) -> Pairs:
    """Return the tags of the Open Graph protocol, by property."""
    found = [
        ("og:title", one.marked_title if one else title),
        ("og:type", "article" if one else "website"),
        ("og:url", url),
        ("og:site_name", site.title),
        ("og:locale", "zh_CN"),
        ("og:description", summary(one) if one else f"{site.publisher}发布、更正和撤回的信息"),
        ("og:image", site.words.logo),
    ]
    if one is not None:
        found += [
            ("article:published_time", rfc3339(one.published_at)),
            ("article:modified_time", rfc3339(one.modified_at)),
            ("article:section", one.disclosure.catalogue),
            *(("article:tag", theme) for theme in one.themes),
        ]
    return [(name, value) for name, value in found if value]


def list_data(site: Site, items: Sequence[PublicStatementOut]) -> Markup:
    """Return the list as a schema.org CollectionPage."""
    return _script(
        {
            "@context": "https://schema.org",
            "@type": "CollectionPage",
            "name": site.title,
            "url": site.url(),
            "inLanguage": "zh-CN",
            "publisher": _organisation(site, site.publisher),
            "mainEntity": {
                "@type": "ItemList",
                "itemListElement": [
                    {"@type": "ListItem", "position": number, "url": one.url, "name": one.marked_title}
                    for number, one in enumerate(items, 1)
                ],
            },
        }
    )


def statement_data(site: Site, one: PublicStatementOut) -> Markup:
    """Return a statement as a schema.org Report: an article of an organisation, with a number."""
    told: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Report",
        "@id": f"urn:uuid:{one.id}",
        "headline": one.title,
        "name": one.title,
        "url": one.url,
        "mainEntityOfPage": one.url,
        "inLanguage": "zh-CN",
        "datePublished": rfc3339(one.published_at),
        "dateModified": rfc3339(one.modified_at),
        "author": _organisation(site, one.publisher or site.publisher),
        "publisher": _organisation(site, one.publisher or site.publisher),
        "reportNumber": one.disclosure.document_number or one.disclosure.index_number,
        "identifier": {"@type": "PropertyValue", "name": "索引号", "value": one.disclosure.index_number},
        "articleSection": one.disclosure.catalogue,
        "keywords": one.themes,
        "articleBody": one.text,
        "creativeWorkStatus": _STATUS[one.state],
        "isAccessibleForFree": True,
    }
    if one.corrected_by is not None:
        told["correction"] = {
            "@type": "CorrectionComment",
            "text": one.corrected_reason or f"请以《{one.corrected_by.title}》为准",
            "url": one.corrected_by.url,
            **({"datePublished": rfc3339(one.corrected_at)} if one.corrected_at else {}),
        }
    if one.corrects is not None:
        told["isBasedOn"] = one.corrects.url
    if one.withdrawn_at is not None:
        told["expires"] = rfc3339(one.withdrawn_at)
        told["abstract"] = f"已撤回：{one.withdrawn_reason}"
    return _script({name: value for name, value in told.items() if value not in ("", [])})


def _organisation(site: Site, name: str) -> dict[str, Any]:
    told = {"@type": "GovernmentOrganization", "name": name, "url": site.words.home, "logo": site.words.logo}
    return {key: value for key, value in told.items() if value}


def _script(told: dict[str, Any]) -> Markup:
    """Return JSON that ends no script element, whatever it holds."""
    written = json.dumps(told, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e")
    return Markup(written.replace("&", "\\u0026"))
