"""Settings of analysis."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Final

from pydantic import BaseModel, Field
from pydantic_settings import SettingsConfigDict

from kit.settings import ServiceSettings
from services.analysis.events.heat import HeatWeights
from services.analysis.events.stage import StageRules
from services.analysis.exports.rules import ExportRules
from services.analysis.joining import JoiningRules
from services.analysis.sentiment import EngineRules

_ROOT: Final = Path(__file__).resolve().parents[2]


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
    #: folder of topic packs; a relative path counts from the program's folder (docs/topics.md)
    topic_packs: Path = Path("plans/topics")
    #: days after a post in which another may continue it
    event_window_days: float = Field(14, gt=0)
    #: likeness from which two texts tell one story (docs/events.md)
    event_likeness: float = Field(JoiningRules().alike, ge=0, le=1)
    #: days after its last post in which a text is still compared with new ones: the window, and how late posts come
    event_memory_days: float = Field(16, ge=1)
    #: confidence from which a post's kind of incident counts for its event, 0..1
    incident_confidence: float = Field(0.5, ge=0, le=1)
    #: days after which the text of posts is erased
    retention_days: int = Field(180, ge=1)
    #: days after which counts by hour are dropped; those by day stay (docs/metrics.md)
    hours_kept_days: int = Field(90, ge=7)
    #: days that the file of an export is kept
    export_days: float = Field(7, gt=0, le=90)
    #: rows that one exported file may have
    export_rows: int = Field(1_000_000, ge=1)
    #: bytes that one exported file may have; a workbook ends below 4 GiB
    export_bytes: int = Field(2 * 2**30, ge=2**20, le=3 * 2**30)
    #: exports that a user may have in the making
    export_jobs: int = Field(2, ge=1)
    #: bytes that the files kept for one user may have together
    export_user_bytes: int = Field(4 * 2**30, ge=2**20)
    #: bytes that all files kept may have together
    export_total_bytes: int = Field(20 * 2**30, ge=2**20)
    events: _Rules = _Rules()

    def export_rules(self) -> ExportRules:
        """Return the bounds of exports."""
        return ExportRules(
            rows=self.export_rows,
            bytes=self.export_bytes,
            kept=timedelta(days=self.export_days),
            at_once=self.export_jobs,
            user_bytes=self.export_user_bytes,
            total_bytes=self.export_total_bytes,
        )

    def packs_folder(self) -> Path:
        """Return the folder of topic packs; a relative one that exists in the working folder wins."""
        packs = self.topic_packs
        return packs if packs.is_absolute() or packs.exists() else _ROOT / packs

    def engine_rules(self) -> EngineRules:
        """Return the bounds of the sentiment engine."""
        return EngineRules(
            waiting=self.sentiment_waiting, linger=self.sentiment_linger, remembered=self.sentiment_remembered
        )

    def joining(self) -> JoiningRules:
        """Return the rules by which posts are joined to events."""
        return JoiningRules(window=timedelta(days=self.event_window_days), alike=self.event_likeness)
