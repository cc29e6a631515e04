"""JMESPath in settings: what multiplies data is refused, what sources need is not."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from services.ingest.adapters.expressions import Expression, ask, beside
from services.ingest.fetching.page import Page

CHECKED: TypeAdapter[str] = TypeAdapter(Expression)


@pytest.mark.parametrize(
    "expression",
    [
        "|".join(["[@,@][]"] * 4),
        "|".join(["[@,@][]"] * 60),
        "[[[[@,@],[@,@]][],@][],@][]",
        "|".join([f"[{','.join('@' * 30)}][]"] * 3),
        "|".join(["join('',[@,@])"] * 5),
        "|".join(['join(@,`["","",""]`)'] * 5),
        "|".join(["to_string([@])"] * 20),
        "map(&[@,@][], map(&[@,@][], map(&[@,@][], map(&[@,@][], x))))",
        "x[*].[@,@][].[@,@][].[@,@][].[@,@][]",
    ],
)
def test_what_multiplies_data_is_refused(expression: str) -> None:
    with pytest.raises(ValidationError, match="multiplies what it reads"):
        CHECKED.validate_python(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "data.list",
        "data.groups[].items[].cards[].posts[]",
        "[data.pinned, data.list][]",
        "join('', ['/post/', to_string(id), '/', to_string(floor)])",
        "data.list[?type == 'post' && !deleted].{id: id, title: title || name, text: join('\n', [a, b, c])}",
        "sort_by(data.list, &time)[::-1]",
        "msg || message || error || errmsg",
        "map(&[title, text][], data)",
    ],
)
def test_what_sources_need_is_taken(expression: str) -> None:
    assert CHECKED.validate_python(expression) == expression


@pytest.mark.parametrize("expression", ["(" * 249 + "a" + ")" * 249, "!" * 499 + "a", "[" * 249 + "a" + "]" * 249])
def test_nesting_is_taken_or_refused_but_never_breaks(expression: str) -> None:
    problem = ""
    try:
        CHECKED.validate_python(expression)
    except ValidationError as refused:
        problem = str(refused)
    assert not problem or "too deeply" in problem


def test_results_are_bounded() -> None:
    assert len(ask("[@, @][]", list(range(9_000)))) == 10_000


@pytest.mark.parametrize(("size", "aside"), [(10, False), (200_000, True)])
async def test_large_pages_are_read_in_a_thread(size: int, aside: bool) -> None:
    page = Page("http://a.example/", "http://a.example/", 200, {}, b" " * size, datetime(2026, 6, 15, tzinfo=UTC), 0.1)
    assert (await beside(page, threading.get_ident) != threading.get_ident()) is aside
