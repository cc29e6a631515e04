"""Which service answers which path. The longest matching prefix of whole segments wins; `*` stands for an id."""

from __future__ import annotations

from typing import Final

#: (method or "*", path prefix, service); "gateway" answers what it knows itself.
ROUTES: Final[tuple[tuple[str, str, str], ...]] = (
    ("POST", "/api/v1/posts", "ingest"),
    ("GET", "/api/v1/posts/*/evidence", "ingest"),
    ("*", "/api/v1/adapters", "ingest"),
    ("*", "/api/v1/retention", "ingest"),
    ("*", "/api/v1/hooks", "ingest"),
    ("*", "/public/v1/hooks", "ingest"),
    ("*", "/api/v1/sources", "ingest"),
    ("*", "/api/v1/coverage", "ingest"),
    ("*", "/api/v1/imports", "ingest"),
    ("*", "/api/v1/watches", "ingest"),
    ("GET", "/api/v1/posts", "analysis"),
    ("*", "/api/v1/sentiment", "analysis"),
    ("*", "/api/v1/topics", "analysis"),
    ("*", "/api/v1/events", "analysis"),
    ("*", "/api/v1/concerns", "analysis"),
    ("*", "/api/v1/trends", "analysis"),
    ("*", "/api/v1/overview", "analysis"),
    ("*", "/api/v1/exports", "analysis"),
    ("*", "/api/v1/plan", "cases"),
    ("*", "/api/v1/plans", "cases"),
    ("*", "/api/v1/alerts", "cases"),
    ("*", "/api/v1/cases", "cases"),
    ("*", "/api/v1/tasks", "cases"),
    ("*", "/api/v1/handovers", "cases"),
    ("*", "/api/v1/delegations", "cases"),
    ("*", "/api/v1/briefings", "cases"),
    ("*", "/api/v1/drills", "cases"),
    ("*", "/public/v1/statements", "cases"),
    ("*", "/public/v1/statements.json", "cases"),
    ("*", "/public/v1/statements.rss", "cases"),
    ("*", "/public/v1/statements.atom", "cases"),
    ("*", "/public/v1/widget", "cases"),
    ("*", "/public/v1/widget.js", "cases"),
    ("*", "/api/v1/contacts", "notify"),
    ("*", "/api/v1/units", "notify"),
    ("*", "/api/v1/subscriptions", "notify"),
    ("*", "/api/v1/rosters", "notify"),
    ("*", "/api/v1/channels", "notify"),
    ("*", "/api/v1/notifications", "notify"),
    ("*", "/api/v1/webhooks", "notify"),
    ("*", "/api/v1/templates", "notify"),
    ("*", "/api/v1/escalation-policies", "notify"),
    ("*", "/api/v1/escalations", "notify"),
    ("*", "/api/v1/communication-checks", "notify"),
    ("*", "/public/v1/acknowledgements", "notify"),
    ("*", "/public/v1/calendars", "notify"),
)

#: Paths of the gateway's own that need no login.
OPEN: Final = ("/", "/docs", "/openapi.json", "/livez", "/readyz", "/metrics", "/favicon.ico")

#: calls that carry files, which may be larger than anything else
UPLOADS: Final = frozenset({"/api/v1/imports", "/api/v1/imports/preview"})

#: index of the one segment of a path (an id, after /api/v1/things/) that `*` may stand for
_VARIABLE: Final = 4

_BY_PREFIX: Final = {(method, prefix): service for method, prefix, service in ROUTES}


def service_for(method: str, path: str) -> str:
    """Return the service that answers `method path`; "gateway" where none of the others does."""
    method = "GET" if method == "HEAD" else method
    parts = path.split("/")
    for length in range(len(parts), 1, -1):
        prefix = "/".join(parts[:length])
        wild = "/".join([*parts[:_VARIABLE], "*", *parts[_VARIABLE + 1 : length]]) if length > _VARIABLE + 1 else prefix
        for path_ in (prefix, wild):
            service = _BY_PREFIX.get((method, path_)) or _BY_PREFIX.get(("*", path_))
            if service is not None:
                return service
    return "gateway"


def needs_login(path: str) -> bool:
    """Tell whether a path is closed to strangers. What is not known to be open is closed."""
    if path in OPEN or path in ("/api/v1/auth/token", "/api/v1/auth/oidc"):
        return False
    return not path.startswith(("/public/", "/docs/", "/api/v1/auth/oidc/"))
