"""``huiying serve PART``: one part alone, against a given Redis and database."""

from __future__ import annotations

import os
import sys
from types import FrameType

import uvicorn
from pydantic import ValidationError

from gateway.connections.guard import Guard
from gateway.connections.protocol import guarded
from gateway.connections.settings import ConnectionSettings
from huiying.errors import CommandError
from huiying.parts import PARTS, part
from kit.embedded import die_with_parent
from kit.garbage import collect_rarely


class _Server(uvicorn.Server):
    """Tells the app at the first sign of the end, so that streams that never end by themselves do."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        runtime = getattr(getattr(self.config.app, "state", None), "runtime", None)
        if runtime is not None:
            runtime.leaving.set()
        super().handle_exit(sig, frame)


def serve(name: str) -> None:
    """Run one part until SIGTERM or Ctrl-C; raises :class:`CommandError` where it cannot start."""
    chosen = part(name)
    if chosen is None:
        raise CommandError(f"没有名为 {name} 的部件 / no such part: {name} ({', '.join(one.name for one in PARTS)})")
    missing = [
        variable
        for variable in ("HUIYING_REDIS_URL", "HUIYING_INTERNAL_KEY")
        if not os.environ.get(variable) and not os.environ.get(f"{variable}_FILE")
    ]
    if missing:
        raise CommandError(f"缺少环境变量 / set {' and '.join(missing)} (or the same with _FILE), or run `huiying up`")
    if os.environ.get("HUIYING_SUPERVISED"):
        die_with_parent()
    sys.path.insert(0, os.getcwd())
    try:
        app = uvicorn.importer.import_from_string(chosen.factory)()
        # whoever comes in from outside is a stranger; the services have only the gateway before them
        http = guarded(Guard(ConnectionSettings())) if name == "gateway" else "auto"
    except ValidationError as error:
        fields = ", ".join(f"HUIYING_{str(item['loc'][0]).upper()} ({item['msg']})" for item in error.errors())
        raise CommandError(f"{name}: 配置有误 / settings: {fields}") from None
    except ValueError as error:
        raise CommandError(f"{name}: {error}") from None
    server = _Server(
        uvicorn.Config(
            app,
            http=http,
            ws="none",
            host=os.environ.get("HUIYING_HOST", "127.0.0.1"),
            port=int(os.environ.get("HUIYING_PORT", "8000")),
            log_config=None,
            access_log=False,
            server_header=False,
            # who calls is what the connection says, unless an operator names the proxies that may say otherwise
            proxy_headers=bool(os.environ.get("FORWARDED_ALLOW_IPS")),
            date_header=True,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=3,
        )
    )
    collect_rarely()
    server.run()
    if not server.started:
        raise CommandError(f"{name} 未能启动 / did not start", 1)
