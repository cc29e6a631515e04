"""``huiying roles``: the table of who may do what, as docs/roles.md shows it."""

from __future__ import annotations

from typing import Final, Literal

from contracts.permissions import ACTIONS, NOUNS, Action, Reach
from contracts.words import Role

Language = Literal["zh", "en"]

#: What stands around the table in docs/roles.md and its twin.
BEGIN: Final = "<!-- begin: huiying roles -->"
END: Final = "<!-- end: huiying roles -->"

_MARKS: Final = {Reach.ALL: "●", Reach.OWN: "◐", None: ""}
_HEADINGS: Final = {
    Role.CITY_LEADER: ("市领导", "city leader"),
    Role.GROUP_LEADER: ("组长", "group leader"),
    Role.GROUP_MEMBER: ("成员", "group member"),
    Role.OFFICE: ("办公室", "office"),
    Role.PROPAGANDA: ("宣传部", "propaganda"),
    Role.DEPARTMENT: ("部门", "department"),
    Role.COUNTY: ("县（区）", "county"),
    Role.EXPERT: ("专家", "expert"),
    Role.AUDITOR: ("审计", "auditor"),
    Role.ADMIN: ("管理员", "admin"),
}


def roles_table(language: Language) -> str:
    """Return the table in Markdown: a row an action under its noun, a column a role, and the plan's clause."""
    at = 0 if language == "zh" else 1
    first, last = (("操作", "预案条款"), ("action", "clause"))[at]
    lines = [
        _line([first, *(_HEADINGS[role][at] for role in Role), last]),
        _line(["---", *(":-:" for _ in Role), "---"]),
    ]
    for noun, names in NOUNS.items():
        lines.append(_line([f"**{names[at]}**", *("" for _ in Role), ""]))
        lines += [_row(name, row, at) for name, row in ACTIONS.items() if name.partition(".")[0] == noun]
    return "\n".join(lines)


def with_table(text: str, language: Language) -> str:
    """Return a page with the present table between its marks; ValueError where it has no such marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{roles_table(language)}\n{END}{after}"


def _row(name: str, action: Action, at: int) -> str:
    said = (action.zh, action.en)[at]
    return _line([f"{said} `{name}`", *(_MARKS[action.reach({role})] for role in Role), action.clause])


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
