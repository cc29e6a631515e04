"""Other models' labels as ours."""

from __future__ import annotations

import numpy as np
import pytest

from services.analysis.sentiment.labels import columns, summed
from services.analysis.sentiment.scorer import ModelError


@pytest.mark.parametrize(
    "labels",
    [
        {0: "negative", 1: "neutral", 2: "positive"},
        {"0": "NEG", "1": "NEU", "2": "POS"},
        {0: "负面", 1: "中性", 2: "正面"},
        {0: "Negative", 1: "Mixed", 2: "Positive"},
    ],
)
def test_names_are_understood_in_order(labels: dict[object, str]) -> None:
    assert (columns(labels, "m") == np.eye(3)).all()


def test_numbers_order_the_labels_not_their_place() -> None:
    assert columns({"10": "positive", "2": "negative"}, "m").tolist() == [[1, 0, 0], [0, 0, 1]]


def test_two_labels_never_say_neutral() -> None:
    shares = summed(np.array([[0.3, 0.7]]), columns({0: "positive", 1: "negative"}, "m"))
    assert shares.tolist() == [[0.7, 0.0, 0.3]]


@pytest.mark.parametrize("form", ["{} star", "{} stars", "{}"])
def test_five_stars(form: str) -> None:
    matrix = columns({i: form.format(i + 1) for i in range(5)}, "m")
    assert summed(np.array([[0.1, 0.2, 0.3, 0.25, 0.15]]), matrix)[0] == pytest.approx([0.3, 0.3, 0.4])


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ({0: "LABEL_0", 1: "LABEL_1"}, "'LABEL_0' is none of"),
        ({0: "sports", 1: "politics"}, "'sports' is none of"),
        ({0: "neutral", 1: "positive"}, "stands for negative"),
        ({0: "1", 1: "2", 2: "3"}, "'1' is none of"),
    ],
)
def test_what_cannot_be_mapped_is_said_in_one_line(labels: dict[int, str], says: str) -> None:
    with pytest.raises(ModelError, match=says) as refused:
        columns(labels, "some/model")
    assert str(refused.value).startswith("some/model: ")
    assert "\n" not in str(refused.value)
