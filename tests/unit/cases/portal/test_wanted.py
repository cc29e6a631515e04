"""What visitors ask for is read strictly, in Shanghai's days, and refused with the parameter's name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.cases.portal.archive import Archive
from services.cases.portal.wanted import Unclear, Wanted, forms_of, themes_of


def test_days_are_shanghais_and_the_last_one_counts() -> None:
    wanted = Wanted.read(
        {"since": "2026-03-01", "until": "2026-03-01", "q": " 滑坡　景谷 滑坡 ", "state": "", "theme": None}
    )
    assert wanted.since == datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert wanted.before == datetime(2026, 3, 1, 16, tzinfo=UTC)
    assert wanted.words == ("滑坡", "景谷")
    assert wanted.given == (("q", "滑坡　景谷 滑坡"), ("since", "2026-03-01"), ("until", "2026-03-01"))


@pytest.mark.parametrize(
    ("period", "since", "before"),
    [("2026", (2025, 12, 31), (2026, 12, 31)), ("2026-12", (2026, 11, 30), (2026, 12, 31))],
)
def test_a_period_is_a_year_or_a_month(period: str, since: tuple[int, ...], before: tuple[int, ...]) -> None:
    wanted = Wanted.read({"period": period})
    assert wanted.since == datetime(*since, 16, tzinfo=UTC)  # type: ignore[misc]
    assert wanted.before == datetime(*before, 16, tzinfo=UTC)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("since", "2026-02-30"),
        ("since", "1.3.2026"),
        ("until", "2026-3-1"),
        ("period", "2026-13"),
        ("period", "0000"),
        ("state", "draft"),
        ("q", "a\x00b"),
        ("q", "字" * 101),
        ("q", " ".join("abcdefghi")),
        ("theme", "x\ny"),
    ],
)
def test_what_cannot_be_read_is_named(name: str, value: str) -> None:
    with pytest.raises(Unclear) as told:
        Wanted.read({name: value})
    assert told.value.name == name


def test_wide_signs_are_looked_for_as_narrow_ones_too() -> None:
    assert forms_of("２１３户") == ("２１３户", "213户")
    assert forms_of("景谷") == ("景谷",)


def test_themes_are_told_apart_by_any_sign() -> None:
    assert themes_of(" 供水 水质，停水、供水;补偿 ") == ["供水", "水质", "停水", "补偿"]


def test_the_archive_counts_months_of_shanghai() -> None:
    found = Archive.of(
        [
            (datetime(2026, 2, 28, 17, tzinfo=UTC), {"subject_words": "供水 水质"}),
            (datetime(2026, 2, 1, tzinfo=UTC), {"subject_words": "供水"}),
            (datetime(2025, 7, 1, tzinfo=UTC), {}),
        ]
    )
    assert [(one.year, one.count, one.months) for one in found.years] == [
        ("2026", 2, (("2026-03", 1), ("2026-02", 1))),
        ("2025", 1, (("2025-07", 1),)),
    ]
    assert found.themes == ("供水", "水质")
