"""The mark of the mock: every answer says that what it tells is fictional."""

from __future__ import annotations

from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: on every answer of ``huiying mock``, so that no front end takes it for the real system
HEADER: Final = b"x-huiying-mock"
_VALUE: Final = b"fictional-data"


class Marked:
    """An ASGI app whose answers all bear :data:`HEADER`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.state: Any = getattr(app, "state", None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (HEADER, _VALUE)]}
            await send(message)

        await self._app(scope, receive, answer)
