"""What the gateway costs: requests per second, p50, p99 and processor time per request, beside nginx and a bare proxy.

The gateway is the process that operators start (`huiying serve gateway`), with login, limits and the log on. nginx is a
plain reverse proxy of one worker, which does none of that; the bare proxy is Starlette with httpx. All stand before the
same upstream in the same run, in turns, round after round; the table tells the median of the rounds. `wrk` loads them
(`apt-get install nginx-light wrk`); where either is missing the table says so.

    python bench/gateway.py [--seconds 4] [--rounds 2] [--connections 1 16 64 256]
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil

from bench.gateway_parts import processes
from kit.embedded import free_port

_PATH = "/api/v1/cases"
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True, slots=True)
class Figure:
    """One load on one proxy: requests per second, latencies in ms, processor time per request in µs, bad answers."""

    rate: float
    p50: float
    p99: float
    cpu: float
    bad: int


def load(process: psutil.Process, url: str, connections: int, seconds: int, token: str) -> Figure:
    """Load `url` with wrk and read what `process` used of the processor meanwhile."""
    before = sum(process.cpu_times()[:2])
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "20s"]
    said = subprocess.run(
        [*command, "-H", f"Authorization: Bearer {token}", url], check=True, capture_output=True, text=True
    ).stdout
    used = sum(process.cpu_times()[:2]) - before
    requests = int(_found(r"(\d+) requests in", said))
    bad = int(_found(r"Non-2xx or 3xx responses: (\d+)", said, "0"))
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    bad += sum(int(count) for count in errors.groups()) if errors else 0
    return Figure(
        rate=float(_found(r"Requests/sec:\s+([\d.]+)", said)),
        p50=_milliseconds(_found(r"(?m)^ +50% +(\S+)", said)),
        p99=_milliseconds(_found(r"(?m)^ +99% +(\S+)", said)),
        cpu=used / max(requests, 1) * 1e6,
        bad=bad,
    )


def _found(pattern: str, said: str, otherwise: str | None = None) -> str:
    match = re.search(pattern, said)
    if match is None and otherwise is None:
        raise SystemExit(f"wrk said nothing of {pattern!r}:\n{said}")
    return match[1] if match else str(otherwise)


def _milliseconds(said: str) -> float:
    match = re.fullmatch(r"([\d.]+)([a-z]+)", said)
    if match is None:
        raise SystemExit(f"wrk said {said!r} of a latency")
    return float(match[1]) * _UNITS[match[2]]


def main() -> None:
    """Run the comparison and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=4, help="of each load (default 4)")
    parser.add_argument("--rounds", type=int, default=2, help="of every load (default 2)")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16, 64, 256])
    chosen = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not on this machine, and without it nothing is measured: apt-get install wrk")
    with tempfile.TemporaryDirectory(prefix="huiying-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        ports = [free_port() for _ in range(5)]
        upstream = f"http://127.0.0.1:{ports[0]}"
        enter = stack.enter_context
        enter(
            processes.running(
                processes.uvicorn_command("bench.gateway_parts.upstream:app", ports[0]),
                folder / "upstream.log",
                ports[0],
            )
        )
        redis_url = enter(processes.redis_server(folder / "redis", ports[1]))
        # the limits are on, and so high that what is measured is what they cost, not that they refuse
        high = ", ".join(
            f"{call}=100000000/minute" for call in ("login", "public", "stranger", "read", "write", "heavy")
        )
        ours = enter(processes.gateway(folder, ports[2], redis_url, upstream, HUIYING_RATE_LIMITS=high))
        bare = enter(
            processes.running(
                processes.uvicorn_command("bench.gateway_parts.bare:app", ports[3]),
                folder / "bare.log",
                ports[3],
                UPSTREAM=upstream,
            )
        )
        nginx = enter(processes.nginx(folder, ports[4], upstream))
        token = processes.log_in(f"http://127.0.0.1:{ports[2]}")
        proxies = [("gateway", ours, ports[2]), ("Starlette+httpx", bare, ports[3])]
        if nginx is None:
            print("nginx is not on this machine, so there is no comparison with it: apt-get install nginx-light")
        else:
            proxies.insert(0, ("nginx", nginx, ports[4]))
        found: dict[tuple[str, int], list[Figure]] = {}
        for number in range(chosen.rounds + 1):  # the first round is short and warms up
            for connections in chosen.connections if number else chosen.connections[-1:]:
                for title, process, port in proxies:
                    url = f"http://127.0.0.1:{port}{_PATH}"
                    figure = load(process, url, connections, chosen.seconds if number else 1, token)
                    if number:
                        found.setdefault((title, connections), []).append(figure)
        report(found)


def report(found: dict[tuple[str, int], list[Figure]]) -> None:
    """Print the table and end with status 1 where the gateway gave a bad answer."""
    busy = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load average at the end {busy:.1f} (other work of the machine included)\n")
    print("| proxy | connections | requests/s | of nginx | p50 ms | p99 ms | CPU µs/request | bad answers |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    bad = 0
    for (title, connections), figures in sorted(found.items(), key=lambda item: item[0][1]):
        rate = statistics.median(one.rate for one in figures)
        peer = found.get(("nginx", connections))
        ratio = f"{rate / statistics.median(one.rate for one in peer):.2f}" if peer else "–"
        middle = [statistics.median(getattr(one, field) for one in figures) for field in ("p50", "p99", "cpu")]
        errors = sum(one.bad for one in figures)
        bad += errors if title == "gateway" else 0
        latencies = f"{middle[0]:.2f} | {middle[1]:.2f} | {middle[2]:.0f}"
        print(f"| {title} | {connections} | {rate:.0f} | {ratio} | {latencies} | {errors} |")
    if bad:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
