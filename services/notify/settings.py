"""What notify reads from its environment (prefix ``HUIYING_``)."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, SecretStr

from kit.settings import ServiceSettings
from services.notify.delivery.breaker import BreakerRules
from services.notify.delivery.folding import FoldingRules
from services.notify.retries import RetryPolicy


class NotifySettings(ServiceSettings):
    """Settings of the notify service.

    Durations are seconds unless the name says otherwise. The retry figures are this project's defaults: eight attempts
    with doubling waits take about four minutes, after which the next way of reaching the person is tried; the shortest
    clock of the plan (report up at level I) is thirty minutes.
    """

    #: where people reach the gateway; acknowledgement links start with it
    public_url: str = "http://127.0.0.1:8000"
    #: login name of the administrator, who is the first duty desk
    admin_name: str = "admin"
    #: days for which an acknowledgement link works
    link_days: int = Field(7, ge=1, le=90)

    #: ``smtp://user:password@host:port`` or ``smtps://…``; wins over the single fields below
    smtp_url: SecretStr = SecretStr("")
    smtp_host: str = ""
    #: 0 means the usual port of the `smtp_tls` mode: 25 none, 587 starttls, 465 tls
    smtp_port: int = Field(0, ge=0, le=65535)
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    #: sender's address, "name@domain"
    smtp_from: str = ""
    smtp_tls: Literal["none", "starttls", "tls"] = "starttls"

    #: comma-separated hosts that webhooks, pushes and apprise may reach although their address is private or loopback
    webhook_allow_hosts: str = ""

    #: where the vendors are reached; private deployments have hosts of their own
    wecom_url: str = "https://qyapi.weixin.qq.com"
    dingtalk_url: str = "https://oapi.dingtalk.com"
    feishu_url: str = "https://open.feishu.cn"
    aliyun_sms_url: str = "https://dysmsapi.aliyuncs.com"
    tencent_sms_url: str = "https://sms.tencentcloudapi.com"

    #: what WeCom's bots send: "text" (2,048 bytes a message), or "markdown" (4,096) with the subject in bold
    wecom_bot_format: Literal["text", "markdown"] = "text"
    wecom_corp_id: str = ""
    wecom_agent_id: str = ""
    wecom_secret: SecretStr = SecretStr("")

    #: which vendor sends text messages; empty: none
    sms_provider: Literal["", "aliyun", "tencent", "http"] = ""
    #: registered signature, without 【】
    sms_sign_name: str = ""
    #: id of the registered template
    sms_template: str = ""
    #: the template's parameters in order, "name=field,…"; docs/channels.md lists the fields
    sms_params: str = ""
    #: characters that a parameter may have; the templates' approval says how many
    sms_param_chars: int = Field(20, ge=2, le=1000)
    aliyun_access_key_id: str = ""
    aliyun_access_key_secret: SecretStr = SecretStr("")
    tencent_secret_id: str = ""
    tencent_secret_key: SecretStr = SecretStr("")
    tencent_sms_app_id: str = ""
    tencent_region: str = "ap-guangzhou"

    #: a text-message gateway that takes a JSON POST: its URL, the body with {to} {text} {subject} {name} {id} in it,
    #: further headers as a JSON object, and "path=value" for what its answer says when it has taken the message
    sms_http_url: SecretStr = SecretStr("")
    sms_http_body: SecretStr = SecretStr("")
    sms_http_headers: SecretStr = SecretStr("")
    sms_http_success: str = ""
    #: comma-separated values at that path that say that repeating is useless
    sms_http_final: str = ""
    #: longest text in characters; this project's default, within what carriers join to one message
    sms_http_chars: int = Field(300, ge=20, le=5000)
    #: the same for a gateway that calls and reads aloud
    voice_http_url: SecretStr = SecretStr("")
    voice_http_body: SecretStr = SecretStr("")
    voice_http_headers: SecretStr = SecretStr("")
    voice_http_success: str = ""
    voice_http_final: str = ""
    voice_http_chars: int = Field(200, ge=20, le=5000)

    #: private key of web push (VAPID): 32 bytes in base64url, or PEM; "mailto:…" or a URL of who answers for the pushes
    vapid_private_key: SecretStr = SecretStr("")
    vapid_subject: str = ""
    #: comma-separated apprise schemas to be used besides the built-in ones, which all lead to one known host each
    apprise_schemas: str = ""

    max_attempts: int = Field(8, ge=1, le=50)
    #: wait before the second attempt; doubles with each further one
    retry_base: float = Field(2.0, gt=0)
    #: longest wait between two attempts
    retry_cap: float = Field(300.0, gt=0)
    #: longest wait that a receiver may ask for with Retry-After
    retry_after_cap: float = Field(3600.0, gt=0)
    #: how long after a notification's request waiting for a turn costs no attempt; later ones lead to the next way
    wait_limit: float = Field(600.0, ge=0)
    #: time that one attempt may take
    send_timeout: float = Field(10.0, gt=0)
    #: failures in a row after which a channel, or one receiver's address, is given a rest
    breaker_failures: int = Field(5, ge=1)
    #: first rest; doubles with each further trial that fails, up to ten minutes
    breaker_pause: float = Field(30.0, gt=0)
    #: notifications of one kind to one person on one channel within five minutes that go out singly; 0 folds them all
    fold_after: int = Field(5, ge=0)
    #: seconds for which the next ones are held, to go out as one message
    fold_wait: float = Field(60.0, gt=0)
    #: attempts under way at once, by channel
    channel_slots: int = Field(16, ge=1)
    #: attempts under way at once to one address, so that a hanging receiver leaves room for the rest
    address_slots: int = Field(2, ge=1)

    def retry_policy(self) -> RetryPolicy:
        """Return how often and how long apart to try."""
        return RetryPolicy(self.max_attempts, self.retry_base, self.retry_cap, self.retry_after_cap)

    def breaker_rules(self) -> BreakerRules:
        """Return when a failing channel is given a rest."""
        return BreakerRules(self.breaker_failures, self.breaker_pause)

    def folding_rules(self) -> FoldingRules:
        """Return when a storm of notifications becomes one message."""
        return FoldingRules(self.fold_after, wait=timedelta(seconds=self.fold_wait))

    def allowed_webhook_hosts(self) -> frozenset[str]:
        """Return the hosts exempt from the private-address rule, in lower case."""
        return frozenset(host.strip().lower() for host in self.webhook_allow_hosts.split(",") if host.strip())

    def further_apprise_schemas(self) -> frozenset[str]:
        """Return the apprise schemas that the operator allows, in lower case."""
        return frozenset(schema.strip().lower() for schema in self.apprise_schemas.split(",") if schema.strip())
