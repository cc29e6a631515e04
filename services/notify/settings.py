"""What notify reads from its environment (prefix ``HUIYING_``)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from kit.settings import ServiceSettings


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

    #: comma-separated hosts that webhooks may reach although their address is private or loopback
    webhook_allow_hosts: str = ""

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
    #: attempts under way at once, by channel
    channel_slots: int = Field(16, ge=1)
    #: attempts under way at once to one address, so that a hanging receiver leaves room for the rest
    address_slots: int = Field(2, ge=1)

    def allowed_webhook_hosts(self) -> frozenset[str]:
        """Return the hosts exempt from the private-address rule, in lower case."""
        return frozenset(host.strip().lower() for host in self.webhook_allow_hosts.split(",") if host.strip())
