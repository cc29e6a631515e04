"""People are shown by the name that the office knows them by, and told apart by their login name or id."""

from __future__ import annotations

from contracts.streams import NOTIFICATIONS_REQUESTED
from contracts.words import Role
from kit.auth import Principal
from tests.integration.cases.harness import LEADER, OFFICE, Cases, until
from tests.integration.cases.voices import open_case

WANG = Principal("u-wang", "王建国", frozenset({Role.OFFICE}), login="wang.jg")
LI = Principal("u-li", "李敏", frozenset({Role.OFFICE}), login="li.min")
#: a namesake of somebody who takes part
NAMESAKE = Principal("u-dao2", "刀玉", frozenset({Role.COUNTY}), login="dao.yu2")
DAO = Principal("u-dao", "刀玉", frozenset({Role.COUNTY}), login="dao.yu")


async def test_a_person_is_shown_by_name_wherever_something_was_done(cases: Cases) -> None:
    case = await open_case(cases)
    path = f"/api/v1/cases/{case}"
    text = {"title": "情况通报", "text": "情况正在核实。"}
    draft = await cases.post(f"{path}/statements", WANG, text, status=201)
    assert draft["author"] == "王建国"
    said = f"{path}/statements/{draft['id']}"
    await cases.post(f"{said}/submit", WANG)
    approved = await cases.post(f"{said}/approve", LI, {"comment": "可以"})
    assert approved["decided_by"] == "李敏"
    assert (await cases.post(f"{said}/publish", WANG))["published_by"] == "王建国"
    version = (await cases.get(f"{said}/versions"))["items"][0]
    assert (version["written_by"], version["comments"][0]["by"]) == ("王建国", "李敏")

    await cases.post(f"{path}/level", WANG, {"level": "III", "reason": "升温"}, status=201)
    proposal = await cases.pending(case)
    assert proposal["proposer"] == "王建国"
    signer = Principal("u-zhao", "赵志强", frozenset({Role.GROUP_LEADER}), login="zhao.zq")
    signed = await cases.post(f"{path}/approvals/{proposal['id']}", signer, {"decision": "approve"})
    assert signed["signatures"][-1]["person"] == "赵志强"

    entries = await cases.timeline(case)
    actors = {one["kind"]: one["actor"] for one in entries}
    assert actors["statement_approved"] == {
        "kind": "person",
        "id": "u-li",
        "name": "李敏",
        "login": "li.min",
        "roles": ["office"],
    }
    assert not any(login in one["text"] for one in entries for login in ("wang.jg", "li.min", "zhao.zq"))
    assert (await cases.get(f"{path}/timeline/verify"))["intact"] is True


async def test_a_namesake_sees_nothing_of_what_another_takes_part_in(cases: Cases) -> None:
    case = await open_case(cases)
    path = f"/api/v1/cases/{case}"
    await cases.post(f"{path}/participants", OFFICE, {"role": "county", "person": "dao.yu"}, status=201)
    assert (await cases.call("GET", path, DAO)).status_code == 200
    assert (await cases.call("GET", path, NAMESAKE)).status_code == 404


async def test_a_giver_does_not_take_over_by_their_own_receipt_but_a_namesake_does(cases: Cases) -> None:
    path = f"/api/v1/cases/{await open_case(cases)}/handovers"
    note = await cases.post(path, WANG, {"person": "李敏"}, status=201)
    assert (await cases.post(f"{path}/{note['id']}/sign", WANG))["given_by"] == "王建国"
    (notice,) = [one for one in await cases.heard(NOTIFICATIONS_REQUESTED) if one["kind"] == "handed_over"]

    async def state() -> str:
        return str((await cases.get(f"{path}/{note['id']}", LEADER))["state"])

    await cases.acknowledge(notice, name="值班席", login="wang.jg")
    await cases.acknowledge(notice, name="王建国", login="wang.jg2")

    async def taken() -> bool:
        return await state() == "accepted"

    await until(taken)
    accepted = [one for one in await cases.timeline(path.split("/")[4]) if one["kind"] == "handover_accepted"]
    assert [one["actor"]["login"] for one in accepted] == ["wang.jg2"]
