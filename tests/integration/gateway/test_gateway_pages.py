"""What the gateway shows of the whole: state, metrics, the API document and the pages."""

from __future__ import annotations

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.integration.gateway.conftest import OpenGateway
from tests.integration.gateway.harness import Gateway, Upstream, reserve, serving


async def test_ready_when_everything_answers_and_each_part_is_named(gateway: Gateway) -> None:
    answer = await gateway.http.get("/readyz")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["ready"] is True
    assert set(body["services"]) == {"gateway", "ingest", "analysis", "analysis-worker", "cases", "notify"}
    assert body["services"]["gateway"]["database"]["ok"] is True
    assert body["services"]["gateway"]["redis"]["ok"] is True


async def test_not_ready_while_a_service_is_away_or_says_so(open_gateway: OpenGateway) -> None:
    async with open_gateway(notify_url=f"http://127.0.0.1:{reserve()}") as gateway:
        answer = await gateway.http.get("/readyz")
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert answer.json()["services"]["notify"]["reachable"]["ok"] is False
    async with open_gateway() as gateway:
        gateway.upstream.ready = (503, b'{"ready": false, "checks": {"database": {"ok": false, "detail": "away"}}}')
        answer = await gateway.http.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["services"]["cases"]["database"] == {"ok": False, "detail": "away"}


async def test_metrics_of_every_part_are_one_exposition(gateway: Gateway) -> None:
    text = (await gateway.http.get("/metrics")).text
    names = re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)
    assert len(names) == len(set(names)), "no family stands twice"
    families = {family.name: family for family in text_string_to_metric_families(text)}
    told = {sample.labels["service"] for sample in families["demo"].samples}
    assert told == {"ingest", "analysis", "cases", "notify"}
    assert all("service" in sample.labels for family in families.values() for sample in family.samples)


async def test_one_api_document_of_all_services(gateway: Gateway) -> None:
    document = (await gateway.http.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    wanted = {"/api/v1/auth/token", "/api/v1/users", "/api/v1/stream", "/api/v1/cases/{case_id}"}
    assert wanted <= set(document["paths"])
    assert set(document["components"]["securitySchemes"]) == {"bearer", "apiKey"}
    assert document["paths"]["/api/v1/auth/token"]["post"]["security"] == []
    ids = [op["operationId"] for item in document["paths"].values() for op in item.values()]
    assert len(ids) == len(set(ids))
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', (await gateway.http.get("/openapi.json")).text))
    assert named <= set(document["components"]["schemas"]), "every reference leads somewhere"


async def test_the_pages_need_no_login_and_nothing_from_elsewhere(gateway: Gateway) -> None:
    for path in ("/", "/docs"):
        page = await gateway.http.get(path)
        assert page.status_code == 200
        assert "http://" not in page.text
        assert "https://" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        for used in re.findall(r'(?:src|href)="(/docs/[^"]+)"', page.text):
            assert (await gateway.http.get(used)).status_code == 200, used
    assert (await gateway.http.get("/livez")).status_code == 200


async def test_the_generated_password_is_kept_for_the_owner_alone_and_survives_a_restart(
    open_gateway: OpenGateway, tmp_path: Path
) -> None:
    async with open_gateway(admin_password="") as gateway:
        path = tmp_path / "admin-password"
        assert path.stat().st_mode & 0o777 == 0o600
        password = path.read_text(encoding="utf-8").strip()
        assert len(password) >= 20
        await gateway.log_in(password=password)
    async with open_gateway(admin_password="") as gateway:
        assert path.read_text(encoding="utf-8").strip() == password
        await gateway.log_in(password=password)
    async with open_gateway(admin_password="another-word-from-outside") as gateway:
        await gateway.log_in(password="another-word-from-outside")
        assert (await gateway.token(username="admin", password=password)).status_code == 401


async def test_not_ready_without_a_live_worker_or_with_an_answer_that_says_nothing(gateway: Gateway) -> None:
    gateway.upstream.ready = (200, b'{"ready": true, "checks": {"workers": {"ok": true, "detail": "0 live"}}}')
    answer = await gateway.http.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["services"]["analysis-worker"]["live"] == {"ok": False, "detail": "0 live"}
    for odd in (b"<html>a page</html>", b"[]", b"{}"):
        gateway.upstream.ready = (200, odd)
        assert (await gateway.http.get("/readyz")).status_code == 503


async def test_one_living_address_of_a_service_is_enough_to_be_ready(open_gateway: OpenGateway) -> None:
    with serving(Upstream().app(), reserve()) as living:
        async with open_gateway(cases_url=f"http://127.0.0.1:{reserve()},{living}") as gateway:
            answer = await gateway.http.get("/readyz")
            assert answer.status_code == 200, answer.text
            assert answer.json()["services"]["cases"]["workers"]["ok"] is True


async def test_a_part_whose_metrics_cannot_be_read_does_not_blind_the_rest(gateway: Gateway) -> None:
    gateway.upstream.metrics = "this is } not { metrics\n"
    answer = await gateway.http.get("/metrics")
    assert answer.status_code == 200
    assert 'service="gateway"' in answer.text
