"""Measure the forecast of an event's next six hours against "same as the last hour".

    HUIYING_SHARED_DATA=/path/to/data python bench/forecast.py [--fit]

Reads real streams: the reports of five public events that state their minute, and citizens' messages to their
governments; and simulates events by a Hawkes process with the rhythm of the day (`bench/forecast_parts/streams.py`).
A forecast is made at every full hour before which a post was published within 24 hours. Printed by kind of stream:
mean absolute error of the median over the six hours, of the last hour repeated, of the mean of the last six, and of
foretelling that nothing will come; the weighted interval score (Bracher et al. 2021), which for a forecast without an
interval is its absolute error; and how many counts lay in the intervals of 50 % and 90 %. `--fit` prints the weights
that the product carries, which are fitted on simulated events of another seed and on nothing else.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.forecast_parts.fitting import fitted
from bench.forecast_parts.streams import Stream, live, messages, reports, simulated
from services.analysis.events.forecast import HISTORY_HOURS, HORIZON, Forecast, averages, due, forecast
from services.analysis.events.series import HourlySeries

TRAINING, TEST = 11, 12
Floats = NDArray[np.float64]


def series_at(stream: Stream, hour: int) -> HourlySeries:
    """Return what is known at the start of an hour of a stream."""
    first = max(0, hour - HISTORY_HOURS)
    counts = [0] * (HISTORY_HOURS - (hour - first)) + stream.counts[first:hour].tolist()
    return HourlySeries([*counts, 0], stream.begin + timedelta(hours=hour))


def fit(streams: Sequence[Stream]) -> None:
    """Print the weights and dispersions that fit streams best."""
    past, dues, posts = [], [], []
    for stream in streams:
        for hour in live(stream.counts, HORIZON)[::3]:
            series = series_at(stream, int(hour))
            past.append(averages(series))
            dues.append([due(series.now + timedelta(hours=step)) for step in range(HORIZON)])
            posts.append(stream.counts[hour : hour + HORIZON])
    found = [fitted(np.array(past), np.array(dues)[:, h], np.array(posts, float)[:, h]) for h in range(HORIZON)]
    print("WEIGHTS: Final = (")
    for weights, _ in found:
        print(f"    ({', '.join(f'{w:.4f}' for w in weights)}),")
    print(f")\nDISPERSIONS: Final = ({', '.join(f'{d:.3f}' for _, d in found)})")


def interval_score(told: Forecast, seen: Floats) -> Floats:
    """Return the weighted interval score of each hour, over the median and the intervals of 50 % and 90 %."""
    low50, high50 = (np.array([getattr(h, name) for h in told.hours], float) for name in ("low50", "high50"))
    low90, high90 = (np.array([getattr(h, name) for h in told.hours], float) for name in ("low90", "high90"))
    median = np.array([h.median for h in told.hours], float)
    total = 0.5 * np.abs(seen - median)
    for low, high, outside in ((low50, high50, 0.5), (low90, high90, 0.1)):
        missed = np.maximum(low - seen, 0) + np.maximum(seen - high, 0)
        total += outside / 2 * (high - low + 2 / outside * missed)
    return total / 2.5


def measure(name: str, streams: Sequence[Stream], every: int) -> str:
    """Return the row of a table."""
    ours, last, six, none, score, in50, in90, cold = [], [], [], [], [], [], [], 0
    for stream in streams:
        for hour in live(stream.counts, HORIZON)[::every]:
            seen = stream.counts[hour : hour + HORIZON].astype(float)
            told = forecast(series_at(stream, int(hour)))
            ours.append(np.abs(seen - [h.median for h in told.hours]))
            last.append(np.abs(seen - stream.counts[hour - 1]))
            six.append(np.abs(seen - stream.counts[max(0, hour - 6) : hour].mean()))
            none.append(seen)
            score.append(interval_score(told, seen))
            in50.append([h.low50 <= s <= h.high50 for h, s in zip(told.hours, seen, strict=True)])
            in90.append([h.low90 <= s <= h.high90 for h, s in zip(told.hours, seen, strict=True)])
            cold += told.cold
    mae, naive, mean6, zero, wis = (float(np.mean(x)) for x in (ours, last, six, none, score))
    return (
        f"| {name} | {len(streams)} | {len(ours)} ({cold}) | {mae:.3f} | {naive:.3f} | {mean6:.3f} | {zero:.3f} "
        f"| {1 - mae / naive:.0%} | {wis:.3f} | {np.mean(in50):.0%} | {np.mean(in90):.0%} |"
    )


def main() -> None:
    """Run the benchmark and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fit", action="store_true", help="print the weights that fit, and end")
    options = parser.parse_args()
    if options.fit:
        fit(simulated(300, TRAINING))
        return
    folder = os.environ.get("HUIYING_SHARED_DATA")
    if not folder:
        raise SystemExit("Set HUIYING_SHARED_DATA to the folder that holds events/ and topic/")
    print(f"{time.strftime('%Y-%m')}, {os.cpu_count()} cores ({platform.machine()})\n")
    heads = ("streams", "number", "forecasts (cold)", "MAE", "MAE, last hour", "MAE, mean of 6 h", "MAE, none")
    heads += ("less than last hour", "WIS", "in 50 %", "in 90 %")
    print(f"| {' | '.join(heads)} |\n|{' --- |' * len(heads)}")
    events = simulated(200, TEST)
    sizes = [int(stream.counts.sum()) for stream in events]
    for name, streams, every in (
        ("reports of five events", reports(Path(folder)), 1),
        ("citizens' messages", messages(Path(folder)), 1),
        ("simulated, to 300 posts", [s for s, n in zip(events, sizes, strict=True) if n <= 300], 3),
        ("simulated, 300 to 3,000", [s for s, n in zip(events, sizes, strict=True) if 300 < n <= 3000], 3),
        ("simulated, above 3,000", [s for s, n in zip(events, sizes, strict=True) if n > 3000], 3),
    ):
        print(measure(name, streams, every), flush=True)


if __name__ == "__main__":
    main()
