"""``huiying up``: the whole system as processes under one supervisor."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from rich.console import Console
from rich.markup import escape

from huiying.errors import CommandError
from huiying.folder import DataFolder, write_private
from huiying.keys import keep
from huiying.parts import PARTS
from huiying.plan import plan_findings
from huiying.process import Process
from kit.embedded import free_port, valkey_binary, valkey_config

#: choices of sentiment model that need no trial; a test holds them to services.analysis, whose import would take memory
BUILT_IN_MODELS: Final = frozenset({"", "cascade", "encoder", "linear"})
#: what an operator may set instead of the changing keys in the data folder
_GIVEN_KEYS: Final = ("CONTEXT_KEYS", "CONTEXT_KEYS_FILE", "TOKEN_KEYS_FILE")
_TURN_SECONDS: Final = 60.0
_READY_SECONDS: Final = 60.0
#: seconds that a stop may take in all, and what is kept of them for Redis, which stops last
_STOP_SECONDS: Final = 9.0
_REDIS_SECONDS: Final = 1.5
#: seconds after which another Ctrl-C is meant, and not the same one delivered twice
_IMPATIENCE: Final = 0.5
_COLOURS: Final = ("cyan", "green", "yellow", "magenta", "blue", "bright_cyan", "bright_green", "bright_magenta")


class UpSettings(BaseSettings):
    """What `huiying up` reads from the environment (prefix ``HUIYING_``); everything has a default."""

    model_config = SettingsConfigDict(env_prefix="HUIYING_", extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    data: Path = Path("data")
    database_url: str = ""
    #: empty: start the embedded server
    redis_url: str = ""
    admin_name: str = "admin"
    admin_password: str = ""
    plan: Path | None = None
    #: number of analysis workers
    workers: int = Field(1, ge=1, le=64)
    #: what scores sentiment: empty for the built-in model, else as services.analysis.settings says
    sentiment_model: str = ""
    public_url: str = ""
    #: days after which the keys that sign contexts and access tokens are followed by new ones (docs/keys.md)
    key_days: float = Field(7, gt=0, le=366)
    #: "always" flushes every acknowledged message to the disk, "everysec" once a second. Parts publish in batches,
    #: where "always" costs a fifth (75,000 against 95,000 messages a second, batches of 100, 2 cores, 2026-11-24);
    #: one by one it is 4,300 against 21,600, still far above what the parts need
    redis_fsync: str = Field("always", pattern="^(always|everysec)$")


class Supervisor:
    """Starts every part by readiness, restarts what dies, stops everything in order."""

    def __init__(self, settings: UpSettings) -> None:
        self._settings = settings
        self._folder = DataFolder(settings.data)
        self._console = Console(stderr=False, soft_wrap=True, highlight=False)
        self._processes: list[Process] = []
        self._stop = asyncio.Event()
        self._told_at: float | None = None
        self._failed = False
        self._colours: dict[str, str] = {}
        # room for the number that a worker among several carries
        self._width = max(len(part.name) for part in PARTS) + (4 if settings.workers > 1 else 2)

    async def run(self) -> None:
        """Run until a signal; raises :class:`CommandError` where the system cannot start."""
        self._check()
        self._folder.open()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._on_signal, number)
        self._rings = not any(os.environ.get(f"HUIYING_{name}") for name in _GIVEN_KEYS)
        self._keep_keys()
        status = asyncio.create_task(self._keep_status())
        turning = asyncio.create_task(self._turn_keys())
        try:
            async with httpx.AsyncClient(timeout=3, trust_env=False) as http:
                self._http = http
                await self._start()
                if not self._stop.is_set():
                    self._greet()
                await self._stop.wait()
                await self._stop_all()
        except BaseException:
            for process in self._processes:
                process.kill()
            raise
        finally:
            status.cancel()
            turning.cancel()
            self._folder.status.unlink(missing_ok=True)
            self._folder.close()

    def _check(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self._settings.host, self._settings.port))
            except OSError as error:
                raise CommandError(
                    f"端口 {self._settings.port} 无法使用 / port {self._settings.port} cannot be used: "
                    f"{error.strerror}. Set HUIYING_PORT to another one."
                ) from None
        if self._settings.plan is not None:
            errors = [finding for finding in plan_findings(self._settings.plan) if finding.severity == "error"]
            if errors:
                raise CommandError(f"预案有 {len(errors)} 处错误 / the plan has {len(errors)} error(s): {errors[0]}")
        if self._settings.sentiment_model not in BUILT_IN_MODELS:
            # a model of the user's own is tried beforehand, in a process that takes its memory along
            self._say("huiying", f"正在试用情感模型 / trying the sentiment model {self._settings.sentiment_model} …")
            command = [sys.executable, "-m", "huiying", "score", "--model", self._settings.sentiment_model, "试"]
            tried = subprocess.run(command, capture_output=True, text=True, check=False)
            if tried.returncode:
                raise CommandError((tried.stderr.strip().splitlines() or ["the sentiment model cannot be used"])[-1])

    async def _start(self) -> None:
        redis_url = self._settings.redis_url or await self._start_redis()
        self._redis_url = redis_url
        ports = {part.name: free_port() for part in PARTS}
        ports["gateway"] = self._settings.port
        common = self._common(redis_url)
        urls = {
            f"HUIYING_{name.upper()}_URL": f"http://127.0.0.1:{ports[name]}"
            for name in ("ingest", "analysis", "cases", "notify")
        }
        # the services do not wait for each other, the workers read what analysis has made, the door opens last
        for wave in (("cases", "analysis", "ingest", "notify"), ("analysis-worker",), ("gateway",)):
            starts = []
            for part in (one for one in PARTS if one.name in wave):
                count = self._settings.workers if part.name == "analysis-worker" else 1
                for number in range(1, count + 1):
                    name = part.name if count == 1 else f"{part.name}-{number}"
                    port = ports[part.name] if number == 1 else free_port()
                    environment = {
                        **common,
                        "HUIYING_REPLICA": name,
                        "HUIYING_HOST": self._settings.host if part.name == "gateway" else "127.0.0.1",
                        "HUIYING_PORT": str(port),
                        **(urls if part.name == "gateway" else {}),
                        **self._ring_of(part.name),
                    }
                    starts.append(self._start_part(name, part.name, environment, port))
            outcomes = await asyncio.gather(*starts, return_exceptions=True)
            for outcome in outcomes:
                if isinstance(outcome, BaseException):
                    raise outcome
            if self._stop.is_set():
                return

    def _common(self, redis_url: str) -> dict[str, str]:
        settings, folder = self._settings, self._folder
        public = settings.public_url or f"http://{_reachable(settings.host)}:{settings.port}"
        common = {
            "HUIYING_SUPERVISED": "1",
            "HUIYING_DATA": str(folder.path),
            "HUIYING_DATABASE_URL": settings.database_url,
            "HUIYING_REDIS_URL": redis_url,
            "HUIYING_PUBLIC_URL": public,
            "HUIYING_ADMIN_NAME": settings.admin_name,
            "PYTHONUNBUFFERED": "1",
        }
        for name in ("internal-key", "author-key", "token-key"):
            variable = f"HUIYING_{name.upper().replace('-', '_')}"
            if not os.environ.get(variable) and not os.environ.get(f"{variable}_FILE"):
                common[variable] = folder.secret(name)
        if settings.plan is not None:
            common["HUIYING_PLAN"] = str(settings.plan.absolute())
        return common

    def _ring_of(self, part: str) -> dict[str, str]:
        """Return where a part reads the changing keys: the gateway what signs, the others what proves its word."""
        if not self._rings:
            return {}
        folder = self._folder.secrets
        if part != "gateway":
            return {"HUIYING_CONTEXT_KEYS_FILE": str(folder / "context_public_keys")}
        return {
            "HUIYING_CONTEXT_KEYS_FILE": str(folder / "context_keys"),
            "HUIYING_TOKEN_KEYS_FILE": str(folder / "token_keys"),
        }

    async def _start_redis(self) -> str:
        port, password = free_port(), self._folder.secret("redis-password")
        url = f"redis://:{password}@127.0.0.1:{port}/0"

        async def ready(pid: int) -> bool:
            import redis.asyncio as redis
            from redis.exceptions import RedisError

            client = redis.Redis.from_url(url, socket_timeout=2)
            try:
                info = await client.info()
            except (RedisError, OSError):
                return False
            finally:
                await client.aclose()
            return bool(info["process_id"] == pid and not info["loading"])

        config = valkey_config(self._folder.path / "redis", port, password, fsync=self._settings.redis_fsync)
        process = Process("redis", [str(valkey_binary()), "-"], {}, ready, self._say, standard_input=config.encode())
        await self._begin(process)
        return url

    async def _start_part(self, name: str, part: str, environment: dict[str, str], port: int) -> None:
        host = _reachable(environment["HUIYING_HOST"])

        async def ready(_pid: int) -> bool:
            try:
                return (await self._http.get(f"http://{host}:{port}/readyz")).status_code == 200
            except httpx.HTTPError:
                return False

        command = [sys.executable, "-m", "huiying", "serve", part]
        await self._begin(Process(name, command, environment, ready, self._say))

    async def _begin(self, process: Process) -> None:
        began = time.monotonic()
        self._processes.append(process)
        starting = asyncio.create_task(process.start(_READY_SECONDS))
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if self._stop.is_set():
            starting.cancel()
            return
        if not await starting:
            if self._failed:  # stopped because another part did not get ready
                return
            self._failed = True
            await self._stop_all()
            lines = "\n".join(f"  {line}" for line in process.last_lines)
            raise CommandError(f"{process.name} 未能就绪，系统已停止 / did not get ready; it said last:\n{lines}", 1)
        self._say(process.name, f"ready after {time.monotonic() - began:.1f} s")

    async def _stop_all(self) -> None:
        """Stop in the reverse of the order of the start: the door first, Redis last."""
        began = time.monotonic()
        self._say("huiying", "stopping")
        redis = [process for process in self._processes if process.name == "redis"]
        gateway = [process for process in self._processes if process.name == "gateway"]
        rest = [process for process in self._processes if process not in redis and process not in gateway]
        for group, until in ((gateway, 4.0), (rest, _STOP_SECONDS - _REDIS_SECONDS), (redis, _STOP_SECONDS)):
            left = max(0.5, until - (time.monotonic() - began))
            ended = await asyncio.gather(*(process.stop(left) for process in group))
            for process, clean in zip(group, ended, strict=True):
                if not clean:
                    self._say(
                        process.name, "did not stop in time and was killed; what it had in hand is taken up next time"
                    )
        self._say("huiying", f"stopped after {time.monotonic() - began:.1f} s")

    def _on_signal(self, number: int) -> None:
        """Stop; a second Ctrl-C a while after the first ends everything at once."""
        now = time.monotonic()
        if number == signal.SIGINT and self._told_at is not None and now - self._told_at > _IMPATIENCE:
            for process in self._processes:
                process.kill()
        self._told_at = self._told_at or now
        self._stop.set()

    def _keep_keys(self) -> None:
        """Make or follow the keys of contexts and access tokens, where the operator has given none."""
        if self._rings:
            for name in keep(self._folder.secrets, datetime.now(UTC), timedelta(days=self._settings.key_days)):
                self._say("huiying", f"a new key signs {name}s soon")

    async def _turn_keys(self) -> None:
        while True:
            await asyncio.sleep(_TURN_SECONDS)
            try:
                self._keep_keys()
            except CommandError as error:
                self._say("huiying", str(error))

    async def _keep_status(self) -> None:
        """Write which process is what, for operators and tests."""
        last = ""
        while True:
            status = {
                "supervisor": os.getpid(),
                "redis_url": getattr(self, "_redis_url", ""),
                "parts": {process.name: process.pid for process in self._processes},
                "restarts": {process.name: process.restarts for process in self._processes},
            }
            text = json.dumps(status, indent=1)
            if text != last:
                write_private(self._folder.status, text)
                last = text
            await asyncio.sleep(0.1)

    def _say(self, name: str, line: str) -> None:
        with suppress(OSError):  # a reader that has gone away (a closed terminal or pipe) must not stop the system
            if self._console.is_terminal:
                colour = self._colours.setdefault(name, _COLOURS[len(self._colours) % len(_COLOURS)])
                self._console.print(f"[{colour}]{name:<{self._width}}[/]│ {escape(line)}")
            else:
                print(f"{name:<{self._width}}| {line}", flush=True)

    def _greet(self) -> None:
        settings = self._settings
        address = f"http://{_reachable(settings.host)}:{settings.port}"
        where = "HUIYING_ADMIN_PASSWORD" if settings.admin_password else str(self._folder.admin_password)
        name = settings.admin_name
        program = os.path.relpath(sys.argv[0]) if Path(sys.argv[0]).name == "huiying" else "python -m huiying"
        folder = "" if self._folder.path == Path("data").absolute() else f"HUIYING_DATA={self._folder.path} "
        lines = (
            "",
            f"  Huiying 回应 已就绪 / is ready        {address}",
            f"  管理员 / administrator              {name}",
            f"  口令在 / its password is in          {where}",
            "",
            "  接着试 / try next (in another terminal):",
            f"    curl -s {address}/readyz",
            f"    TOKEN=$({folder}{program} token --url {address})",
            f'    curl -s {address}/api/v1/overview -H "Authorization: Bearer $TOKEN"',
            f"  接口文档 / API: {address}/docs      停止 / stop: Ctrl-C",
            "",
        )
        for line in lines:
            print(line, flush=True)


def _reachable(host: str) -> str:
    """Return the address at which this machine itself reaches a server bound to `host`."""
    return "127.0.0.1" if host == "0.0.0.0" else host
