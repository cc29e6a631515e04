"""Limits that would make an impolite crawler are refused."""

from __future__ import annotations

import pytest

from services.ingest.fetching.limits import Limits, port_set

AGENT = "HuiyingBot/1.0 (+https://office.example/bot)"


def test_the_crawlers_name_is_what_robots_txt_knows() -> None:
    assert Limits(AGENT).product == "HuiyingBot"
    assert Limits("Hui_ying-Bot (mailto:bot@office.example)").product == "Hui_ying-Bot"


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "HuiyingBot/1.0",
        "Mozilla/5.0",
        "(+https://office.example)",
        "Bot https://office.example\r\nX: y",
        "回应 a@b.example",
    ],
)
def test_an_agent_without_a_name_or_contact_is_refused(agent: str) -> None:
    with pytest.raises(ValueError, match="user_agent"):
        Limits(agent)


@pytest.mark.parametrize(
    "wrong",
    [
        {"concurrency": 0},
        {"total": 0},
        {"max_bytes": 0},
        {"retries": -1},
        {"robots_seconds": 90_000},
        {"allowed": ("a/b",)},
    ],
)
def test_limits_without_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Limits(AGENT, **wrong)  # type: ignore[arg-type]


def test_ports() -> None:
    assert port_set("80, 443,8000-8002") == {80, 443, 8000, 8001, 8002}
    assert port_set("") == frozenset()
    for wrong in ("0", "http", "9-8", "1-65536", "1-2-3"):
        with pytest.raises(ValueError, match=r".+"):
            port_set(wrong)
