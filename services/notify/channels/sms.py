"""短信: text messages by the vendor that the settings name."""

from __future__ import annotations

from contracts.words import ChannelName
from kit.clock import Clock
from services.notify.channels.calls import Caller
from services.notify.channels.gateway import Gateway, GatewayChannel
from services.notify.channels.paced import Vendor
from services.notify.channels.sms_aliyun import AliyunSms
from services.notify.channels.sms_tencent import TencentSms
from services.notify.channels.templates import TemplateParameters
from services.notify.settings import NotifySettings


def sms(settings: NotifySettings, caller: Caller, clock: Clock) -> Vendor:
    """Return the vendor of text messages that is configured, or one that says what is missing."""
    try:
        params = TemplateParameters.read(settings.sms_params, settings.sms_param_chars)
    except ValueError as error:
        return _none(settings, caller, str(error))
    match settings.sms_provider:
        case "aliyun":
            key = (settings.aliyun_access_key_id, settings.aliyun_access_key_secret.get_secret_value())
            return AliyunSms(
                caller, settings.aliyun_sms_url, key, settings.sms_sign_name, settings.sms_template, params, clock
            )
        case "tencent":
            return TencentSms(
                caller,
                settings.tencent_sms_url,
                (settings.tencent_secret_id, settings.tencent_secret_key.get_secret_value()),
                settings.tencent_sms_app_id,
                settings.tencent_region,
                settings.sms_sign_name,
                settings.sms_template,
                params,
                clock,
            )
        case "http":
            return _gateway(settings, caller)
    return _none(settings, caller, "未选择短信服务商（HUIYING_SMS_PROVIDER：aliyun、tencent 或 http）")


def _gateway(settings: NotifySettings, caller: Caller) -> Vendor:
    url = settings.sms_http_url.get_secret_value()
    if not url:
        return _none(settings, caller, "未配置短信网关（HUIYING_SMS_HTTP_URL）")
    try:
        gateway = Gateway.read(
            url,
            settings.sms_http_body.get_secret_value(),
            settings.sms_http_headers.get_secret_value(),
            settings.sms_http_success,
            settings.sms_http_final,
        )
    except ValueError as error:
        return _none(settings, caller, f"短信网关的设置（HUIYING_SMS_HTTP_…）不正确：{error}")
    return GatewayChannel(ChannelName.SMS, caller, gateway, settings.sms_http_chars)


def _none(settings: NotifySettings, caller: Caller, reason: str) -> Vendor:
    return GatewayChannel(ChannelName.SMS, caller, reason, settings.sms_http_chars)
