"""The table of problem types is read out of the code, and the pages show all of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from huiying.problem_types import Language, problem_types, with_table

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize(("page", "language"), [("problems.md", "en"), ("problems.zh-CN.md", "zh")])
def test_pages_list_every_type_that_the_code_has(page: str, language: Language) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    assert with_table(text, language) == text, "run `huiying problems` (`--zh`) and put it between the marks"


def test_the_types_that_every_client_meets_are_found_with_status_and_words() -> None:
    found = {one.slug: one for one in problem_types()}
    for slug, status in (
        ("unauthenticated", 401),
        ("invalid-fields", 422),
        ("idempotency-key-reused", 422),
        ("stale", 412),
        ("too-many-attempts", 429),
        ("case.exists", 409),
        ("case.nothing_released", 409),
        ("service-away", 503),
    ):
        assert status in found[slug].statuses, slug
    assert "请先登录" in found["unauthenticated"].zh
    assert "published" in found["case.nothing_released"].en
