"""Runs one peer over pages, under any Python that has it: `python peers.py NAME < pages.json > readings.json`.

Pages are a JSON list of [url, markup], readings one of [title, text, time, seconds of processor time]. Status 3 where
the peer is not installed. Needs nothing of this project.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

Read = Callable[[str, str], tuple[str, str, str]]


def trafilatura() -> Read:
    import trafilatura as library

    def read(markup: str, url: str) -> tuple[str, str, str]:
        found = library.bare_extraction(markup, url=url or None, with_metadata=True, include_comments=False)
        if found is None:
            return "", "", ""
        return found.title or "", found.text or "", found.date or ""

    return read


def htmldate() -> Read:
    import htmldate as library

    return lambda markup, url: ("", "", library.find_date(markup, url=url or None, original_date=True) or "")


def gne() -> Read:
    from gne import GeneralNewsExtractor

    extractor = GeneralNewsExtractor()

    def read(markup: str, url: str) -> tuple[str, str, str]:
        found = extractor.extract(markup)
        return found["title"], found["content"], found["publish_time"]

    return read


def newspaper4k() -> Read:
    import newspaper

    def read(markup: str, url: str) -> tuple[str, str, str]:
        article = newspaper.Article(url or "https://www.example.com/", language="zh")
        article.download(input_html=markup)
        article.parse()
        date = article.publish_date
        return article.title, article.text, date.isoformat() if date else ""

    return read


PEERS: dict[str, Callable[[], Read]] = {
    "trafilatura": trafilatura,
    "htmldate": htmldate,
    "gne": gne,
    "newspaper4k": newspaper4k,
}


def main() -> int:
    """Read the pages with one peer; a page on which it fails is read as empty, and said so on standard error."""
    try:
        read = PEERS[sys.argv[1]]()
    except ImportError as missing:
        print(missing, file=sys.stderr)
        return 3
    readings = []
    pages = json.load(sys.stdin)
    for number, (url, markup) in enumerate([pages[0], *pages]):
        began = time.process_time()
        try:
            found = read(markup, url)
        except ImportError as missing:
            print(missing, file=sys.stderr)
            return 3
        except Exception as failure:
            print(f"{sys.argv[1]} fails on page {number}: {type(failure).__name__}: {failure}", file=sys.stderr)
            found = ("", "", "")
        if number:
            readings.append([*found, time.process_time() - began])
    json.dump(readings, sys.stdout, default=str)
    return 0


if __name__ == "__main__":
    sys.exit(main())
