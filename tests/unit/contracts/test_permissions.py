"""The table of rights against one written out by hand: role, action, one's own or another unit's."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from contracts.permissions import ACTIONS, CONFINED, NOUNS, Reach, allowed, reach
from contracts.words import Role
from huiying.roles import with_table
from kit.auth import Principal
from services.cases.access import own_of

DOCS = Path(__file__).parents[3] / "docs"

# A: on everything, o: on one's own, -: not at all. The roles in the order of the plan's clause 三, then those of the
# system: city leader, group leader, group member, office, propaganda; department, county, expert; auditor, admin.
EXPECTED = """
posts.push                ---A- -A- -A
posts.read                AAAAA AAA AA
sources.read              AAAAA AAA AA
sources.write             ---A- --- -A
evidence.read             -AAAA --- AA
topics.read               AAAAA AAA AA
topics.write              ---A- --- -A
events.read               AAAAA AAA AA
events.write              ---A- --- -A
sentiment.score           AAAAA AAA AA
plans.read                AAAAA AAA AA
plans.write               ----- --- -A
alerts.read               AAAAA ooo AA
alerts.write              -AAAA --- -A
cases.read                AAAAA ooo AA
cases.write               -AAAA oo- -A
cases.describe            -AAAA --- -A
cases.decide              AAAA- --- --
cases.sign                AAAAA ooo -A
participants.write        -AAAA --- -A
tasks.write               -AAAA oo- -A
consultations.write       -AAAA --- -A
information.write         -AAAA --- -A
information.answer        -AAAA ooo -A
media_contacts.write      -AAAA --- -A
press_conferences.write   AAAAA --- -A
facts.confirm             -AAAA oo- -A
statements.write          -AAAA --- -A
statements.approve        AAAAA ooo --
corrections.write         -AAAA --- -A
corrections.approve       AAAAA --- --
concerns.answer           -AAAA oo- -A
reviews.write             -AAAA --- -A
reviews.mark              AAA-- --o --
delegations.write         AAAA- --- -A
notifications.read        AAAAA ooo AA
notifications.acknowledge ooooo ooo -o
notifications.preview     AAAAA --- AA
templates.write           ---A- --- -A
escalations.write         ---A- --- -A
escalations.stop          AAA-- --- --
checks.read               AAAAA --- AA
checks.write              ---A- --- -A
contacts.read             AAAA- --- AA
contacts.write            ---A- --- -A
contacts.own              ooooo ooo -o
rosters.read              AAAAA ooo AA
rosters.write             oooAo ooo -A
users.read                ----- --- AA
users.write               ----- --- -A
keys.read                 ----- --- AA
keys.write                ----- --- -A
audit.read                ----- --- AA
stream.read               AAAAA ooo AA
"""
REACHES = {"A": Reach.ALL, "o": Reach.OWN, "-": None}
TABLE = {
    (line.split()[0], role): REACHES[mark]
    for line in EXPECTED.split("\n")
    if line
    for role, mark in zip(Role, "".join(line.split()[1:]), strict=True)
}


CELLS = list(itertools.product(ACTIONS, Role))


@pytest.mark.parametrize(("action", "role"), CELLS)
def test_every_cell_is_as_written(action: str, role: Role) -> None:
    wanted = TABLE[action, role]
    assert reach(action, {role}) is wanted
    assert allowed(action, {role}) is (wanted is not None)


@pytest.mark.parametrize("whose", ["own", "another"])
@pytest.mark.parametrize(("action", "role"), CELLS)
def test_a_unit_reaches_its_own_case_and_no_other(action: str, role: Role, whose: str) -> None:
    caller = Principal(id="1", name="li.na", roles=frozenset({role}), unit="甲单位")
    own = own_of(caller, action)
    may = own is None or own.has(role, "甲单位" if whose == "own" else "乙单位", "")
    assert may is {Reach.ALL: True, Reach.OWN: whose == "own", None: False}[TABLE[action, role]]


def test_the_hand_written_table_names_every_action_and_no_other() -> None:
    assert {action for action, _ in TABLE} == set(ACTIONS)


def test_several_roles_have_the_widest_reach_of_them() -> None:
    assert reach("cases.read", {Role.COUNTY, Role.AUDITOR}) is Reach.ALL
    assert reach("cases.write", {Role.COUNTY, Role.AUDITOR}) is Reach.OWN
    assert reach("cases.decide", {Role.COUNTY, Role.AUDITOR}) is None
    assert reach("cases.read", set()) is None
    with pytest.raises(KeyError):
        reach("cases.erase", {Role.ADMIN})


def test_the_auditor_changes_nothing_and_the_administrator_decides_nothing() -> None:
    changes = {action for action in ACTIONS if not action.endswith((".read", ".score", ".preview"))}
    assert not {action for action in changes if allowed(action, {Role.AUDITOR})}
    decisions = {"cases.decide", "statements.approve", "corrections.approve", "reviews.mark"}
    assert not {action for action in decisions if allowed(action, {Role.ADMIN})}


def test_only_confined_roles_see_less_than_everything() -> None:
    for action in ("alerts.read", "cases.read", "notifications.read", "stream.read"):
        assert ACTIONS[action].own == CONFINED
        assert ACTIONS[action].everywhere == frozenset(Role) - CONFINED


def test_rows_stand_under_their_nouns_with_words_in_both_languages() -> None:
    nouns = [action.partition(".")[0] for action in ACTIONS]
    assert list(dict.fromkeys(nouns)) == list(NOUNS)
    assert [noun for noun, _ in itertools.groupby(nouns)] == list(NOUNS)
    for row in ACTIONS.values():
        assert row.zh
        assert row.en.isascii()
        assert not row.everywhere & row.own


@pytest.mark.parametrize(("page", "language"), [("roles.md", "en"), ("roles.zh-CN.md", "zh")])
def test_the_pages_show_the_table_that_the_code_obeys(page: str, language: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    assert language in ("en", "zh")
    assert text == with_table(text, "zh" if language == "zh" else "en")
