"""Bodies of requests on their way to disk."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from kit.problems import Problem
from services.ingest.imports.uploads import Uploads, plain_name


def request(*chunks: bytes, broken: bool = False, **headers: str) -> Request:
    waiting: list[Any] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    waiting.append({"type": "http.disconnect"} if broken else {"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Any:
        return waiting.pop(0)

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "headers": raw}, receive)


def left(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let files grow to `size` bytes and no further: the system refuses more as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_body_is_written_as_it_comes(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path / "imports", 10 * 2**20)
    chunk = bytes(range(256)) * 1024
    upload = await uploads.receive(request(*[chunk] * 12), "one", "导出.csv")
    assert upload.path.read_bytes() == chunk * 12
    assert (upload.filename, upload.size) == ("导出.csv", len(chunk) * 12)
    assert uploads.kept() == ["one"]


async def test_names_are_taken_from_where_they_are_said(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, 2**20)
    said = "attachment; filename*=UTF-8''%E6%97%A5%E6%8A%A5.csv"
    assert (await uploads.receive(request(b"x", content_disposition=said), "a", "")).filename == "日报.csv"
    assert plain_name("C:\\folder\\日报.csv") == plain_name("../../日报.csv\n") == "日报.csv"
    form = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="'
        + "日报.csv".encode()
        + b'"\r\nContent-Type: text/csv\r\n\r\ntext\r\n1\r\n--b--\r\n'
    )
    pieces = [form[at : at + 7] for at in range(0, len(form), 7)]
    upload = await uploads.receive(request(*pieces, content_type="multipart/form-data; boundary=b"), "b", "")
    assert (upload.filename, upload.path.read_bytes()) == ("日报.csv", b"text\r\n1")


async def test_other_fields_of_a_form_are_kept_and_bounded(tmp_path: Path) -> None:
    def form(value: bytes) -> Request:
        parts = (b'name="source"\r\n\r\n' + value, b'name="file"; filename="a.csv"\r\n\r\ntext\r\n1')
        body = b"".join(b"--b\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + b"--b--\r\n"
        return request(
            *(body[at : at + 5] for at in range(0, len(body), 5)), content_type="multipart/form-data; boundary=b"
        )

    uploads = Uploads(tmp_path, 2**20)
    upload = await uploads.receive(form("普洱论坛".encode()), "a", "")
    assert (upload.fields, upload.path.read_bytes()) == ({"source": "普洱论坛"}, b"text\r\n1")
    with pytest.raises(Problem) as long:
        await uploads.receive(form(b"x" * 20_000), "b", "")
    assert long.value.slug == "bad-form"
    assert left(tmp_path) == ["a.upload"]


async def test_what_broke_off_leaves_nothing(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, 2**20)
    with pytest.raises(Problem) as broken:
        await uploads.receive(request(b"x" * 1000, broken=True), "a", "a.csv")
    assert (broken.value.status, broken.value.slug) == (400, "broken-off")
    assert left(tmp_path) == []


async def test_a_disk_that_is_full_half_way_is_told_and_cleared(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, 64 * 2**20)
    with room_for(2 * 2**20), pytest.raises(Problem) as full:
        await uploads.receive(request(*[b"x" * 2**20] * 4), "a", "a.csv")
    assert (full.value.status, full.value.slug) == (503, "disk-full")
    assert left(tmp_path) == []
