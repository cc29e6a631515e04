"""How analysis workers share the queue: speed by number of workers, and what becomes of a dead one's posts.

    HUIYING_SHARED_DATA=/path/to/data python bench/scaling.py

Puts posts (texts of the public test set, each made distinct by a number) on `posts.collected` of an embedded server,
starts analysis workers, opens the queue when all are ready, and waits until every post has its result on
`posts.analyzed`, the partition of posts without a topic: the plan's topics are not loaded. Prints one table of real
workers, each pinned to a core of its own, and one of simulated workers that wait instead of computing
(:mod:`bench.stand_in`), for numbers beyond the cores. At last one of two real workers is killed with posts in hand.
Ends with status 1 and one line where a post is lost or left unacknowledged. The server runs beside the workers on the
same cores.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from bench.stand_in import WAIT
from bench.workers import CORES, REAL, SIMULATED, line_up
from contracts.envelope import Message
from contracts.messages import PostCollected
from contracts.words import Channel
from kit.bus import envelope
from kit.ids import new_id
from training.corpora import read


def posts(count: int) -> list[Message]:
    """Return posts as ingest tells of them. The number in front keeps a worker from answering out of its memory."""
    texts, now = read("test").texts, datetime.now(UTC)
    found = []
    for number in range(count):
        text = f"{number} {texts[number % len(texts)]}"
        post = PostCollected(id=new_id(), text=text, channel=Channel.WEIBO, published_at=now, collected_at=now)
        found.append(envelope("post.collected", post.id, post, source="ingest", at=now))
    return found


def table(messages: Sequence[Message], program: Sequence[str], counts: Sequence[int], caption: str) -> None:
    """Measure each number of workers and print a row of each; rates are from the opening until the last result."""
    alone = 0.0
    for number, count in enumerate(sorted(set(counts))):
        with line_up(messages, program, count) as line:
            opened = line.open()
            line.wait()
            shares = [worker.count("huiying_analysis_posts_analysed_total") / len(messages) for worker in line.workers]
            scored = sum(worker.count("huiying_sentiment_texts_total", answer="model") for worker in line.workers)
            if scored != len(messages):
                raise SystemExit(f"{scored} texts were scored for {len(messages)} posts: these are no measure of speed")
            first, last = line.moments()
        rate = len(messages) / (last - opened)
        alone = rate if count == 1 else alone
        if number == 0:
            print(f"\n{caption.format(model=line.model)}\n")
            print("| workers | until first result, s | first to last result, s | posts/s | speed-up | share of each |")
            print("| --- | --- | --- | --- | --- | --- |")
        cells = f"{count} | {first - opened:.2f} | {last - first:.2f} | {rate:,.0f}"
        speed_up = f"{rate / alone:.2f}" if alone else "–"
        print(f"| {cells} | {speed_up} | {', '.join(f'{share:.0%}' for share in shares)} |", flush=True)


def fault(messages: Sequence[Message]) -> None:
    """Kill one of two workers while it holds posts, and print what became of them."""
    with line_up(messages, REAL, 2) as line:
        # where there are few posts, as soon as they are handed out
        after = len(messages) // 4 if len(messages) > 8 * line.settings.worker_batch else 0
        opened = line.open()
        dead, held, killed = line.kill_one(after)
        if not held:
            raise SystemExit(f"{dead.name} finished what it held in the moment of the kill; run again")
        found = line.wait(dead)
        twice = sum(count > 1 for count in found.values())
        last = line.moments()[1]
    print(f"\nOne of two real workers killed {killed - opened:.2f} s after the opening, with {held} posts in hand:\n")
    print(f"- lost 0, delivered again {held}, nothing left unacknowledged")
    print(f"- published twice {twice} (the tracker's inbox counts such a post once)")
    print(f"- {last - opened:.2f} s until all were there, {last - killed:.2f} s after the kill", end=" ")
    print(f"(posts are taken over {line.settings.bus_claim_idle:g} s after their holder's last sign of life)")


def main() -> None:
    """Run the benchmark and print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--posts", type=_positive, default=6000, help="posts in the queue; many batches a worker")
    parser.add_argument("--workers", type=_positive, nargs="+", default=[1, 2], help="numbers of real workers")
    parser.add_argument("--simulated", type=_positive, nargs="*", default=[1, 4, 8], help="numbers of simulated ones")
    options = parser.parse_args()
    messages = posts(options.posts)
    print(f"{time.strftime('%Y-%m-%d')}, {len(CORES) or os.cpu_count()} cores ({platform.machine()})", end=", ")
    print(f"{len(messages):,} posts")
    pinned = "each pinned to one core" if CORES else "not pinned"
    if CORES and max(options.workers) > len(CORES):
        pinned += f" (more than {len(CORES)} share cores)"
    table(messages, REAL, options.workers, f"Real workers, {{model}}, {pinned}:")
    waits = f"their scorer waits {WAIT * 1000:g} ms a text in place of computing, unpinned"
    table(messages, SIMULATED, options.simulated, f"SIMULATED workers, no measure of a real one's speed: {waits}:")
    fault(messages)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


if __name__ == "__main__":
    main()
