"""Text messages through Aliyun 短信服务, API SendSms of 2017-05-25.

Source: 阿里云《SendSms - 发送短信》 and 《API错误码》 (help.aliyun.com/zh/sms/developer-reference), signature:
《V3版本请求体&签名机制》 (help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature).
Aliyun keeps limits for each number by the account's settings and says so by isv.BUSINESS_LIMIT_CONTROL.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC
from typing import Final
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

from contracts.words import ChannelName
from kit.clock import Clock
from services.notify.channels.answers import SENT, Table, judged, later, never, read_object, unreadable
from services.notify.channels.calls import Caller
from services.notify.channels.channel import Letter
from services.notify.channels.limits import Limits
from services.notify.channels.templates import TemplateParameters
from services.notify.retries import Outcome

_WHO: Final = "阿里云短信"
_VERSION: Final = "2017-05-25"
CODES: Final[Table] = {
    "OK": SENT,
    "isp.*": later("运营商或系统错误"),
    "isp.RAM_PERMISSION_DENY": never("访问密钥无短信权限"),
    "isv.*": never(""),
    "isv.ACCOUNT_ABNORMAL": never("账户异常"),
    "isv.AMOUNT_NOT_ENOUGH": never("账户余额不足"),
    "isv.BLACK_KEY_CONTROL_LIMIT": never("参数含有禁用的词"),
    "isv.BUSINESS_LIMIT_CONTROL": later("该号码的短信过于频繁", 60),
    "isv.DAY_LIMIT_CONTROL": never("已达当日发送上限"),
    "isv.INVALID_PARAMETERS": never("参数不正确"),
    "isv.MOBILE_NUMBER_ILLEGAL": never("手机号不正确"),
    "isv.MONTH_LIMIT_CONTROL": never("已达当月发送上限"),
    "isv.OUT_OF_SERVICE": never("业务停机，多为余额不足"),
    "isv.PARAM_LENGTH_LIMIT": never("模板参数超长，请调小 HUIYING_SMS_PARAM_CHARS"),
    "isv.PARAM_NOT_SUPPORT_URL": never("模板参数不得含网址"),
    "isv.SMS_SIGNATURE_ILLEGAL": never("短信签名不存在或未过审"),
    "isv.SMS_TEMPLATE_ILLEGAL": never("短信模板不存在或未过审"),
    "isv.SYSTEM_ERROR": later("系统错误"),
    "isv.TEMPLATE_MISSING_PARAMETERS": never("缺少模板参数，请核对 HUIYING_SMS_PARAMS"),
    "isv.TEMPLATE_PARAMS_ILLEGAL": never("模板参数不合法"),
    "InvalidAccessKeyId.*": never("访问密钥不存在"),
    "SignatureDoesNotMatch": never("访问密钥不正确"),
    "InvalidTimeStamp.*": never("本机时间不准"),
    "SignatureNonceUsed": later("请求重复"),
    "Throttling*": later("调用过于频繁", 5),
    "ServiceUnavailable*": later("服务暂不可用"),
    "InternalError*": later("服务内部错误"),
    "Forbidden*": never("访问密钥无短信权限"),
}


class AliyunSms:
    """Sends the registered template. Signatures run on the clock of the machine, which may be a quarter hour off."""

    name = ChannelName.SMS
    limits = Limits()

    def __init__(
        self,
        caller: Caller,
        base: str,
        key: tuple[str, str],
        sign_name: str,
        template: str,
        params: TemplateParameters,
        clock: Clock,
    ) -> None:
        self._caller, self._base, self._clock = caller, base.rstrip("/"), clock
        self._key_id, self._key_secret = key
        self._sign_name, self._template, self._params = sign_name, template, params

    def unavailable(self) -> str | None:
        """Return which setting is missing, or None."""
        if not (self._key_id and self._key_secret):
            return "未配置阿里云访问密钥（HUIYING_ALIYUN_ACCESS_KEY_ID、HUIYING_ALIYUN_ACCESS_KEY_SECRET）"
        if not (self._sign_name and self._template):
            return "未配置短信签名和模板（HUIYING_SMS_SIGN_NAME、HUIYING_SMS_TEMPLATE）"
        return None

    def preview(self, letter: Letter) -> list[str]:
        """Return signature, template and parameters: the wording itself is registered with Aliyun."""
        return [_shown(self._sign_name, self._template, self._params.of(letter))]

    async def deliver(self, letter: Letter, piece: str, *, last: bool) -> Outcome:
        """Send the template to the number."""
        query = {
            "PhoneNumbers": letter.address.removeprefix("+86").removeprefix("+"),
            "SignName": self._sign_name,
            "TemplateCode": self._template,
            "TemplateParam": json.dumps(self._params.of(letter), ensure_ascii=False),
            "OutId": letter.id,
        }
        headers = {
            "host": urlsplit(self._base).netloc,
            "x-acs-action": "SendSms",
            "x-acs-version": _VERSION,
            "x-acs-date": f"{self._clock.now().astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "x-acs-signature-nonce": uuid4().hex,
            "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        }
        headers["authorization"] = authorization(query, headers, self._key_id, self._key_secret)
        url = f"{self._base}/?{urlencode(query, quote_via=quote, safe='-_.~')}"
        answer = await self._caller.to_vendor(_WHO, "POST", url, content=b"", headers=headers)
        found = read_object(answer)
        if found is None:
            return unreadable(_WHO, answer, letter.at)
        return judged(
            _WHO,
            answer,
            found.get("Code"),
            found.get("Message"),
            CODES,
            letter.at,
            secrets=(self._key_secret, self._key_id, letter.address, query["PhoneNumbers"]),
        )


def authorization(query: Mapping[str, str], headers: Mapping[str, str], key_id: str, key_secret: str) -> str:
    """Return the Authorization header (ACS3-HMAC-SHA256) of a POST to ``/`` with an empty body and these headers."""
    named = sorted(headers)
    signed = ";".join(named)
    canonical = "\n".join(
        [
            "POST",
            "/",
            "&".join(f"{quote(name, safe='-_.~')}={quote(query[name], safe='-_.~')}" for name in sorted(query)),
            *(f"{name}:{headers[name].strip()}" for name in named),
            "",
            signed,
            headers["x-acs-content-sha256"],
        ]
    )
    text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    made = hmac.new(key_secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return f"ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={signed},Signature={made}"


def _shown(sign_name: str, template: str, params: Mapping[str, str]) -> str:
    return f"【{sign_name}】模板 {template}：" + "，".join(f"{name}={value}" for name, value in params.items())
