"""Pushing a file through a gateway that is slow, away or strict."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from huiying.errors import CommandError
from huiying.importing import Import

Answer = tuple[int, dict[str, str], dict[str, Any]]


class Gateway:
    """Answers pushes as a test scripts it (by the number of the call, from 0), and remembers them."""

    def __init__(self) -> None:
        self.pushes: list[list[dict[str, Any]]] = []
        self.keys: list[str | None] = []
        self.script: Callable[[int, list[dict[str, Any]]], Answer] = lambda _, posts: taken(len(posts))
        self.url = ""


def taken(accepted: int, duplicates: int = 0, rejected: list[dict[str, Any]] | None = None) -> Answer:
    return 202, {}, {"accepted": accepted, "duplicates": duplicates, "rejected": rejected or []}


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Gateway]:
    found = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found.keys.append(self.headers["X-API-Key"])
            found.pushes.append(body["posts"])
            status, headers, answer = found.script(len(found.pushes) - 1, body["posts"])
            raw = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(raw))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("HUIYING_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HUIYING_API_KEY", "hy_key")
    monkeypatch.setattr("huiying.importing.time.sleep", lambda _: None)
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def jsonl(path: Path, count: int) -> Path:
    path.write_text("".join(json.dumps({"text": f"第{i}条"}) + "\n" for i in range(count)), encoding="utf-8")
    return path


def run(path: Path, gateway: Gateway) -> tuple[Import, int]:
    console = Console(file=(path.parent / "out").open("w", encoding="utf-8"), width=200)
    job = Import(path, url=gateway.url)
    try:
        job.run(console)
        return job, job.report(console)
    finally:
        console.file.close()


def test_a_file_goes_in_batches_of_five_hundred(gateway: Gateway, tmp_path: Path) -> None:
    job, code = run(jsonl(tmp_path / "a.jsonl", 1201), gateway)
    assert [len(posts) for posts in gateway.pushes] == [500, 500, 201]
    assert [post["text"] for posts in gateway.pushes for post in posts] == [f"第{i}条" for i in range(1201)]
    assert set(gateway.keys) == {"hy_key"}
    assert (job.counts, code) == ({"accepted": 1201, "duplicates": 0, "rejected": 0}, 0)
    assert list((tmp_path / "data" / "imports").iterdir()) == []


def test_long_texts_make_smaller_batches(gateway: Gateway, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"text": "长" * 90_000}) + "\n" for _ in range(30)), encoding="utf-8")
    run(path, gateway)
    assert [len(posts) for posts in gateway.pushes] == [12, 12, 6]


def test_a_busy_gateway_is_asked_again(gateway: Gateway, tmp_path: Path) -> None:
    gateway.script = lambda call, posts: (
        (503, {"Retry-After": "2"}, {"title": "busy"}) if call < 3 else taken(len(posts))
    )
    job, code = run(jsonl(tmp_path / "a.jsonl", 3), gateway)
    assert len(gateway.pushes) == 4
    assert (job.counts["accepted"], code) == (3, 0)


def test_an_interrupted_import_goes_on_where_it_stopped(gateway: Gateway, tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", 1300)
    gateway.script = lambda call, posts: taken(len(posts)) if call < 2 else (502, {}, {"title": "away"})
    with pytest.raises(CommandError, match="Run the same command again to go on"):
        run(path, gateway)
    assert len(gateway.pushes) == 2 + 12
    gateway.pushes.clear()
    gateway.script = lambda _, posts: taken(len(posts))
    job, code = run(path, gateway)
    assert [len(posts) for posts in gateway.pushes] == [300]
    assert gateway.pushes[0][0]["text"] == "第1000条"
    assert (job.counts["accepted"], code) == (1300, 0)
    assert "going on after record 1000" in (tmp_path / "out").read_text(encoding="utf-8")


def test_a_changed_file_begins_anew(gateway: Gateway, tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", 600)
    gateway.script = lambda call, posts: taken(len(posts)) if call < 1 else (502, {}, {})
    with pytest.raises(CommandError):
        run(path, gateway)
    gateway.pushes.clear()
    gateway.script = lambda _, posts: taken(len(posts))
    run(jsonl(path, 601), gateway)
    assert [len(posts) for posts in gateway.pushes] == [500, 101]


def test_rejected_records_are_kept_with_line_and_reason_but_no_author(gateway: Gateway, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "好", "author": "某人"}\n\n{broken\n{"text": "坏", "author": "某人"}\n', encoding="utf-8")
    gateway.script = lambda _, posts: taken(1, rejected=[{"index": 1, "reason": "文字过短"}])
    job, code = run(path, gateway)
    assert gateway.pushes == [[{"text": "好", "author": "某人"}, {"text": "坏", "author": "某人"}]]
    assert (job.counts, code) == ({"accepted": 1, "duplicates": 0, "rejected": 2}, 1)
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl.rejected.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["line"], row["post"]) for row in rows] == [(3, None), (4, {"text": "坏"})]
    assert rows[1]["reason"] == "文字过短"


def test_a_refusal_ends_the_import_at_once(gateway: Gateway, tmp_path: Path) -> None:
    gateway.script = lambda _, posts: (403, {}, {"title": "Forbidden", "detail": "no posts.push"})
    with pytest.raises(CommandError, match=r"refused from record 1: 403 Forbidden: no posts\.push"):
        run(jsonl(tmp_path / "a.jsonl", 3), gateway)
    assert len(gateway.pushes) == 1


def test_a_broken_archive_is_one_line(gateway: Gateway, tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(json.dumps({"text": f"{i * 7919}"}).encode() + b"\n" for i in range(40_000)))
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CommandError, match=r"the archive is broken: .* \(after record [1-9]"):
        run(path, gateway)
    assert gateway.pushes
    path.write_bytes(b"no archive at all")
    with pytest.raises(CommandError, match="Not a gzipped file"):
        run(path, gateway)


def test_a_place_that_cannot_be_written_is_one_line(
    gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("HUIYING_DATA", str(tmp_path / "file"))
    with pytest.raises(CommandError, match="Not a directory"):
        run(jsonl(tmp_path / "a.jsonl", 3), gateway)
