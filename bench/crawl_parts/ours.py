"""Ours over the site: the ingest service with its database, its archive and its Redis."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from bench.crawl_parts.measured import Measured
from bench.crawl_parts.meter import Meter
from bench.crawl_parts.profile import Profile
from bench.crawl_parts.service import Deployment, Replica
from bench.crawl_parts.site import LISTED
from bench.crawl_parts.site_process import SiteProcess

#: seconds without a new post after which the run is given up
_STALLED: Final = 120.0


def crawl(site: SiteProcess, pages: int, delay: float, sources: int, profile: Profile | None = None) -> Measured:
    """Let the service collect every article; returns what that took, from the first request to the last post stored.

    The sources are made beforehand, through the API of a replica that does not collect.
    """
    per_host = -(-pages // site.hosts)
    with tempfile.TemporaryDirectory(prefix="huiying-bench-") as name:
        folder = Path(name)
        deployment = Deployment(folder)
        try:
            maker = deployment.replica("maker", collect="false")
            try:
                maker.wait_ready()
                _make(maker, site, -(-per_host // LISTED) + 1)
            finally:
                maker.end()
            site.counts()
            replica = deployment.replica(
                "crawler",
                host_delay=delay,
                collect_sources=sources,
                collect_posts=min(1000, max(50, per_host)),
            )
            meter, redis = Meter(replica.process.pid), Meter(deployment.valkey.pid)
            try:
                replica.wait_ready()
                if profile is not None:
                    profile.begin(replica.process.pid)
                ended = _wait(folder / "ingest.db", pages, replica)
                if profile is not None:
                    profile.end()
                meter.stop()
                redis.stop()
            finally:
                replica.end()
            asked = site.counts()
            return Measured(
                name="ours",
                pages=pages,
                seconds=ended - asked["first"],
                cpu=meter.cpu(asked["first"], ended),
                peak=meter.peak,
                asked=asked,
                said={
                    **_stored(folder / "ingest.db"),
                    "valkey_cpu": round(redis.cpu(asked["first"], ended), 2),
                    "archive_mib": _size(folder / "evidence"),
                    "warnings": replica.said()[-1500:] if replica.log.stat().st_size else "",
                },
            )
        finally:
            deployment.close()


def _make(replica: Replica, site: SiteProcess, list_pages: int) -> None:
    for number, url in enumerate(site.lists()):
        source = {
            "name": f"第{number + 1}门户网",
            "channel": "news",
            "tier": "municipal",
            "url": url,
            "adapter": "list_page",
            "config": {"pages": min(50, list_pages)},
            "cadence_minutes": 60,
        }
        made = replica.call("POST", "/api/v1/sources", source)
        replica.call("POST", f"/api/v1/sources/{made['id']}/fetch")


def _wait(database: Path, pages: int, replica: Replica) -> float:
    """Wait until every post is stored; returns when that was seen."""
    stored, moved = 0, time.monotonic()
    with closing(_reading(database)) as connection:
        while True:
            ((count,),) = connection.execute("SELECT count(*) FROM posts")
            if count >= pages:
                return time.time()
            if count > stored:
                stored, moved = count, time.monotonic()
            if replica.process.poll() is not None or time.monotonic() - moved > _STALLED:
                rows = connection.execute(
                    "SELECT problem, detail, count(*) FROM passes GROUP BY problem, detail ORDER BY 3 DESC LIMIT 5"
                ).fetchall()
                raise SystemExit(f"only {count} of {pages} posts came in; passes: {rows}\n{replica.said()}")
            time.sleep(0.1)


def _stored(database: Path) -> dict[str, Any]:
    with closing(_reading(database)) as connection:
        ((posts, near, same, evidence, characters),) = connection.execute(
            "SELECT count(*), count(near_duplicate_of), count(same_text_as), (SELECT count(*) FROM evidence),"
            " sum(length(text)) FROM posts"
        )
        ((passes, failed),) = connection.execute("SELECT count(*), count(problem) FROM passes")
    return {
        "posts": posts,
        "near_duplicates": near,
        "same_text": same,
        "evidence": evidence,
        "characters": characters,
        "passes": passes,
        "failed_passes": failed,
    }


def _reading(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)


def _size(folder: Path) -> float:
    return round(sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 2**20, 1)
