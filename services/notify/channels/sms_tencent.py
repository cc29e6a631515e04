"""Text messages through Tencent Cloud 短信, API SendSms of 2021-01-11.

Source: 腾讯云《发送短信》 (cloud.tencent.com/document/product/382/55981) with its table of codes, signature:
《签名方法 v3》 (cloud.tencent.com/document/api/382/52072).
Tencent keeps limits for each number by the app's settings and says so by LimitExceeded.*.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from contracts.words import ChannelName
from kit.clock import Clock
from services.notify.channels.answers import SENT, Table, closed, judged, later, never, read_object, unreadable
from services.notify.channels.calls import Caller
from services.notify.channels.channel import Letter
from services.notify.channels.limits import Limits
from services.notify.channels.templates import TemplateParameters
from services.notify.retries import Outcome

_WHO: Final = "腾讯云短信"
_VERSION: Final = "2021-01-11"
CODES: Final[Table] = {
    "Ok": SENT,
    "AuthFailure*": never("密钥不正确，或本机时间不准"),
    "FailedOperation*": never(""),
    "FailedOperation.ContainSensitiveWord": never("内容含有敏感词"),
    "FailedOperation.InsufficientBalanceInSmsPackage": never("短信套餐包余量不足"),
    "FailedOperation.PhoneNumberInBlacklist": closed("该号码已退订"),
    "FailedOperation.SignatureIncorrectOrUnapproved": never("短信签名不存在或未过审"),
    "FailedOperation.TemplateIncorrectOrUnapproved": never("短信模板不存在或未过审"),
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": never("模板参数与模板不符，请核对 HUIYING_SMS_PARAMS"),
    "InternalError*": later("服务内部错误"),
    "InvalidParameter*": never("参数不正确"),
    "InvalidParameterValue.IncorrectPhoneNumber": never("手机号不正确"),
    "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter": never("模板参数不得含网址"),
    "InvalidParameterValue.TemplateParameterLengthLimit": never("模板参数超长，请调小 HUIYING_SMS_PARAM_CHARS"),
    "LimitExceeded*": later("发送过于频繁", 60),
    # until tomorrow is too late: the person's next way is tried at once
    "LimitExceeded.AppDailyLimit": never("应用已达当日发送上限"),
    "LimitExceeded.AppGlobalDailyLimit": never("应用已达当日发送上限"),
    "LimitExceeded.AppMainlandChinaDailyLimit": never("应用已达当日发送上限"),
    "LimitExceeded.DailyLimit": never("已达当日发送上限"),
    "LimitExceeded.PhoneNumberDailyLimit": never("该号码已达当日发送上限"),
    "LimitExceeded.PhoneNumberSameContentDailyLimit": never("该号码当日同样内容已达上限"),
    "LimitExceeded.PhoneNumberThirtySecondLimit": later("该号码的短信过于频繁", 30),
    "LimitExceeded.PhoneNumberOneHourLimit": later("该号码的短信过于频繁", 300),
    "MissingParameter*": never("缺少参数"),
    "RequestLimitExceeded*": later("调用过于频繁", 5),
    "ResourceUnavailable*": later("服务暂不可用"),
    "UnauthorizedOperation*": never("密钥无短信权限"),
    "UnsupportedOperation*": never("不支持向该号码发送"),
}


class TencentSms:
    """Sends the registered template. Signatures run on the clock of the machine, which may be five minutes off."""

    name = ChannelName.SMS
    limits = Limits()

    def __init__(
        self,
        caller: Caller,
        base: str,
        key: tuple[str, str],
        app_id: str,
        region: str,
        sign_name: str,
        template: str,
        params: TemplateParameters,
        clock: Clock,
    ) -> None:
        self._caller, self._base, self._clock = caller, base.rstrip("/"), clock
        self._key_id, self._key = key
        self._app_id, self._region = app_id, region
        self._sign_name, self._template, self._params = sign_name, template, params

    def unavailable(self) -> str | None:
        """Return which setting is missing, or None."""
        if not (self._key_id and self._key):
            return "未配置腾讯云密钥（HUIYING_TENCENT_SECRET_ID、HUIYING_TENCENT_SECRET_KEY）"
        if not (self._app_id and self._sign_name and self._template):
            return (
                "未配置短信应用、签名和模板（HUIYING_TENCENT_SMS_APP_ID、HUIYING_SMS_SIGN_NAME、HUIYING_SMS_TEMPLATE）"
            )
        return None

    def preview(self, letter: Letter) -> list[str]:
        """Return signature, template and parameters: the wording itself is registered with Tencent."""
        values = "，".join(f"{{{number}}}={value}" for number, value in enumerate(self._params.of(letter).values(), 1))
        return [f"【{self._sign_name}】模板 {self._template}：{values}"]

    async def deliver(self, letter: Letter, piece: str, *, last: bool) -> Outcome:
        """Send the template to the number."""
        number = letter.address if letter.address.startswith("+") else f"+86{letter.address}"
        body = json.dumps(
            {
                "PhoneNumberSet": [number],
                "SmsSdkAppId": self._app_id,
                "SignName": self._sign_name,
                "TemplateId": self._template,
                "TemplateParamSet": list(self._params.of(letter).values()),
                "SessionContext": letter.id,
            },
            ensure_ascii=False,
        ).encode()
        now = self._clock.now()
        headers = {
            "content-type": "application/json; charset=utf-8",
            "host": urlsplit(self._base).netloc,
            "x-tc-action": "SendSms",
        }
        headers["authorization"] = authorization(body, headers, "sms", now, self._key_id, self._key)
        headers |= {
            "x-tc-version": _VERSION,
            "x-tc-timestamp": str(int(now.timestamp())),
            "x-tc-region": self._region,
        }
        answer = await self._caller.to_vendor(_WHO, "POST", f"{self._base}/", content=body, headers=headers)
        code, words = _said(read_object(answer) or {})
        if code is None:
            return unreadable(_WHO, answer, letter.at)
        secrets = (self._key, self._key_id, number, letter.address)
        return judged(_WHO, answer, code, words, CODES, letter.at, secrets=secrets)


def authorization(body: bytes, headers: Mapping[str, str], service: str, now: datetime, key_id: str, key: str) -> str:
    """Return the Authorization header (TC3-HMAC-SHA256) of a POST to ``/`` with this body and these headers."""
    named = sorted(headers)
    signed = ";".join(named)
    canonical = "\n".join(
        [
            "POST",
            "/",
            "",
            *(f"{name}:{headers[name].strip().lower()}" for name in named),
            "",
            signed,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    day = f"{now.astimezone(UTC):%Y-%m-%d}"
    scope = f"{day}/{service}/tc3_request"
    text = f"TC3-HMAC-SHA256\n{int(now.timestamp())}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    derived = f"TC3{key}".encode()
    for step in (day, service, "tc3_request"):
        derived = _hmac(derived, step)
    return (
        f"TC3-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={signed}, Signature={_hmac(derived, text).hex()}"
    )


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _said(found: dict[str, Any]) -> tuple[object, object]:
    """Return code and words: of the error where the call failed, else of the one number that was asked for."""
    response = found.get("Response")
    if not isinstance(response, dict):
        return None, None
    said = response.get("Error")
    if said is None:
        statuses = response.get("SendStatusSet")
        said = statuses[0] if isinstance(statuses, list) and len(statuses) == 1 else None
    return (said.get("Code"), said.get("Message")) if isinstance(said, dict) else (None, None)
