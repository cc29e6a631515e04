"""Several expositions become one that a scraper can read."""

from __future__ import annotations

import re
from itertools import pairwise

from prometheus_client.parser import text_string_to_metric_families

from gateway.exposition import merged

_TEXT = """# HELP http_seconds Time
# TYPE http_seconds histogram
http_seconds_bucket{le="0.5"} 1.0
http_seconds_bucket{le="+Inf"} 2.0
http_seconds_count 2.0
http_seconds_sum 0.75
# HELP done_total Things "done" \\\\ here
# TYPE done_total counter
done_total{kind="a\\"b\\nc"} 7.0
# HELP up Up
# TYPE up gauge
up NaN
"""


def test_each_family_stands_once_and_each_sample_names_its_service() -> None:
    text = merged({"ingest": _TEXT, "cases": _TEXT})
    assert text.count("# TYPE http_seconds histogram") == 1
    assert text.count("# TYPE done_total counter") == 1
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert set(families) == {"http_seconds", "done", "up"}
    done = {(sample.labels["service"], sample.labels["kind"], sample.value) for sample in families["done"].samples}
    assert done == {("ingest", 'a"b\nc', 7.0), ("cases", 'a"b\nc', 7.0)}
    buckets = [s for s in families["http_seconds"].samples if s.name.endswith("_bucket")]
    assert {(s.labels["service"], s.labels["le"]) for s in buckets} == {
        (service, le) for service in ("ingest", "cases") for le in ("0.5", "+Inf")
    }


def test_samples_of_a_family_stand_together() -> None:
    lines = [line for line in merged({"a": _TEXT, "b": _TEXT}).splitlines() if not line.startswith("#")]
    families = [re.sub("_(bucket|count|sum)$", "", line.split("{")[0]) for line in lines]
    changes = sum(before != after for before, after in pairwise(families))
    assert changes == len(set(families)) - 1


def test_untyped_families_keep_a_type_that_scrapers_know() -> None:
    assert "# TYPE odd untyped" in merged({"a": "# TYPE odd untyped\nodd 1\n"})
