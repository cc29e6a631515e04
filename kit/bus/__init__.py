"""The bus between services: publish messages, subscribe handlers. Redis Streams stand behind it today.

Delivery is at least once and in order per consumer: a message is acknowledged after its handler has returned (that is,
after its work is committed), a dead consumer's messages are taken over, and one that keeps failing is put aside in a
dead-letter stream. Handlers are therefore idempotent by message id (see :mod:`kit.inbox`).
"""

from kit.bus.consumer import Consumer, Handler
from kit.bus.envelope import envelope
from kit.bus.redis_bus import RedisBus

__all__ = ["Consumer", "Handler", "RedisBus", "envelope"]
