"""The `huiying` command."""

from __future__ import annotations

import asyncio
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from huiying.errors import CommandError

app = typer.Typer(
    help="Huiying 回应: a written emergency plan for online public opinion as a running system.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
plan_app = typer.Typer(help="Work on plan files. 预案文件", no_args_is_help=True)
dead_app = typer.Typer(help="What consumers gave up on. 死信", no_args_is_help=True)
topics_app = typer.Typer(help="Work on topic packs. 专题包", no_args_is_help=True)
keys_app = typer.Typer(help="The keys by which parts trust each other. 内部密钥", no_args_is_help=True)
app.add_typer(plan_app, name="plan")
app.add_typer(keys_app, name="keys")
app.add_typer(topics_app, name="topics")
app.add_typer(dead_app, name="dead-letters")
_out = Console()
_err = Console(stderr=True, highlight=False, soft_wrap=True)


class Format(StrEnum):
    """How a command prints what it found."""

    TEXT = "text"
    JSON = "json"


@app.command()
def up() -> None:
    """Start everything on embedded defaults, in the foreground until Ctrl-C. 启动全部"""
    from huiying.supervisor import Supervisor, UpSettings

    try:
        settings = UpSettings()
    except ValidationError as error:
        first = error.errors()[0]
        raise CommandError(f"HUIYING_{str(first['loc'][0]).upper()}: {first['msg']}") from None
    asyncio.run(Supervisor(settings).run())


@app.command()
def mock(
    port: Annotated[int, typer.Option(min=1, max=65535, envvar="HUIYING_PORT", help="of the gateway")] = 8000,
    host: Annotated[str, typer.Option(help="address to listen on; nobody else can reach the default")] = "127.0.0.1",
    data: Annotated[Path, typer.Option(help="folder of its own")] = Path("data-mock"),
    fresh: Annotated[bool, typer.Option("--fresh", help="forget what is there and play the story anew")] = False,
    still: Annotated[bool, typer.Option("--still", help="nothing happens after the story")] = False,
    small: Annotated[bool, typer.Option("--small", help="a third of the posts, for tests")] = False,
    seed: Annotated[int, typer.Option(help="another seed tells the story with other posts")] = 1,
) -> None:
    """Start everything with a rich fictional data set, to build front ends on. 示例数据"""
    from huiying.mock.command import Mock, Options

    Mock(Options(port, host, data, fresh, still, small, seed)).run()


@app.command()
def serve(
    part: Annotated[str, typer.Argument(help="cases, analysis, analysis-worker, ingest, notify or gateway")],
) -> None:
    """Run one part alone against HUIYING_REDIS_URL and HUIYING_DATABASE_URL. 单独运行一个部件"""
    from huiying.serve import serve as run

    run(part)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV, JSON Lines (both optionally .gz) or XLSX")],
    url: Annotated[str | None, typer.Option(help="address of the gateway")] = None,
    map_: Annotated[
        list[str] | None, typer.Option("--map", help="FIELD=COLUMN where a column's name is not understood")
    ] = None,
) -> None:
    """Push a file of posts; interrupted, the same command goes on where it stopped. 导入信息"""
    from huiying.importing import Import
    from huiying.reading import FIELDS

    mapping: dict[str, str] = {}
    for pair in map_ or []:
        field, _, column = pair.partition("=")
        if field not in FIELDS or not column:
            raise CommandError(f"--map {pair}: FIELD=COLUMN, FIELD one of {', '.join(FIELDS)}")
        mapping[field] = column
    job = Import(file, url=url, mapping=mapping)
    job.run(_out)
    raise typer.Exit(job.report(_out))


@plan_app.command("check")
def plan_check(
    file: Annotated[Path, typer.Argument(help="a plan in YAML")],
    strict: Annotated[bool, typer.Option("--strict", help="warnings fail too")] = False,
    format_: Annotated[Format, typer.Option("--format", help="text or json")] = Format.TEXT,
) -> None:
    """Check a plan; every finding with its line. Ends with 1 where there are errors. 检查预案"""
    from huiying.plan import plan_findings, show_findings

    findings = plan_findings(file)
    print(show_findings(file, findings, as_json=format_ is Format.JSON))
    raise typer.Exit(1 if any(strict or finding.severity == "error" for finding in findings) else 0)


@plan_app.command("diff")
def plan_diff(
    old: Annotated[Path, typer.Argument(help="a plan in YAML")],
    new: Annotated[Path, typer.Argument(help="the plan it is compared with")],
    english: Annotated[bool, typer.Option("--english", help="in English; default: Chinese")] = False,
    format_: Annotated[Format, typer.Option("--format", help="text or json")] = Format.TEXT,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="end with 1 where the plans differ")] = False,
) -> None:
    """Tell what changes from one plan to another, by meaning, with the lines of both. 比较两版预案"""
    from huiying.plan import plan_changes, show_changes

    changes = plan_changes(old, new)
    language: Literal["zh", "en"] = "en" if english else "zh"
    print(show_changes(old, new, changes, language=language, as_json=format_ is Format.JSON))
    raise typer.Exit(1 if exit_code and changes else 0)


@plan_app.command("schema")
def plan_schema() -> None:
    """Print the JSON Schema of plan files, for editors. 预案格式"""
    from services.cases.plan.published import plan_schema_text

    print(plan_schema_text(), end="")


@plan_app.command("backtest")
def plan_backtest(
    file: Annotated[Path, typer.Argument(help="a plan in YAML")],
    since: Annotated[str | None, typer.Option(help="from when, as 2026-03-01; default: 30 days before --until")] = None,
    until: Annotated[str | None, typer.Option(help="until when; default: now")] = None,
    rows: Annotated[int, typer.Option(min=0, help="events shown, differences first")] = 50,
    format_: Annotated[Format, typer.Option("--format", help="text or json")] = Format.TEXT,
) -> None:
    """Replay a plan on what was heard, beside the alerts and cases that came. 回放预案"""
    from huiying.backtest import run as replay
    from huiying.backtest import show

    found = replay(file, since, until, rows)
    if format_ is Format.JSON:
        print(found.model_dump_json(indent=2))
    else:
        show(found, _out)


@topics_app.command("check")
def topics_check(file: Annotated[Path, typer.Argument(help="a topic pack in YAML")]) -> None:
    """Check a topic pack and its examples; every finding with its line. 检查专题包"""
    from huiying.topics import pack_findings

    pack, findings = pack_findings(file)
    for finding in findings:
        print(finding)
    errors = sum(finding.severity == "error" for finding in findings)
    topics = f", {len(pack.topics)} topic(s)" if pack else ""
    print(f"{file}: {errors} error(s), {len(findings) - errors} warning(s){topics}")
    raise typer.Exit(1 if errors else 0)


@app.command()
def roles(chinese: Annotated[bool, typer.Option("--zh", help="in Chinese")] = False) -> None:
    """Print who may do what, as a Markdown table. 角色权限表"""
    from huiying.roles import roles_table

    print(roles_table("zh" if chinese else "en"))


@app.command()
def problems(chinese: Annotated[bool, typer.Option("--zh", help="in Chinese")] = False) -> None:
    """Print every type of error that the API answers with, as a Markdown table. 错误类型表"""
    from huiying.problem_types import problems_table

    print(problems_table("zh" if chinese else "en"))


@app.command()
def openapi(
    chinese: Annotated[bool, typer.Option("--zh", help="in Chinese")] = False,
    contract: Annotated[bool, typer.Option("--contract", help="without texts and examples, for the baseline")] = False,
) -> None:
    """Print the API document of all services (docs/openapi.json). 接口文档"""
    from huiying.openapi import contract_text, document_text

    print(contract_text() if contract else document_text(chinese=chinese), end="")


@app.command()
def contract_diff(
    old: Annotated[Path, typer.Argument(help="the earlier document")] = Path("docs/openapi-baseline.json"),
    new: Annotated[Path, typer.Argument(help="the later document")] = Path("docs/openapi.json"),
) -> None:
    """Tell what breaks the callers of an earlier API. Ends with 1 where something does. 接口的不兼容变更"""
    import json

    from huiying.contract_diff import breaking

    try:
        before, after = (json.loads(path.read_text(encoding="utf-8")) for path in (old, new))
    except (OSError, ValueError) as error:
        raise CommandError(f"无法读取 / cannot be read: {error}") from None
    changes = breaking(before, after)
    for change in changes:
        print(change)
    raise typer.Exit(1 if changes else 0)


@app.command()
def score(
    texts: Annotated[list[str], typer.Argument(help="texts; - reads one a line from standard input")],
    model: Annotated[
        str, typer.Option(envvar="HUIYING_SENTIMENT_MODEL", help="cascade, encoder, linear, a model folder or a hub id")
    ] = "",
) -> None:
    """Score the sentiment of texts. 情感打分"""
    from contracts.words import Sentiment
    from services.analysis.sentiment import ModelError, load_scorer
    from services.analysis.sentiment import score as score_texts

    lines = [line.rstrip("\n") for line in sys.stdin] if texts == ["-"] else texts
    try:
        scorer = load_scorer(model)
    except ModelError as error:
        raise CommandError(f"模型无法使用 / the model cannot be used: {error}") from None
    table = Table("text", "label", "score", "negative", "neutral", "positive")
    for text, result in zip(lines, score_texts(scorer, lines), strict=True):
        shares = [f"{result.probabilities[name]:.3f}" for name in Sentiment]
        table.add_row(text[:60], result.label, f"{result.score:+.3f}", *shares)
    _out.print(table)


@app.command()
def token(url: Annotated[str | None, typer.Option(help="address of the gateway")] = None) -> None:
    """Print an access token for the API (15 minutes). 取访问令牌"""
    from huiying.client import access_token, base_url

    print(access_token(base_url(url)))


@dead_app.command("list")
def dead_list() -> None:
    """List what lies aside, with the error of each. 列出死信"""
    from huiying import dead_letters

    letters = list(dead_letters.listed(dead_letters.connect()))
    table = Table("stream", "group", "message", "deliveries", "error")
    for letter in letters:
        id_ = str(letter.message.get("id", "")) if letter.message else "(not a message)"
        table.add_row(letter.stream, letter.group, id_, str(letter.deliveries), letter.error[:120])
    _out.print(table if letters else "没有死信 / nothing lies aside")


@dead_app.command("retry")
def dead_retry() -> None:
    """Give every dead letter back to its stream. 重新投递"""
    from huiying import dead_letters

    count = dead_letters.retry(dead_letters.connect())
    print(f"重新投递 / given back: {count}")


_KeyFolder = Annotated[
    Path | None, typer.Option("--folder", help="where the key files are; default: secrets in HUIYING_DATA")
]


@keys_app.command("list")
def keys_list(folder: _KeyFolder = None) -> None:
    """List the keys that sign contexts and access tokens, without the keys themselves. 列出"""
    from huiying.keys import listed

    table = Table("for", "id", "made", "signs from")
    for name, id_, made, begins in listed(_key_folder(folder)):
        table.add_row(name, id_, f"{made:%Y-%m-%d %H:%M}Z", f"{begins:%Y-%m-%d %H:%M}Z")
    _out.print(table)


@keys_app.command("rotate")
def keys_rotate(
    names: Annotated[list[str] | None, typer.Argument(help="context, token; default: both")] = None,
    folder: _KeyFolder = None,
    at_once: Annotated[bool, typer.Option("--at-once", help="sign with the new key now, not in five minutes")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="believe the old keys no more: they have leaked")] = False,
) -> None:
    """Follow keys by new ones; running parts read them by themselves. 轮换"""
    from huiying.keys import KEY_FILES, rotate

    known = [files.name for files in KEY_FILES]
    chosen = names or known
    if unknown := [name for name in chosen if name not in known]:
        raise CommandError(f"没有这种密钥 / no such keys: {', '.join(unknown)} ({', '.join(known)})")
    rotate(_key_folder(folder), chosen, at_once=at_once or drop, drop=drop)
    keys_list(folder)


def _key_folder(given: Path | None) -> Path:
    found = given or Path(os.environ.get("HUIYING_DATA") or "data") / "secrets"
    if not found.is_dir():
        raise CommandError(f"没有这个目录 / no such folder: {found}")
    return found


def main() -> None:
    """Run the command line; what cannot go on says so in one line."""
    try:
        app()
    except CommandError as error:
        _err.print(error.line, markup=False)
        sys.exit(error.code)
    except BrokenPipeError:
        sys.exit(141)
