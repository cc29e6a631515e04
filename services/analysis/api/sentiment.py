"""POST /api/v1/sentiment."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from kit.auth import Principal, require
from kit.problems import PROBLEMS
from services.analysis.schemas import ModelInfo, SentimentRequest, SentimentResponse
from services.analysis.sentiment import Scorer

router = APIRouter(prefix="/api/v1", tags=["sentiment"])


def scorer_of(request: Request) -> Scorer:
    """Return the loaded sentiment scorer."""
    scorer: Scorer = request.app.state.scorer
    return scorer


@router.post("/sentiment", responses=PROBLEMS, summary="情感研判")
async def score_sentiment(
    body: SentimentRequest,
    scorer: Annotated[Scorer, Depends(scorer_of)],
    _principal: Annotated[Principal, require("sentiment.score")],
) -> SentimentResponse:
    """Score the tone of 1 to 256 texts, in order. Nothing is stored."""
    results = await asyncio.to_thread(scorer.score, body.texts)
    return SentimentResponse(results=results, model=ModelInfo(name=scorer.name, version=scorer.version))
