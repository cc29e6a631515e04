"""Windows, batches and pooling, apart from any model."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.analysis.sentiment.encoder import BATCH_TOKENS, Windows, by_size, pooled


@given(st.lists(st.integers(1, 600), min_size=1, max_size=200))
def test_every_window_is_in_one_batch_and_no_batch_is_too_large(sizes: list[int]) -> None:
    array = np.array(sizes)
    batches = list(by_size(array))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(sizes)))
    for batch in batches:
        assert len(batch) == 1 or array[batch].max() * len(batch) <= BATCH_TOKENS
        assert (np.diff(array[batch]) >= 0).all()


def test_a_text_is_the_mean_of_its_windows_by_their_tokens() -> None:
    windows = Windows([[1] * 30, [1] * 10, [1] * 5], np.array([0, 0, 1]))
    rows = np.array([[4.0, 0, 0], [0, 8.0, 0], [1, 2, 3]])
    assert pooled(rows, windows).tolist() == [[3.0, 2.0, 0.0], [1.0, 2.0, 3.0]]
