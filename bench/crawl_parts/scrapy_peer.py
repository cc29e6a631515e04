"""Scrapy over the same site; runs in an environment of its own, and imports nothing of this project.

    /path/to/peers/bin/python bench/crawl_parts/scrapy_peer.py --variant bare --urls FILE --items FILE --delay 0.25

Prints as one line of JSON how much it took.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import Any

import scrapy  # type: ignore[import-not-found, unused-ignore]
from scrapy.crawler import CrawlerProcess  # type: ignore[import-not-found, unused-ignore]


class News(scrapy.Spider):  # type: ignore[misc, unused-ignore]
    """Follows each host's list to its articles. `variant`: `bare` takes the title alone, by CSS; `trafilatura` all."""

    name = "news"
    variant = "bare"
    urls: tuple[str, ...] = ()

    async def start(self) -> Any:
        """Ask for each host's list."""
        for url in self.urls:
            yield scrapy.Request(url, callback=self.parse)

    def parse(self, response: Any) -> Iterator[Any]:
        """Follow a list page."""
        for link in response.css("ul.news-list li a"):
            yield response.follow(link, callback=self.article)
        following = response.css("a.next")
        if following:
            yield response.follow(following[0], callback=self.parse)

    def article(self, response: Any) -> Any:
        """Take an article in."""
        if self.variant == "bare":
            return {"url": response.url, "title": response.css("title::text").get()}
        import trafilatura

        found: Any = trafilatura.bare_extraction(response.text, url=response.url, with_metadata=True)
        return {
            "url": response.url,
            "title": found.title if found else None,
            "text": found.text if found else None,
            "date": found.date if found else None,
            "author": found.author if found else None,
        }


def main() -> None:
    """Crawl, and print what it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--variant", choices=("bare", "trafilatura"), required=True)
    parser.add_argument("--urls", required=True)
    parser.add_argument("--items", required=True)
    parser.add_argument("--delay", type=float, required=True)
    options = parser.parse_args()
    if options.variant == "trafilatura":
        import trafilatura  # noqa: F401  so that its import is no part of the crawl
    with open(options.urls, encoding="utf-8") as file:
        News.urls = tuple(json.load(file))
    News.variant = options.variant
    process = CrawlerProcess(
        {
            "USER_AGENT": "PeerBot/1.0 (+mailto:postmaster@localhost)",
            "ROBOTSTXT_OBEY": True,
            "DOWNLOAD_DELAY": options.delay,
            "DOWNLOAD_DELAY_JITTER": 0,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
            "CONCURRENT_REQUESTS": 64,
            "AUTOTHROTTLE_ENABLED": False,
            "TELNETCONSOLE_ENABLED": False,
            "LOG_LEVEL": "WARNING",
            "FEEDS": {options.items: {"format": "jsonlines", "encoding": "utf-8"}},
            "DOWNLOAD_MAXSIZE": 10 * 1024 * 1024,
        }
    )
    crawler = process.create_crawler(News)
    process.crawl(crawler)
    process.start()
    stats = crawler.stats.get_stats()
    print(
        json.dumps(
            {
                "version": scrapy.__version__,
                "items": stats.get("item_scraped_count", 0),
                "responses": stats.get("downloader/response_count", 0),
                "errors": stats.get("spider_exceptions/count", stats.get("log_count/ERROR", 0)),
            }
        )
    )


if __name__ == "__main__":
    main()
