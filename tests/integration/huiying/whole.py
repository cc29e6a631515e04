"""Every part's app with a migrated, empty database behind it and no loop running: what a stranger can ask for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from gateway.app import assemble as assemble_gateway
from gateway.door import Door
from gateway.models import Base as GatewayBase
from gateway.settings import GatewaySettings
from kit import migrations
from kit.auth import CONTEXT_HEADER, ContextSigner, Principal, actions_of
from kit.runtime import Runtime
from kit.testing import INTERNAL_KEY
from services.analysis.app import assemble as assemble_analysis
from services.analysis.models import Base as AnalysisBase
from services.analysis.settings import AnalysisSettings
from services.cases.app import assemble as assemble_cases
from services.cases.models import Base as CasesBase
from services.cases.settings import CasesSettings
from services.ingest.app import assemble as assemble_ingest
from services.ingest.models import Base as IngestBase
from services.ingest.settings import IngestSettings
from services.notify.app import assemble as assemble_notify
from services.notify.models import Base as NotifyBase
from services.notify.settings import NotifySettings
from tests.integration.analysis.harness import WordScorer
from tests.integration.gateway.harness import ADMIN_PASSWORD, TOKEN_KEY

_SIGNER: Final = ContextSigner(INTERNAL_KEY)
_PARAMETER: Final = re.compile(r"\{(\w+)[^}]*\}")

#: settings, tables, and how the part is put together
PARTS: Final[dict[str, tuple[Any, Any, Callable[[Runtime, Any], FastAPI]]]] = {
    "gateway": (GatewaySettings, GatewayBase, lambda runtime, settings: _own(assemble_gateway(runtime, settings))),
    "ingest": (IngestSettings, IngestBase, assemble_ingest),
    "analysis": (AnalysisSettings, AnalysisBase, lambda *given: assemble_analysis(*given, WordScorer())),
    "cases": (CasesSettings, CasesBase, assemble_cases),
    "notify": (NotifySettings, NotifyBase, assemble_notify),
}
_MORE: Final[dict[str, dict[str, Any]]] = {
    "gateway": {"token_key": TOKEN_KEY, "admin_password": ADMIN_PASSWORD},
    "ingest": {"author_key": "a-key-of-the-tests-for-authors-0123456789"},
}


def _own(door: Door) -> FastAPI:
    assert isinstance(door.own, FastAPI)
    return door.own


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    actions: frozenset[str]

    @property
    def public(self) -> bool:
        """Tell whether it is open to strangers by its path."""
        return self.path.startswith("/public/")

    def filled(self, value: str = "none") -> str:
        """Return the path with `value` for whatever it names."""
        return _PARAMETER.sub(value, self.path)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the system, to be called as the gateway calls it."""

    name: str
    app: FastAPI
    runtime: Runtime
    http: httpx.AsyncClient

    def operations(self) -> Iterator[Operation]:
        """Yield every operation that the part offers."""
        for route in iter_route_contexts(self.app.routes):
            dependant = getattr(route, "dependant", None)
            if dependant is not None and route.path not in ("/livez", "/readyz", "/metrics"):
                for method in sorted(route.methods - {"HEAD"}):
                    yield Operation(method, route.path, actions_of(dependant))

    async def call(self, operation: Operation, caller: Principal | None, **more: Any) -> httpx.Response:
        """Call an operation on behalf of somebody, or past the gateway."""
        headers = {CONTEXT_HEADER: _SIGNER.sign(caller)} if caller else {}
        return await self.http.request(operation.method, more.pop("path", operation.filled()), headers=headers, **more)


async def part(name: str, values: Mapping[str, Any], *, migrated: bool = True) -> Part:
    """Return a part on the database that `values` name; close its client and stop its runtime afterwards."""
    settings_type, base, assemble = PARTS[name]
    settings = settings_type(**{**values, **_MORE.get(name, {})})
    runtime = Runtime(settings, name, base)
    if migrated:
        await migrations.upgrade(settings.database_url_for(name), name, base.metadata)
    app = assemble(runtime, settings)
    http = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url="http://inside", timeout=60
    )
    return Part(name, app, runtime, http)
