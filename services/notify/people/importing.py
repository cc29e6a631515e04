"""Import of contacts from a file: shown line by line first, then all or nothing; taken in twice it changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.words import ChannelName, Role
from kit.auth import Principal
from kit.clock import Clock
from kit.database import Database
from kit.ids import new_id
from kit.problems import FieldError, Problem
from services.notify import store
from services.notify.models import Contact
from services.notify.people import store as people
from services.notify.people.audit import note
from services.notify.people.names import folded
from services.notify.people.quiet import QuietWindow
from services.notify.people.schemas import ImportOut, ImportRowOut, WayIn
from services.notify.people.sheet import (
    CLEAR,
    LANGUAGES,
    YES_NO,
    ContactSheet,
    SheetLine,
    parse_quiet_hours,
    parse_roles,
)
from services.notify.people.stored_ways import stored_ways
from services.notify.people.units import unknown_unit
from services.notify.recipients import ROLE_NAMES
from services.notify.ways import Way, masked

#: of a new contact, what the file does not say
_DEFAULTS: Final[dict[str, Any]] = {
    "roles": [],
    "unit": None,
    "username": None,
    "quiet_hours": [],
    "language": "zh",
    "enabled": True,
}


@dataclass
class _Draft:
    """What a line comes to: the contact that it means (None: a new one) and the columns to be set."""

    line: int
    name: str
    contact: Contact | None = None
    values: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, tuple[str, str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    @property
    def action(self) -> Literal["add", "change", "same", "refuse"]:
        if self.errors:
            return "refuse"
        if self.contact is None:
            return "add"
        return "change" if self.changes else "same"


class Import:
    """Takes files of contacts in."""

    def __init__(self, database: Database, clock: Clock, titles: Mapping[ChannelName, str]) -> None:
        self._database, self._clock = database, clock
        self._channels = {word.lower(): name for name, title in titles.items() for word in (title, name.value)}

    async def dry_run(self, sheet: ContactSheet) -> ImportOut:
        """Return what a file would add, change or refuse, changing nothing."""
        async with self._database.reading() as session:
            return _shown(sheet, await self._drafts(session, sheet), dry_run=True)

    async def run(self, sheet: ContactSheet, by: Principal) -> ImportOut:
        """Take a file in whole; where any line is refused, a 422 problem names each and nothing is changed."""
        try:
            async with self._database.writing() as session:
                drafts = await self._drafts(session, sheet)
                refused = [draft for draft in drafts if draft.errors]
                if refused:
                    raise _refusal(refused)
                for draft in drafts:
                    await self._apply(session, draft)
                shown = _shown(sheet, drafts, dry_run=False)
                detail = f"新增 {shown.added}，更新 {shown.changed}，未变 {shown.same}"
                await note(session, "imported", by, shown.added + shown.changed, detail, self._clock.now())
        except IntegrityError:
            raise Problem(
                409,
                "import.raced",
                zh="联络网刚被他人修改，请重新导入",
                en="The contacts have just changed; import again",
            ) from None
        return shown

    async def _drafts(self, session: AsyncSession, sheet: ContactSheet) -> list[_Draft]:
        contacts = await people.everybody(session)
        names = await people.all_names(session)
        drafts = [self._draft(line, contacts, names) for line in sheet.lines]
        _refuse_repeats(drafts)
        return drafts

    def _draft(self, line: SheetLine, contacts: Sequence[Contact], units: dict[str, str]) -> _Draft:
        cells = line.cells
        draft = _Draft(line.number, cells.get("name", ""))
        values = draft.values
        if not draft.name:
            draft.errors.append("缺少姓名 / the name is missing")
        if any(len(cells.get(key, "")) > 100 for key in ("name", "username", "unit")):
            draft.errors.append("姓名、登录名、单位至多 100 字 / at most 100 characters")
        values["name"] = draft.name
        if "username" in cells:
            values["username"] = None if cells["username"] == CLEAR else cells["username"]
        if "unit" in cells:
            proper = None if cells["unit"] == CLEAR else units.get(folded(cells["unit"]))
            if proper is None and cells["unit"] != CLEAR:
                draft.errors.append(" / ".join(unknown_unit(cells["unit"], units)))
            values["unit"] = proper
        if "roles" in cells:
            _try(draft, "roles", lambda: [role.value for role in _parsed(cells["roles"], parse_roles)])
        if "quiet_hours" in cells:
            windows = cells["quiet_hours"]
            _try(
                draft,
                "quiet_hours",
                lambda: [window.model_dump(mode="json") for window in _parsed(windows, parse_quiet_hours)],
            )
        if "language" in cells:
            _try(draft, "language", lambda: _chosen(cells["language"], LANGUAGES, "语言 / language"))
        if "enabled" in cells:
            _try(draft, "enabled", lambda: _chosen(cells["enabled"], YES_NO, "启用 / enabled"))
        _find(draft, contacts)
        self._set_ways(draft, line)
        if draft.contact is not None and draft.contact.seat == store.DESK and values.get("enabled") is False:
            draft.errors.append("值班席不能停用 / the duty desk cannot be disabled")
        draft.changes = _changes(draft)
        return draft

    def _set_ways(self, draft: _Draft, line: SheetLine) -> None:
        if not line.ways:
            if draft.contact is None:
                draft.errors.append("至少填写一种联络方式 / at least one way is wanted")
            return
        before = {(way["channel"], way["address"]): way for way in (draft.contact.ways if draft.contact else [])}
        ways: list[dict[str, Any]] = []
        for number, cells in enumerate(line.ways, start=1):
            channel = self._channels.get(cells.get("channel", "").lower())
            if channel is None:
                draft.errors.append(
                    f"渠道{number}：没有“{cells.get('channel', '')}”这一渠道 / there is no such channel"
                )
                continue
            given = {"channel": channel, "address": cells.get("address", ""), "secret": cells.get("secret")}
            known = before.get((channel.value, given["address"]))
            if known is not None and given["secret"] in (None, known.get("secret")):
                ways.append(known)  # as it stands: verified or not, closed or not
                continue
            try:
                ways += stored_ways([WayIn.model_validate(given)], [])
            except Problem as problem:
                draft.errors.append(f"渠道{number}：{problem.zh} / {problem.en}")
            except ValidationError:
                draft.errors.append(f"渠道{number}：地址或密钥过长 / the address or secret is too long")
        if len(ways) > 10:
            draft.errors.append("联络方式至多 10 种 / at most 10 ways")
        draft.values["ways"] = ways

    async def _apply(self, session: AsyncSession, draft: _Draft) -> None:
        now = self._clock.now()
        if draft.action == "add":
            values = {**_DEFAULTS, **draft.values}
            contact = Contact(id=new_id(), version=1, created_at=now, updated_at=now, **values)
            session.add(contact)
        elif draft.action == "change" and draft.contact is not None:
            contact = draft.contact
            for name in draft.changes:
                setattr(contact, name, draft.values[name])
            contact.version += 1
            contact.updated_at = now
        else:
            return
        await session.flush()
        await store.set_roles(session, contact.id, contact.roles)


def _find(draft: _Draft, contacts: Sequence[Contact]) -> None:
    """Find the contact that a line means: by login name, else by name and unit."""
    username, unit = draft.values.get("username"), draft.values.get("unit")
    by_username = [one for one in contacts if username is not None and one.username == username]
    if by_username:
        draft.contact = by_username[0]
        return
    alike = [one for one in contacts if one.name == draft.name and one.unit == unit]
    if username is not None:  # somebody who had no login name yet
        alike = [one for one in alike if one.username is None]
    if len(alike) > 1:
        draft.errors.append(
            "有多名同名同单位的联络员，请填写登录名 / several have this name and unit: give the login name"
        )
    elif alike:
        draft.contact = alike[0]


def _refuse_repeats(drafts: Sequence[_Draft]) -> None:
    seen: dict[tuple[str, ...], int] = {}
    for draft in drafts:
        values = draft.values
        keys: list[tuple[str, ...]] = [("id", draft.contact.id)] if draft.contact is not None else []
        if values.get("username"):
            keys.append(("username", values["username"]))
        elif draft.contact is None:
            keys.append(("name", values["name"], values.get("unit") or ""))
        for key in keys:
            if key in seen:
                draft.errors.append(f"与第 {seen[key]} 行是同一人 / the same person as line {seen[key]}")
                break
        for key in keys:
            seen.setdefault(key, draft.line)


def _changes(draft: _Draft) -> dict[str, tuple[str, str]]:
    """Return what a line changes, field by field, as it is shown; for a new contact from nothing."""
    changes: dict[str, tuple[str, str]] = {}
    for name, value in draft.values.items():
        before = getattr(draft.contact, name) if draft.contact is not None else None
        if value != before:
            old, new = _said(name, before), _said(name, value)
            changes[name] = (old, f"{new}（地址或密钥不同）" if old == new else new)
    return changes


def _said(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == "ways":
        ways = [Way.model_validate(way) for way in value]
        return "；".join(f"{way.channel.value} {masked(way.channel, way.address)}" for way in ways)
    if name == "roles":
        return "、".join(ROLE_NAMES[Role(role)] for role in value)
    if name == "quiet_hours":
        return "；".join(str(QuietWindow.model_validate(window)) for window in value)
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(value)


def _try(draft: _Draft, name: str, read: Any) -> None:
    try:
        draft.values[name] = read()
    except ValueError as error:
        draft.errors.append(str(error))


def _parsed(cell: str, parse: Any) -> Any:
    return [] if cell == CLEAR else parse(cell)


def _chosen(cell: str, words: Mapping[str, Any], what: str) -> Any:
    try:
        return words[cell.lower()]
    except KeyError:
        raise ValueError(f"{what}：须为 {'、'.join(words)} 之一，不是“{cell}”") from None


def _shown(sheet: ContactSheet, drafts: Sequence[_Draft], *, dry_run: bool) -> ImportOut:
    rows = [
        ImportRowOut(
            line=draft.line,
            action=draft.action,
            name=draft.name,
            contact_id=draft.contact.id if draft.contact else None,
            changes=draft.changes,
            errors=draft.errors,
        )
        for draft in drafts
    ]
    count = {action: sum(row.action == action for row in rows) for action in ("add", "change", "same", "refuse")}
    return ImportOut(
        dry_run=dry_run,
        added=count["add"],
        changed=count["change"],
        same=count["same"],
        refused=count["refuse"],
        ignored_columns=sheet.ignored,
        rows=rows,
    )


def _refusal(refused: Sequence[_Draft]) -> Problem:
    errors = [FieldError(pointer=f"line {draft.line}", detail=error) for draft in refused for error in draft.errors]
    return Problem(
        422,
        "import.refused",
        zh=f"有 {len(refused)} 行不能导入，未作任何改动",
        en=f"{len(refused)} line(s) are refused; nothing was changed",
        errors=errors,
    )
