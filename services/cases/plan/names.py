"""What the keys and words of a plan are called in Chinese; titles of the JSON Schema and of `plan diff`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel

from contracts.words import CaseState, ClockKind, IncidentType, Level, NotificationKind, Role, Tier
from services.cases.labels import CLOCK_NAMES, STATE_NAMES
from services.cases.plan.criteria import PlanFact
from services.cases.plan.figures import show_duration
from services.cases.roles import ROLE_NAMES

#: Keys that mean the same in every part.
_KEYS: Final[dict[str, str]] = {
    "about": "评什么",
    "above": "大于",
    "after": "多久之后",
    "aftercare": "善后",
    "aliases": "别称",
    "alone": "单独成立",
    "answer_within": "答复时限",
    "approval": "审批程序",
    "approvers": "批准人",
    "area": "地区",
    "ask_again": "再次提示",
    "at_least": "不低于",
    "at_most": "最长",
    "brief_every": "简报间隔",
    "catalogue": "公开目录",
    "chain": "指挥体系",
    "by_default": "无部门相符时参与",
    "channels": "渠道",
    "clause": "条款",
    "clocks": "时限",
    "colour": "颜色",
    "concerns": "职责范围",
    "contact": "联系方式",
    "corrections": "更正请求",
    "counts": "数量指标",
    "criteria": "评分项",
    "days": "天数",
    "default": "本项目默认值",
    "delegation": "授权",
    "deputies": "代理",
    "designated_by": "指定者",
    "disclosure": "公开元数据",
    "document_number": "文号",
    "document_prefix": "文号前缀",
    "due": "完成时限",
    "due_from": "时限起算",
    "duties": "职责",
    "ends_in": "结束于",
    "escalate": "升级",
    "escalation": "超时升级",
    "exclude": "排除词",
    "executors": "执行",
    "expires_after": "失效",
    "fact": "指标",
    "grading": "分级标准",
    "guarantees": "保障措施",
    "held_by": "担任人",
    "hold": "降级提示等待",
    "home": "网站首页",
    "host_unit": "主办单位",
    "icp": "ICP备案号",
    "incident_types": "事件类型",
    "index_number": "索引号",
    "index_prefix": "索引号前缀",
    "information": "信息传递",
    "informed": "知会",
    "invited": "邀请参加",
    "is_true": "成立",
    "issuer": "制定单位",
    "key": "标识",
    "keywords": "关键词",
    "kind": "类别",
    "kinds": "事项",
    "label": "名称",
    "lead": "领导",
    "led_by": "组织者",
    "letter": "函件模板",
    "level": "级别",
    "levels": "级别",
    "lifecycle": "流转权限",
    "limits": "各级时限",
    "logo": "徽标",
    "longest": "最长期限",
    "mandatory": "必办",
    "marks": "评分",
    "mass_incident": "群体性事件时启动",
    "mechanisms": "工作机制",
    "met_by": "完成凭据",
    "meta": "预案信息",
    "monitor": "持续关注期",
    "name": "名称",
    "negative_posts_1h": "一小时负面信息数",
    "notices": "通知矩阵",
    "on_duty": "只通知值班人员",
    "one_of": "属于",
    "opening": "自动建单",
    "operator": "承办单位",
    "organisation": "组织机构",
    "out_of": "满分",
    "pause": "可暂停的时限",
    "places": "地名",
    "playbook": "任务清单",
    "police_record": "公安备案号",
    "policy": "方针",
    "poll_every": "采集间隔",
    "press_conference": "新闻发布会",
    "principles": "工作原则",
    "provided": "前提",
    "published_on": "公开日期",
    "publisher": "发布机构",
    "purpose": "编制目的",
    "query": "检索式",
    "reasons": "事由",
    "reopen": "再起后",
    "rise": "上升倍数",
    "remind_after": "催办",
    "required_at": "须有总结",
    "requires_acknowledgement": "须签收",
    "resurgence": "再起标准",
    "review": "总结评估",
    "role": "角色",
    "roles": "角色",
    "schema": "文件格式",
    "scope": "适用范围",
    "sections": "章节",
    "shares": "提醒比例",
    "site": "门户页面",
    "site_code": "网站标识码",
    "source": "出处",
    "statement_templates": "口径模板",
    "step": "步骤",
    "steps": "步骤",
    "subject_words": "主题词",
    "surge": "24小时监控",
    "text": "正文",
    "tier_at_least": "媒体层级不低于",
    "title": "标题",
    "told": "接收通知",
    "topics": "监测专题",
    "triggers": "硬性触发条件",
    "two_people": "须两人",
    "units": "单位",
    "version": "版本",
    "waiting": "待批处理",
    "waivable": "可免开",
    "warn_at": "提醒",
    "within": "时限",
}
#: Keys that mean something else in one part: (class, key).
_OF_PART: Final[dict[tuple[str, str], str]] = {
    ("Grading", "topics"): "参与分级的专题",
    ("Meta", "name"): "预案名称",
    ("Plan", "levels"): "响应级别",
    ("PlaybookTask", "after"): "前置任务",
    ("Topic", "query"): "检索式",
}

TIER_NAMES: Final[dict[Tier, str]] = {
    Tier.CENTRAL: "中央媒体",
    Tier.PROVINCIAL: "省级媒体",
    Tier.MUNICIPAL: "市级媒体",
    Tier.COUNTY: "县级媒体",
    Tier.INDUSTRY: "行业媒体",
    Tier.SOCIAL: "社会媒体",
    Tier.SELF_MEDIA: "自媒体",
}
INCIDENT_NAMES: Final[dict[IncidentType, str]] = {
    IncidentType.NATURAL_DISASTER: "自然灾害",
    IncidentType.ACCIDENT: "事故灾难",
    IncidentType.PUBLIC_HEALTH: "公共卫生事件",
    IncidentType.SOCIAL_SECURITY: "社会安全事件",
    IncidentType.OTHER: "其他",
}
FACT_NAMES: Final[dict[PlanFact, str]] = {
    PlanFact.POSTS_TOTAL: "信息总量",
    PlanFact.POSTS_1H: "近一小时信息量",
    PlanFact.POSTS_24H: "近 24 小时信息量",
    PlanFact.GROWTH: "增速",
    PlanFact.NEGATIVE_SHARE: "负面占比",
    PlanFact.READS: "阅读量",
    PlanFact.INTERACTIONS: "互动量",
    PlanFact.VOICES: "发声人数",
    PlanFact.SOURCES: "信源数",
    PlanFact.DURATION_HOURS: "持续小时数",
    PlanFact.TOP_TIER: "媒体最高层级",
    PlanFact.INCIDENT_TYPE: "事件类型",
    PlanFact.DOUBTFUL: "存疑或虚假",
    PlanFact.DEATHS_OR_INJURIES: "人员伤亡",
    PlanFact.MASS_INCIDENT: "群体性事件",
    PlanFact.PROVINCIAL_HOT_LIST: "省级热榜",
    PlanFact.NATIONAL_HOT_LIST: "全国热榜",
}
#: Levels as the seed prints them.
_ROMAN: Final = {Level.I: "Ⅰ", Level.II: "Ⅱ", Level.III: "Ⅲ", Level.IV: "Ⅳ"}
_UNITS: Final = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def key_name(key: str, part: str = "") -> str:
    """Return what a key of the plan is called in Chinese; `part` is the class it stands in."""
    return _OF_PART.get((part, key)) or _KEYS.get(key) or key


def word_zh(value: Any) -> str:
    """Return a value of the plan as officers read it."""
    if value is None or value == "":
        return "（空）"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, timedelta):
        return show_duration(value) or "立即"
    if isinstance(value, StrEnum):
        return _enum(value)
    if isinstance(value, int | float):
        return f"{value:.10g}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return "、".join(word_zh(item) for item in value) or "（空）"
    if isinstance(value, BaseModel):
        part = type(value).__name__
        return "，".join(
            "本项目默认值" if name == "default" else f"{key_name(name, part)} {_inner(item, word_zh(item), '（{}）')}"
            for name, item in _told(value)
        )
    return str(value)


def word_en(value: Any) -> str:
    """Return a value of the plan as it is written in the file."""
    if value is None or value == "":
        return "(empty)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        unit, size = next(
            ((unit, size) for unit, size in _UNITS if seconds >= size and seconds % size == 0), _UNITS[-1]
        )
        # three days and more in days, as regulations count: 24 h and 48 h stay hours
        unit, size = ("h", 3600) if unit == "d" and seconds < 3 * 86400 else (unit, size)
        return f"{seconds // size} {unit}"
    if isinstance(value, StrEnum):
        return f"level {value}" if isinstance(value, Level) else str(value)
    if isinstance(value, int | float):
        return f"{value:.10g}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return ", ".join(word_en(item) for item in value) or "(empty)"
    if isinstance(value, BaseModel):
        return ", ".join(
            "project default" if name == "default" else f"{name} {_inner(item, word_en(item), '({})')}"
            for name, item in _told(value)
        )
    return str(getattr(value, "en", value))


def _told(part: BaseModel) -> Iterator[tuple[str, Any]]:
    """Yield what a part says: its key aside, by which it is named, and what is left at its default."""
    for name, info in type(part).model_fields.items():
        value = getattr(part, name)
        if name != "key" and value not in (None, "", (), False) and (info.is_required() or value != info.default):
            yield name, value


def _inner(value: Any, shown: str, brackets: str) -> str:
    return brackets.format(shown) if isinstance(value, BaseModel) else shown


def _enum(value: StrEnum) -> str:
    match value:
        case Level():
            return f"{_ROMAN[value]}级"
        case Role():
            return ROLE_NAMES[value]
        case ClockKind():
            return CLOCK_NAMES[value]
        case NotificationKind():
            return value.chinese
        case CaseState():
            return STATE_NAMES[value]
        case Tier():
            return TIER_NAMES[value]
        case IncidentType():
            return INCIDENT_NAMES[value]
        case PlanFact():
            return FACT_NAMES[value]
        case _:
            return str(value)
