"""Channels: one module each, behind the protocol of :mod:`services.notify.channels.channel`."""
