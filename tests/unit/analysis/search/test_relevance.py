"""What answers a query better."""

from __future__ import annotations

from services.analysis.enrich.query import Reading, parse
from services.analysis.search.relevance import score


def told(query: str, text: str, title: str = "") -> float:
    return score(parse(query), Reading(title, text))


def test_more_of_the_query_answers_better() -> None:
    assert told("移民 OR 补偿", "移民补偿") > told("移民 OR 补偿", "移民移民") > told("移民 OR 补偿", "移民与此")
    assert told("移民", "移民", title="移民") > told("移民", "移民移民")
    assert told("移民", "移民" + "字" * 50) > told("移民", "移民" + "字" * 2000)
    assert told("移民 NOT 海外", "移民海外") == told("移民", "移民海外")
    assert told("移民", "海外") == 0
