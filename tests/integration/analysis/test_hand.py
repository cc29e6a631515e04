"""Merges and splits by hand: they hold, whatever comes later, and can be taken back."""

from __future__ import annotations

from typing import Any

from contracts.words import Level, Role
from services.analysis.consumers import LevelConsumer
from tests.integration.analysis.harness import OTHER, REPORT, Analysis, Api, a_post, collected
from tests.integration.analysis.test_levels import alert

LATER = REPORT + "群众表示希望早日拿到补偿款。"
LANDSLIDE = "3月2日凌晨,墨江县通关镇因连日降雨发生山体滑坡,两户移民房屋受损,所幸没有人员伤亡,镇政府已组织转移。"


async def event_of(analysis: Analysis, post: str) -> str:
    (row,) = await analysis.rows("SELECT event_id FROM posts WHERE id = :id", id=post)
    return str(row["event_id"])


async def merge(api: Api, event: str, *others: str, status: int = 200) -> dict[str, Any]:
    body = {"events": list(others), "reason": "同一件事"}
    answer: dict[str, Any] = (await api.call("POST", f"/api/v1/events/{event}/merge", json=body, status=status)).json()
    return answer


async def split(api: Api, event: str, *posts: str, status: int = 201) -> dict[str, Any]:
    body = {"posts": list(posts), "reason": "两件事"}
    answer: dict[str, Any] = (await api.call("POST", f"/api/v1/events/{event}/split", json=body, status=status)).json()
    return answer


async def test_a_merge_holds_and_is_told(analysis: Analysis, api: Api) -> None:
    petition, quake = a_post(REPORT, minutes=60, author_hash="a"), a_post(OTHER, minutes=30, author_hash="b")
    await analysis.track([collected(petition), collected(quake)])
    one, other = await event_of(analysis, petition.id), await event_of(analysis, quake.id)
    assert one != other
    kept = await merge(api, other, one)
    assert (kept["id"], kept["metrics"]["posts_total"], kept["metrics"]["voices"]) == (other, 2, 2)
    assert (await api.get(f"/api/v1/events/{one}"))["merged_into"] == other
    assert [event["id"] for event in await api.items("/api/v1/events")] == [other]
    told = {update.id: update for update in await analysis.told()}
    assert told[one].merged_into == other
    assert told[other].merged_into is None
    # what continues the post that went over goes over too
    later = a_post(LATER, minutes=1, author_hash="c")
    await analysis.track([collected(later)])
    assert await event_of(analysis, later.id) == other
    assert sum(point["posts"] for point in (await api.get(f"/api/v1/events/{other}/series"))["points"]) == 3


async def test_a_merge_can_be_taken_back(analysis: Analysis, api: Api) -> None:
    petition, quake = a_post(REPORT, minutes=60), a_post(OTHER, minutes=30)
    await analysis.track([collected(petition), collected(quake)])
    one, other = await event_of(analysis, petition.id), await event_of(analysis, quake.id)
    await merge(api, one, other)
    body = {"reason": "核实后确认为两件事"}
    restored = (await api.call("POST", f"/api/v1/events/{other}/restore", json=body)).json()
    assert (restored["id"], restored["merged_into"], restored["metrics"]["posts_total"]) == (other, None, 1)
    assert await event_of(analysis, quake.id) == other
    assert (await api.get(f"/api/v1/events/{one}"))["metrics"]["posts_total"] == 1
    again = await api.call("POST", f"/api/v1/events/{other}/restore", json=body, status=409)
    assert again.json()["type"].endswith("event.not-merged")


async def test_a_split_holds_and_the_rest_keeps_the_identity(analysis: Analysis, api: Api) -> None:
    posts = [a_post(REPORT + f"({n})", minutes=60 - n, author_hash=f"v{n}") for n in range(4)]
    await analysis.track([collected(post) for post in posts])
    event = await event_of(analysis, posts[0].id)
    made = await split(api, event, posts[0].id, posts[2].id)
    assert made["id"] != event
    assert made["metrics"]["posts_total"] == made["metrics"]["voices"] == 2
    assert [await event_of(analysis, post.id) for post in posts] == [made["id"], event, made["id"], event]
    await analysis.track([collected(a_post(LANDSLIDE, minutes=2))])
    assert [await event_of(analysis, post.id) for post in posts] == [made["id"], event, made["id"], event]
    # an original found late does not undo it
    await analysis.track([collected(a_post(REPORT + "(早)", minutes=90))])
    assert [await event_of(analysis, post.id) for post in posts] == [made["id"], event, made["id"], event]
    # put together again, nothing is left over
    whole = await merge(api, event, made["id"])
    assert whole["metrics"]["posts_total"] >= 4
    assert {await event_of(analysis, post.id) for post in posts} == {event}


async def test_a_split_holds_against_a_late_copy_of_what_went(analysis: Analysis, api: Api) -> None:
    posts = [a_post(REPORT + tail, minutes=60 - n) for n, tail in enumerate(("", "(一)", "(二)"))]
    await analysis.track([collected(post) for post in posts])
    event = await event_of(analysis, posts[0].id)
    made = (await split(api, event, posts[1].id, posts[2].id))["id"]
    # of the same text as one that went, published before it: it would be followed more nearly
    late = a_post(posts[2].text, minutes=59.5)
    await analysis.track([collected(late)])
    assert [await event_of(analysis, post.id) for post in posts] == [event, made, made]


async def test_a_merge_holds_when_an_event_is_found_to_have_begun_earlier(analysis: Analysis, api: Api) -> None:
    petition, quake, after = a_post(REPORT, minutes=60), a_post(OTHER, minutes=30), a_post(OTHER + "(续)", minutes=20)
    await analysis.track([collected(petition), collected(quake), collected(after)])
    one, other = await event_of(analysis, petition.id), await event_of(analysis, quake.id)
    await merge(api, one, other)
    original = a_post(OTHER + "(原)", minutes=40)
    await analysis.track([collected(original)])
    assert {await event_of(analysis, post.id) for post in (petition, quake, after, original)} == {one}


async def test_of_merges_on_merges_each_can_be_taken_back(analysis: Analysis, api: Api) -> None:
    posts = [a_post(REPORT, minutes=60), a_post(OTHER, minutes=30), a_post(LANDSLIDE, minutes=10)]
    await analysis.track([collected(post) for post in posts])
    one, two, three = [await event_of(analysis, post.id) for post in posts]
    # the later event is kept, and then goes up itself
    await merge(api, two, one)
    await merge(api, three, two)
    assert {await event_of(analysis, post.id) for post in posts} == {three}
    body = {"reason": "核实后确认为两件事"}
    restored = (await api.call("POST", f"/api/v1/events/{two}/restore", json=body)).json()
    assert (restored["id"], restored["merged_into"], restored["metrics"]["posts_total"]) == (two, None, 2)
    assert [await event_of(analysis, post.id) for post in posts] == [two, two, three]
    assert (await api.get(f"/api/v1/events/{one}"))["merged_into"] == two
    await api.call("POST", f"/api/v1/events/{one}/restore", json=body)
    assert [await event_of(analysis, post.id) for post in posts] == [one, two, three]


async def test_the_gravest_alert_goes_over(analysis: Analysis, api: Api) -> None:
    await analysis.track([collected(a_post(REPORT, minutes=60)), collected(a_post(OTHER, minutes=30))])
    one, other = [event["id"] for event in await analysis.events()]
    await LevelConsumer(analysis.runtime).handle([alert(other, Level.II)])
    assert (await merge(api, one, other))["level"] == "II"


async def test_refusals_say_why_and_change_nothing(analysis: Analysis, api: Api) -> None:
    petition, quake = a_post(REPORT, minutes=60), a_post(OTHER, minutes=30)
    await analysis.track([collected(petition), collected(quake)])
    one, other = await event_of(analysis, petition.id), await event_of(analysis, quake.id)
    assert (await merge(api, one, one, status=409))["type"].endswith("event.merge-itself")
    assert (await merge(api, one, "nowhere", status=404))["type"].endswith("not-found")
    assert (await split(api, one, petition.id, status=409))["type"].endswith("event.split-nothing")
    assert (await split(api, one, quake.id, status=409))["type"].endswith("event.foreign-posts")
    await merge(api, one, other)
    assert (await merge(api, other, one, status=409))["type"].endswith("event.merged")
    body = {"events": [other], "reason": "试"}
    await api.call("POST", f"/api/v1/events/{one}/merge", json=body, role=Role.DEPARTMENT, status=403)
    assert (await api.get(f"/api/v1/events/{one}"))["metrics"]["posts_total"] == 2


async def test_the_way_an_event_spread(analysis: Analysis, api: Api) -> None:
    posts = [
        a_post(REPORT, minutes=60, channel="forum", source_name="移民论坛"),
        a_post(REPORT + "!", minutes=40, channel="weibo", source_name="微博"),
        a_post(REPORT + "!!", minutes=50, channel="weibo", source_name="微博"),
    ]
    await analysis.track([collected(posts[1]), collected(posts[0]), collected(posts[2])])
    spread = await api.get(f"/api/v1/events/{await event_of(analysis, posts[0].id)}/spread")
    assert [(step["channel"], step["posts"], step["first_post"]) for step in spread["steps"]] == [
        ("forum", 1, posts[0].id),
        ("weibo", 2, posts[2].id),
    ]
    assert spread["steps"][0]["first_source"] == "移民论坛"
