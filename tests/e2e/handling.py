"""What officers do in every case, whatever its level: wait for its alert, move it on, speak, review and close it."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.harness import eventually
from tests.e2e.officers import CAST, Staff

#: What verifies an exported timeline with nothing but Python.
VERIFIER = Path(__file__).resolve().parents[2] / "docs" / "verify_timeline.py"
#: What every review of the plan wants written by hand; the rest is read out of the case.
WRITTEN = {"成功经验": "首次发布早于时限", "暴露的问题": "诉求登记偏晚", "预案修改建议": "见建议"}
MARKS = {"timeliness": 4, "accuracy": 5, "openness": 4, "answering": 3, "coordination": 4}


class Handling:
    """One case as its officers handle it."""

    def __init__(self, staff: Staff, case_id: str) -> None:
        self.staff, self.id = staff, case_id
        self.at = f"/api/v1/cases/{case_id}"

    def show(self, who: str = "auditor") -> dict[str, Any]:
        """Return the case."""
        shown: dict[str, Any] = self.staff[who].get(self.at)
        return shown

    def clock(self, kind: str) -> dict[str, Any]:
        """Return the clock of a kind that was started last."""
        found = [one for one in self.clocks() if one["kind"] == kind]
        assert found, f"no clock {kind}"
        return found[-1]

    def clocks(self) -> list[dict[str, Any]]:
        """Return every clock, in the order of their start."""
        return list(self.staff["auditor"].get(f"{self.at}/clocks")["items"])

    def running(self) -> dict[str, tuple[str, str]]:
        """Return level and due time of each clock that runs, by kind; tasks are left out."""
        return {
            one["kind"]: (one["level"], one["due_at"])
            for one in self.clocks()
            if one["kind"] != "task" and one["state"] in ("running", "breached")
        }

    def pending(self) -> dict[str, Any] | None:
        """Return the proposed level that awaits its decision."""
        found = self.staff["auditor"].get(f"{self.at}/approvals")["items"]
        return next((one for one in found if one["state"] == "pending"), None)

    def sign(self, who: str, decision: str = "approve", comment: str = "同意") -> dict[str, Any]:
        """Sign the step at which the pending proposal stands."""
        signed: dict[str, Any] = self.staff[who].post(self.signing(), {"decision": decision, "comment": comment})
        return signed

    def may_not_sign(self, who: str, status: int, rule: str) -> None:
        """Try to sign, and be refused."""
        self.staff[who].refused(status, rule, self.signing(), {"decision": "approve"})

    def signing(self) -> str:
        """Return where the pending proposal is signed."""
        proposal = self.pending()
        assert proposal is not None, "nothing to sign"
        return f"{self.at}/approvals/{proposal['id']}"

    def move(self, who: str, to: str, reason: str = "") -> None:
        """Take a step of the lifecycle."""
        assert self.staff[who].post(f"{self.at}/transitions", {"to": to, "reason": reason})["state"] == to

    def may_not_move(self, who: str, to: str, status: int, rule: str, *, reason: str = "") -> dict[str, Any]:
        """Try a step, and be refused."""
        return self.staff[who].refused(status, rule, f"{self.at}/transitions", {"to": to, "reason": reason})

    def name_departments(self) -> None:
        """Let the office name the departments: the plan says of none what concerns it."""
        for unit in ("市财政局", "市水务局"):
            self.staff["office"].post(f"{self.at}/participants", {"role": "department", "unit": unit})

    def task(self, key: str) -> dict[str, Any]:
        """Return the task of the playbook with that key."""
        found = [one for one in self.staff["auditor"].get(f"{self.at}/tasks")["items"] if one["key"] == key]
        assert len(found) == 1, (key, found)
        return dict(found[0])

    def do(self, who: str, key: str, evidence: str) -> None:
        """Complete a task of the playbook."""
        done = {"action": "complete", "text": evidence}
        assert self.staff[who].post(f"{self.at}/tasks/{self.task(key)['id']}", done)["done"]

    def confirm(self, who: str, **facts: tuple[str, str]) -> None:
        """Confirm facts, each `subject=(kind, value)`."""
        for subject, (kind, value) in facts.items():
            fact = {"kind": kind, "subject": subject, "value": value, "source": "县移民系统现场核查"}
            self.staff[who].post(f"{self.at}/confirmed-facts", fact)

    def draft(self, who: str, **said: Any) -> str:
        """Draft a statement and hand it in; returns its path."""
        drafted = self.staff[who].post(f"{self.at}/statements", said)
        path = f"{self.at}/statements/{drafted['id']}"
        self.staff[who].post(f"{path}/submit")
        return path

    def speak(self, who: str, approver: str, **said: Any) -> dict[str, Any]:
        """Draft, hand in, have approved and publish a statement; what the public reads is returned."""
        path = self.draft(who, **said)
        self.staff[approver].post(f"{path}/approve")
        return self.publish(who, path)

    def publish(self, who: str, path: str) -> dict[str, Any]:
        """Publish an approved statement; returns what the public reads of it at once, without logging in."""
        said = self.staff[who].post(f"{path}/publish")
        shown = portal(self.staff, said["id"])
        assert (shown["title"], shown["state"]) == (said["title"], "published")
        return shown

    def answer_concerns(self, *by: str) -> None:
        """Answer every concern that stands open, in turn by each of `by`."""
        concerns = self.staff["auditor"].get(f"{self.at}/concerns")["items"]
        for i, concern in enumerate(one for one in concerns if one["state"] == "open"):
            answer = {"text": f"关于“{concern['name']}”：县工作组已入户核对，九月二十日前逐户答复到位"}
            self.staff[by[i % len(by)]].post(f"{self.at}/concerns/{concern['id']}/answer", answer)

    def entries(self) -> list[dict[str, Any]]:
        """Return the whole timeline."""
        return list(self.staff["auditor"].items(f"{self.at}/timeline"))

    def wait(self, days: float) -> None:
        """Let days pass."""
        self.staff.system.forward(timedelta(days=days))

    def review(self, writer: str, finisher: str, *markers: str) -> dict[str, Any]:
        """Write, mark and finish the review of a case that is being reviewed; returns it as it stays."""
        at, staff = f"{self.at}/review", self.staff
        self.may_not_move(finisher, "closed", 409, "review_missing", reason="已办结")
        staff[writer].post(at)
        old = staff[writer].tag(at)
        proposal = {"text": "县级核实时限由 2 小时改为 1 小时", "path": "playbook"}
        written = {"sections": WRITTEN, "lessons": "早核实、早答复", "proposals": [proposal], "conclusion": "处置得当"}
        staff[writer].patch(at, written)
        staff[writer].refused(412, "stale", at, {"lessons": "另一人所写"}, method="PATCH", if_match=old)
        for marker in markers:
            staff[marker].put(f"{at}/marks", {"marks": MARKS, "comment": "总体及时"})
        staff[writer].post(f"{at}/submit")
        staff[writer].refused(403, "review.role", f"{at}/finish")
        final: dict[str, Any] = staff[finisher].post(f"{at}/finish")
        assert (final["state"], len(final["digest"])) == ("final", 64)
        assert [one["mean"] for one in final["criteria"]] == list(map(float, MARKS.values()))
        return final

    def close(self, who: str) -> None:
        """Close the case and hold its timeline against its seals."""
        self.may_not_move(who, "closed", 409, "conclusion_missing")
        self.move(who, "closed", "群众诉求已逐项答复，办结")
        assert self.running() == {}
        verdict = self.staff["auditor"].get(f"{self.at}/timeline/verify")
        entries = self.entries()
        assert (verdict["intact"], verdict["entries"]) == (True, len(entries))
        assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)


def portal(staff: Staff, statement_id: str) -> dict[str, Any]:
    """Return a published statement as anybody reads it, and find it in the feed too."""
    url = f"{staff.system.url}/public/v1/statements"
    shown = httpx.get(f"{url}/{statement_id}", headers={"Accept": "application/json"}, trust_env=False)
    feed = httpx.get(url, trust_env=False)
    assert shown.status_code == feed.status_code == 200, shown.text
    assert any(statement_id in item["id"] for item in feed.json()["items"]), feed.text
    staff["auditor"].heard += [shown.text, feed.text]
    found: dict[str, Any] = shown.json()
    return found


def the_alert(staff: Staff, level: str, place: str) -> dict[str, Any]:
    """Wait for the alert of a level about an event in a county."""

    def there() -> dict[str, Any] | None:
        for alert in staff["office"].items("/api/v1/alerts", level=level):
            if alert["status"] == "open" and place in alert["event_title"]:
                return alert
        return None

    return eventually(there, f"an alert of level {level} in {place}", 180)


def minutes(start: str, end: str) -> float:
    """Return how many minutes lie between two instants."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() / 60


def watched(staff: Staff, case: Handling) -> dict[str, Any] | None:
    """Return what ingest is asked to watch round the clock for a case."""
    found = staff["office"].get("/api/v1/watches")
    return next((one for one in found if one["case_id"] == case.id and one["mode"] == "surge"), None)


def consult(staff: Staff, case: Handling) -> None:
    """Call departments to a consultation, and make a department's task of one of its conclusions."""
    called = {
        "subject": "安置房质量问题及应对口径",
        "planned_at": (staff.system.now() + timedelta(minutes=30)).isoformat(),
        "units": [
            {"role": "department", "unit": "市财政局"},
            {"role": "department", "unit": "市水务局"},
            {"role": "propaganda", "unit": "市委宣传部"},
        ],
    }
    staff["finance"].refused(403, "forbidden", f"{case.at}/consultations", called)
    at = f"{case.at}/consultations/{staff['member'].post(f'{case.at}/consultations', called)['id']}"
    staff.system.forward(timedelta(minutes=30))
    held = {
        "attended": ["市财政局", "市水务局", "市委宣传部"],
        "conclusions": ["两日内完成房屋检测", "口径由宣传部统一"],
    }
    staff["member"].post(f"{at}/held", held)
    assert case.task("consult")["done"]
    given = {"role": "department", "unit": "市水务局"}
    task = staff["member"].post(f"{at}/conclusions/1/task", given)
    assert (task["title"], task["origin"]) == ("两日内完成房屋检测", "consultation")
    staff["member"].refused(409, "task_given", f"{at}/conclusions/1/task", given)
    done = {"action": "complete", "text": "已检测213户，出具报告"}
    staff["finance"].refused(403, "task.not_yours", f"{case.at}/tasks/{task['id']}", done)
    staff["water"].post(f"{case.at}/tasks/{task['id']}", done)


def inform(staff: Staff, case: Handling) -> None:
    """Pass information to units, each of which acknowledges and answers for itself alone."""
    units = [{"role": "department", "unit": "市财政局"}, {"role": "county", "unit": CAST["jinggu"][2]}]
    passed = {"text": "省报反映安置房开裂，请核实户数和资金", "units": units, "answer_wanted": True}
    information = f"{case.at}/information/{staff['office'].post(f'{case.at}/information', passed)['id']}"
    staff["water"].refused(403, "information.not_yours", f"{information}/acknowledge", {})
    staff["stranger"].refused(404, "not-found", f"{information}/acknowledge", {})
    staff["finance"].post(f"{information}/acknowledge", {})
    staff["finance"].post(f"{information}/answer", {"text": "维修资金2000万元已全部拨付到县"})
    receipts = staff["jinggu"].post(f"{information}/answer", {"text": "受影响213户，无人受伤"})["receipts"]
    assert all(one["answered_at"] and not one["overdue"] for one in receipts)


def ask_for_a_correction(staff: Staff, case: Handling) -> None:
    """Ask an outlet to correct a false figure: never an opinion, never by one person."""
    at = f"{case.at}/corrections"
    asked = {
        "outlet": "某资讯网",
        "title": "安置房维修款去哪了",
        "url": "https://news.example.com/a/1.html",
        "claim": "景谷县把2000万元安置房维修资金挪作他用",
        "evidence": [
            {"kind": "document", "description": "国库支付凭证，显示资金已拨付到县", "reference": "普财支〔2026〕18号"}
        ],
        "fact": "2000万元维修资金已于2026年2月20日全部拨付到县",
        "fact_source": "市财政局核查",
    }
    staff["propaganda"].refused(409, "correction.opinion", at, {**asked, "claim": "移民部门根本不管群众死活"})
    staff["propaganda"].refused(409, "correction.takedown", at, {**asked, "note": "请对方删帖"})
    staff["propaganda"].refused(422, "correction.evidence_missing", at, {**asked, "evidence": []})
    request = f"{at}/{staff['propaganda'].post(at, asked)['id']}"
    staff["propaganda"].post(f"{request}/submit")
    staff["propaganda"].refused(409, "two_people", f"{request}/approve")
    staff["office"].post(f"{request}/approve")
    staff["office"].refused(409, "two_people", f"{request}/approve")
    staff["propaganda"].refused(409, "correction.no_letter", f"{request}/letter", method="GET")
    assert staff["leader"].post(f"{request}/approve")["state"] == "approved"
    letter = staff["propaganda"].http.get(f"{request}/letter").text
    for said in (asked["claim"], asked["fact"], asked["fact_source"], asked["url"], "更正"):
        assert str(said) in letter
    staff["propaganda"].post(f"{request}/sent", {"way": "挂号信", "to": "该网总编室"})
    outcome = {"outcome": "corrected", "answer": "已刊发更正说明", "published_url": "https://news.example.com/a/2.html"}
    assert staff["propaganda"].post(f"{request}/outcome", outcome)["outcome_name"] == "已更正"


def meet_the_press(staff: Staff, case: Handling, approver: str) -> None:
    """Decide on a press conference, have its spokesperson named by the city and its answers approved, and hold it."""
    at = f"{case.at}/press-conferences"
    conference = f"{at}/{staff['propaganda'].post(at, {'decision': 'hold', 'reason': '社会关注度高'})['id']}"
    speaker = {"name": "林副秘书长", "office": "市政府副秘书长"}
    staff["leader"].refused(403, "conference.role", f"{conference}/spokesperson", speaker)
    when = {"at": (staff.system.now() + timedelta(hours=3)).isoformat(), "place": "市政府新闻发布厅"}
    staff["propaganda"].refused(409, "no_spokesperson", f"{conference}/announce", when)
    staff["city"].post(f"{conference}/spokesperson", speaker)
    paper = staff["propaganda"].get(conference)["questions"]
    questions = [{"question": one["question"], "answer": "情况属实，正在逐户解决"} for one in paper]
    questions.append({"question": "何时能够解决？", "answer": "年底前全部完成，进展每周公布"})
    staff["propaganda"].put(f"{conference}/questions", {"questions": questions})
    staff["propaganda"].post(f"{conference}/announce", when)
    staff.system.forward(timedelta(hours=3))
    record = {"record": "通报情况并回答记者提问"}
    staff["propaganda"].refused(409, "answers_unapproved", f"{conference}/held", record)
    staff["propaganda"].refused(403, "conference.role", f"{conference}/questions/1", {"decision": "approve"})
    for number in range(1, len(questions) + 1):
        staff[approver].post(f"{conference}/questions/{number}", {"decision": "approve"})
    staff["propaganda"].post(f"{conference}/held", record)
    clock = case.clock("press_conference")
    assert (clock["state"], clock["late"]) == ("met", False)


def offline(staff: Staff, case: Handling, folder: Path) -> None:
    """Verify the exported timeline without the system; an altered copy is found out."""
    exported = staff["auditor"].http.get(f"{case.at}/timeline/export").text
    for text, code in ((exported, 0), (exported.replace("补偿款", "补助款"), 1)):
        file = folder / f"timeline-{code}.jsonl"
        file.write_text(text, encoding="utf-8")
        ended = subprocess.run([sys.executable, str(VERIFIER), str(file)], capture_output=True, text=True, timeout=30)
        assert ended.returncode == code, ended.stdout + ended.stderr
