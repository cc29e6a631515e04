"""What a policy may say: what could never work is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from services.notify.escalation.policy import Policy

DESK = {"kind": "desk"}


def made(**values: Any) -> Policy:
    return Policy.model_validate(
        {
            "name": "值班逐级通知",
            "kinds": ["alert_raised"],
            "levels": ["II"],
            "steps": [{"delay_minutes": 0, "targets": [DESK]}],
            "repeat": 0,
            "repeat_after_minutes": 5,
            **values,
        }
    )


def test_kinds_and_levels_stand_once_each() -> None:
    policy = made(kinds=["alert_raised", "alert_raised"], levels=["I", "II", "I"])
    assert (len(policy.kinds), len(policy.levels)) == (1, 2)


@pytest.mark.parametrize(
    "target",
    [
        DESK,
        {"kind": "contact", "contact_id": "c"},
        {"kind": "role", "role": "office"},
        {"kind": "on_duty", "role": "office", "unit": "澜沧县移民局"},
        {"kind": "deputy", "role": "county"},
    ],
)
def test_targets_with_what_they_need(target: dict[str, Any]) -> None:
    assert made(steps=[{"delay_minutes": 0, "targets": [target]}]).steps[0].targets[0].kind == target["kind"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kinds": []},
        {"kinds": ["communication_check"]},
        {"kinds": ["notice_unanswered"]},
        {"levels": []},
        {"steps": []},
        {"steps": [{"delay_minutes": 0, "targets": []}]},
        {"steps": [{"delay_minutes": -1, "targets": [DESK]}]},
        {"steps": [{"delay_minutes": 0, "targets": [{"kind": "contact"}]}]},
        {"steps": [{"delay_minutes": 0, "targets": [{"kind": "desk", "contact_id": "c"}]}]},
        {"steps": [{"delay_minutes": 0, "targets": [{"kind": "desk", "unit": "u"}]}]},
        {"steps": [{"delay_minutes": 0, "targets": [{"kind": "on_duty"}]}]},
        {"steps": [{"delay_minutes": 0, "targets": [{"kind": "contact", "contact_id": "c", "role": "office"}]}]},
        {"repeat": 11},
        {"repeat_after_minutes": 0},
        {"name": " "},
        {"unknown": 1},
    ],
)
def test_what_could_not_work_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        made(**wrong)
