"""Which service answers which path, and which paths are open."""

from __future__ import annotations

import pytest

from gateway.routes import needs_login, service_for


@pytest.mark.parametrize(
    ("method", "path", "service"),
    [
        ("POST", "/api/v1/posts", "ingest"),
        ("GET", "/api/v1/posts", "analysis"),
        ("HEAD", "/api/v1/posts/0190", "analysis"),
        ("GET", "/api/v1/sources/1/health", "ingest"),
        ("POST", "/api/v1/imports", "ingest"),
        ("GET", "/api/v1/coverage", "ingest"),
        ("POST", "/api/v1/sentiment", "analysis"),
        ("GET", "/api/v1/posts/counts", "analysis"),
        ("GET", "/api/v1/posts/0190/evidence", "ingest"),
        ("POST", "/api/v1/topics/test", "analysis"),
        ("POST", "/api/v1/topics/packs/puer-resettlement/load", "analysis"),
        ("POST", "/api/v1/events/1/merge", "analysis"),
        ("GET", "/api/v1/events/1/concerns", "analysis"),
        ("GET", "/api/v1/concerns", "analysis"),
        ("POST", "/api/v1/exports", "analysis"),
        ("GET", "/api/v1/exports/1/file", "analysis"),
        ("GET", "/api/v1/trends", "analysis"),
        ("GET", "/api/v1/overview", "analysis"),
        ("GET", "/api/v1/plan", "cases"),
        ("POST", "/api/v1/plans/check", "cases"),
        ("POST", "/api/v1/alerts/1/dismiss", "cases"),
        ("GET", "/api/v1/cases/1/timeline/verify", "cases"),
        ("POST", "/api/v1/tasks/bulk", "cases"),
        ("POST", "/api/v1/handovers/1/sign", "cases"),
        ("GET", "/public/v1/statements/1", "cases"),
        ("HEAD", "/public/v1/statements.json", "cases"),
        ("GET", "/public/v1/statements.atom", "cases"),
        ("GET", "/public/v1/widget.js", "cases"),
        ("GET", "/public/v1/widget/1.0.0.js", "cases"),
        ("POST", "/api/v1/notifications/1/acknowledge", "notify"),
        ("GET", "/api/v1/rosters/on-duty", "notify"),
        ("POST", "/public/v1/acknowledgements/abc", "notify"),
        ("GET", "/api/v1/users", "gateway"),
        ("GET", "/api/v1/stream", "gateway"),
        ("GET", "/api/v1/casesX", "gateway"),
        ("GET", "/api/v1/planning", "gateway"),
        ("GET", "/", "gateway"),
    ],
)
def test_a_path_leads_to_its_service(method: str, path: str, service: str) -> None:
    assert service_for(method, path) == service


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/start.js", "/openapi.json", "/readyz", "/public/v1/statements"])
def test_open_paths(path: str) -> None:
    assert not needs_login(path)


@pytest.mark.parametrize(
    "path",
    ["/api/v1/me", "/api/v1/auth/tokens", "/api/v1/cases", "/publicity", "/docsx", "//", "/metrics/x", "/nothing"],
)
def test_whatever_is_not_known_to_be_open_is_closed(path: str) -> None:
    assert needs_login(path)
