"""How each database is asked."""

from __future__ import annotations

from services.analysis.search.asking import NOTHING, read
from services.analysis.search.spelling import fts5, tsquery


def test_an_expression_in_both_languages() -> None:
    ask = read("移民 (补偿 OR 安) NOT (海外 留学)").ask
    assert fts5(ask) == '(("移民" AND ("补偿" OR "安"*)) NOT ("海外" AND "留学"))'
    assert tsquery(ask) == "(('移民' & ('补偿' | '安':*)) & !(('海外' & '留学')))"


def test_nothing_is_asked_for_as_what_cannot_be() -> None:
    assert fts5(NOTHING) == '("\ue000" NOT "\ue000")'
    assert tsquery(NOTHING) == "('\ue000' & !('\ue000'))"
