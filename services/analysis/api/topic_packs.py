"""/api/v1/topics/packs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

from fastapi import APIRouter

from kit.auth import Principal, require
from kit.inputs import Plain
from kit.problems import PROBLEMS, problems
from kit.runtime import Runtime
from kit.service import RuntimeDep
from services.analysis import pack_loading
from services.analysis.settings import AnalysisSettings
from services.analysis.topic_schemas import PackList, PackLoaded

router = APIRouter(prefix="/packs")

Reader = Annotated[Principal, require("topics.read")]
Writer = Annotated[Principal, require("topics.write")]


@router.get("", responses=PROBLEMS, summary="专题包列表")
async def list_packs(runtime: RuntimeDep, _principal: Reader) -> PackList:
    """List the topic packs at hand, with what is wrong in their files and what of them is in force."""
    return PackList(items=await pack_loading.listed(runtime, _folder(runtime)))


@router.post("/{name}/load", responses=problems(404), summary="载入专题包")
async def load_pack(runtime: RuntimeDep, name: Plain, _principal: Writer) -> PackLoaded:
    """Add a pack's topics, or bring them up to date; those that were switched off stay off. Safe to repeat."""
    return await pack_loading.load(runtime, _folder(runtime), name)


@router.delete("/{name}", status_code=204, responses=problems(404), summary="移除专题包")
async def remove_pack(runtime: RuntimeDep, name: Plain, _principal: Writer) -> None:
    """Delete the topics that came with a pack; posts keep their keys."""
    async with runtime.database.writing() as session:
        await pack_loading.remove(session, name)


def _folder(runtime: Runtime) -> Path:
    return cast("AnalysisSettings", runtime.settings).packs_folder()
