"""The time that the readers live by."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Final

#: a fixed offset (China has kept no summer time since 1991), so that every day has 24 hours here and in SQL
SHANGHAI: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
