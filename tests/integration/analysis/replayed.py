"""A fictional stream to be replayed: stories told again in other words, copies, reposts, late originals, odd clocks."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from contracts.envelope import Message
from contracts.messages import PostCollected
from contracts.words import Channel, Tier
from services.analysis.enrich.topics import TopicMatcher, TopicRule
from tests.integration.analysis.harness import NOW, collected, recounted

#: stories, each in several wordings; the last two belong to another family of topics
STORIES: Final = (
    (
        "澜沧县糯扎渡镇移民安置点的补偿款拖了半年没有发放,几十户群众到镇政府询问情况。",
        "糯扎渡镇几十户移民的补偿款半年没发,大家一起去镇政府问说法。",
        "移民补偿款迟迟不到账,澜沧县糯扎渡镇安置点的住户等了半年。",
        "关于糯扎渡镇安置点补偿款发放的情况说明:第一批款项将于本周内发放到户。",
    ),
    (
        "景谷县凌晨发生5.2级地震,震源深度10公里,部分土坯房开裂。",
        "今天凌晨景谷县地震了,5.2级,老家的土坯房裂开好几道口子。",
        "景谷县5.2级地震已转移安置群众三百余人,暂无人员死亡。",
    ),
    (
        "墨江县一所小学的学生午餐后呕吐,二十多名学生送医,食堂已经停用。",
        "墨江县某小学食堂疑似食物中毒,二十多个孩子午餐后呕吐送进医院。",
        "墨江县小学午餐事件:送医学生均已出院,食堂留样正在检验。",
    ),
    (
        "宁洱县通村公路塌方,一辆农用车被困,救援人员正在清理土石。",
        "宁洱县通往村里的路塌方了,有辆农用车困在里面,救援的人在挖土石。",
    ),
    (
        "孟连县橡胶收购价一个月跌了两成,胶农说连人工都不够付。",
        "孟连县胶农:橡胶收购价跌了两成,割胶的人工钱都付不起。",
        # longer than what an event is described by, and with the headline at its very end
        "孟连县橡胶收购价一个月跌了两成," + "割胶的人工钱越来越高," * 60 + "胶农希望有人管一管【胶价】",
    ),
    (
        "景东县水库移民后期扶持资金被村干部截留,村民已经向纪委反映。",
        "景东县村民反映村干部截留水库移民后期扶持资金,县纪委已受理。",
    ),
    (
        "城北片区自来水停水三天,居民提着水桶排队接水,水务公司称主管道破裂。",
        "城北停水第三天了,自来水主管道破裂还没修好,居民排队提水。",
        "水务公司通报:城北片区自来水主管道抢修完毕,今晚恢复供水。",
    ),
    (
        "城南新区自来水发黄有异味,居民要求公布水质检测结果。",
        "城南新区的自来水又黄又臭,什么时候公布水质检测结果?",
    ),
)
#: wholes that say little or are too short for a meaning of their own
REMARKS: Final = ("转发微博", "太过分了", "希望早日解决大家的困难,持续关注", "等一个说法", "求扩散,请有关部门重视起来")
PREFIXES: Final = ("网友爆料:", "【转】", "刚刚看到,", "")
SUFFIXES: Final = ("!!!", " 请关注", "。。", " https://t.example/abc", "(来源:群聊)", "")


class Topics:
    """Topics of two families, which go to two partitions."""

    matcher: Final = TopicMatcher(
        [
            TopicRule("resettlement", "移民 AND (补偿 OR 补偿款 OR 扶持)"),
            TopicRule("quake", "地震"),
            TopicRule("water", "自来水 OR 停水", family="water"),
        ]
    )


@dataclass
class Stream:
    """Posts in the order of publication, and everything that the bus brings of them."""

    posts: list[PostCollected] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


def stream(seed: int, *, posts: int = 150) -> Stream:
    """Return a stream; equal seeds give equal streams."""
    chance = random.Random(seed)
    made: list[PostCollected] = []
    # bursts far enough apart that some of one story's are beyond the window of the other's
    starts = [NOW - timedelta(days=chance.choice((0.5, 2, 6, 13, 20, 27))) for _ in STORIES]
    for number in range(posts):
        made.append(_post(chance, number, made, starts))
    made.sort(key=lambda post: (post.published_at, post.id))
    messages = [collected(post) for post in made]
    for post in chance.sample(made, posts // 3):
        for step in chance.sample((1, 2, 3, 30), chance.randint(1, 3)):
            messages.append(recounted(post.id, step, reads=100 * step + chance.randint(0, 9), likes=step))
    # two observations of one instant, and one of a post that never comes
    same = made[posts // 2].id
    messages += [recounted(same, 40, reads=7000, likes=1), recounted(same, 40, reads=6000, likes=9)]
    messages.append(recounted(_id(chance, 9_999), 5, reads=3))
    return Stream(made, messages)


def _id(chance: random.Random, number: int) -> str:
    """Return an id like those of posts, whose order says nothing about time."""
    return f"{chance.getrandbits(32):08x}-0000-7000-8000-{number:012x}"


def _post(chance: random.Random, number: int, made: list[PostCollected], starts: list[datetime]) -> PostCollected:
    which = chance.randrange(len(STORIES))
    at = starts[which] - timedelta(minutes=chance.expovariate(1 / 600))
    text = chance.choice(STORIES[which])
    values: dict[str, Any] = {}
    kind = chance.random()
    other = chance.choice(made) if made else None
    if kind < 0.3:
        text = chance.choice(PREFIXES) + text + chance.choice(SUFFIXES)
    elif kind < 0.4:
        # two wordings in one text bridge what else would be two events
        text = text + chance.choice(STORIES[chance.randrange(len(STORIES))])
    elif kind < 0.5:
        text = chance.choice(REMARKS)
    elif other is not None and kind < 0.75:
        text = chance.choice((*REMARKS, other.text + chance.choice(SUFFIXES)))
        values[chance.choice(("repost_of", "same_text_as", "near_duplicate_of"))] = other.id
        # mostly after what it repeats; sometimes the clocks say otherwise
        at = other.published_at + timedelta(minutes=chance.choice((-30, 0, 1, 5, 90, 3000)))
    elif kind < 0.8:
        values["repost_of"] = _id(random.Random(number % 3), 10_000 + number % 3)  # never collected
    elif kind < 0.85:
        values["title"] = chance.choice(("澜沧县:情况通报", "景谷县:情况通报", "情况通报"))
    if other is not None and chance.random() < 0.15:
        edge = chance.choice((timedelta(days=14), timedelta(days=1)))
        at = other.published_at + chance.choice((-1, 1)) * edge + timedelta(microseconds=chance.choice((-1, 0, 1)))
    if other is not None and chance.random() < 0.1:
        at = other.published_at
    return PostCollected.model_validate(
        {
            "id": _id(chance, number),
            "text": text,
            "published_at": min(at, NOW),
            "collected_at": NOW - timedelta(minutes=chance.randint(0, 60)),
            "channel": chance.choice((Channel.WEIBO, Channel.NEWS, Channel.FORUM)),
            "author_hash": f"a{chance.randrange(20)}",
            "source_name": chance.choice(("甲网", "乙网", None)),
            "source_tier": chance.choice((None, None, Tier.COUNTY, Tier.PROVINCIAL)),
            "counters": {"reads": chance.randint(0, 50), "likes": chance.randint(0, 5)},
            **values,
        }
    )
