"""Who is told, and that nobody missing goes unnoticed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contracts.messages import Recipient
from contracts.words import ChannelName, Role
from services.notify.recipients import Person, chosen_ways, next_way, resolve
from services.notify.ways import LOG_WAY, Way

LOG = Way(channel=ChannelName.LOG, address="log")
MAIL = Way(channel=ChannelName.EMAIL, address="a@example.org")
HOOK = Way(channel=ChannelName.WEBHOOK, address="https://example.org/hook")

DESK = Person("desk", "值班席", frozenset(), None, (LOG,))
ZHANG = Person("zhang", "张三", frozenset({Role.GROUP_LEADER, Role.OFFICE}), None, (MAIL, HOOK))
LI = Person("li", "李四", frozenset({Role.OFFICE}), None, (LOG,))
LANCANG = Person("lc", "岩罕", frozenset({Role.COUNTY}), "澜沧县", (MAIL,))
MENGLIAN = Person("ml", "娜朵", frozenset({Role.COUNTY}), "孟连县", (MAIL,))
EVERYONE = [DESK, ZHANG, LI, LANCANG, MENGLIAN]


def _told(*recipients: Recipient, channels: list[str] | None = None) -> dict[str, list[str]]:
    found = resolve(recipients, EVERYONE, DESK, channels or [])
    return {one.person.id: [way.channel.value for way in one.ways] for one in found.addressees}


def test_holder_of_two_roles_is_told_once_as_the_first() -> None:
    found = resolve([Recipient(role=Role.GROUP_LEADER), Recipient(role=Role.OFFICE)], EVERYONE, DESK)
    assert [(one.person.id, one.role) for one in found.addressees] == [
        ("zhang", Role.GROUP_LEADER),
        ("li", Role.OFFICE),
    ]
    assert found.gaps == []


def test_channels_of_the_plan_are_cut_to_the_ways_of_the_person() -> None:
    assert _told(Recipient(role=Role.OFFICE), channels=["webhook", "email", "sms"]) == {
        "zhang": ["webhook", "email"],
        "li": ["log"],
    }


def test_without_named_channels_everyone_has_their_own_first_way() -> None:
    assert _told(Recipient(role=Role.OFFICE)) == {"zhang": ["email"], "li": ["log"]}


def test_unit_narrows_a_role_and_stands_alone() -> None:
    assert list(_told(Recipient(role=Role.COUNTY, unit="澜沧县"))) == ["lc"]
    assert list(_told(Recipient(unit="孟连县"))) == ["ml"]


def test_role_that_nobody_holds_goes_to_the_desk_with_a_note() -> None:
    found = resolve([Recipient(role=Role.PROPAGANDA), Recipient(role=Role.OFFICE)], EVERYONE, DESK)
    desk = next(one for one in found.addressees if one.person.id == "desk")
    assert desk.notes == ("无人担任：宣传部",)
    assert desk.ways == (LOG,)
    assert found.gaps == ["无人担任：宣传部"]
    assert {one.person.id for one in found.addressees} == {"desk", "zhang", "li"}


def test_empty_seat_of_one_unit_is_named_with_the_unit() -> None:
    assert resolve([Recipient(role=Role.COUNTY, unit="西盟县")], EVERYONE, DESK).gaps == [
        "无人担任：县（区）联络员（西盟县）"
    ]


def test_desk_that_is_told_anyway_carries_the_note() -> None:
    desk = Person("desk", "值班席", frozenset({Role.ADMIN}), None, (MAIL, LOG))
    found = resolve([Recipient(role=Role.ADMIN), Recipient(role=Role.EXPERT)], [desk], desk, ["email", "log"])
    assert len(found.addressees) == 1
    assert found.addressees[0].role is Role.ADMIN
    assert found.addressees[0].notes == ("无人担任：专家",)
    assert [way.channel.value for way in found.addressees[0].ways] == ["email", "log"]


def test_person_without_a_way_is_reported_to_the_desk() -> None:
    mute = Person("mute", "王五", frozenset({Role.EXPERT}))
    found = resolve([Recipient(role=Role.EXPERT)], [mute], DESK)
    assert [(one.person.id, one.notes) for one in found.addressees] == [("desk", ("无法通知到：王五",))]


def test_unknown_contact_and_empty_list_are_gaps() -> None:
    assert resolve([Recipient(contact_id="gone")], EVERYONE, DESK).gaps == ["联络员不存在或已停用：gone"]
    for recipients in ([], [Recipient()]):
        found = resolve(recipients, EVERYONE, DESK)
        assert found.gaps == ["通知未指明收件人"]
        assert [one.person.id for one in found.addressees] == ["desk"]


def test_desk_without_ways_is_reached_through_the_log() -> None:
    bare = Person("desk", "值班席")
    assert resolve([], [], bare).addressees[0].ways == (LOG_WAY,)


def test_next_way_skips_tried_channels_and_closed_ways() -> None:
    closed = HOOK.model_copy(update={"enabled": False})
    assert next_way([MAIL, closed, LOG], ["email"]) == LOG
    assert next_way([MAIL, closed], ["email"]) is None


_ways = st.lists(st.sampled_from([LOG, MAIL, HOOK]), max_size=3).map(tuple)
_people = st.lists(
    st.builds(
        Person,
        id=st.sampled_from("abcdef"),
        name=st.sampled_from(["甲", "乙", "丙"]),
        roles=st.frozensets(st.sampled_from(list(Role))),
        unit=st.sampled_from([None, "澜沧县", "孟连县"]),
        ways=_ways,
    ),
    unique_by=lambda person: person.id,
    max_size=6,
)
_recipients = st.lists(
    st.builds(
        Recipient,
        role=st.none() | st.sampled_from(list(Role)),
        unit=st.sampled_from([None, "澜沧县"]),
        contact_id=st.sampled_from([None, None, None, "a", "z"]),
    ),
    max_size=5,
)


@given(_recipients, _people, st.lists(st.sampled_from(["log", "email", "webhook", "sms"]), max_size=3))
def test_never_silent_and_never_twice(recipients: list[Recipient], people: list[Person], channels: list[str]) -> None:
    found = resolve(recipients, people, DESK, channels)
    ids = [one.person.id for one in found.addressees]
    assert ids
    assert len(ids) == len(set(ids))
    for one in found.addressees:
        assert one.ways
        assert len({way.channel for way in one.ways}) == len(one.ways)
        assert set(one.ways) <= set(one.person.ways) | {LOG_WAY}
    for recipient in recipients:
        if recipient.role and not recipient.unit and not recipient.contact_id:
            reached = [one for one in found.addressees if recipient.role in one.person.roles]
            assert reached or "desk" in ids


@given(_ways, st.lists(st.sampled_from(["log", "email", "webhook", "sms"])))
def test_chosen_ways_are_named_ones_or_the_first(ways: tuple[Way, ...], channels: list[str]) -> None:
    chosen = chosen_ways(Person("a", "甲", ways=ways), channels)
    assert bool(chosen) == bool(ways)
    assert all(way.channel in channels for way in chosen) or chosen == ways[:1]


def test_of_a_role_on_duty_only_whoever_the_roster_has_is_told() -> None:
    duty = {(None, Role.OFFICE): ["li", "stranger"]}
    found = resolve([Recipient(role=Role.OFFICE, on_duty=True)], EVERYONE, DESK, duty=duty)
    assert [(one.person.id, one.on_duty) for one in found.addressees] == [("li", True)]
    assert found.gaps == []


def test_nobody_on_duty_is_told_to_all_and_to_the_desk() -> None:
    for duty in ({}, {(None, Role.OFFICE): ["stranger"]}, {("澜沧县", Role.OFFICE): ["li"]}):
        found = resolve([Recipient(role=Role.OFFICE, on_duty=True)], EVERYONE, DESK, duty=duty)
        assert [one.person.id for one in found.addressees] == ["zhang", "li", "desk"]
        assert found.gaps == ["值班表中此刻无人值班：办公室，已通知全部相关人员"]
        assert not any(one.on_duty for one in found.addressees)
    found = resolve([Recipient(role=Role.EXPERT, on_duty=True)], EVERYONE, DESK)
    assert found.gaps == ["无人担任：专家"]


def test_whoever_is_found_on_duty_later_counts_as_on_duty() -> None:
    wanted = [Recipient(role=Role.OFFICE), Recipient(role=Role.OFFICE, on_duty=True)]
    found = resolve(wanted, EVERYONE, DESK, duty={(None, Role.OFFICE): ["li"]})
    assert {one.person.id: one.on_duty for one in found.addressees} == {"zhang": False, "li": True}
