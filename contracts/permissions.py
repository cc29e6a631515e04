"""Who may do what: one table, which the gateway and every service obey and `docs/roles.md` prints.

A row is an action; it names the roles that may perform it on everything (`everywhere`) and those that may on what is
their own (`own`). What is one's own, and where it is checked, stands in docs/roles.md; in short:

- cases and what hangs on them: the caller's unit takes part, or their role as a whole, or they by name. A county also
  sees the alerts of events that name it (services/cases/access.py).
- rosters: one's unit's, and those that one is on; of these, the shifts that one has oneself.
- notifications and the live stream: what was told to the caller; what happens in the caller's own cases.
- contacts: the contact whose login name is the caller's.

`admin` runs the system: it manages users, sources, plans and contacts, and, as the duty desk of a small office, may
also work cases; only approvals stay with the roles that the plan names. `auditor` reads everything, personal contact
data too, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contracts.words import Role


class Reach(StrEnum):
    """How far a right goes."""

    #: to everything there is
    ALL = "all"
    #: to what is the caller's own
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Action:
    """One row: what is done, in both languages, by whom, and the clause of the seed's plan that asks for it."""

    zh: str
    en: str
    everywhere: frozenset[Role]
    own: frozenset[Role] = frozenset()
    clause: str = ""

    @property
    def roles(self) -> frozenset[Role]:
        """Return every role that may perform it, on whatever."""
        return self.everywhere | self.own

    def reach(self, roles: Set[Role]) -> Reach | None:
        """Return how far somebody with `roles` may go; None: not at all."""
        if self.everywhere & roles:
            return Reach.ALL
        return Reach.OWN if self.own & roles else None


#: The roles that see and work only on cases in which they take part: the departments concerned (clause 四), the
#: counties (clause 七(一)) and experts, who are invited where need be (clause 六(二)).
CONFINED: Final = frozenset({Role.DEPARTMENT, Role.COUNTY, Role.EXPERT})

_EVERYONE: Final = frozenset(Role)
_OVERSEERS: Final = _EVERYONE - CONFINED
_UNITS: Final = frozenset({Role.DEPARTMENT, Role.COUNTY})
_LEADERS: Final = frozenset({Role.CITY_LEADER, Role.GROUP_LEADER, Role.GROUP_MEMBER})
_DESK: Final = frozenset({Role.OFFICE, Role.ADMIN})
_WORKERS: Final = _DESK | {Role.GROUP_LEADER, Role.GROUP_MEMBER, Role.PROPAGANDA}

#: What an action is done to (the part of its name before the dot), in the order in which the table is read.
NOUNS: Final[dict[str, tuple[str, str]]] = {
    "posts": ("信息", "Posts"),
    "sources": ("信源", "Sources"),
    "evidence": ("网页存证", "Evidence"),
    "topics": ("监测专题", "Topics"),
    "events": ("舆情事件", "Events"),
    "sentiment": ("情感分析", "Sentiment"),
    "plans": ("预案", "Plans"),
    "alerts": ("预警", "Alerts"),
    "cases": ("处置单", "Cases"),
    "participants": ("参与单位", "Participants"),
    "tasks": ("任务", "Tasks"),
    "consultations": ("会商", "Consultations"),
    "information": ("信息通报", "Information passed on"),
    "media_contacts": ("媒体沟通", "Media contacts"),
    "press_conferences": ("新闻发布会", "Press conferences"),
    "facts": ("事实", "Facts"),
    "statements": ("口径", "Statements"),
    "corrections": ("更正请求", "Correction requests"),
    "concerns": ("诉求", "Concerns"),
    "reviews": ("总结评估", "Reviews"),
    "delegations": ("授权代理", "Delegations"),
    "notifications": ("通知", "Notifications"),
    "templates": ("通知模板", "Templates"),
    "escalations": ("逐级通知", "Escalation"),
    "checks": ("通信检查", "Communication checks"),
    "contacts": ("联络网", "Contacts"),
    "rosters": ("值班表", "Rosters"),
    "users": ("用户", "Users"),
    "keys": ("密钥", "API keys"),
    "audit": ("审计日志", "Audit log"),
    "stream": ("实时推送", "Live stream"),
}

ACTIONS: Final[dict[str, Action]] = {
    "posts.push": Action("推送、导入信息", "push and import posts", _DESK | {Role.COUNTY}, clause="七(二)"),
    "posts.read": Action(
        "检索、查看已脱敏的信息", "search and read posts, masked", _EVERYONE, clause="五(一)1、七(二)"
    ),
    "sources.read": Action("查看信源与监测覆盖", "see sources and coverage", _EVERYONE, clause="七(二)"),
    "sources.write": Action("增改信源、立即采集", "set sources up, collect now", _DESK, clause="七(二)"),
    "evidence.read": Action("下载网页存证", "download kept pages", _WORKERS | {Role.AUDITOR}, clause="五(三)1"),
    "topics.read": Action("查看监测专题", "see topics", _EVERYONE, clause="一"),
    "topics.write": Action("增改监测专题", "set topics up", _DESK, clause="一"),
    "events.read": Action("查看事件、趋势、总览", "see events, trends, the overview", _EVERYONE, clause="五(一)1"),
    "events.write": Action("合并、拆分、更正事件", "merge, split and correct events", _DESK, clause="三(三)"),
    "sentiment.score": Action("对文本打分", "score texts", _EVERYONE),
    "plans.read": Action("查看预案", "read the plan", _EVERYONE),
    "plans.write": Action(
        "上传、启用预案", "hand in a plan, put it in force", frozenset({Role.ADMIN}), clause="五(二)1"
    ),
    "alerts.read": Action("查看预警", "see alerts", _OVERSEERS, CONFINED, "五(一)1"),
    "alerts.write": Action(
        "签收、驳回预警，认定其事实", "acknowledge, dismiss, judge alerts", _WORKERS, clause="五(二)2"
    ),
    "cases.read": Action(
        "查看处置单、时限、任务、口径、时间线", "see cases, with all that hangs on them", _OVERSEERS, CONFINED, "二(五)"
    ),
    "cases.write": Action(
        "建立、流转、上报、建议级别、监控",
        "open, move on, report up, propose a level, watch",
        _WORKERS,
        _UNITS,
        "四、五(三)2",
    ),
    "cases.describe": Action(
        "修改标题、摘要、事件类型", "change title, summary and incident type", _WORKERS, clause="二(一)"
    ),
    "cases.decide": Action("审批级别、总结评估", "decide on levels and reviews", _LEADERS | {Role.OFFICE}, clause="四"),
    # the chain of the plan says whose turn it is; a delegate may hold any role but the auditor's
    "cases.sign": Action(
        "签署轮到本人的级别审批（含受托代理）",
        "sign a level when it is one's turn (as a delegate too)",
        _OVERSEERS - {Role.AUDITOR},
        CONFINED,
        "四",
    ),
    "participants.write": Action("增减参与单位与人员", "add and release participants", _WORKERS, clause="二(五)、三"),
    "tasks.write": Action("交办、交接、完成任务", "give, hand over and complete tasks", _WORKERS, _UNITS, "五(三)2"),
    "consultations.write": Action(
        "召集会商、记录结论", "call consultations, record conclusions", _WORKERS, clause="五(三)2"
    ),
    "information.write": Action("向有关部门通报信息", "pass information to departments", _WORKERS, clause="五(二)3"),
    "information.answer": Action("签收、反馈通报的信息", "acknowledge and answer it", _WORKERS, CONFINED, "五(二)3"),
    "media_contacts.write": Action("登记媒体沟通", "log contacts with the media", _WORKERS, clause="五(三)1、2"),
    "press_conferences.write": Action(
        "筹备、记录新闻发布会", "prepare and record press conferences", _WORKERS | {Role.CITY_LEADER}, clause="五(三)3"
    ),
    "facts.confirm": Action("提供、核实事实", "give and confirm facts", _WORKERS, _UNITS, "二(一)"),
    "statements.write": Action(
        "起草、发布、撤回口径", "draft, publish, withdraw statements", _WORKERS, clause="二(三)、三(二)"
    ),
    # by a role that decides at the level, or a delegate of a holder, as with levels
    "statements.approve": Action(
        "审批口径（含受托代理）",
        "approve statements (as a delegate too)",
        _OVERSEERS - {Role.AUDITOR, Role.ADMIN},
        CONFINED,
        "二(三)、三(二)",
    ),
    "corrections.write": Action(
        "提出更正请求、记录结果", "file correction requests, record outcomes", _WORKERS, clause="五(三)1"
    ),
    "corrections.approve": Action(
        "批准更正请求", "approve correction requests", _LEADERS | {Role.OFFICE, Role.PROPAGANDA}, clause="五(三)1"
    ),
    "concerns.answer": Action("答复诉求", "answer concerns", _WORKERS, _UNITS, "二(二)"),
    "reviews.write": Action("撰写总结评估", "write reviews", _WORKERS, clause="六(二)"),
    "reviews.mark": Action("评分、提出意见", "give marks and opinions", _LEADERS, frozenset({Role.EXPERT}), "六(二)"),
    "delegations.write": Action("登记授权代理", "name deputies", _LEADERS | _DESK, clause="三(一)"),
    "notifications.read": Action(
        "查看通知与签收情况", "see notifications and receipts", _OVERSEERS, CONFINED, "七(一)"
    ),
    "notifications.acknowledge": Action(
        "签收通知（办公室可代值班席）",
        "acknowledge notifications (the office: the duty desk's too)",
        frozenset(),
        _EVERYONE - {Role.AUDITOR},
        "五(二)3",
    ),
    "notifications.preview": Action("试算通知对象", "see who would be told of what", _OVERSEERS, clause="七(一)"),
    "templates.write": Action(
        "增改通知模板", "word notifications: templates and their versions", _DESK, clause="七(一)"
    ),
    "escalations.write": Action("增改逐级通知方案", "set escalation policies up", _DESK, clause="五(二)3"),
    "escalations.stop": Action("终止逐级通知", "stop an escalation", _LEADERS, clause="四"),
    "checks.read": Action("查看通信检查结果", "see communication checks", _OVERSEERS, clause="七(一)"),
    "checks.write": Action(
        "发起通信检查、设置定期检查", "start and schedule communication checks", _DESK, clause="七(一)"
    ),
    "contacts.read": Action(
        "查看联络网（含联系方式）", "see contacts, addresses too", _DESK | _LEADERS | {Role.AUDITOR}, clause="七(一)"
    ),
    "contacts.write": Action(
        "增改、导入、导出联络网；单位、渠道、订阅",
        "set up, import, export contacts; units, channels, subscriptions",
        _DESK,
        clause="七(一)",
    ),
    "contacts.own": Action(
        "查看、验证本人联络方式，设置静默时段和语言",
        "see and verify one's own ways, set one's quiet hours and language",
        frozenset(),
        _EVERYONE - {Role.AUDITOR},
        "七(一)",
    ),
    "rosters.read": Action("查看值班表与值班人员", "see rosters and who is on duty", _OVERSEERS, CONFINED, "七(一)"),
    "rosters.write": Action(
        "排班、替班、24 小时值班（本人：调班、交接）",
        "set rosters up (one's own: swap shifts, hand over)",
        _DESK,
        _EVERYONE - _DESK - {Role.AUDITOR},
        "五(一)2、七(一)",
    ),
    "users.read": Action("查看用户", "see users", frozenset({Role.ADMIN, Role.AUDITOR})),
    "users.write": Action("增改用户", "set users up", frozenset({Role.ADMIN})),
    "keys.read": Action("查看系统密钥", "see API keys", frozenset({Role.ADMIN, Role.AUDITOR})),
    # a key itself may do so only where its scopes name it (gateway/api/keys.py)
    "keys.write": Action("增改、轮换、撤销系统密钥", "make, change, rotate, revoke API keys", frozenset({Role.ADMIN})),
    "audit.read": Action(
        "查询、核验、导出审计日志", "search, verify and export the audit log", frozenset({Role.ADMIN, Role.AUDITOR})
    ),
    "stream.read": Action("接收实时推送", "listen to what happens", _OVERSEERS, CONFINED),
}


def reach(action: str, roles: Set[Role]) -> Reach | None:
    """Return how far somebody with `roles` may perform `action`; None: not at all. KeyError for an unknown action."""
    return ACTIONS[action].reach(roles)


#: What a scope may be besides an action's own name: the shorthand for every action that only reads.
READ: Final = "read"


def is_scope(name: str) -> bool:
    """Tell whether `name` is an action, `read`, or all actions of a noun (`cases.*`)."""
    noun, _, verb = name.partition(".")
    return name in ACTIONS or name == READ or (verb == "*" and noun in NOUNS)


def covers(scopes: Set[str] | None, action: str) -> bool:
    """Tell whether `scopes` let an action through that the roles allow; None narrows nothing, an empty set all."""
    if scopes is None or action in scopes:
        return True
    noun, _, verb = action.partition(".")
    return (verb == "read" and READ in scopes) or f"{noun}.*" in scopes


def allowed(action: str, roles: Set[Role]) -> bool:
    """Tell whether `roles` may perform `action` at least on what is their own. KeyError for an unknown action."""
    return reach(action, roles) is not None


#: Actions that the audit log does not write down, because they come by the thousand and show nobody: posts pushed in,
#: texts scored. Every other action is written down: a new one too, until somebody decides otherwise here.
UNRECORDED: Final = frozenset({"posts.push", "sentiment.score"})
#: Reading of what is public or of what the plan says: written down only where a file leaves or something is changed by
#: it. (An alert is figures of public pages; the case that comes of it is written down.)
OPEN_READING: Final = frozenset(
    {"posts.read", "sources.read", "topics.read", "events.read", "plans.read", "alerts.read", "notifications.preview"}
)


def recorded(actions: Set[str], *, changes: bool, exports: bool) -> bool:
    """Tell whether the audit log writes a request down that takes `actions`.

    `changes`: its method is not one that only reads. `exports`: its answer is a file to keep. A request that takes no
    action (one's own login, say) is written down where it changes something.
    """
    if exports:
        return True
    if not actions:
        return changes
    return any(action not in UNRECORDED and (changes or action not in OPEN_READING) for action in actions)
