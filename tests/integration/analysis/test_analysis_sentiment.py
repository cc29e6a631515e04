"""POST /api/v1/sentiment, and the engine that it shares with nobody but its own process."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio

from services.analysis import app as analysis_app
from services.analysis.sentiment import Engine, EngineRules, load_scorer
from services.analysis.sentiment.scorer import Probabilities
from tests.integration.analysis.harness import Analysis, Api, WordScorer

PATH = "/api/v1/sentiment"


class Gated(WordScorer):
    """Scores nothing before its gate is opened."""

    def __init__(self) -> None:
        self.gate = threading.Event()

    def probabilities(self, prepared: Sequence[str]) -> Probabilities:
        assert self.gate.wait(20)
        return super().probabilities(prepared)


@pytest_asyncio.fixture
async def real(analysis: Analysis) -> AsyncIterator[Api]:
    """Give the API with the built-in model."""
    app = analysis_app.assemble(analysis.runtime, analysis.settings, await asyncio.to_thread(load_scorer))
    made = Api(app)
    yield made
    await app.state.sentiment.close()
    await made.close()


async def test_an_explanation_marks_parts_of_the_text_as_given(api: Api) -> None:
    text = "会议今天召开，群众集体上访，材料已交。"
    answer = (await api.call("POST", f"{PATH}?explain=true", json={"texts": [text, ""]})).json()
    explained, nothing = answer["results"]
    assert explained["label"] == "negative"
    strongest = explained["spans"][0]
    assert strongest["text"] == text[strongest["start"] : strongest["end"]] == "群众集体上访，"
    assert strongest["effect"] == pytest.approx(-0.75)
    assert nothing["spans"] == []
    plain = (await api.call("POST", PATH, json={"texts": [text]})).json()
    assert "spans" not in plain["results"][0]


async def test_too_many_explanations_are_refused_with_the_field(api: Api) -> None:
    refused = await api.call("POST", f"{PATH}?explain=true", json={"texts": ["好"] * 33}, status=422)
    assert refused.json()["errors"][0]["pointer"] == "/texts"
    await api.call("POST", f"{PATH}?explain=true", json={"texts": ["好"] * 32})
    await api.call("POST", f"{PATH}?explain=perhaps", json={"texts": ["好"]}, status=422)


async def test_a_full_queue_answers_503_with_retry_after(analysis: Analysis) -> None:
    scorer = Gated()
    app = analysis_app.assemble(analysis.runtime, analysis.settings, scorer)
    app.state.sentiment = Engine(scorer, EngineRules(waiting=100, linger=0))
    api = Api(app)
    first = asyncio.create_task(api.call("POST", PATH, json={"texts": ["甲" * 90]}))
    while app.state.sentiment._waiting < 90:
        await asyncio.sleep(0.01)
    refused = await api.call("POST", PATH, json={"texts": ["乙" * 20]}, status=503)
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.headers["content-type"].startswith("application/problem+json")
    await api.call("POST", f"{PATH}?explain=true", json={"texts": ["乙乙"]}, status=503)
    scorer.gate.set()
    assert len((await first).json()["results"]) == 1
    await app.state.sentiment.close()
    await api.close()


ODD = {
    "empty": "",
    "emoji alone": "😡😡😡",
    "a link alone": "https://example.com/x",
    "English": "This is bad.",
    "control characters": "补偿\x00款\x07没发",
    "as long as may be": "太差了" * 6_666,
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
async def test_odd_texts_get_an_answer(real: Api, text: str) -> None:
    answer = (await real.call("POST", PATH, json={"texts": [text]})).json()
    [result] = answer["results"]
    assert sum(result["probabilities"].values()) == pytest.approx(1)
    assert answer["model"]["name"]
    explained = (await real.call("POST", f"{PATH}?explain=true", json={"texts": [text]})).json()
    assert explained["results"][0]["label"] == result["label"]


async def test_what_is_no_text_or_too_long_is_refused_with_its_place(real: Api) -> None:
    for body, pointer in (
        (json.dumps({"texts": ["好", "啊" * 100_000]}), "/texts/1"),
        ('{"texts": ["好", "\\ud800"]}', "/texts/1"),
        ('{"texts": [1]}', "/texts/0"),
        ('{"texts": ["好"], "lang": "zh"}', "/lang"),
    ):
        refused = await real.call(
            "POST", PATH, content=body.encode(), headers={"content-type": "application/json"}, status=422
        )
        assert refused.json()["errors"][0]["pointer"] == pointer


async def test_a_large_and_a_small_call_share_the_engine(real: Api) -> None:
    large = [f"第{i}户的补偿款还没有发到手里，请问什么时候能发" for i in range(256)]
    answers = await asyncio.gather(
        real.call("POST", PATH, json={"texts": large}),
        *(real.call("POST", PATH, json={"texts": [t]}) for t in large[:9]),
    )
    results = answers[0].json()["results"]
    assert len(results) == 256
    for number, answer in enumerate(answers[1:]):
        assert answer.json()["results"][0]["score"] == pytest.approx(results[number]["score"], abs=1e-4)
