"""The soak's verdict: what must hold, whether it did, and the figures beside it."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.soak_parts.judging import Conduct
from bench.soak_parts.plan import LONG, Plan
from bench.soak_parts.records import Told
from bench.soak_parts.run import Run, injected, unharmed

#: growth a minute after warming up that still counts as flat, and the minutes below which nothing can be said.
#: What near repeats are found by grows with the posts, by design, up to HUIYING_REPEAT_POSTS
_FLAT_MIB: Final = 0.75
_FLAT_HANDLES: Final = 1.0
_ENOUGH_MINUTES: Final = 8.0
_EVENT: Final = re.compile(r"\[(?:warning|error|critical)\s*\]\s+(?:\x1b\[[\d;]*m)*([\w.]+)")
_COLOUR: Final = re.compile(r"\x1b\[[\d;]*m")
_DEFECTS: Final = ("Traceback", "collect.broke", "collect.adapter_broke", "pass.failed", "runtime.loop_ended")


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must hold. `ok` is None where the run was too short to tell."""

    what: str
    ok: bool | None
    detail: str


def checks(run: Run, results: dict[str, Any]) -> list[Check]:
    """Return everything that is asserted."""
    found: Conduct = results["conduct"]
    stored: Counter[str] = results["stored"]
    expected: set[str] = results["expected"]
    told: Counter[str] = results["posts_told"]
    missing = expected - set(stored) - results["abandoned"]
    left = len(expected - set(stored)) - len(missing)
    twice = [url for url, times in stored.items() if times > 1]
    strange = set(stored) - expected
    steady = next(one for one in run.seen.looks if one.name == "steady-1")
    short = steady.minutes < _ENOUGH_MINUTES
    rss, handles = steady.slope("rss") / 2**20, steady.slope("handles")
    sockets = steady.slope("connections")
    evidence = run.seen.evidence
    logged = log_words(run.folder)
    defects = {word: logged[word] for word in _DEFECTS if logged[word]}
    return [
        Check(
            "every published post is stored, once",
            not missing and not twice and not strange,
            f"{len(stored)} of {len(expected)} stored; {left} abandoned after three damaged passes; missing "
            f"{len(missing)} {sorted(missing)[:3]}; twice {len(twice)}; strange {len(strange)} {sorted(strange)[:3]}",
        ),
        Check(
            "every post is told of",
            set(told.values()) <= {1} and len(told) == len(stored),
            f"{len(told)} told of, {sum(times > 1 for times in told.values())} more than once",
        ),
        Check(
            "a replica leaves the delay between two requests to a host",
            not found.too_soon,
            f"{len(found.too_soon)} too soon {_some(found.too_soon)}; {found.sent_again} sent again at once after a "
            f"connection closed in its face; the site itself was held up {found.held_up} s at most",
        ),
        Check(
            "robots.txt is obeyed",
            not found.against_robots,
            f"{len(found.against_robots)} against it {_some(found.against_robots)}",
        ),
        Check(
            "no article is had twice, but for a killed replica's",
            not found.twice,
            f"{len(found.twice)} twice {_some(found.twice)}; {found.again_after_kill} again after a kill",
        ),
        Check(
            "no source is looked at sooner than its cadence allows",
            not found.entries_too_soon,
            f"{len(found.entries_too_soon)} too soon {_some(found.entries_too_soon)} of {found.entry_fetches} looks, "
            f"{found.entries_not_modified} of them answered 304",
        ),
        *_silences(run.plan, run, results["told"], results["still_silent"]),
        Check(
            "memory is flat",
            None if short else rss <= _FLAT_MIB,
            f"{rss:+.2f} MiB a minute over {steady.minutes:.1f} min",
        ),
        Check(
            "handles and connections are flat",
            None if short else handles <= _FLAT_HANDLES and sockets <= _FLAT_HANDLES,
            f"handles {handles:+.2f}, connections {sockets:+.2f} a minute",
        ),
        Check("evidence is readable", set(evidence) == {"readable"}, str(dict(evidence))),
        Check(
            "every post has its evidence",
            results["sums"]["posts_without_evidence"] == 0,
            f"{results['sums']['posts_without_evidence']} without",
        ),
        Check("replicas stay ready", not run.seen.not_ready, str(dict(run.seen.not_ready))),
        Check("no defect in the logs", not defects, str(defects)),
    ]


def _silences(plan: Plan, run: Run, told: list[Told], still: dict[str, str]) -> list[Check]:
    wanted, clean = injected(plan), unharmed(plan)
    begins = plan.epoch + plan.at(LONG[0])
    silent: dict[str, Told] = {}
    recovered: dict[str, Told] = {}
    for one in told:
        if one.kind == "source.silent":
            silent.setdefault(one.name, one)
        else:
            recovered[one.name] = one
    unreported = {name: why for name, why in wanted.items() if name not in silent or silent[name].silence != why}
    # the last word on each must be that it is heard again
    lost = [
        name for name in wanted if name not in recovered or (name in silent and recovered[name].at < silent[name].at)
    ]
    early = [name for name in wanted if name in silent and silent[name].at < begins]
    false = sorted(name for name in silent if name in clean)
    waits = sorted(silent[name].at - begins for name in wanted if name in silent and name not in early)
    kinds = Counter(wanted.values())
    by_api = [name for name in wanted if run.seen.silent_by_api.get(name) != wanted[name]]
    return [
        Check(
            "every injected silence is told of",
            not unreported and not early,
            f"{len(wanted) - len(unreported)} of {len(wanted)} ({dict(kinds)}), "
            f"not: {_some(sorted(unreported.items()))}"
            + (f"; after {waits[0]:.0f} to {waits[-1]:.0f} s" if waits else ""),
        ),
        Check("and stands in the coverage", not by_api, f"not: {_some(by_api)} of {len(wanted)}"),
        Check(
            "and every recovery",
            not lost and not still,
            f"not: {_some(lost)}; still silent: {_some(sorted(still.items()))}",
        ),
        Check("nobody else is called silent", not false, f"{len(false)} unharmed: {_some(false)} of {len(clean)}"),
    ]


def log_words(folder: Path) -> Counter[str]:
    """Return how often the replicas logged each warning and error."""
    words: Counter[str] = Counter()
    for log in folder.glob("*.log"):
        if log.name == "site.log":
            continue
        text = log.read_text(encoding="utf-8", errors="replace")
        words.update(_EVENT.findall(_COLOUR.sub("", text)))
        words["Traceback"] += text.count("Traceback")
    return +words


def written(run: Run, results: dict[str, Any], found: list[Check]) -> tuple[str, dict[str, Any]]:
    """Return the report as text and as what JSON holds."""
    plan, conduct = run.plan, results["conduct"]
    mark = {True: "yes", False: "NO", None: "too short to tell"}
    where = (
        "SQLite, one replica" if run.alone else f"PostgreSQL, two replicas, one killed {len(run.seen.deaths) - 2} times"
    )
    lines = [
        f"{plan.seconds / 60:g} minutes, {plan.sources} sources on {len(plan.hosts)} hosts, {where}; "
        f"the service's clock ran {plan.speed:g} times as fast; delay {run.delay:g} s; drained in {run.seen.drained} s",
        "Habits of 14 days were put into the database for "
        f"{sum(one.habit for one in plan.planned)} sources; those that fell quiet were made to look so for 6 hours.",
        "",
        "| what must hold | held | seen |",
        "| --- | --- | --- |",
        *(f"| {one.what} | {mark[one.ok]} | {one.detail} |" for one in found),
        "",
        f"requests by answer: {dict(conduct.requests.most_common())}",
        f"service: {results['sums']}",
        f"two replicas at one host within the delay (not asked of them): {conduct.across}",
        *(f"passes of {name}: {some}" for name, some in results["late"].items()),
        f"warnings and errors logged: {dict(log_words(run.folder).most_common(12))}",
        "",
        "| replica | min | MiB, first | last | peak | MiB a minute | handles | connections |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for look in run.seen.looks:
        one = look.describe()
        lines.append(
            f"| {one['replica']} | {one['minutes_after_warm_up']} | {one['rss_mib_first']} | {one['rss_mib_last']} "
            f"| {one['rss_mib_peak']} | {one['rss_mib_a_minute']} | {one['handles_peak']} | {one['connections_peak']} |"
        )
    document = {
        "seconds": plan.seconds,
        "sources": plan.sources,
        "speed": plan.speed,
        "checks": [{"what": one.what, "ok": one.ok, "detail": one.detail} for one in found],
        "requests": conduct.requests,
        "sums": results["sums"],
        "replicas": [look.describe() for look in run.seen.looks],
    }
    return "\n".join(lines), document


def _some(found: Any) -> str:
    return json.dumps(list(found)[:2], ensure_ascii=False, default=str) if found else ""
