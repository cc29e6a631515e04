"""Settings of analysis."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, Field
from pydantic_settings import SettingsConfigDict

from kit.settings import ServiceSettings
from services.analysis.events.grouping import GroupingRules
from services.analysis.events.heat import HeatWeights, StageRules
from services.analysis.sentiment import EngineRules


class _Rules(BaseModel):
    """The rules of events as settings; fields as in the dataclasses."""

    heat: HeatWeights = HeatWeights()
    stage: StageRules = StageRules()


class AnalysisSettings(ServiceSettings):
    """Analysis API and workers. Nested fields are set as ``HUIYING_EVENTS__HEAT__VOICES=4``."""

    model_config = SettingsConfigDict(env_prefix="HUIYING_", env_nested_delimiter="__", extra="ignore")

    #: what scores: empty or cascade, encoder, linear (built in), a model folder, or a hub id (docs/sentiment.md)
    sentiment_model: str = ""
    #: characters that may wait to be scored in one process before callers are told to come back
    sentiment_waiting: int = Field(4_000_000, ge=100_000)
    #: seconds that a text waits for companions to be scored with, at most
    sentiment_linger: float = Field(0.002, ge=0, le=1)
    #: scores that are remembered, so that a text that comes again costs nothing
    sentiment_remembered: int = Field(50_000, ge=0)
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

    def engine_rules(self) -> EngineRules:
        """Return the bounds of the sentiment engine."""
        return EngineRules(
            waiting=self.sentiment_waiting, linger=self.sentiment_linger, remembered=self.sentiment_remembered
        )

    def grouping(self) -> GroupingRules:
        """Return the rules of grouping."""
        return GroupingRules(window=timedelta(days=self.event_window_days), similar=self.event_similarity)
