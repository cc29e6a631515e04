"""POST /api/v1/sentiment."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request

from kit.auth import Principal, require
from kit.problems import FieldError, Problem, problems
from services.analysis.schemas import (
    ModelInfo,
    SentimentRequest,
    SentimentResponse,
    SentimentResult,
    SentimentSpan,
)
from services.analysis.sentiment import Engine, Overloaded

router = APIRouter(prefix="/api/v1", tags=["sentiment"])

#: texts that one call may have explained: each costs up to 14 times a plain score
EXPLAINED: Final = 32


def engine_of(request: Request) -> Engine:
    """Return the process's sentiment engine."""
    engine: Engine = request.app.state.sentiment
    return engine


@router.post("/sentiment", responses=problems(503), summary="情感研判", response_model_exclude_none=True)
async def score_sentiment(
    body: SentimentRequest,
    engine: Annotated[Engine, Depends(engine_of)],
    _principal: Annotated[Principal, require("sentiment.score")],
    explain: Annotated[
        bool, Query(description=f"mark the spans that moved each score (at most {EXPLAINED} texts a call)")
    ] = False,
) -> SentimentResponse:
    """Score the tone of 1 to 256 texts, in order. Nothing is stored.

    With `explain=true` each result has `spans`: parts of the text as given (`start` to `end` in Unicode characters)
    with `effect`, the score with the part minus the score without it, strongest first. A text with nothing to read
    (empty, a link alone) is neutral with all three equally likely. 503 with `Retry-After` while too much waits.
    """
    if explain and len(body.texts) > EXPLAINED:
        raise Problem(
            422,
            "invalid-fields",
            zh=f"一次最多解释{EXPLAINED}条文本",
            en=f"at most {EXPLAINED} texts can be explained in one call",
            errors=[FieldError(pointer="/texts", detail=f"{len(body.texts)} texts; explain=true takes {EXPLAINED}")],
        )
    try:
        if explain:
            results = [
                SentimentResult(
                    **score.model_dump(),
                    spans=[
                        SentimentSpan(start=s.start, end=s.end, text=text[s.start : s.end], effect=s.effect)
                        for s in spans
                    ],
                )
                for text, (score, spans) in zip(body.texts, await engine.explain(body.texts), strict=True)
            ]
        else:
            results = [SentimentResult(**score.model_dump()) for score in await engine.score(body.texts)]
    except Overloaded as error:
        raise Problem(
            503,
            "sentiment-busy",
            zh="待研判的文本太多，请稍后再试",
            en="too many texts wait to be scored; try again",
            headers={"Retry-After": str(error.retry_after)},
        ) from None
    return SentimentResponse(results=results, model=ModelInfo(name=engine.scorer.name, version=engine.scorer.version))
