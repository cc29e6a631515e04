"""Who approves a correction request: two people, neither of whom wrote it, one of them of propaganda or a leader."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contracts.words import Role
from services.cases.approvals import Decision
from services.cases.lifecycle import Refused
from services.cases.roles import list_roles

#: How many people approve.
WANTED: Final = 2


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's act on a request."""

    person_id: str
    person: str
    role: Role
    decision: Decision
    at: str
    comment: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the signature ready for JSON."""
        return {
            "person_id": self.person_id,
            "person": self.person,
            "role": str(self.role),
            "decision": self.decision,
            "at": self.at,
            "comment": self.comment,
        }

    @classmethod
    def of_json(cls, data: dict[str, Any]) -> Signature:
        """Read what :meth:`as_json` wrote."""
        return cls(**{**data, "role": Role(data["role"])})


def sign(
    signatures: Sequence[Signature],
    *,
    writers: Collection[str],
    approvers: Collection[Role],
    weighty: Collection[Role],
    person_id: str,
    person: str,
    roles: frozenset[Role],
    decision: Decision,
    at: str,
    comment: str = "",
) -> Signature:
    """Return a person's signature; raises :class:`Refused` where they may not sign, or not so.

    `approvers` may sign; of those who approve one at least holds a role of `weighty`.
    """
    holds = roles & frozenset(approvers)
    if not holds:
        raise Refused(
            "not_an_approver",
            f"更正请求须由以下角色审批：{list_roles(approvers)}",
            f"A correction request is approved by: {', '.join(sorted(approvers))}",
        )
    if decision == "approve" and person_id in writers:
        raise Refused("two_people", "起草人不能审批自己的更正请求", "Whoever wrote a request cannot also approve it")
    if decision == "reject" and not comment.strip():
        raise Refused("comment_missing", "退回须说明理由", "A rejection needs its reason")
    if decision == "approve" and any(one.person_id == person_id for one in signatures):
        raise Refused("two_people", "须由两人分别审批，您已签批", "Two people approve; you have signed already")
    heavy = sorted(holds & frozenset(weighty))
    last = decision == "approve" and len(signatures) == WANTED - 1
    if last and not heavy and not any(one.role in weighty for one in signatures):
        raise Refused(
            "leader_or_propaganda",
            f"两名审批人中至少一人须为：{list_roles(weighty)}",
            f"One of the two who approve must hold: {', '.join(sorted(weighty))}",
        )
    return Signature(person_id, person, Role((heavy or sorted(holds))[0]), decision, at, comment)
