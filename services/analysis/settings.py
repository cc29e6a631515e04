"""Settings of analysis."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel, Field
from pydantic_settings import SettingsConfigDict

from kit.settings import ServiceSettings
from services.analysis.events.grouping import GroupingRules
from services.analysis.events.heat import HeatWeights, StageRules


class _Rules(BaseModel):
    """The rules of events as settings; fields as in the dataclasses."""

    heat: HeatWeights = HeatWeights()
    stage: StageRules = StageRules()


class AnalysisSettings(ServiceSettings):
    """Analysis API and workers. Nested fields are set as ``HUIYING_EVENTS__HEAT__VOICES=4``."""

    model_config = SettingsConfigDict(env_prefix="HUIYING_", env_nested_delimiter="__", extra="ignore")

    #: sentiment weights; empty for the built-in ones
    sentiment_model: Path | None = None
    #: posts that a worker takes at once
    worker_batch: int = Field(128, ge=1, le=1000)
    #: posts that the tracker takes at once
    tracker_batch: int = Field(512, ge=1, le=2000)
    #: seconds between looks for changed topics
    topics_poll: float = Field(2.0, gt=0)
    #: days around an event in which posts may join it
    event_window_days: float = Field(14, gt=0)
    #: estimated similarity from which two texts tell one story, 0..1
    event_similarity: float = Field(0.55, gt=0, le=1)
    #: confidence from which a post's kind of incident counts for its event, 0..1
    incident_confidence: float = Field(0.5, ge=0, le=1)
    #: days after which the text of posts is erased
    retention_days: int = Field(180, ge=1)
    events: _Rules = _Rules()

    def grouping(self) -> GroupingRules:
        """Return the rules of grouping."""
        return GroupingRules(window=timedelta(days=self.event_window_days), similar=self.event_similarity)
