"""`/api/v1/templates`: how notifications are worded, per kind, level, channel and language, in versions."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from contracts.words import NotificationKind
from kit.auth import Principal, require
from kit.etags import check_if_match, etag
from kit.ids import new_id
from kit.problems import Problem, problems
from services.notify.addressing import usable_ways
from services.notify.api.channels import send_letter
from services.notify.api.parts import Parts, PartsDep
from services.notify.channels.channel import Letter
from services.notify.languages import Language
from services.notify.schemas import ChannelTestOut
from services.notify.wording.fields import FIELDS
from services.notify.wording.making import Template
from services.notify.wording.place import Place
from services.notify.wording.rules import FILTERS, LONGEST_BODY, LONGEST_SUBJECT
from services.notify.wording.schemas import (
    DifferenceOut,
    FieldOut,
    FieldsOut,
    FilterOut,
    PreviewedOut,
    TemplatePreviewOut,
    TemplatesOut,
    TemplateTestIn,
    TemplateTrialIn,
    TemplateUseIn,
    TemplateVersionIn,
    WholeWordingOut,
    WordingOut,
)
from services.notify.wording.service import Previewed, Whole, difference

router = APIRouter(prefix="/api/v1/templates", tags=["templates"])

Reader = Annotated[Principal, require("notifications.preview")]
Writer = Annotated[Principal, require("templates.write")]


def _place_of(
    template_id: Annotated[
        str, Path(max_length=64, examples=["alert_raised-II-sms"], description="kind-level-channel")
    ],
) -> Place:
    try:
        return Place.read(template_id)
    except ValueError:
        raise Problem(
            404,
            "not-found",
            zh="没有这样的模板；模板以“类型-级别-渠道-语言”命名，后三项可省略，如 alert_raised-II-sms",
            en="There is no such template; they are named kind-level-channel-language, such as alert_raised-II-sms",
        ) from None


PlaceDep = Annotated[Place, Depends(_place_of)]


@router.get("", responses=problems(), summary="通知模板")
async def list_templates(
    parts: PartsDep,
    _: Reader,
    kind: Annotated[NotificationKind | None, Query()] = None,
    language: Annotated[Language, Query()] = Language.ZH,
) -> TemplatesOut:
    """List every kind of notification, and what has a wording of its own below it, with what is in force."""
    return TemplatesOut(items=[WordingOut.of(one) for one in await parts.wording.standings(kind, language)])


@router.get("/fields", responses=problems(), summary="模板可用的字段")
async def list_template_fields(_: Reader) -> FieldsOut:
    """Return the fields and filters that templates may use."""
    return FieldsOut(
        fields=[FieldOut(name=one.name, zh=one.zh, en=one.en, example=one.example) for one in FIELDS],
        filters=[FilterOut(name=name, zh=zh, en=en) for name, (zh, en) in FILTERS.items()],
        longest_subject=LONGEST_SUBJECT,
        longest_body=LONGEST_BODY,
    )


@router.get("/{template_id}", responses=problems(404), summary="一个模板及其各版本")
async def get_template(_: Reader, place: PlaceDep, parts: PartsDep, response: Response) -> WholeWordingOut:
    """Return a template with its versions, what its letters are made by now, and the built-in wording to begin with."""
    return _shown(parts, await parts.wording.whole(place), response)


@router.post("/{template_id}/versions", status_code=201, responses=problems(404, 409), summary="新增模板版本")
async def create_template_version(
    principal: Writer, place: PlaceDep, body: TemplateVersionIn, parts: PartsDep, response: Response
) -> WholeWordingOut:
    """Add a version. 422 tells what is wrong with it by line and column, 409 that somebody was quicker."""
    whole = await parts.wording.add(
        place,
        subject=body.subject,
        body=body.body,
        note=body.note,
        after=body.after,
        put_in_force=body.put_in_force,
        by=principal.name,
    )
    return _shown(parts, whole, response)


@router.post("/{template_id}/use", responses=problems(404, 412), summary="启用某一版本")
async def use_template_version(
    principal: Writer, place: PlaceDep, body: TemplateUseIn, parts: PartsDep, request: Request, response: Response
) -> WholeWordingOut:
    """Let a version be in force from the next letter on; an older one goes back, 0 gives the place's own wording up."""
    precondition = partial(check_if_match, request)
    whole = await parts.wording.put_in_force(place, body.version, body.reason, principal.name, precondition)
    return _shown(parts, whole, response)


@router.get("/{template_id}/difference", responses=problems(404), summary="两个版本的差异")
async def compare_template_versions(
    _: Reader,
    place: PlaceDep,
    parts: PartsDep,
    before: Annotated[int, Query(ge=0, le=2**31 - 1, description="number of a version; 0: the built-in one")],
    after: Annotated[int, Query(ge=0, le=2**31 - 1)],
) -> DifferenceOut:
    """Return what changes from one version to another."""
    one, other = await parts.wording.version(place, before), await parts.wording.version(place, after)
    return DifferenceOut(lines=difference(one, other))


@router.post("/{template_id}/preview", responses=problems(404), summary="预览")
async def preview_template(
    principal: Reader, place: PlaceDep, body: TemplateTrialIn, parts: PartsDep
) -> TemplatePreviewOut:
    """Return what people would read, on the template's channel or on every one. Nothing is sent."""
    template = await _tried(parts, place, body)
    letters = []
    previewed = None
    for channel in [place.channel] if place.channel else list(parts.channels):
        previewed = await parts.wording.preview(place, template, channel, principal.name, body.notification_id)
        letter = _letter(previewed, principal.name, "", parts)
        letters.append(
            PreviewedOut(
                channel=channel,
                channel_name=channel.chinese,
                subject=letter.subject,
                pieces=parts.channels[channel].preview(letter),
                characters=len(letter.whole),
            )
        )
    return TemplatePreviewOut(based_on=previewed.based_on if previewed else None, letters=letters)


@router.post("/{template_id}/test", responses=problems(404, 409), summary="试发给本人")
async def send_template_to_oneself(
    principal: Writer, place: PlaceDep, body: TemplateTestIn, parts: PartsDep
) -> ChannelTestOut:
    """Send the letter to oneself, once and now, marked as a test, and return what came of it."""
    template = await _tried(parts, place, body)
    contact = await parts.wording.contact_of(principal.login)
    way = next((way for way in usable_ways(contact) if way.channel is body.channel), None)
    if way is None:
        raise Problem(
            409,
            "contact.no-such-way",
            zh=f"您没有登记{body.channel.chinese}，无法试发",
            en="You have no address on that channel",
        )
    previewed = await parts.wording.preview(place, template, body.channel, contact.name, body.notification_id)
    letter = _letter(previewed, contact.name, way.address, parts, mark="【测试】")
    return await send_letter(parts, letter, way)


async def _tried(parts: Parts, place: Place, body: TemplateTrialIn) -> Template | None:
    if body.subject is not None and body.body is not None:
        parts.wording.check(place, body.subject, body.body)
        return Template(place.id, -1, body.subject, body.body)
    return await parts.wording.version(place, body.version) if body.version is not None else None


def _letter(previewed: Previewed, to: str, address: str, parts: Parts, mark: str = "") -> Letter:
    made, notice = previewed.made, previewed.notice
    facts = {"test": True, "kind": notice.kind, "level": notice.level, "case_number": notice.case_number}
    return Letter(new_id(), to, address, f"{mark}{made.subject}", made.text, parts.clock.now(), facts=facts)


def _shown(parts: Parts, whole: Whole, response: Response) -> WholeWordingOut:
    place, use = whole.standing.place, whole.standing.use
    response.headers["ETag"] = etag(use.version if use is not None else 0)
    return WholeWordingOut.whole(whole, Template(place.id, 0, *parts.wording.built_in(place)))
