"""How well and how fast article pages are read, beside other libraries, on the same saved pages in the same run.

    HUIYING_SHARED_DATA=/path/to/data python bench/extract.py [--peers PYTHON]

Reads the pages of `extract/gold.json` with our extraction, trafilatura, htmldate (times only), GNE and newspaper4k, and
prints a table: titles right (white space and punctuation folded), times right (the day; the minute where the gold names
it), F1 of the text's character pairs (mean over pages with a checked text; as the gold is, and with lines of credit
taken out of both), and pages a second of one core's processor time. PYTHON is an interpreter that has the libraries
that are no part of this project (`pip install gne newspaper4k`); one that is not installed is named and left out.

The gold's texts are GNE's own output as its author kept it (level B): they cannot judge GNE. At last the pages
kept in GB18030 are read from their bytes: they must say the same as in UTF-8, or the program ends with status 1.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.extract_parts.gold import Gold, page_of, read_gold
from bench.extract_parts.peers import PEERS
from bench.extract_parts.scores import Reading, mean, right_time, right_title, text_score
from services.ingest.extraction.article import read_article
from services.ingest.extraction.dates import SHANGHAI
from services.ingest.fetching.decoding import decode


def ours(pages: Sequence[Gold]) -> list[Reading]:
    """Read the pages with our extraction; the first one once more before, for what is loaded late."""
    now = datetime.now(SHANGHAI)
    read_article(pages[0].markup, pages[0].url, now)
    readings = []
    for page in pages:
        markup = page.markup
        began = time.process_time()
        found = read_article(markup, page.url, now)
        seconds = time.process_time() - began
        moment = found.published_at.isoformat() if found.published_at else ""
        readings.append(Reading(found.title, found.text, moment, seconds))
    return readings


def peer(name: str, python: str, pages: Sequence[Gold]) -> list[Reading] | None:
    """Read the pages with a peer in a process of its own, or None where it is not installed."""
    run = subprocess.run(
        [python, str(Path(__file__).parent / "extract_parts" / "peers.py"), name],
        input=json.dumps([[page.url, page.markup] for page in pages]),
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode == 3:
        return None
    if run.returncode:
        raise SystemExit(f"{name} ended with status {run.returncode}: {run.stderr[-500:]}")
    for line in run.stderr.splitlines():
        if " fails on page " in line:
            print(line, file=sys.stderr)
    return [Reading(*found) for found in json.loads(run.stdout)]


def row(name: str, readings: Sequence[Reading], pages: Sequence[Gold]) -> str:
    """Return a system's row of the table."""
    pairs = list(zip(readings, pages, strict=True))
    titles = [right_title(one, gold) for one, gold in pairs]
    times = [right_time(one, gold) for one, gold in pairs if gold.time]
    texts = [text_score(one, gold, credits_aside=False) for one, gold in pairs if gold.text]
    aside = [text_score(one, gold, credits_aside=True) for one, gold in pairs if gold.text]
    rate = len(readings) / sum(one.seconds for one in readings)
    only_times = name == "htmldate"
    cells = [
        "–" if only_times else f"{mean(titles):.3f}",
        f"{mean(times):.3f}",
        "–" if only_times else f"{mean(texts):.3f}",
        "–" if only_times else f"{mean(aside):.3f}",
        f"{rate:.0f}",
    ]
    return f"| {name} | {' | '.join(cells)} |"


def recoded(folder: Path, pages: Sequence[Gold]) -> str:
    """Return how many of the pages kept in GB18030 say the same as in UTF-8; ends the program where one does not."""
    now = datetime.now(SHANGHAI)
    by_name = {Path(page.name).name: page for page in pages}
    kept = sorted((folder / "html_gb18030").iterdir())
    differing = []
    for path in kept:
        name = path.name.removesuffix(".gz")
        # portals of that age name no encoding in their headers
        markup = decode(page_of(folder / "html_gb18030", name), "text/html")
        if read_article(markup, "", now) != read_article(by_name[name].markup, "", now):
            differing.append(name)
    if differing:
        raise SystemExit(f"pages in GB18030 say something else than in UTF-8: {', '.join(differing)}")
    return f"{len(kept)} pages kept in GB18030 say the same as in UTF-8."


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", default=sys.executable, help="interpreter that has gne and newspaper4k")
    arguments = parser.parse_args()
    data = os.environ.get("HUIYING_SHARED_DATA")
    if not data:
        raise SystemExit("Set HUIYING_SHARED_DATA to the folder that holds extract/gold.json")
    folder = Path(data) / "extract"
    pages = read_gold(folder)
    dated, checked = sum(1 for page in pages if page.time), sum(1 for page in pages if page.text)
    print(f"{len(pages)} pages, {dated} with a checked time, {checked} with a checked text\n")
    print("| system | titles | times | text F1 | text F1, credits aside | pages/s of a core |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    print(row("ours", ours(pages), pages), flush=True)
    for name in PEERS:
        readings = peer(name, sys.executable, pages) or peer(name, arguments.peers, pages)
        print(row(name, readings, pages) if readings else f"| {name} | not installed | | | | |", flush=True)
    print(f"\n{recoded(folder, pages)}")


if __name__ == "__main__":
    main()
