"""Whom the plan's matrix names, row by row, and who has subscribed besides."""

from __future__ import annotations

from contracts.messages import Audience, Recipient
from contracts.words import Level, NotificationKind, Role
from services.cases.models import ParticipantRow
from services.cases.participation import Part
from services.cases.plan import Plan
from services.cases.plan.schema import NoticeRow
from services.cases.service.notices import _covers, told_by_plan, with_subscribers
from tests.unit.cases.plans import PUER

PLAN = PUER.plan
ALERT, OPENED = NotificationKind.ALERT_RAISED, NotificationKind.CASE_OPENED


def county(unit: str) -> ParticipantRow:
    return ParticipantRow(id=unit, case_id="c", role=Role.COUNTY, unit=unit, part=Part.INFORMED, added_by="预案")


def test_rows_keep_their_number_clause_channels_and_receipt() -> None:
    first, second = told_by_plan(PLAN, ALERT, Level.I, ())
    assert [row.number for row in (first, second)] == [1, 2]
    assert (first.clause, first.audience.requires_acknowledgement) == ("五(一)1", True)
    assert (second.clause, second.audience.recipients) == ("四 Ⅰ类", [Recipient(role=Role.CITY_LEADER)])


def test_a_row_of_confined_roles_names_the_units_that_take_part_or_is_left_out() -> None:
    (row,) = told_by_plan(PLAN, OPENED, Level.III, [county("景谷县")])
    assert row.audience.recipients == [Recipient(role=Role.COUNTY, unit="景谷县")]
    assert told_by_plan(PLAN, OPENED, Level.IV, [county("景谷县")]) == []


def test_a_row_for_those_on_duty_says_so_of_each_recipient() -> None:
    notices = (NoticeRow(kinds=(OPENED,), levels=(Level.I,), roles=(Role.OFFICE, Role.COUNTY), on_duty=True),)
    plan: Plan = PLAN.model_copy(update={"notices": notices})
    (row,) = told_by_plan(plan, OPENED, Level.I, [county("景谷县"), county("思茅区")])
    assert row.audience.recipients == [
        Recipient(role=Role.OFFICE, on_duty=True),
        Recipient(role=Role.COUNTY, unit="景谷县", on_duty=True),
        Recipient(role=Role.COUNTY, unit="思茅区", on_duty=True),
    ]
    on_duty, all_of_it = Recipient(role=Role.OFFICE, on_duty=True), Recipient(role=Role.OFFICE)
    assert _covers(all_of_it, on_duty)
    assert not _covers(on_duty, all_of_it)


def test_one_audience_brings_in_the_subscribers_and_knows_the_others() -> None:
    office, counties = Audience(recipients=[Recipient(role=Role.OFFICE)]), Audience(recipients=[Recipient(unit="甲")])
    first, second = with_subscribers([office, counties], ["water"])
    assert (first.recipients, first.topics, first.told_elsewhere) == (office.recipients, ["water"], counties.recipients)
    assert second == counties
    assert with_subscribers([office, counties], []) == [office, counties]
    (alone,) = with_subscribers([], ["water"])
    assert (alone.recipients, alone.topics) == ([], ["water"])
