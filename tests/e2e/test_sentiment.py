"""Sentiment on a running system: calls and the queue go on beside each other, and the operator sees how it goes."""

from __future__ import annotations

import re
import statistics
import threading
import time

import httpx

from tests.e2e.conftest import MakeSystem
from tests.e2e.harness import eventually, post

POSTS = 1_500
TEXT = "第{0}户反映：安置房漏水{1}次没有人来修，补偿款也还差{2}元，请问什么时候能解决"


def test_calls_and_the_queue_do_not_starve_each_other(make_system: MakeSystem) -> None:
    system = make_system()
    system.start()
    client = system.login()
    posts = [post(n, TEXT.format(n, n % 7, n * 13)) for n in range(POSTS)]
    for begin in range(0, POSTS, 500):
        assert client.post("/api/v1/posts", {"posts": posts[begin : begin + 500]})["accepted"] == 500

    # while posts wait, a call is answered in seconds
    seconds = []
    for number in range(10):
        began = time.monotonic()
        [result] = client.post("/api/v1/sentiment", {"texts": [f"村里第{number}次停水了，没有人管"]})["results"]
        seconds.append(time.monotonic() - began)
        assert result["label"] == "negative"
    assert statistics.median(seconds) < 3, seconds

    # while calls come in without end, posts are scored
    stop = threading.Event()
    answered = 0

    def call(thread: int) -> None:
        nonlocal answered
        own = system.login()
        number = 0
        while not stop.is_set():
            number += 1
            own.post("/api/v1/sentiment", {"texts": [TEXT.format(thread, number, i) for i in range(64)]})
            answered += 1

    callers = [threading.Thread(target=call, args=(thread,), daemon=True) for thread in range(3)]
    for caller in callers:
        caller.start()

    def counted() -> bool:
        return sum(event["metrics"]["posts_total"] for event in client.items("/api/v1/events")) == POSTS

    try:
        eventually(counted, "every post in an event, while calls come in", 180)
    finally:
        stop.set()
        for caller in callers:
            caller.join(timeout=30)
    assert answered >= 3

    def caught_up() -> bool:
        metrics = httpx.get(f"{system.url}/metrics", timeout=10).text
        lag = re.search(r'^huiying_bus_lag\{[^}]*group="analysis-worker"[^}]*\} (\S+)', metrics, re.MULTILINE)
        return lag is not None and float(lag[1]) == 0

    eventually(caught_up, "the workers' lag in /metrics at zero")


def test_a_choice_of_model_is_what_scores(make_system: MakeSystem) -> None:
    system = make_system(HUIYING_SENTIMENT_MODEL="linear")
    system.start()
    client = system.login()
    answer = client.post("/api/v1/sentiment?explain=true", {"texts": ["会议今天召开，但是补偿款拖了两年没人管"]})
    assert answer["model"]["name"] == "huiying-linear"
    assert answer["results"][0]["spans"][0]["text"] == "但是补偿款拖了两年没人管"
    client.post("/api/v1/posts", {"posts": [post(1, "搬迁补偿款拖了两年还没发，太让人失望了")]})

    def scored() -> bool:
        return any(item["analysis"]["model"].startswith("huiying-linear") for item in client.items("/api/v1/posts"))

    eventually(scored, "a post scored by the chosen model")
