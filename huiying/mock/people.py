"""Who works in the fictional bureau: one user for every role, a liaison in each county, and how each is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from contracts.words import Role

#: The one password of every user of the mock; it opens nothing else.
PASSWORD: Final = "huiying-mock-Pu-er-2026"
ADMIN_PASSWORD: Final = PASSWORD


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at their desk. `way`: how they are told: ``sink`` (a webhook that answers), ``broken``, ``log``."""

    name: str
    roles: tuple[Role, ...]
    unit: str | None = None
    ways: tuple[str, ...] = field(default=("sink",))


CAST: Final[dict[str, Person]] = {
    "city": Person("示例·市领导", (Role.CITY_LEADER,), "市政府"),
    "leader": Person("示例·周组长", (Role.GROUP_LEADER,)),
    "member": Person("示例·何副局长", (Role.GROUP_MEMBER,)),
    "chief": Person("示例·李主任", (Role.OFFICE, Role.GROUP_MEMBER), "局办公室"),
    "office": Person("示例·王干事", (Role.OFFICE,), "局办公室", ("sink", "log")),
    "night": Person("示例·夜班小陈", (Role.OFFICE,), "局办公室", ("log",)),
    "propaganda": Person("示例·宣传部小杨", (Role.PROPAGANDA,), "市委宣传部"),
    "finance": Person("示例·财政小吴", (Role.DEPARTMENT,), "市财政局"),
    "water": Person("示例·水务小郑", (Role.DEPARTMENT,), "市水务局"),
    "housing": Person("示例·住建小罗", (Role.DEPARTMENT,), "市住建局", ("broken",)),
    "health": Person("示例·卫健小唐", (Role.DEPARTMENT,), "市卫健委"),
    "lancang": Person("示例·澜沧联络员", (Role.COUNTY,), "澜沧县移民系统"),
    "menglian": Person("示例·孟连联络员", (Role.COUNTY,), "孟连县移民系统"),
    "jinggu": Person("示例·景谷联络员", (Role.COUNTY,), "景谷县移民系统"),
    "ninger": Person("示例·宁洱联络员", (Role.COUNTY,), "宁洱县移民系统"),
    "mojiang": Person("示例·墨江联络员", (Role.COUNTY,), "墨江县移民系统"),
    "jingdong": Person("示例·景东联络员", (Role.COUNTY,), "景东县移民系统"),
    "zhenyuan": Person("示例·镇沅联络员", (Role.COUNTY,), "镇沅县移民系统"),
    "jiangcheng": Person("示例·江城联络员", (Role.COUNTY,), "江城县移民系统", ("broken", "log")),
    "simao": Person("示例·思茅联络员", (Role.COUNTY,), "思茅区移民系统"),
    "ximeng": Person("示例·西盟联络员", (Role.COUNTY,), "西盟县移民系统", ("broken",)),
    "expert": Person("示例·冯专家", (Role.EXPERT,), "示例党校"),
    "auditor": Person("示例·审计小许", (Role.AUDITOR,)),
}

#: Sources: name, channel, tier. Each is fictional.
SOURCES: Final = {
    "论坛": ("滇南示例论坛", "forum", "social"),
    "社区": ("普洱示例社区", "forum", "social"),
    "微博": ("示例微博", "weibo", "self_media"),
    "公众号": ("示例公众号", "wechat", "self_media"),
    "视频": ("示例短视频", "video", "self_media"),
    "博客": ("示例博客", "blog", "self_media"),
    "县融媒": ("县融媒示例号", "news", "county"),
    "市网": ("普洱示例网", "news", "municipal"),
    "省报": ("云岭示例报", "news", "provincial"),
    "央网": ("中央示例网", "news", "central"),
}

#: Topics beside the plan's own: name, query, places, family. The plan grades none of them; a family of its own keeps a
#: topic's events apart from the plan's.
TOPICS: Final = (
    ("道路与出行", "(道路 OR 山路 OR 公交 OR 限行 OR 客运)", ["普洱市"], "traffic"),
    ("公共服务", "(医保 OR 学校 OR 停电 OR 办证 OR 快递 OR 物业费 OR 卫生室)", ["普洱市"], "service"),
    ("特色产业", "(咖啡 OR 普洱茶 OR 采茶 OR 民宿)", ["普洱市"], "trade"),
)
