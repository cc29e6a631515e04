"""Starting, stopping, starting again; and what keeps it from starting."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path

import httpx
import psutil

from kit.embedded import free_port
from tests.e2e.conftest import MakeSystem
from tests.e2e.harness import PARTS, Client, command, eventually, post


def ways_of_one_story(count: int, first: int = 0) -> list[dict[str, object]]:
    return [
        post(number, f"景谷县水库移民后期扶持资金发放情况第{number}次反映，请有关部门尽快答复", channel="forum")
        for number in range(first, first + count)
    ]


def counted(client: Client) -> int:
    return sum(event["metrics"]["posts_total"] for event in client.items("/api/v1/events"))


def test_a_second_start_carries_on_where_the_first_stopped(make_system: MakeSystem) -> None:
    system = make_system()
    system.start()
    said = system.said()
    assert f"{system.url}\n" in said
    assert str(system.data / "admin-password") in said
    assert (system.data / "admin-password").read_text().strip() not in said
    for name in ("admin-password", "secrets/internal-key", "secrets/author-key", "run/pids.json"):
        assert stat.S_IMODE((system.data / name).stat().st_mode) == 0o600, name
    assert set(system.pids()) == set(PARTS)

    admin = system.login()
    assert admin.post("/api/v1/posts", {"posts": ways_of_one_story(400)})["accepted"] == 400
    # at once, with most of them still on their way
    code, seconds = system.stop()
    assert code == 0, system.said()[-2000:]
    assert seconds < 10
    assert "did not stop in time" not in system.said()

    system.start()
    again = system.login()
    eventually(lambda: counted(again) == 400, "the posts of the first start in events")
    assert again.post("/api/v1/posts", {"posts": ways_of_one_story(10, 395)}) == {
        "accepted": 5,
        "duplicates": 5,
        "rejected": [],
    }
    eventually(lambda: counted(again) == 405, "the posts of the second start in events")
    # the tokens of the first start are still good: keys are kept
    assert admin.get("/api/v1/me")["name"] == "admin"

    other = make_system("one", HUIYING_PORT=str(free_port()))
    refused = other.run("up")
    assert refused.returncode == 2
    assert refused.stderr == f"该数据目录已有系统在运行 / another huiying runs on {system.data}\n"

    listener = system.listen(again)
    code, seconds = system.stop(signal.SIGINT)
    assert (code, seconds < 10) == (0, True), system.said()[-2000:]
    listener.stop()


def test_nothing_outlives_a_killed_supervisor_and_the_next_start_is_whole(make_system: MakeSystem) -> None:
    system = make_system()
    system.start()
    admin = system.login()
    assert admin.post("/api/v1/posts", {"posts": ways_of_one_story(100)})["accepted"] == 100
    children = [pid for pid in system.pids().values() if pid is not None]
    assert len(children) == len(PARTS)
    system.stop(signal.SIGKILL)
    eventually(lambda: not any(alive(pid) for pid in children), "the children to end", 180)
    system.start()
    again = system.login()
    eventually(lambda: counted(again) == 100, "the posts of the killed system in events")


def test_the_command_line_walks_through_a_running_system(make_system: MakeSystem, tmp_path: Path) -> None:
    system = make_system(HUIYING_WORKERS="2")
    system.start()
    assert {"analysis-worker-1", "analysis-worker-2"} < set(system.pids())
    token = system.run("token")
    assert token.returncode == 0, token.stderr
    assert system.client(token.stdout.strip()).get("/api/v1/me")["name"] == "admin"

    file = tmp_path / "posts.csv"
    rows = [
        f"澜沧县移民安置点第{i}户来信：安置房漏水没人管,2026/11/20 8:{i % 60:02},论坛,某网友{i}" for i in range(620)
    ]
    file.write_text("正文,发布时间,渠道,作者\n" + "\n".join(rows) + "\n ,2026/11/20 9:00,论坛,空\n", encoding="gb18030")
    done = system.run("import", str(file), "--url", system.url)
    assert "accepted 620   重复 / duplicates 0   拒绝 / rejected 1" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 1
    again = system.run("import", str(file), "--url", system.url)
    assert "accepted 0   重复 / duplicates 620" in again.stdout

    def ready() -> bool:
        return httpx.get(f"{system.url}/readyz", trust_env=False, timeout=10).status_code == 200

    eventually(ready, "every part to answer while it works on the import", 180)
    status = httpx.get(f"{system.url}/readyz", trust_env=False, timeout=10).json()
    assert status["services"].pop("analysis-worker")["live"]["ok"]
    assert set(status["services"]) == {"gateway", "ingest", "analysis", "cases", "notify"}
    assert all({"database", "redis"} <= set(checks) for checks in status["services"].values())
    shown = (
        r'^huiying_bus_lag\{.*group="analysis-worker".*service="gateway".*\} \d',
        r'^huiying_ingest_posts_total\{.*outcome="accepted".*\} 620(\.0)?$',
    )

    def measured() -> bool:
        metrics = httpx.get(f"{system.url}/metrics", trust_env=False, timeout=10).text
        return all(re.search(line, metrics, re.MULTILINE) for line in shown)

    eventually(measured, "the lag of the workers and the count of accepted posts to be exposed", 180)

    letters = system.run("dead-letters", "list")
    assert (letters.returncode, letters.stdout) == (0, "没有死信 / nothing lies aside\n")


def test_it_can_be_stopped_while_it_starts(make_system: MakeSystem) -> None:
    system = make_system()
    words, environment = command("up", HUIYING_DATA=str(system.data), HUIYING_PORT=str(system.port))
    starting = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    eventually(lambda: (system.data / "run" / "pids.json").exists(), "the first part to start", 180)
    began = time.monotonic()
    starting.terminate()
    said, _ = starting.communicate(timeout=20)
    assert (starting.returncode, time.monotonic() - began < 10) == (0, True), said[-2000:]
    assert "is ready" not in said
    assert "Traceback" not in said


def test_what_keeps_it_from_starting_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = up(HUIYING_PORT=str(port), HUIYING_DATA=str(tmp_path / "data"))
        assert done.returncode == 2
        assert done.stdout == ""
        assert f"port {port} cannot be used: Address already in use. Set HUIYING_PORT to another one.\n" in done.stderr
        assert done.stderr.count("\n") == 1
    assert not (tmp_path / "data").exists()

    (tmp_path / "file").write_text("not a folder")
    done = up(HUIYING_PORT=str(free_port()), HUIYING_DATA=str(tmp_path / "file" / "data"))
    assert done.returncode == 2
    assert f"the data folder {tmp_path}/file/data cannot be written" in done.stderr
    assert done.stderr.count("\n") == 1

    if os.geteuid() != 0:  # root may write everywhere
        (tmp_path / "closed").mkdir(mode=0o500)
        done = up(HUIYING_PORT=str(free_port()), HUIYING_DATA=str(tmp_path / "closed" / "data"))
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)

    (tmp_path / "plan.yaml").write_text("levels: [", encoding="utf-8")
    done = up(HUIYING_PORT=str(free_port()), HUIYING_DATA=str(tmp_path / "d"), HUIYING_PLAN=str(tmp_path / "plan.yaml"))
    assert done.returncode == 2
    assert "the plan has" in done.stderr
    assert f"{tmp_path}/plan.yaml:" in done.stderr
    assert done.stderr.count("\n") == 1

    model = str(tmp_path / "no-such-model")
    done = up(HUIYING_PORT=str(free_port()), HUIYING_DATA=str(tmp_path / "d"), HUIYING_SENTIMENT_MODEL=model)
    assert done.returncode == 2
    assert f"the model cannot be used: {model}: no such model folder" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_part_that_does_not_get_ready_is_named_with_its_last_words(tmp_path: Path) -> None:
    done = up(
        HUIYING_PORT=str(free_port()),
        HUIYING_DATA=str(tmp_path / "data"),
        HUIYING_WORKER_BATCH="0",
    )
    assert done.returncode == 1
    assert "analysis 未能就绪，系统已停止 / did not get ready; it said last:" in done.stderr
    assert "HUIYING_WORKER_BATCH" in done.stderr


def up(**environment: str) -> subprocess.CompletedProcess[str]:
    words, whole = command("up", **environment)
    return subprocess.run(words, env=whole, capture_output=True, text=True, timeout=90)


def alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
