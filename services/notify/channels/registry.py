"""Every channel of this deployment, made from its settings."""

from __future__ import annotations

import ssl

from redis.asyncio import Redis

from kit.clock import SystemClock
from services.notify.channels.apprise import AppriseChannel
from services.notify.channels.calls import Caller
from services.notify.channels.channel import Channel
from services.notify.channels.dingtalk import DingTalk
from services.notify.channels.feishu import Feishu
from services.notify.channels.log import LogChannel
from services.notify.channels.paced import PacedChannel, Vendor
from services.notify.channels.pacing import Pacing
from services.notify.channels.sms import sms
from services.notify.channels.smtp import MailServer, SmtpChannel
from services.notify.channels.voice import voice
from services.notify.channels.web_push import WebPush
from services.notify.channels.webhook import WebhookChannel
from services.notify.channels.wecom_app import WeComApp
from services.notify.channels.wecom_bot import WeComBot
from services.notify.settings import NotifySettings


class Channels:
    """The channels in the order in which they are listed. `all` is what may be sent by; close it at the end."""

    def __init__(self, settings: NotifySettings, redis: Redis, tls: ssl.SSLContext | None = None) -> None:
        """Make the channels; `tls` is whom to trust, else the well-known authorities or SSL_CERT_FILE."""
        allowed = settings.allowed_webhook_hosts()
        self._caller = caller = Caller(settings.send_timeout, allowed, tls)
        self._apprise = AppriseChannel(settings.send_timeout, settings.further_apprise_schemas(), allowed)
        # vendors check signatures by the true time, also in rehearsals whose clock is moved
        clock = SystemClock()
        vendors: list[Vendor] = [
            WeComBot(caller, settings.wecom_url, settings.wecom_bot_format),
            WeComApp(
                caller,
                settings.wecom_url,
                settings.wecom_corp_id,
                settings.wecom_agent_id,
                settings.wecom_secret.get_secret_value(),
            ),
            DingTalk(caller, settings.dingtalk_url, clock),
            Feishu(caller, settings.feishu_url, clock),
            sms(settings, caller, clock),
            voice(settings, caller),
            WebPush(caller, settings.vapid_private_key.get_secret_value(), settings.vapid_subject, clock),
        ]
        pacing = Pacing(redis)
        self.all: list[Channel] = [
            LogChannel(),
            SmtpChannel(MailServer.of(settings), settings.send_timeout),
            WebhookChannel(caller),
            *(PacedChannel(vendor, pacing) for vendor in vendors),
            self._apprise,
        ]

    async def close(self) -> None:
        """Close connections and threads."""
        await self._caller.close()
        await self._apprise.close()
