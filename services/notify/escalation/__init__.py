"""Escalation (逐级通知): one person after another is told until somebody acknowledges."""
