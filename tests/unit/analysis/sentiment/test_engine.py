"""One engine for many callers: batches, memory, fairness, back-pressure, a clean end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import numpy as np
import pytest

from services.analysis.sentiment import Engine, EngineRules, Overloaded
from services.analysis.sentiment.scorer import Probabilities


class Counting:
    """A scorer that keeps what it was asked for; texts with 坏 cannot be scored, and it waits for its gate."""

    name, version = "counting", "1"

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.gate = threading.Event()
        self.gate.set()

    @property
    def texts(self) -> list[str]:
        """Return all texts that were scored, in order."""
        return [text for batch in self.batches for text in batch]

    def prepare(self, text: str) -> str:
        return text.strip().lower()

    def probabilities(self, prepared: Sequence[str]) -> Probabilities:
        assert self.gate.wait(20)
        self.batches.append(list(prepared))
        if any("坏" in text for text in prepared):
            raise RuntimeError("cannot be scored")
        return np.array([[len(text), 1.0, 1.0] for text in prepared]) / np.array(
            [[len(text) + 2.0] for text in prepared]
        )

    def alike(self, prepared: str, others: Sequence[str]) -> Probabilities:
        return self.probabilities([prepared, *others])


async def _until(condition: object) -> None:
    for _ in range(1000):
        if condition():  # type: ignore[operator]
            return
        await asyncio.sleep(0.005)
    raise AssertionError("never came")


async def test_repeats_are_scored_once_and_remembered() -> None:
    scorer = Counting()
    engine = Engine(scorer)
    found = await engine.score(["甲", " 甲 ", "A", "a", "", "乙乙"])
    assert [score.probabilities["negative"] for score in found] == pytest.approx(
        [1 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3, 0.5]
    )
    assert sorted(scorer.texts) == ["a", "乙乙", "甲"]
    assert await engine.score(["乙乙", "甲"]) == [found[5], found[0]]
    assert len(scorer.texts) == 3
    await engine.close()


async def test_two_callers_who_want_one_text_share_it() -> None:
    scorer = Counting()
    engine = Engine(scorer)
    both = await asyncio.gather(engine.score(["同一条", "甲"]), engine.score(["同一条", "乙"]))
    assert both[0][0] == both[1][0]
    assert sorted(scorer.texts) == sorted(["同一条", "甲", "乙"])
    await engine.close()


async def test_memory_is_bounded_and_forgets_the_oldest() -> None:
    scorer = Counting()
    engine = Engine(scorer, EngineRules(remembered=2))
    for text in ("一", "二", "一", "三"):
        await engine.score([text])
    await engine.score(["一"])
    assert scorer.batches == [["一"], ["二"], ["三"]]
    await engine.score(["二"])
    assert scorer.batches[-1] == ["二"]
    await engine.close()


async def test_a_small_request_does_not_wait_behind_a_large_one() -> None:
    scorer = Counting()
    engine = Engine(scorer, EngineRules(batch=640, linger=0))
    scorer.gate.clear()
    large = asyncio.create_task(engine.score([f"{i:010}" for i in range(2000)]))
    await _until(lambda: engine._turns)
    small = asyncio.create_task(engine.score(["小"]))
    await _until(lambda: len(engine._turns) == 2 or engine._waiting > 19_900)
    scorer.gate.set()
    await small
    assert len(scorer.batches) < 5, "batches before the small one was answered"
    assert not large.done()
    assert len(await large) == 2000
    await engine.close()


async def test_a_full_queue_refuses_and_a_patient_caller_waits() -> None:
    scorer = Counting()
    engine = Engine(scorer, EngineRules(waiting=100, batch=50, linger=0))
    scorer.gate.clear()
    first = asyncio.create_task(engine.score(["甲" * 90]))
    await _until(lambda: engine._waiting == 90)
    with pytest.raises(Overloaded) as refused:
        await engine.score(["乙" * 20])
    assert refused.value.retry_after >= 1
    patient = asyncio.create_task(engine.score(["丙" * 20], patient=True))
    await asyncio.sleep(0.05)
    assert not patient.done()
    scorer.gate.set()
    assert len(await first) == len(await patient) == 1
    assert engine._waiting == 0
    await engine.close()


async def test_one_caller_larger_than_the_queue_is_still_served() -> None:
    engine = Engine(Counting(), EngineRules(waiting=100))
    assert len(await engine.score(["甲" * 500, "乙"])) == 2
    await engine.close()


async def test_a_text_that_cannot_be_scored_takes_no_other_with_it() -> None:
    scorer = Counting()
    engine = Engine(scorer)
    bad, good = await asyncio.gather(engine.score(["坏"]), engine.score(["好", "更好"]), return_exceptions=True)
    assert isinstance(bad, RuntimeError)
    assert not isinstance(good, BaseException)
    assert len(good) == 2
    assert engine._waiting == 0
    assert not engine._wanted
    await engine.close()


async def test_a_caller_who_leaves_takes_its_texts_along() -> None:
    scorer = Counting()
    engine = Engine(scorer, EngineRules(batch=10, linger=0))
    scorer.gate.clear()
    busy = asyncio.create_task(engine.score(["正在进行"]))
    await _until(lambda: not engine._turns and engine._waiting == 4)
    leaving = asyncio.create_task(engine.score(["不要了", "还要"]))
    staying = asyncio.create_task(engine.score(["还要"]))
    await _until(lambda: len(engine._wanted) == 3)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    scorer.gate.set()
    await busy
    assert len(await staying) == 1
    assert "不要了" not in scorer.texts
    assert engine._waiting == 0
    await engine.close()


async def test_closing_answers_what_waits_and_takes_nothing_more() -> None:
    scorer = Counting()
    engine = Engine(scorer, EngineRules(batch=10, linger=0))
    scorer.gate.clear()
    waiting = [asyncio.create_task(engine.score([f"第{i}条" * 3])) for i in range(5)]
    await _until(lambda: len(engine._wanted) == 5)
    closing = asyncio.create_task(engine.close())
    await asyncio.sleep(0.02)
    with pytest.raises(Overloaded):
        await engine.score(["新的"])
    scorer.gate.set()
    await closing
    assert all(len(found) == 1 for found in await asyncio.gather(*waiting))


async def test_an_engine_never_used_closes() -> None:
    await Engine(Counting()).close()


async def test_explanations_take_room_like_all_else() -> None:
    scorer = Counting()
    engine = Engine(scorer, EngineRules(waiting=100))
    [(score, spans)] = await engine.explain(["一句话，另一句话。"])
    assert score.probabilities["negative"] == pytest.approx(9 / 11)
    assert [span.start for span in spans] == [4, 0]
    assert engine._waiting == 0
    [(nothing, none)] = await engine.explain([" "])
    assert nothing.label == "neutral"
    assert none == []
    scorer.gate.clear()
    busy = asyncio.create_task(engine.score(["甲" * 90]))
    await _until(lambda: engine._waiting == 90)
    with pytest.raises(Overloaded):
        await engine.explain(["一句话"])
    scorer.gate.set()
    await busy
    await engine.close()
