"""Pausing clocks over HTTP."""

from __future__ import annotations

from pydantic import Field

from services.cases.schemas.body import Body


class PauseIn(Body):
    """Why a clock is to stand still: one of the plan's reasons for it, word for word."""

    reason: str = Field(min_length=1, max_length=200, examples=["等待鉴定或检测结果"])
    note: str = Field("", max_length=2000, examples=["水样已送市疾控中心"])
    seconds: int | None = Field(None, ge=60, le=366 * 86400, description="default: as long as the plan allows")


class ResumeIn(Body):
    """Why a paused clock goes on."""

    reason: str = Field(min_length=1, max_length=2000, examples=["结果已出"])
