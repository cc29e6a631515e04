"""Which event a post joins."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

from services.analysis.enrich.folding import text_hash
from services.analysis.enrich.signature import sign, story_of
from services.analysis.events.grouping import Candidates, Grouping, GroupingRules
from services.analysis.events.state import TrackedPost
from tests.unit.analysis.events.test_state import NOON, a_post

REPORT = "3月1日上午,澜沧县糯扎渡镇部分移民群众到镇政府反映补偿款发放缓慢的问题,镇党委负责人接待了群众代表。"
COPY = "网友爆料:" + REPORT.replace("部分", "") + "请关注"
OTHER = "景谷县昨日举行春季招聘会,四十余家企业提供两千个岗位,吸引了众多求职者。"


def post(number: int, text: str, **changes: object) -> TrackedPost:
    key = story_of("", text)
    return a_post(number, text=text, story_hash=text_hash(key), signature=tuple(sign(key)), **changes)


def grouped(posts: list[TrackedPost], rules: GroupingRules | None = None) -> list[str]:
    numbers = count()
    grouping = Grouping(Candidates(), rules or GroupingRules(), lambda: f"e{next(numbers)}")
    events = []
    for one in posts:
        event = grouping.assign(one)
        event.count(one, confident=0.5)
        events.append(event.id)
    return events


def test_near_copies_join_and_others_do_not() -> None:
    assert grouped([post(1, REPORT), post(2, OTHER), post(3, COPY)]) == ["e0", "e1", "e0"]
    assert grouped([post(3, COPY), post(2, OTHER), post(1, REPORT)]) == ["e0", "e1", "e0"]


def test_short_texts_join_only_by_equality() -> None:
    assert grouped([post(1, "转发微博"), post(2, "转发微博!"), post(3, "转发微薄")]) == ["e0", "e0", "e1"]


def test_reposts_join_their_original_in_either_order() -> None:
    original = post(1, REPORT)
    repost = post(2, "太过分了,必须给个说法才行啊各位", repost_of="p001")
    sibling = post(3, "围观一下这件事情的后续发展吧", repost_of="p001")
    assert grouped([original, repost, sibling]) == ["e0", "e0", "e0"]
    assert grouped([repost, sibling, original]) == ["e0", "e0", "e0"]


def test_equal_text_elsewhere_joins_by_link() -> None:
    assert grouped([post(1, REPORT), post(2, OTHER, same_text_as="p001")]) == ["e0", "e0"]


def test_a_story_long_over_takes_no_more_posts() -> None:
    late = post(2, REPORT, published_at=NOON + timedelta(days=40))
    assert grouped([post(1, REPORT), late]) == ["e0", "e1"]


def test_what_was_said_of_a_post_can_be_copied_too() -> None:
    comment = "移民群众的补偿款到底去了哪里,请有关部门尽快公布账目,不要再拖下去了"
    posts = [post(1, REPORT), post(2, comment, repost_of="p001"), post(3, comment + "!求转发")]
    assert grouped(posts) == ["e0", "e0", "e0"]


def test_prototypes_are_bounded() -> None:
    numbers = count()
    known = Candidates()
    rules = GroupingRules(prototypes=2)
    grouping = Grouping(known, rules, lambda: f"e{next(numbers)}")
    for number in range(1, 6):
        one = post(number, f"完全不同的一句评论内容编号是{number * 7919}号", repost_of="p000")
        grouping.assign(one).count(one, confident=0.5)
    assert len(grouping.new_prototypes) == 2
    assert known.events["e0"].prototypes == 2
