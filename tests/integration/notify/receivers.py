"""Local receivers that behave like the vendors' services: their answers, their checks, and their bad days.

Each checks what it gets as the vendor's documents say, by code of its own; what fails a check is answered as the vendor
would and is kept in `faults`.
"""

from __future__ import annotations

import asyncio
import base64
import calendar
import hashlib
import hmac
import json
import struct
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote

from aiohttp import web
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwt
from joserfc.jwk import ECKey

#: Bodies that no vendor promises, by name.
GARBAGE: dict[str, bytes] = {
    "html": b"<html><body>It works!</body></html>",
    "empty": b"",
    "list": b"[0]",
    "no_code": b'{"hello": "world"}',
    "null_code": b'{"errcode": null, "code": null, "Code": null, "Response": null, "result": null}',
    "boolean_code": b'{"errcode": false, "code": false, "Code": false, "Response": false, "result": []}',
    "nested": b'{"errcode":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "not_text": b"\xff\xfe\x00",
    "too_long": b'{"errcode": 0, "code": 0, "Code": "OK", "errmsg": "' + b"x" * 70_000 + b'"}',
}


@dataclass
class Call:
    """One call as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


@dataclass
class Site(ABC):
    """A vendor's service. `behaviours` are used up one a message; without any, every message is taken.

    Behaviours: "good", "final", "later", "closed" (by the vendor's own codes), "429", "503", "500 good" (the status
    says no, the body yes), "redirect", "slow", "cut" (in the middle of the answer), and the names of GARBAGE.
    """

    base: str = ""
    behaviours: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    #: the channel's name, where to send and by which secret; whatever may not show up in reasons and logs
    channel = ""
    address = ""
    secret: ClassVar[str | None] = None
    secrets: ClassVar[tuple[str, ...]] = ()
    #: where the status alone decides, garbage after it is no fault
    reads_body = True
    #: seconds that the vendor's "later" asks for
    asks: ClassVar[float | None] = 60

    def __post_init__(self) -> None:
        #: set at the end, so that nobody hangs on
        self.released = asyncio.Event()

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """Return the settings that lead here."""

    @abstractmethod
    def check(self, call: Call) -> str | None:
        """Return what is wrong with a message, or None."""

    @abstractmethod
    def answer(self, behaviour: str) -> tuple[int, Any]:
        """Return status and JSON for "good", "final", "later", "closed" and "forged"."""

    def answered_beside(self, call: Call) -> web.Response | None:
        """Answer a call that hands in no message."""
        return None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Take a call, check it, and answer."""
        body = await request.read()
        query = dict(parse_qsl(request.query_string, keep_blank_values=True))
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = Call(request.method, request.raw_path.partition("?")[0], query, headers, body)
        beside = self.answered_beside(call)
        if beside is not None:
            return beside
        self.calls.append(call)
        fault = self.check(call)
        if fault is not None:
            self.faults.append(fault)
            return self._json(*self.answer("forged"))
        behaviour = self.behaviours.pop(0) if self.behaviours else "good"
        match behaviour:
            case "429":
                return web.Response(status=429, headers={"Retry-After": "7"}, text="too many")
            case "503":
                return web.Response(status=503, text="<h1>unavailable</h1>", content_type="text/html")
            case "500 good":
                return self._json(500, self.answer("good")[1])
            case "redirect":
                return web.Response(status=302, headers={"Location": f"{self.base}/elsewhere"})
            case "slow":
                await self.released.wait()
                return self._json(*self.answer("good"))
            case "cut":
                response = web.StreamResponse(headers={"Content-Length": "100000"})
                await response.prepare(request)
                await response.write(b'{"errcode": 0, "code": 0')
                assert request.transport is not None
                request.transport.abort()
                return response
            case str() if behaviour in GARBAGE:
                return web.Response(body=GARBAGE[behaviour], content_type="application/json")
        return self._json(*self.answer(behaviour))

    @staticmethod
    def _json(status: int, body: Any) -> web.Response:
        return web.Response(status=status, text=json.dumps(body, ensure_ascii=False), content_type="application/json")


class WeComBotSite(Site):
    """企业微信群机器人."""

    channel, address = "wecom_bot", "693a91f6-7aoc-4bc4-97a0-0ec2sifa5aaa"
    secrets = (address,)
    form, most = "text", 2048

    def settings(self) -> dict[str, Any]:
        return {"wecom_url": self.base, "wecom_bot_format": self.form}

    def check(self, call: Call) -> str | None:
        content = call.json()[self.form]["content"]
        if (call.path, call.query) != ("/cgi-bin/webhook/send", {"key": self.address}):
            return f"wrong address {call.path}"
        if call.json() != {"msgtype": self.form, self.form: {"content": content}}:
            return "wrong form"
        return None if 0 < len(content.encode()) <= self.most else "too long"

    def answer(self, behaviour: str) -> tuple[int, Any]:
        code = {"good": 0, "final": 40058, "later": 45009, "closed": 93000, "forged": 93000}[behaviour]
        return 200, {"errcode": code, "errmsg": f"key {self.address}, more info at https://open.work.weixin.qq.com"}


class WeComBotMarkdownSite(WeComBotSite):
    """企业微信群机器人, in markdown."""

    form, most = "markdown", 4096


class WeComAppSite(Site):
    """企业微信应用消息. Tokens are good until `stale` is set; then a new one is asked for."""

    channel, address = "wecom_app", "zhangsan"
    corp_secret = "an-apps-secret-0123456789"
    secrets = (corp_secret, "token-1", "token-2")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.given = 0
        self.stale = False
        self.invalid_user = False
        self.token_answer: dict[str, Any] | None = None

    def settings(self) -> dict[str, Any]:
        return {
            "wecom_url": self.base,
            "wecom_corp_id": "ww1",
            "wecom_agent_id": "1000002",
            "wecom_secret": self.corp_secret,
        }

    def answered_beside(self, call: Call) -> web.Response | None:
        if call.path != "/cgi-bin/gettoken":
            return None
        if self.token_answer is not None:
            return self._json(200, self.token_answer)
        if call.query != {"corpid": "ww1", "corpsecret": self.corp_secret}:
            return self._json(200, {"errcode": 40001, "errmsg": f"bad {call.query}"})
        self.given += 1
        self.stale = False
        return self._json(
            200, {"errcode": 0, "errmsg": "ok", "access_token": f"token-{self.given}", "expires_in": 7200}
        )

    def check(self, call: Call) -> str | None:
        message = call.json()
        if (call.path, list(call.query)) != ("/cgi-bin/message/send", ["access_token"]):
            return f"wrong address {call.path}"
        if (message["touser"], message["msgtype"], message["agentid"]) != (self.address, "text", 1000002):
            return "wrong form"
        return None if 0 < len(message["text"]["content"].encode()) <= 2048 else "too long"

    def answer(self, behaviour: str) -> tuple[int, Any]:
        if self.stale or self.calls[-1].query.get("access_token") != f"token-{self.given}":
            return 200, {"errcode": 42001, "errmsg": "access_token expired"}
        if behaviour == "good" and self.invalid_user:
            return 200, {"errcode": 0, "errmsg": "ok", "invaliduser": self.address}
        code = {"good": 0, "final": 81013, "later": 45009, "forged": 40008}[behaviour]
        return 200, {"errcode": code, "errmsg": f"token-{self.given} {self.corp_secret} {self.address}"}


class DingTalkSite(Site):
    """钉钉群机器人, signed."""

    channel, address, secret = "dingtalk", "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "SECabcdef0123456789abcdef"
    secrets = (address, "SECabcdef0123456789abcdef")
    asks = 600

    def settings(self) -> dict[str, Any]:
        return {"dingtalk_url": self.base}

    def check(self, call: Call) -> str | None:
        if call.path != "/robot/send" or call.query.get("access_token") != self.address:
            return f"wrong address {call.path}"
        if self.secret is not None:
            at = call.query["timestamp"]
            made = hmac.new(self.secret.encode(), f"{at}\n{self.secret}".encode(), digestmod="sha256").digest()
            if base64.b64decode(call.query["sign"]) != made or abs(int(at) / 1000 - time.time()) > 3600:
                return "wrong signature"
        elif set(call.query) != {"access_token"}:
            return "signed without a secret"
        if call.json() != {"msgtype": "text", "text": {"content": call.json()["text"]["content"]}}:
            return "wrong form"
        return None if len(call.body) <= 20_000 else "too long"

    def answer(self, behaviour: str) -> tuple[int, Any]:
        code = {"good": 0, "final": 310000, "later": 130101, "closed": 400106, "forged": 310000}[behaviour]
        return 200, {"errcode": code, "errmsg": f"token {self.address} sign {self.secret} not match"}


class DingTalkUnsignedSite(DingTalkSite):
    """钉钉群机器人 that asks for a keyword in the place of a signature."""

    secret, secrets = None, (DingTalkSite.address,)


class FeishuSite(Site):
    """飞书群机器人, signed, with cards where there is a link."""

    channel, address, secret = "feishu", "9b7f2c1e-1111-4a2b-8c3d-222233334444", "feishu-signing-secret"
    secrets = (address, "feishu-signing-secret")

    def settings(self) -> dict[str, Any]:
        return {"feishu_url": self.base}

    def check(self, call: Call) -> str | None:
        message = call.json()
        if call.path != f"/open-apis/bot/v2/hook/{self.address}":
            return f"wrong address {call.path}"
        at, sign = message.pop("timestamp"), base64.b64decode(message.pop("sign"))
        made = hmac.new(f"{at}\n{self.secret}".encode(), digestmod="sha256").digest()
        if sign != made or abs(int(at) - time.time()) > 3600:
            return "wrong signature"
        if message["msg_type"] == "text":
            whole = set(message) == {"msg_type", "content"} and isinstance(message["content"]["text"], str)
        else:
            elements = message["card"]["elements"]
            whole = message["msg_type"] == "interactive" and elements[0]["text"]["tag"] == "plain_text"
        if not whole:
            return "wrong form"
        return None if len(call.body) <= 20 * 1024 else "too long"

    def answer(self, behaviour: str) -> tuple[int, Any]:
        code = {"good": 0, "final": 19024, "later": 11232, "closed": 19001, "forged": 19021}[behaviour]
        return 200, {"code": code, "msg": f"{self.address} {self.secret}", "data": {}}


class OldFeishuSite(FeishuSite):
    """飞书群机器人 behind a gateway that still answers in the old form."""

    def answer(self, behaviour: str) -> tuple[int, Any]:
        status, body = super().answer(behaviour)
        return status, {"StatusCode": body["code"], "StatusMessage": body["msg"]}


class AliyunSite(Site):
    """阿里云短信, ACS3-HMAC-SHA256."""

    channel, address = "sms", "13800001234"
    key_id, key_secret = "LTAI5tAliyunKeyId", "aliyun-access-key-secret"
    secrets = (key_secret, key_id, address)

    def settings(self) -> dict[str, Any]:
        return {
            "sms_provider": "aliyun",
            "aliyun_sms_url": self.base,
            "aliyun_access_key_id": self.key_id,
            "aliyun_access_key_secret": self.key_secret,
            "sms_sign_name": "普洱移民局",
            "sms_template": "SMS_154950909",
            "sms_params": "title=subject,number=case_number",
        }

    def check(self, call: Call) -> str | None:
        scheme, _, rest = call.headers["authorization"].partition(" ")
        parts = dict(part.partition("=")[::2] for part in rest.split(","))
        named = parts["SignedHeaders"].split(";")
        wanted = {name for name in call.headers if name.startswith("x-acs-")} | {"host"}
        if (scheme, parts["Credential"]) != ("ACS3-HMAC-SHA256", self.key_id) or not wanted <= set(named):
            return "wrong Authorization"
        encoded = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in sorted(call.query.items()))
        digest = hashlib.sha256(call.body).hexdigest()
        headers = "".join(f"{name}:{call.headers[name]}\n" for name in named)
        canonical = f"{call.method}\n{call.path}\n{encoded}\n{headers}\n{';'.join(named)}\n{digest}"
        text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
        if parts["Signature"] != hmac.new(self.key_secret.encode(), text.encode(), "sha256").hexdigest():
            return "wrong signature"
        at = calendar.timegm(time.strptime(call.headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ"))
        if abs(at - time.time()) > 900:
            return "wrong time"
        if (call.headers["x-acs-action"], call.headers["x-acs-version"]) != ("SendSms", "2017-05-25"):
            return "wrong action"
        params = json.loads(call.query["TemplateParam"])
        if set(params) != {"title", "number"} or not all(0 < len(value) <= 20 for value in params.values()):
            return "wrong parameters"
        return None if call.query["PhoneNumbers"] == self.address else "wrong number"

    def answer(self, behaviour: str) -> tuple[int, Any]:
        code = {
            "good": "OK",
            "final": "isv.SMS_SIGNATURE_ILLEGAL",
            "later": "isv.BUSINESS_LIMIT_CONTROL",
            "forged": "SignatureDoesNotMatch",
        }[behaviour]
        status = 400 if behaviour == "forged" else 200
        return status, {"Code": code, "Message": f"{self.address} {self.key_secret}", "RequestId": "r"}


class TencentSite(Site):
    """腾讯云短信, TC3-HMAC-SHA256."""

    channel, address = "sms", "13800001234"
    key_id, key = "AKIDTencentSecretId", "tencent-secret-key"
    secrets = (key, key_id, address)

    def settings(self) -> dict[str, Any]:
        return {
            "sms_provider": "tencent",
            "tencent_sms_url": self.base,
            "tencent_secret_id": self.key_id,
            "tencent_secret_key": self.key,
            "tencent_sms_app_id": "1400006666",
            "sms_sign_name": "普洱移民局",
            "sms_template": "1110",
            "sms_params": "1=subject,2=level",
        }

    def check(self, call: Call) -> str | None:
        at = int(call.headers["x-tc-timestamp"])
        day = time.strftime("%Y-%m-%d", time.gmtime(at))
        scheme, _, rest = call.headers["authorization"].partition(" ")
        parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
        if (scheme, parts["Credential"]) != ("TC3-HMAC-SHA256", f"{self.key_id}/{day}/sms/tc3_request"):
            return "wrong Authorization"
        named = parts["SignedHeaders"].split(";")
        headers = "".join(f"{name}:{call.headers[name].lower()}\n" for name in named)
        digest = hashlib.sha256(call.body).hexdigest()
        canonical = f"POST\n{call.path}\n\n{headers}\n{';'.join(named)}\n{digest}"
        text = f"TC3-HMAC-SHA256\n{at}\n{day}/sms/tc3_request\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = b"TC3" + self.key.encode()
        for step in (day, "sms", "tc3_request"):
            key = hmac.new(key, step.encode(), "sha256").digest()
        if parts["Signature"] != hmac.new(key, text.encode(), "sha256").hexdigest():
            return "wrong signature"
        if abs(at - time.time()) > 300 or not {"content-type", "host"} <= set(named):
            return "wrong time or headers"
        if (call.headers["x-tc-action"], call.headers["x-tc-version"]) != ("SendSms", "2021-01-11"):
            return "wrong action"
        message = call.json()
        if message["PhoneNumberSet"] != [f"+86{self.address}"] or len(message["TemplateParamSet"]) != 2:
            return "wrong form"
        return None

    def answer(self, behaviour: str) -> tuple[int, Any]:
        words = f"{self.address} {self.key}"
        if behaviour == "forged":
            error = {"Code": "AuthFailure.SignatureFailure", "Message": words}
            return 200, {"Response": {"Error": error, "RequestId": "r"}}
        code = {
            "good": "Ok",
            "final": "FailedOperation.InsufficientBalanceInSmsPackage",
            "later": "LimitExceeded.DeliveryFrequencyLimit",
            "closed": "FailedOperation.PhoneNumberInBlacklist",
        }[behaviour]
        status = {"PhoneNumber": f"+86{self.address}", "Code": code, "Message": words}
        return 200, {"Response": {"SendStatusSet": [status], "RequestId": "r"}}


class GatewaySite(Site):
    """A gateway of some maker for text messages or calls."""

    channel, address = "sms", "13800001234"
    token = "Bearer gateway-token"
    secrets = (token, address)
    asks = None

    def settings(self) -> dict[str, Any]:
        values = {
            f"{self.channel}_http_url": f"{self.base}/send",
            f"{self.channel}_http_body": '{"to": ["{to}"], "msg": {"text": "{text}", "ref": "{id}"}, "v": 1}',
            f"{self.channel}_http_headers": json.dumps({"Authorization": self.token}),
            f"{self.channel}_http_success": "result.code=0",
            f"{self.channel}_http_final": "13,14",
        }
        return values | ({"sms_provider": "http"} if self.channel == "sms" else {})

    def check(self, call: Call) -> str | None:
        message = call.json()
        if call.path != "/send" or call.headers["authorization"] != self.token:
            return "wrong key"
        if message["to"] != [self.address] or message["v"] != 1 or not message["msg"]["ref"]:
            return "wrong form"
        return None if 0 < len(message["msg"]["text"]) <= 300 else "too long"

    def answer(self, behaviour: str) -> tuple[int, Any]:
        code = {"good": 0, "final": 14, "later": 99, "forged": 13}[behaviour]
        return 200, {"result": {"code": code, "message": f"{self.token} {self.address}"}}


class VoiceSite(GatewaySite):
    """A gateway that calls and reads aloud."""

    channel = "voice"


class PushSite(Site):
    """A push service of a browser maker, and the browser behind it."""

    channel = "web_push"
    reads_body = False
    asks = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._auth = bytes(range(16))
        self.server = ec.generate_private_key(ec.SECP256R1())
        self.secrets = (encoded(self._auth), encoded(self._server_key()))
        self.shown: list[dict[str, Any]] = []

    @property
    def address(self) -> str:  # type: ignore[override]
        """The browser's subscription."""
        keys = {"p256dh": encoded(point(self._private)), "auth": encoded(self._auth)}
        return json.dumps({"endpoint": f"{self.base}/wpush/v2/gAAAAA-secret-endpoint", "keys": keys})

    def _server_key(self) -> bytes:
        return self.server.private_numbers().private_value.to_bytes(32, "big")

    def settings(self) -> dict[str, Any]:
        return {"vapid_private_key": encoded(self._server_key()), "vapid_subject": "mailto:duty@puer.example"}

    def check(self, call: Call) -> str | None:
        scheme, _, rest = call.headers["authorization"].partition(" ")
        parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
        key = ECKey.import_key(
            self.server.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
        claims = jwt.decode(parts["t"], key, algorithms=["ES256"]).claims
        if (scheme, parts["k"].rstrip("=")) != ("vapid", encoded(point(self.server))):
            return "wrong key"
        if claims["aud"] != self.base or claims["sub"] != "mailto:duty@puer.example":
            return "wrong claims"
        if not time.time() < claims["exp"] <= time.time() + 86_400:
            return "wrong time"
        if call.headers["content-encoding"] != "aes128gcm" or int(call.headers["ttl"]) <= 0 or len(call.body) > 4096:
            return "wrong headers"
        self.shown.append(json.loads(decrypted(call.body, self._private, self._auth)))
        return None

    def answer(self, behaviour: str) -> tuple[int, Any]:
        return {"good": 201, "final": 400, "later": 502, "closed": 410, "forged": 403}[behaviour], {}


class WebhookSite(Site):
    """A program that is told by webhook; its signatures are checked in test_notify_delivery."""

    channel, secret = "webhook", "whsec_" + base64.b64encode(bytes(range(32))).decode()
    secrets = (secret or "",)
    reads_body = False
    asks = None

    @property
    def address(self) -> str:  # type: ignore[override]
        """The program's URL."""
        return f"{self.base}/hook"

    def settings(self) -> dict[str, Any]:
        return {}

    def check(self, call: Call) -> str | None:
        return None if call.path == "/hook" and call.headers.get("webhook-id") else "wrong call"

    def answer(self, behaviour: str) -> tuple[int, Any]:
        return {"good": 204, "final": 400, "later": 502, "closed": 410}[behaviour], {}


class AppriseSite(Site):
    """A service that apprise knows and we do not: apprise sees the status alone, and says no more than yes or no."""

    channel = "apprise"
    reads_body = False
    asks = None

    @property
    def address(self) -> str:  # type: ignore[override]
        """The service as an apprise URL."""
        return f"json://{self.base.removeprefix('http://')}/hook/apprise-secret?retry=5&rto=60"

    secrets = ("apprise-secret",)

    def settings(self) -> dict[str, Any]:
        return {"apprise_schemas": "json"}

    def check(self, call: Call) -> str | None:
        return None if call.json()["title"] and call.json()["message"] else "wrong form"

    def answer(self, behaviour: str) -> tuple[int, Any]:
        return {"good": 200, "final": 400, "later": 502}[behaviour], {}


#: Every kind of receiver.
SITES: tuple[type[Site], ...] = (
    WeComBotSite,
    WeComBotMarkdownSite,
    WeComAppSite,
    DingTalkSite,
    DingTalkUnsignedSite,
    FeishuSite,
    OldFeishuSite,
    AliyunSite,
    TencentSite,
    GatewaySite,
    VoiceSite,
    PushSite,
    WebhookSite,
    AppriseSite,
)


def encoded(raw: bytes) -> str:
    """Return base64url without padding, as web push writes keys."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the public key as 65 bytes."""
    return key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def decrypted(body: bytes, private: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """Decrypt a push as a browser does (RFC 8188, RFC 8291): one record, whose content ends with 0x02."""
    salt, _record, length = struct.unpack_from("!16sIB", body)
    sender = body[21 : 21 + length]
    shared = private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
    info = b"WebPush: info\0" + point(private) + sender
    secret = HKDF(hashes.SHA256(), 32, auth, info).derive(shared)
    key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(secret)
    nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(secret)
    return AESGCM(key).decrypt(nonce, body[21 + length :], None).rstrip(b"\0").removesuffix(b"\x02")
