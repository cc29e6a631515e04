"""What is covered, what cases want watched, how long things are kept."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request

from kit.auth import Principal, require
from kit.problems import problems
from kit.service import RuntimeDep
from services.ingest import source_health, store
from services.ingest.settings import IngestSettings
from services.ingest.source_schemas import Coverage, Purged, RetentionShown, Watch

router = APIRouter(tags=["sources"])
_Reader = Annotated[Principal, require("sources.read")]


@router.get("/api/v1/coverage", summary="See what is covered", responses=problems())
async def get_coverage(runtime: RuntimeDep, _: _Reader) -> Coverage:
    """Return what came in during the last 24 hours, which sources are silent, and which cells nobody watches."""
    return await source_health.coverage(runtime)


@router.get("/api/v1/watches", summary="List what cases want watched", responses=problems())
async def list_watches(runtime: RuntimeDep, _: _Reader) -> list[Watch]:
    """Return what cases want watched, the newest first."""
    async with runtime.database.reading() as session:
        return [Watch.model_validate(row, from_attributes=True) for row in await store.watches(session)]


@router.get("/api/v1/retention", summary="See how long things are kept", responses=problems())
async def get_retention(runtime: RuntimeDep, request: Request, _: _Reader) -> RetentionShown:
    """Return the days that texts, pages and records are kept, and what was removed last."""
    settings: IngestSettings = request.app.state.runtime.settings
    async with runtime.database.reading() as session:
        purged = [Purged.model_validate(row) for row in await store.purges(session)]
    return RetentionShown(
        retention_days=settings.retention_days,
        evidence_days=settings.evidence_days,
        record_days=settings.record_days,
        voice_key_days=settings.author_key_days,
        purged=purged,
    )
