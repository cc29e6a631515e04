"""Crawl a site on this machine with the ingest service and with Scrapy, both as politely, and compare what it takes.

    HUIYING_SHARED_DATA=/path/to/data python bench/crawl.py --scrapy /path/to/venv/bin/python

The site is a process of its own: 200 hosts on 127.0.0.0/8, each with a list of two pages that links 25 articles, which
are saved pages of Chinese portals with other titles and texts, no two alike. The service runs as it is deployed, with
SQLite, Redis, extraction, near repeats, evidence and the outbox; its run ends when the last post is stored. Scrapy
runs twice: taking only titles (CSS) to JSON lines, and with trafilatura's `bare_extraction` (title, date, author,
text). Processor time is that of the crawler's process and its children, from the site's first request on; starting is
no part of it. Both are given the same delay for a host, one request at a time for a host, 64 in all, and robots.txt to
be obeyed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from bench.crawl_parts import ours
from bench.crawl_parts.measured import Measured
from bench.crawl_parts.meter import Meter
from bench.crawl_parts.profile import Profile
from bench.crawl_parts.site_process import SiteProcess

_PEER: Final = Path(__file__).parent / "crawl_parts" / "scrapy_peer.py"
_VARIANTS: Final = {"bare": "Scrapy, titles alone", "trafilatura": "Scrapy with trafilatura"}


def scrapy(python: str, site: SiteProcess, variant: str, delay: float, pages: int) -> Measured:
    """Let Scrapy crawl the site; returns what it took."""
    with tempfile.TemporaryDirectory(prefix="huiying-bench-") as folder:
        urls, items = Path(folder) / "urls.json", Path(folder) / "items.jsonl"
        urls.write_text(json.dumps(site.lists()), encoding="utf-8")
        site.counts()
        process = subprocess.Popen(
            [
                python,
                str(_PEER),
                "--variant",
                variant,
                "--urls",
                str(urls),
                "--items",
                str(items),
                "--delay",
                str(delay),
            ],
            stdout=subprocess.PIPE,
        )
        meter = Meter(process.pid)
        output, _ = process.communicate()
        ended = time.time()
        meter.stop()
        if process.returncode:
            raise SystemExit(f"Scrapy ended with status {process.returncode}")
        said: dict[str, Any] = json.loads(output.splitlines()[-1])
        asked = site.counts()
        lines = [json.loads(line) for line in items.read_text(encoding="utf-8").splitlines()]
        said["titles"] = sum(bool(line["title"]) for line in lines)
        said["texts"] = sum(bool(line.get("text")) for line in lines)
        if len(lines) < pages:
            print(f"{_VARIANTS[variant]} brought {len(lines)} of {pages} articles", file=sys.stderr)
        seconds = ended - asked["first"]
        return Measured(_VARIANTS[variant], len(lines), seconds, meter.cpu(asked["first"]), meter.peak, asked, said)


def main() -> None:
    """Run the crawls and print a Markdown table and JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pages", type=int, default=5000, help="articles in all")
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--delay", type=float, default=0.25, help="seconds between two requests to a host")
    parser.add_argument("--sources", type=int, default=16, help="sources that ours looks at side by side")
    parser.add_argument("--scrapy", default="", help="Python of an environment with scrapy==2.19.* and trafilatura")
    parser.add_argument("--skip-ours", action="store_true")
    parser.add_argument("--profile", default="", help="path of py-spy: tell where the service spends its time")
    options = parser.parse_args()
    data = os.environ.get("HUIYING_SHARED_DATA")
    if not data:
        raise SystemExit("Set HUIYING_SHARED_DATA to the folder that holds extract/gold.json")
    profile = Profile(options.profile) if options.profile else None
    site = SiteProcess(Path(data) / "extract", options.hosts, options.pages)
    runs: list[Measured] = []
    try:
        if not options.skip_ours:
            runs.append(ours.crawl(site, options.pages, options.delay, options.sources, profile))
        if options.scrapy and _works(options.scrapy):
            runs += [scrapy(options.scrapy, site, variant, options.delay, options.pages) for variant in _VARIANTS]
        else:
            print("Scrapy is left out: name a Python that has scrapy==2.19.* and trafilatura with --scrapy\n")
    finally:
        site.close()
    _report(runs, options)
    if profile is not None:
        print("\n" + profile.tables())


def _works(python: str) -> bool:
    done = subprocess.run([python, "-c", "import scrapy, trafilatura"], capture_output=True, check=False)
    return done.returncode == 0


def _report(runs: list[Measured], options: argparse.Namespace) -> None:
    where = f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"
    print(f"{time.strftime('%Y-%m-%d')}, {where}; {options.pages} articles on {options.hosts} hosts,", end=" ")
    print(f"{options.delay:g} s between two requests to a host\n")
    print("| crawler | articles | s | articles/s | processor s | articles a processor second | peak memory |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for one in runs:
        print(
            f"| {one.name} | {one.pages} | {one.seconds:.1f} | {one.per_second:.1f} | {one.cpu:.1f} "
            f"| {one.per_cpu_second:.1f} | {one.peak / 2**20:.0f} MiB |"
        )
    print()
    for one in runs:
        print(json.dumps({"name": one.name, "asked": one.asked, **one.said}, ensure_ascii=False))


if __name__ == "__main__":
    main()
