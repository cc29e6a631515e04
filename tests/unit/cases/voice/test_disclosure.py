"""索引号 and 文号 by rule."""

from __future__ import annotations

from datetime import UTC, datetime

from services.cases.voice.disclosure import document_series, index_series

AT = datetime(2019, 1, 17, 18, tzinfo=UTC)  # 18 January, 02:00 in Shanghai


def test_an_index_number_has_the_form_of_the_seed() -> None:
    series = index_series("1042-/", AT)
    assert series.number(1) == "1042-/2019-0118001"
    assert series.number(1000) == "1042-/2019-01181000"
    assert index_series("1042-/", AT.replace(hour=1)).name != series.name


def test_a_document_number_counts_by_year_and_only_where_the_plan_says() -> None:
    series = document_series("普搬办发", AT)
    assert series is not None
    assert series.number(3) == "普搬办发〔2019〕3号"
    assert document_series("", AT) is None


def test_a_drill_counts_for_itself() -> None:
    assert index_series("1042-/", AT, drill=True).number(1) == "【演练】1042-/2019-0118001"
    assert index_series("1042-/", AT, drill=True).name != index_series("1042-/", AT).name
