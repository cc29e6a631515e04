"""What the commands print and how they end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kit.embedded import free_port

PLAN = Path(__file__).parents[3] / "plans" / "puer-resettlement-2019.yaml"


def huiying(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUIYING_")}
    return subprocess.run(
        [sys.executable, "-m", "huiying", *arguments],
        env={**kept, "NO_COLOR": "1", "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_plan_of_the_seed_has_no_findings() -> None:
    done = huiying("plan", "check", str(PLAN))
    assert (done.returncode, done.stdout) == (0, f"{PLAN}: 0 error(s), 0 warning(s)\n")


def test_a_broken_plan_is_told_by_line(tmp_path: Path) -> None:
    broken = tmp_path / "plan.yaml"
    text = PLAN.read_text(encoding="utf-8")
    assert "report_up: {within: 30 min" in text
    broken.write_text(text.replace("report_up: {within: 30 min", "report_up: {within: soon"), encoding="utf-8")
    line = next(i for i, row in enumerate(broken.read_text(encoding="utf-8").splitlines(), 1) if "soon" in row)
    done = huiying("plan", "check", str(broken))
    assert done.returncode == 1
    assert f"{broken}:{line}: " in done.stdout
    assert "Traceback" not in done.stderr


def test_warnings_fail_only_where_it_is_strict_and_programs_get_json(tmp_path: Path) -> None:
    doubtful = tmp_path / "plan.yaml"
    text = PLAN.read_text(encoding="utf-8")
    assert text.count("      next_update: {within: 4 h, default: project}\n") == 1
    doubtful.write_text(text.replace("      next_update: {within: 4 h, default: project}\n", ""), encoding="utf-8")
    assert huiying("plan", "check", str(doubtful)).returncode == 0
    strict = huiying("plan", "check", "--strict", "--format", "json", str(doubtful))
    told = json.loads(strict.stdout)
    assert (strict.returncode, told["errors"], told["warnings"]) == (1, 0, 1)
    assert (told["findings"][0]["path"], told["findings"][0]["severity"]) == ("clocks.limits.I", "warning")


def test_what_differs_between_plans_is_told_in_words(tmp_path: Path) -> None:
    newer = tmp_path / "plan.yaml"
    text = PLAN.read_text(encoding="utf-8")
    newer.write_text(
        "# 新版\n" + text.replace("report_up: {within: 30 min", "report_up: {within: 20 min"), encoding="utf-8"
    )
    line = next(i for i, row in enumerate(text.splitlines(), 1) if "report_up: {within: 30 min" in row)
    done = huiying("plan", "diff", str(PLAN), str(newer))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "时限 clocks",
        f"  {f'{line}→{line + 1}':>11}  各级时限 · Ⅰ级 · 上报：时限由 30 分钟 改为 20 分钟",
        f"{PLAN} → {newer}：1 处不同",
    ]
    english = huiying("plan", "diff", "--english", "--exit-code", str(PLAN), str(newer))
    assert english.returncode == 1
    assert "limits · level I · report_up: within changed from 30 min to 20 min" in english.stdout
    (change,) = json.loads(huiying("plan", "diff", "--format", "json", str(PLAN), str(newer)).stdout)["changes"]
    assert (change["old"], change["new"], change["new_line"]) == ("PT30M", "PT20M", line + 1)
    assert huiying("plan", "diff", str(PLAN), str(PLAN)).stdout == "没有区别\n"
    newer.write_text("meta: 1", encoding="utf-8")
    broken = huiying("plan", "diff", str(PLAN), str(newer))
    assert (broken.returncode, broken.stdout) == (2, "")
    assert broken.stderr.startswith(f"{newer}:1: meta: ")


def test_the_schema_of_plans_is_printed() -> None:
    assert json.loads(huiying("plan", "schema").stdout)["properties"]["schema"]["const"] == 1


def test_a_plan_that_is_not_there_is_one_line() -> None:
    done = huiying("plan", "check", "nowhere.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "无法读取预案 / cannot read the plan nowhere.yaml: No such file or directory\n"


def test_texts_are_scored() -> None:
    done = huiying("score", "补偿款拖了三年没人管，太让人失望了", "感谢工作人员，服务很好，非常满意")
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if "补偿款" in line or "感谢" in line]
    assert "negative" in rows[0]
    assert "positive" in rows[1]


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (("serve", "kitchen"), {}, "no such part: kitchen (cases, analysis, analysis-worker, ingest, notify, gateway)"),
        (("serve", "ingest"), {}, "set HUIYING_REDIS_URL and HUIYING_INTERNAL_KEY"),
        (("up",), {"HUIYING_PORT": "eight"}, "HUIYING_PORT: "),
        (
            ("up",),
            {"HUIYING_PLAN": "nowhere.yaml", "HUIYING_PORT": str(free_port())},
            "cannot read the plan nowhere.yaml",
        ),
        (("import", "nowhere.csv"), {}, "no such file: nowhere.csv"),
        (("token",), {"HUIYING_DATA": "nowhere"}, "no password: set HUIYING_PASSWORD"),
    ],
)
def test_what_cannot_go_on_says_so_in_one_line(
    arguments: tuple[str, ...], environment: dict[str, str], words: str, tmp_path: Path
) -> None:
    done = huiying(*arguments, **environment)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_gateway_that_is_away_is_one_line() -> None:
    done = huiying("token", "--url", "http://127.0.0.1:9", HUIYING_PASSWORD="x")
    assert done.returncode == 1
    assert "cannot reach http://127.0.0.1:9" in done.stderr
    assert done.stderr.count("\n") == 1


def test_only_models_of_the_users_own_are_tried_before_the_start() -> None:
    from huiying.supervisor import BUILT_IN_MODELS
    from services.analysis.sentiment.loading import BUILT_IN

    assert {"", *BUILT_IN} == BUILT_IN_MODELS
