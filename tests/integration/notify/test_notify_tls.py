"""Webhooks over TLS: the connection goes to the checked address, the certificate is held against the host name."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kit.embedded import free_port
from kit.ids import new_id
from services.notify.channels.calls import Caller
from services.notify.channels.channel import Letter
from services.notify.channels.webhook import WebhookChannel
from tests.integration.notify.harness import SECRET


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Give a file with a key and a self-signed certificate for "localhost" alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "localhost.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


async def test_host_name_is_kept_and_the_certificate_checked_against_it(certificate: Path) -> None:
    asked: list[tuple[str | None, str]] = []
    names: list[str | None] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append((request.headers.get("Host"), request.path_qs))
        return web.Response(status=204)

    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate)
    server.sni_callback = lambda _connection, name, _context: names.append(name)
    app = web.Application()
    app.router.add_post("/hook", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=server).start()
    trusting = ssl.create_default_context(cafile=str(certificate))
    channel = WebhookChannel(Caller(5, frozenset({"localhost", "127.0.0.1"}), trusting))
    try:
        sent = await channel.send(_letter(f"https://localhost:{port}/hook?a=1"))
        assert sent.sent, sent
        assert asked == [(f"localhost:{port}", "/hook?a=1")]
        assert names == ["localhost"]
        wrong_name = await channel.send(_letter(f"https://127.0.0.1:{port}/hook"))
        assert not wrong_name.sent
        stranger = await WebhookChannel(Caller(5, frozenset({"localhost"}))).send(
            _letter(f"https://localhost:{port}/hook")
        )
        assert not stranger.sent
        assert len(asked) == 1
    finally:
        await runner.cleanup()


def _letter(url: str) -> Letter:
    return Letter(new_id(), "张三", url, "主题", "正文", datetime.now(UTC), secret=SECRET)
