"""The shared words of the domain, as enums. Values are what the API and the bus carry."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Level(StrEnum):
    """Response level (响应级别). `I` is the gravest; compare with :attr:`rank`."""

    I = "I"
    II = "II"
    III = "III"
    IV = "IV"

    @property
    def rank(self) -> int:
        """Gravity from 1 (IV) to 4 (I), so that a larger rank is a graver level."""
        return {"I": 4, "II": 3, "III": 2, "IV": 1}[self.value]

    @classmethod
    def of_rank(cls, rank: int) -> Level:
        """Return the level of a rank; ranks outside 1..4 are clamped."""
        return {4: cls.I, 3: cls.II, 2: cls.III, 1: cls.IV}[max(1, min(4, rank))]


class Sentiment(StrEnum):
    """What a post's tone is."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class IncidentType(StrEnum):
    """Kinds of incident in clause 一 of the plan."""

    NATURAL_DISASTER = "natural_disaster"
    ACCIDENT = "accident"
    PUBLIC_HEALTH = "public_health"
    SOCIAL_SECURITY = "social_security"
    OTHER = "other"


class Channel(StrEnum):
    """Where a post was published."""

    NEWS = "news"
    FORUM = "forum"
    WEIBO = "weibo"
    WECHAT = "wechat"
    VIDEO = "video"
    BLOG = "blog"
    OTHER = "other"


class Tier(StrEnum):
    """Standing of a source, gravest first; compare with :attr:`rank`."""

    CENTRAL = "central"
    PROVINCIAL = "provincial"
    MUNICIPAL = "municipal"
    COUNTY = "county"
    INDUSTRY = "industry"
    SOCIAL = "social"
    SELF_MEDIA = "self_media"

    @property
    def rank(self) -> int:
        """Standing from 7 (central) down to 1 (self_media)."""
        return len(Tier) - list(Tier).index(self)


class Stage(StrEnum):
    """Where an event is in its life: 潜伏, 成长, 爆发, 衰退."""

    LATENT = "latent"
    GROWING = "growing"
    BURSTING = "bursting"
    FADING = "fading"


class CaseState(StrEnum):
    """Lifecycle of a case (DOMAIN words: 上报 研判 处置 持续关注 总结评估 办结 不予立案)."""

    REPORTED = "reported"
    ASSESSING = "assessing"
    RESPONDING = "responding"
    MONITORING = "monitoring"
    REVIEWING = "reviewing"
    CLOSED = "closed"
    DISMISSED = "dismissed"


class ClockKind(StrEnum):
    """Deadlines that the plan starts."""

    REPORT_UP = "report_up"
    FIRST_RELEASE = "first_release"
    PRESS_CONFERENCE = "press_conference"
    NEXT_UPDATE = "next_update"
    ACKNOWLEDGE = "acknowledge"
    TASK = "task"
    REVIEW = "review"


class ClockState(StrEnum):
    """What has become of a clock."""

    RUNNING = "running"
    MET = "met"
    BREACHED = "breached"
    CANCELLED = "cancelled"


class AlertStatus(StrEnum):
    """What has become of an alert."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    DISMISSED = "dismissed"


class Role(StrEnum):
    """Who a person is in the plan (clause 三)."""

    CITY_LEADER = "city_leader"
    GROUP_LEADER = "group_leader"
    GROUP_MEMBER = "group_member"
    OFFICE = "office"
    PROPAGANDA = "propaganda"
    DEPARTMENT = "department"
    COUNTY = "county"
    EXPERT = "expert"
    AUDITOR = "auditor"
    ADMIN = "admin"


class WatchMode(StrEnum):
    """How closely a case is watched: 日常 or 24小时."""

    ROUTINE = "routine"
    SURGE = "surge"


class ChannelName(StrEnum):
    """By what a person is told: the channels that notify has, and that a row of the plan's matrix may name."""

    LOG = "log"
    EMAIL = "email"
    WEBHOOK = "webhook"
    WECOM_BOT = "wecom_bot"
    WECOM_APP = "wecom_app"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    SMS = "sms"
    VOICE = "voice"
    WEB_PUSH = "web_push"
    APPRISE = "apprise"

    @property
    def chinese(self) -> str:
        """What officers call the channel."""
        return _CHANNELS_IN_CHINESE[self]


_CHANNELS_IN_CHINESE: Final = {
    ChannelName.LOG: "系统日志",
    ChannelName.EMAIL: "邮件",
    ChannelName.WEBHOOK: "网络回调",
    ChannelName.WECOM_BOT: "企业微信群机器人",
    ChannelName.WECOM_APP: "企业微信应用消息",
    ChannelName.DINGTALK: "钉钉群机器人",
    ChannelName.FEISHU: "飞书群机器人",
    ChannelName.SMS: "短信",
    ChannelName.VOICE: "语音电话",
    ChannelName.WEB_PUSH: "浏览器推送",
    ChannelName.APPRISE: "其他渠道（apprise）",
}


class DeliveryState(StrEnum):
    """State of one notification to one person by one channel."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    ACKNOWLEDGED = "acknowledged"


class NotificationKind(StrEnum):
    """Why somebody is told; rows of the plan's notification matrix."""

    ALERT_RAISED = "alert_raised"
    CASE_OPENED = "case_opened"
    LEVEL_PROPOSED = "level_proposed"
    LEVEL_CHANGED = "level_changed"
    CASE_CHANGED = "case_changed"
    CLOCK_WARNING = "clock_warning"
    CLOCK_BREACHED = "clock_breached"
    STATEMENT_SUBMITTED = "statement_submitted"
    STATEMENT_PUBLISHED = "statement_published"
    #: a level, statement or correction request has waited for its decision too long
    DECISION_OVERDUE = "decision_overdue"
    #: a task was given to somebody, or handed on
    TASK_ASSIGNED = "task_assigned"
    CONSULTATION_CALLED = "consultation_called"
    #: information was passed to a department or county, which must acknowledge it
    INFORMATION_PASSED = "information_passed"
    HANDED_OVER = "handed_over"
    CORRECTION_SUBMITTED = "correction_submitted"
    #: a way out of the house no longer works: a webhook given up, a text that could not be made
    CHANNEL_FAILING = "channel_failing"
    SOURCE_SILENT = "source_silent"
    #: a roster has a gap ahead, or somebody on it in two places or too long
    ROSTER_GAP = "roster_gap"
    #: the contact network is asked whether it can be reached (通信检查)
    COMMUNICATION_CHECK = "communication_check"
    #: somebody has taken on what others were told of too
    NOTICE_TAKEN = "notice_taken"
    #: nobody has acknowledged, however often they were told
    NOTICE_UNANSWERED = "notice_unanswered"

    @property
    def chinese(self) -> str:
        """What officers call the kind."""
        return _KINDS_IN_CHINESE[self]


_KINDS_IN_CHINESE: Final = {
    NotificationKind.ALERT_RAISED: "预警",
    NotificationKind.CASE_OPENED: "建立处置单",
    NotificationKind.LEVEL_PROPOSED: "级别建议",
    NotificationKind.LEVEL_CHANGED: "级别启动或变更",
    NotificationKind.CASE_CHANGED: "处置单流转",
    NotificationKind.CLOCK_WARNING: "时限提醒",
    NotificationKind.CLOCK_BREACHED: "超时",
    NotificationKind.STATEMENT_SUBMITTED: "口径送审",
    NotificationKind.STATEMENT_PUBLISHED: "口径发布",
    NotificationKind.DECISION_OVERDUE: "审批超时",
    NotificationKind.TASK_ASSIGNED: "任务指派",
    NotificationKind.CONSULTATION_CALLED: "会商通知",
    NotificationKind.INFORMATION_PASSED: "信息传递",
    NotificationKind.HANDED_OVER: "交接班",
    NotificationKind.CORRECTION_SUBMITTED: "更正请求送审",
    NotificationKind.CHANNEL_FAILING: "渠道异常",
    NotificationKind.SOURCE_SILENT: "信源中断",
    NotificationKind.ROSTER_GAP: "值班表缺口",
    NotificationKind.COMMUNICATION_CHECK: "通信检查",
    NotificationKind.NOTICE_TAKEN: "已有人签收",
    NotificationKind.NOTICE_UNANSWERED: "无人签收",
}


class EscalationState(StrEnum):
    """What has become of telling one person after another until somebody acknowledges (逐级通知)."""

    RUNNING = "running"
    #: somebody has taken it on
    ACKNOWLEDGED = "acknowledged"
    #: every step was taken as often as the policy says, and nobody acknowledged
    UNANSWERED = "unanswered"
    #: a leader ended it
    STOPPED = "stopped"
    #: what it was about is settled: the alert acknowledged or dismissed, the case closed
    SETTLED = "settled"
