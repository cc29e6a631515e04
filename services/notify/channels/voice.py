"""语音电话: calls through a gateway that reads a text aloud."""

from __future__ import annotations

from contracts.words import ChannelName
from services.notify.channels.calls import Caller
from services.notify.channels.gateway import Gateway, GatewayChannel
from services.notify.settings import NotifySettings


def voice(settings: NotifySettings, caller: Caller) -> GatewayChannel:
    """Return the gateway that is configured, or one that says what is missing. Addresses are not read aloud."""
    url = settings.voice_http_url.get_secret_value()
    gateway: Gateway | str
    try:
        gateway = Gateway.read(
            url,
            settings.voice_http_body.get_secret_value(),
            settings.voice_http_headers.get_secret_value(),
            settings.voice_http_success,
            settings.voice_http_final,
        )
    except ValueError as error:
        gateway = f"语音网关的设置（HUIYING_VOICE_HTTP_…）不正确：{error}"
    if not url:
        gateway = "未配置语音网关（HUIYING_VOICE_HTTP_URL）"
    return GatewayChannel(ChannelName.VOICE, caller, gateway, settings.voice_http_chars, read_aloud=True)
