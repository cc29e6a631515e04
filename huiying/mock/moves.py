"""What officers do in a case, each as one call of the API, in the words of the domain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from huiying.mock.desk import Desk, eventually
from huiying.mock.events import EVENTS

_VILLAGES: Final = {event.key: event.village for event in EVENTS}
#: who signs a level, in the order of the plan's chain, and who approves texts at it
_SIGNERS: Final = {"I": ("leader", "city"), "II": ("leader",), "III": ("chief", "member"), "IV": ("chief",)}
_APPROVER: Final = {"I": "city", "II": "leader", "III": "member", "IV": "chief"}
WRITTEN: Final = {"成功经验": "首次发布早于时限", "暴露的问题": "诉求登记偏晚", "预案修改建议": "见建议"}


class Handling:
    """One case as its officers handle it."""

    def __init__(self, desk: Desk, case_id: str) -> None:
        self.desk, self.id = desk, case_id
        self.at = f"/api/v1/cases/{case_id}"

    @classmethod
    def of_event(cls, desk: Desk, key: str) -> Handling:
        """Wait for the case that the plan opens by itself for an event of the story."""

        def there() -> str | None:
            found = [one["case_id"] for one in alerts_of(desk, key) if one["case_id"]]
            return found[0] if found else None

        return cls(desk, eventually(there, f"a case of {key}"))

    def show(self) -> dict[str, Any]:
        """Return the case."""
        shown: dict[str, Any] = self.desk["auditor"].get(self.at)
        return shown

    def acknowledge(self, who: str) -> None:
        """Acknowledge the alert that the case came from."""
        self.desk[who].post(f"/api/v1/alerts/{self.show()['alert_id']}/acknowledge")

    def departments(self, *units: str) -> None:
        """Let the office name the departments that are concerned."""
        for unit in units:
            self.desk["office"].post(f"{self.at}/participants", {"role": "department", "unit": unit})

    def pending(self) -> dict[str, Any] | None:
        """Return the proposed level that awaits its decision."""
        found = self.desk["auditor"].get(f"{self.at}/approvals")["items"]
        return next((one for one in found if one["state"] == "pending"), None)

    def activate(self) -> None:
        """Sign the pending level by its whole chain; without one nothing is done."""
        proposal = self.pending()
        if proposal is None:
            return
        for key in _SIGNERS[proposal["to_level"]]:
            self.desk[key].post(f"{self.at}/approvals/{proposal['id']}", {"decision": "approve", "comment": "同意"})

    def decline(self) -> None:
        """Refuse the pending level, by whoever's turn it is; without one nothing is done."""
        proposal = self.pending()
        if proposal is not None:
            key = _SIGNERS[proposal["to_level"]][0]
            body = {"decision": "reject", "comment": "现级别足以应对，继续观察（示例）"}
            self.desk[key].post(f"{self.at}/approvals/{proposal['id']}", body)

    def move(self, who: str, to: str, reason: str = "") -> None:
        """Take a step of the lifecycle; a raise that the machine has proposed meanwhile is declined first."""
        if to in ("monitoring", "closed", "dismissed"):
            self.decline()
        self.desk[who].post(f"{self.at}/transitions", {"to": to, "reason": reason})

    def report(self, to: str, text: str) -> None:
        """Report up."""
        self.desk["office"].post(f"{self.at}/reports", {"to": to, "text": text})

    def tasks(self) -> dict[str, dict[str, Any]]:
        """Return the tasks of the playbook by key."""
        return {one["key"]: one for one in self.desk["auditor"].get(f"{self.at}/tasks")["items"] if one["key"]}

    def act(self, who: str, key: str, action: str, text: str = "") -> None:
        """Do something with a task of the playbook."""
        self.desk[who].post(f"{self.at}/tasks/{self.tasks()[key]['id']}", {"action": action, "text": text})

    def confirm(self, who: str, **facts: tuple[str, str]) -> None:
        """Confirm facts, each `subject=(kind, value)`."""
        for subject, (kind, value) in facts.items():
            fact = {"kind": kind, "subject": subject, "value": value, "source": "县移民系统现场核查（示例）"}
            self.desk[who].post(f"{self.at}/confirmed-facts", fact)

    def draft(self, who: str, title: str, text: str, kind: str = "first_bulletin") -> str:
        """Draft a statement; returns its path."""
        made = self.desk[who].post(f"{self.at}/statements", {"kind": kind, "title": title, "text": text})
        return f"{self.at}/statements/{made['id']}"

    def speak(self, who: str, title: str, text: str, kind: str = "first_bulletin") -> str:
        """Draft, hand in, have approved and publish a statement; returns its path."""
        path = self.draft(who, title, text, kind)
        self.desk[who].post(f"{path}/submit")
        self.approve(path)
        self.desk[who].post(f"{path}/publish")
        return path

    def approve(self, path: str) -> None:
        """Have a statement approved by a role that decides at the case's level."""
        self.desk[_APPROVER[self.show()["level"]]].post(f"{path}/approve")

    def answer_concerns(self, *by: str, most: int = 100) -> None:
        """Answer the concerns that stand open, in turn by each of `by`."""
        concerns = self.desk["auditor"].get(f"{self.at}/concerns")["items"]
        for i, concern in enumerate([one for one in concerns if one["state"] == "open"][:most]):
            answer = {"text": f"关于“{concern['name']}”：工作组已入户核对，月底前逐户答复到位，进展每周在村务栏公布。"}
            self.desk[by[i % len(by)]].post(f"{self.at}/concerns/{concern['id']}/answer", answer)

    def consult(self, who: str, units: Sequence[tuple[str, str]]) -> str:
        """Call units to a consultation; returns its path."""
        called = {
            "subject": "核实情况、统一口径（示例）",
            "planned_at": (self.desk.now() + timedelta(minutes=30)).isoformat(),
            "units": [{"role": role, "unit": unit} for role, unit in units],
        }
        return f"{self.at}/consultations/{self.desk[who].post(f'{self.at}/consultations', called)['id']}"

    def conclude(self, who: str, path: str, attended: Sequence[str], unit: str) -> None:
        """Record what a consultation came to, and make a task of its first conclusion."""
        held = {"attended": list(attended), "conclusions": ["两日内完成现场检测", "口径由宣传部门统一"]}
        self.desk[who].post(f"{path}/held", held)
        self.desk[who].post(f"{path}/conclusions/1/task", {"role": "department", "unit": unit})

    def inform(self, text: str, *units: tuple[str, str]) -> str:
        """Pass information to units, which must answer; returns its path."""
        named = [{"role": role, "unit": unit} for role, unit in units]
        body = {"text": text, "units": named, "answer_wanted": True}
        return f"{self.at}/information/{self.desk['office'].post(f'{self.at}/information', body)['id']}"

    def correction(self, claim: str, fact: str) -> str:
        """File a request for correction; returns its path."""
        asked = {
            "outlet": "某示例资讯号",
            "title": "安置房的钱去哪了（示例）",
            "url": "https://news.example.com/a/1.html",
            "claim": claim,
            "evidence": [
                {
                    "kind": "document",
                    "description": "国库支付凭证，显示资金已拨付到县",
                    "reference": "示财支〔2026〕18号",
                }
            ],
            "fact": fact,
            "fact_source": "市财政局核查（示例）",
        }
        return f"{self.at}/corrections/{self.desk['propaganda'].post(f'{self.at}/corrections', asked)['id']}"

    def send_correction(self, path: str) -> None:
        """Have a request approved by two people, and its letter sent."""
        self.desk["propaganda"].post(f"{path}/submit")
        self.desk["office"].post(f"{path}/approve")
        self.desk["leader"].post(f"{path}/approve")
        self.desk["propaganda"].post(f"{path}/sent", {"way": "挂号信", "to": "该号编辑部（示例）"})

    def conference(self) -> str:
        """Decide on a press conference, name its spokesperson, have its answers approved, announce it; its path."""
        at = f"{self.at}/press-conferences"
        decided = self.desk["propaganda"].post(at, {"decision": "hold", "reason": "社会关注度高"})
        path = f"{at}/{decided['id']}"
        speaker = {"name": "示例·发言人", "office": "市政府副秘书长（示例）"}
        self.desk["city"].post(f"{path}/spokesperson", speaker)
        paper = self.desk["propaganda"].get(path)["questions"]
        questions = [{"question": one["question"], "answer": "情况属实，正在逐户解决"} for one in paper]
        questions.append({"question": "何时能够解决？", "answer": "年底前全部完成，进展每周公布"})
        self.desk["propaganda"].put(f"{path}/questions", {"questions": questions})
        approver = _APPROVER[self.show()["level"]]
        for number in range(1, len(questions) + 1):
            self.desk[approver].post(f"{path}/questions/{number}", {"decision": "approve"})
        when = {"at": (self.desk.now() + timedelta(hours=2)).isoformat(), "place": "示例新闻发布厅"}
        self.desk["propaganda"].post(f"{path}/announce", when)
        return path

    def review(self, writer: str, *markers: str) -> None:
        """Begin the review, write and mark it."""
        at = f"{self.at}/review"
        self.desk[writer].post(at)
        proposal = {"text": "县级核实时限由 2 小时改为 1 小时", "path": "playbook"}
        said = {"sections": WRITTEN, "lessons": "早核实、早答复", "proposals": [proposal], "conclusion": "处置得当"}
        self.desk[writer].patch(at, said)
        for points, marker in enumerate(markers, start=3):
            marks = {"timeliness": points, "accuracy": 5, "openness": 4, "answering": points, "coordination": 4}
            self.desk[marker].put(f"{at}/marks", {"marks": marks, "comment": "总体及时（示例）"})

    def close(self, writer: str, finisher: str) -> None:
        """Finish the review and close the case."""
        self.desk[writer].post(f"{self.at}/review/submit")
        self.desk[finisher].post(f"{self.at}/review/finish")
        self.move(finisher, "closed", "诉求已逐项答复，办结（示例）")


def alerts_of(desk: Desk, key: str) -> list[dict[str, Any]]:
    """Return the alerts of an event of the story, known by its village."""
    return [one for one in desk["office"].items("/api/v1/alerts") if _VILLAGES[key] in one["event_title"]]


def the_alert(desk: Desk, key: str) -> dict[str, Any]:
    """Wait for an event's alert."""
    return eventually(lambda: next(iter(alerts_of(desk, key)), None), f"an alert of {key}")
