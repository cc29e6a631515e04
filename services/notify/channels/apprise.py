"""apprise: services of the long tail, by its URLs.

apprise counts any HTTP 200 as sent and says no more than that, so what has a channel of its own here is refused (see
:data:`services.notify.ways.APPRISE_OWN`). It also reaches whatever host a URL names, so only schemas that are on the
list are used.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import structlog

from contracts.words import ChannelName
from services.notify.channels.addresses import AddressRefused, resolve_public
from services.notify.channels.channel import Letter
from services.notify.channels.limits import Limits
from services.notify.retries import Outcome
from services.notify.ways import apprise_schema

log = structlog.get_logger(__name__)

#: Schemas that lead to one known host each, whatever the URL says.
KNOWN_HOSTS: Final = frozenset({"discord", "line", "pbul", "pover", "pushplus", "schan", "slack", "tgram", "wxpusher"})
#: Letters under way at once; apprise blocks a thread for each.
_THREADS: Final = 4

# its log can hold what the services answer, and with it keys
logging.getLogger("apprise").addFilter(lambda _: False)
logging.getLogger("urllib3").setLevel(logging.WARNING)


class AppriseChannel:
    """Sends by apprise in threads of its own. The address is an apprise URL."""

    name = ChannelName.APPRISE
    limits = Limits()

    def __init__(self, timeout: float, further_schemas: frozenset[str], allowed_hosts: frozenset[str]) -> None:
        """Take the operator's schemas too; their hosts must be public or in `allowed_hosts`."""
        self._timeout, self._further, self._allowed = timeout, further_schemas, allowed_hosts
        self._threads: ThreadPoolExecutor | None = None
        self._loading: asyncio.Future[None]

    def unavailable(self) -> str | None:
        """Return None: the address says all that is needed."""
        return None

    def preview(self, letter: Letter) -> list[str]:
        """Return subject and text; apprise itself splits what a service does not take whole."""
        return [letter.whole]

    async def close(self) -> None:
        """Let go of the threads; those under way end by their own time limits."""
        if self._threads is not None:
            self._threads.shutdown(wait=False)
            self._threads = None

    async def send(self, letter: Letter) -> Outcome:
        """Send once. apprise does not say why it failed, so every failure may be better next time."""
        try:
            schema = apprise_schema(letter.address)
        except ValueError as error:
            return Outcome.never(str(error))
        if schema not in KNOWN_HOSTS | self._further:
            return Outcome.never(f"apprise 的 {schema}:// 不在允许之列（HUIYING_APPRISE_SCHEMAS）")
        given_up = threading.Event()
        try:
            async with asyncio.timeout(self._timeout):
                threads = await self._loaded()
        except TimeoutError:
            return Outcome.waiting("apprise 正在载入", 1.0)
        try:
            async with asyncio.timeout(self._timeout):
                if schema not in KNOWN_HOSTS:
                    await resolve_public(letter.address, self._allowed)
                sent = await asyncio.get_running_loop().run_in_executor(threads, self._notify, letter, given_up)
        except AddressRefused as error:
            return Outcome.never(str(error))
        except TimeoutError:
            return Outcome.later(f"apprise 的 {schema}:// {self._timeout:g} 秒内未送出")
        except OSError as error:
            return Outcome.later(f"apprise 的 {schema}:// 无法连接：{type(error).__name__}")
        finally:
            given_up.set()
        if sent is None:
            return Outcome.never(f"apprise 不认识这个 {schema}:// 地址")
        return Outcome.done() if sent else Outcome.later(f"apprise 的 {schema}:// 未送达")

    async def _loaded(self) -> ThreadPoolExecutor:
        """Return the threads, once apprise with its many services is loaded: when it is first needed."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_THREADS, "apprise")
            self._loading = asyncio.get_running_loop().run_in_executor(self._threads, _load)
        await asyncio.shield(self._loading)
        return self._threads

    def _notify(self, letter: Letter, given_up: threading.Event) -> bool | None:
        """Send in this thread, unless nobody waits for it any more; None where the URL is no good."""
        import apprise

        if given_up.is_set():
            return False
        service: Any = apprise.Apprise.instantiate(letter.address, suppress_exceptions=True)
        if service is None:
            return None
        # a URL may ask for longer waits, and to be led on to an address that nobody has looked at
        service.socket_connect_timeout = service.socket_read_timeout = self._timeout
        service.redirects = False
        try:
            return bool(service.notify(body=letter.text, title=letter.subject, body_format=apprise.NotifyFormat.TEXT))
        except Exception as error:  # a plugin may fail in any way; only the kind is told, for the words can hold keys
            log.warning("apprise.crashed", service=service.service_name, error=type(error).__name__)
            return False


def _load() -> None:
    import apprise

    apprise.Apprise.instantiate("json://localhost")
