"""What the built-in letters ask of those who want to read English. What the sender wrote stays as it was written."""

from __future__ import annotations

from typing import Final

from contracts.words import Level, NotificationKind, Role

TODO: Final[dict[NotificationKind, str]] = {
    NotificationKind.ALERT_RAISED: (
        "check the facts and figures of the alert; open a case if true, dismiss it with the reason if not."
    ),
    NotificationKind.CASE_OPENED: (
        "learn what is going on at once, and get the report and the first release ready in the plan's time."
    ),
    NotificationKind.LEVEL_PROPOSED: (
        "decide on the proposed level soon; the clocks of the higher level are running already."
    ),
    NotificationKind.LEVEL_CHANGED: "adapt command, people and deadlines to the new level.",
    NotificationKind.CASE_CHANGED: "look at what is new in the case, and do what falls to you.",
    NotificationKind.CLOCK_WARNING: "finish this work; its time is nearly over.",
    NotificationKind.CLOCK_BREACHED: "finish the overdue work at once, and say why it is late.",
    NotificationKind.STATEMENT_SUBMITTED: (
        "review the statement: true facts, figures with their sources, no contradiction to what was published."
    ),
    NotificationKind.STATEMENT_PUBLISHED: "take note of the published statement; it is what is answered from now on.",
    NotificationKind.DECISION_OVERDUE: "decide soon; if you are away, delegate to somebody.",
    NotificationKind.TASK_ASSIGNED: "do the task in time and enter its result; say early if you cannot.",
    NotificationKind.CONSULTATION_CALLED: "come in time, and bring what your unit knows and thinks.",
    NotificationKind.INFORMATION_PASSED: "acknowledge the information, verify what is yours, and answer in the system.",
    NotificationKind.HANDED_OVER: "read the hand-over note, confirm that you take over, and go on with what is open.",
    NotificationKind.CORRECTION_SUBMITTED: (
        "check claim, evidence and official fact of the correction request and decide; opinion, criticism "
        "and complaints cannot be its object."
    ),
    NotificationKind.CHANNEL_FAILING: (
        "speak with the receiver or check the channel's settings; then enable it again and send again what "
        "did not arrive."
    ),
    NotificationKind.SOURCE_SILENT: (
        "look at the source's health, mend or replace it, and watch the site by hand until then."
    ),
    NotificationKind.ROSTER_GAP: "look at the roster and fill the gap; until then the office keeps the watch.",
    NotificationKind.COMMUNICATION_CHECK: "confirm at once; this is a communication check, nothing else is to be done.",
    NotificationKind.NOTICE_TAKEN: "take note; who has taken it on will call you if need be.",
    NotificationKind.NOTICE_UNANSWERED: (
        "telephone those in charge until somebody answers, and find out why they could not be reached."
    ),
}
LEVELS: Final[dict[Level, str]] = {
    Level.I: "I (most serious)",
    Level.II: "II (major)",
    Level.III: "III (ordinary)",
    Level.IV: "IV (minor)",
}


def kind_in_english(kind: NotificationKind) -> str:
    """Return a kind in words."""
    return kind.value.replace("_", " ")


def role_in_english(role: Role) -> str:
    """Return a role in words."""
    return role.value.replace("_", " ")
