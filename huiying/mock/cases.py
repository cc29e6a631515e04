"""The scripts of the cases: each is a generator that tells, in hours before the present, when it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from huiying.mock.desk import Desk
from huiying.mock.moves import Handling, the_alert

Script = Iterator[float]
_FINANCE, _WATER, _HOUSING, _HEALTH = "市财政局", "市水务局", "市住建局", "市卫健委"


def water(desk: Desk) -> Script:
    """Level IV from the alert to the closed case: 孟连, water."""
    yield 337.5
    alert = the_alert(desk, "water")
    desk["office"].post(f"/api/v1/alerts/{alert['id']}/acknowledge")
    case = Handling(desk, desk["office"].post("/api/v1/cases", {"alert_id": alert["id"]})["id"])
    case.departments(_WATER)
    case.move("office", "assessing", "转市水务局核实")
    case.activate()
    yield 335
    case.move("water", "responding", "情况属实")
    case.report("group_member", "初报：安置点停水，正在抢修（示例）")
    case.act("water", "verify_facts", "complete", "已到现场核实，主管道破裂")
    case.answer_concerns("water", "office")
    case.act("water", "answer_concerns", "complete", "已逐项答复")
    yield 320
    case.speak(
        "office",
        "孟连县芒回坝村移民安置点供水情况说明",
        "孟连县芒回坝村移民安置点近日停水，水务部门正在更换主管道，施工期间每日送水两次。",
    )
    case.move("water", "monitoring")
    yield 246
    case.move("office", "reviewing")
    case.review("office", "leader", "member")
    case.close("office", "leader")


def arrears(desk: Desk) -> Script:
    """Level III to the closed case, its first clock breached on the way: 澜沧, compensation."""
    yield 329.5
    case = Handling.of_event(desk, "arrears")
    case.departments(_FINANCE)
    case.activate()
    yield 328
    case.acknowledge("office")
    case.report("group_leader", "初报：补偿款发放迟缓，正在核查（示例）")
    case.move("office", "assessing", "转市财政局核实")
    case.move("chief", "responding", "情况属实")
    case.confirm("finance", 应发户数=("figure", "86户"))
    yield 310
    case.speak(
        "office",
        "澜沧县勐乃岗村移民搬迁补偿款发放情况的说明",
        "澜沧县勐乃岗村第二批移民搬迁补偿款涉及86户。县工作组正在逐户核对账户，分批补发。",
    )
    case.act("finance", "verify_facts", "complete", "已与县里核对86户账户")
    case.answer_concerns("finance", "lancang")
    case.act("finance", "answer_concerns", "complete", "已逐项答复")
    yield 300
    case.move("office", "monitoring")
    yield 120
    case.move("office", "reviewing")
    case.review("chief", "leader", "member")
    case.close("chief", "leader")


def cracks(desk: Desk) -> Script:
    """Level II with everything that there is, now being reviewed: 景谷, housing."""
    yield 213.8
    case = Handling.of_event(desk, "cracks")
    case.departments(_HOUSING, _FINANCE)
    case.activate()
    case.acknowledge("chief")
    case.move("office", "assessing")
    case.move("office", "responding", "县里核实属实")
    case.report("group_leader", "初报：安置房质量问题受到关注（示例）")
    held = case.consult("member", (("department", _HOUSING), ("department", _FINANCE), ("propaganda", "市委宣传部")))
    passed = case.inform("网上反映安置房开裂，请核实户数和资金", ("department", _FINANCE), ("county", "景谷县移民系统"))
    yield 213
    case.conclude("member", held, (_HOUSING, _FINANCE, "市委宣传部"), _HOUSING)
    desk["finance"].post(f"{passed}/acknowledge", {})
    desk["finance"].post(f"{passed}/answer", {"text": "维修资金2000万元已全部拨付到县"})
    desk["jinggu"].post(f"{passed}/answer", {"text": "受影响213户，无人受伤"})
    case.confirm("jinggu", 受影响户数=("figure", "213户"))
    yield 211
    case.speak(
        "office",
        "景谷县永宁塘村移民安置房质量问题情况通报",
        "景谷县永宁塘村移民安置房出现墙体开裂漏水，受影响213户。有关部门正在逐户检测，原因正在调查。",
    )
    desk["propaganda"].post(
        f"{case.at}/media-contacts",
        {"outlet": "云岭示例报", "office": "值班编辑", "way": "phone", "said": "告知官方发布渠道和已核实的情况"},
    )
    yield 208
    asked = case.correction("景谷县把2000万元安置房维修资金挪作他用", "2000万元维修资金已于2026年2月20日全部拨付到县")
    case.send_correction(asked)
    meeting = case.conference()
    yield 205
    desk["propaganda"].post(f"{meeting}/held", {"record": "通报情况并回答记者提问（示例）"})
    case.act("finance", "verify_facts", "complete", "现场检测报告")
    case.answer_concerns("jinggu", "housing")
    case.act("housing", "answer_concerns", "complete", "已逐项答复")
    yield 160
    desk["propaganda"].post(
        f"{asked}/outcome",
        {
            "outcome": "corrected",
            "answer": "已刊发更正说明（示例）",
            "published_url": "https://news.example.com/a/2.html",
        },
    )
    case.speak(
        "office",
        "景谷县永宁塘村移民安置房质量问题处置结果的通报",
        "景谷县永宁塘村移民安置房受影响213户已全部完成检测，维修工作按计划推进。",
        "final",
    )
    case.move("office", "monitoring", "情况平稳")
    yield 30
    case.move("office", "reviewing", "舆情已平息，提前进入总结评估")
    desk["office"].post(f"{case.at}/participants", {"role": "expert", "unit": "示例党校", "part": "informed"})
    case.review("office", "expert", "member")


def gathering(desk: Desk) -> Script:
    """Raised to level I by a fact that a person established, now monitored: 宁洱, land compensation."""
    yield 73.8
    case = Handling.of_event(desk, "gathering")
    case.acknowledge("office")
    case.departments(_FINANCE)
    case.activate()
    case.move("office", "assessing")
    case.move("office", "responding", "县里核实属实")
    established = {"mass_incident": True, "reason": "县信访部门电话核实，现场约百人（示例）"}
    desk["ninger"].post(f"{case.at}/facts", established)
    case.activate()
    yield 73
    case.report("city_leader", "初报：群众聚集，已派人到场（示例）")
    case.confirm("ninger", 聚集人数=("figure", "98人"))
    case.speak(
        "propaganda",
        "关于宁洱县曼果箐村群众反映补偿标准问题的情况说明",
        "宁洱县曼果箐村部分群众反映征地补偿标准不公开。市、县工作组已到场听取意见，补偿标准将于三日内公布。",
        "holding_line",
    )
    meeting = case.conference()
    yield 66
    desk["propaganda"].post(f"{meeting}/held", {"record": "现场公布补偿标准（示例）"})
    case.act("finance", "verify_facts", "complete", "已核对补偿标准")
    case.answer_concerns("ninger", "finance", most=2)
    yield 44
    case.answer_concerns("ninger")
    case.act("finance", "answer_concerns", "complete", "已逐项答复")
    case.speak(
        "office",
        "宁洱县曼果箐村征地补偿标准公布情况的续报",
        "宁洱县曼果箐村征地补偿标准已在村务栏和政府网站公布，工作组继续现场接待。",
        "follow_up",
    )
    case.move("leader", "monitoring")


def slide(desk: Desk) -> Script:
    """Level II in full response: 墨江, a landslide. Texts wait for approval, a level is proposed."""
    yield 10.8
    case = Handling.of_event(desk, "slide")
    case.acknowledge("propaganda")
    case.departments(_WATER, _HOUSING)
    case.activate()
    case.move("office", "assessing")
    case.move("office", "responding", "县里核实属实")
    case.report("group_leader", "初报：安置点后山滑坡，已转移群众（示例）")
    case.confirm("mojiang", 转移人数=("figure", "52人"))
    case.inform("请核实周边隐患点", ("department", _WATER), ("county", "墨江县移民系统"))
    yield 8
    case.speak(
        "office",
        "墨江县龙潭嘴村移民安置点后山滑坡情况通报",
        "墨江县龙潭嘴村移民安置点后山发生滑坡，已转移52人，无人员伤亡报告，原因正在调查。",
    )
    case.act("water", "verify_facts", "accept")
    desk["office"].post(f"{case.at}/watch", {"mode": "surge", "reason": "持续降雨"})
    yield 3
    path = case.draft(
        "propaganda",
        "墨江县龙潭嘴村移民安置点滑坡情况续报",
        "墨江县龙潭嘴村移民安置点滑坡后已转移52人，已设两处集中安置点，帐篷和被褥已送到。",
        "follow_up",
    )
    desk["propaganda"].post(f"{path}/submit")
    path = case.draft(
        "office", "墨江县龙潭嘴村临时安置点服务指南", "墨江县龙潭嘴村临时安置点设有医疗点和热饮点。", "qa"
    )
    desk["office"].post(f"{path}/submit")
    case.approve(path)
    case.consult("member", (("department", _WATER), ("department", _HOUSING)))
    case.correction("墨江县龙潭嘴村滑坡造成12人死亡", "截至目前无人员死亡，已转移52人")
    case.answer_concerns("mojiang", most=1)
    if case.pending() is None:  # else the machine has asked for more already
        desk["office"].post(f"{case.at}/level", {"level": "I", "reason": "降雨持续，可能扩大（示例）"})


def fever(desk: Desk) -> Script:
    """Level III being assessed: 景东, children with a fever. Its first text is a draft."""
    yield 6.8
    case = Handling.of_event(desk, "fever")
    case.acknowledge("night")
    case.departments(_HEALTH, _WATER)
    case.activate()
    case.move("office", "assessing", "转市卫健委核实")
    yield 5
    case.report("group_leader", "初报：多名儿童发热，正在核实水质（示例）")
    case.act("health", "verify_facts", "accept")
    case.draft(
        "office",
        "景东县南洼田村移民安置点儿童发热情况说明",
        "景东县南洼田村移民安置点有儿童发热就诊，卫生健康部门已到现场采样检测。",
    )


def rumour(desk: Desk) -> Script:
    """Not taken up: 思茅, hearsay without substance."""
    yield 127.5
    case = Handling.of_event(desk, "rumour")
    case.acknowledge("office")
    case.move("office", "assessing")
    yield 126
    case.move("chief", "dismissed", "经与思茅区核实，无二次搬迁安排，区里已在村务群说明（示例）")


def dam(desk: Desk) -> Script:
    """Level III answered: one text corrected, another withdrawn, a correction request under way: 江城."""
    yield 45.5
    case = Handling.of_event(desk, "dam")
    case.acknowledge("office")
    case.departments(_WATER, _FINANCE)
    case.activate()
    case.move("office", "assessing")
    case.move("office", "responding", "情况属实")
    case.report("group_leader", "初报：蓄水淹没部分香蕉地（示例）")
    yield 40
    first = case.speak(
        "office",
        "江城县勐烈口村水库蓄水影响情况说明",
        "江城县勐烈口村水库蓄水淹没部分香蕉地，涉及31户，工作组正在登记。",
    )
    yield 34
    corrected = desk["office"].post(
        f"{first}/correct",
        {
            "title": "江城县勐烈口村水库蓄水影响情况说明（更正）",
            "text": "江城县勐烈口村水库蓄水淹没部分香蕉地。此前通报涉及31户，现更正为43户，登记工作继续进行。",
            "reason": "统计口径有误",
        },
    )
    path = f"{case.at}/statements/{corrected['id']}"
    desk["office"].post(f"{path}/submit")
    case.approve(path)
    desk["office"].post(f"{path}/publish")
    yield 30
    second = case.speak("office", "江城县勐烈口村登记点安排", "登记点设在村委会，工作日开放。", "follow_up")
    yield 28
    desk["office"].post(f"{second}/withdraw", {"reason": "地点有变，另行通知（示例）"})
    asked = case.correction("江城县水库蓄水前没有发布任何公告", "蓄水公告已于2026年3月1日在县政府网站发布")
    desk["propaganda"].post(f"{asked}/submit")
    case.answer_concerns("jiangcheng", most=1)


def nothing(desk: Desk) -> Script:
    """An alert that comes to nothing is dismissed by a person, with the reason."""
    yield 331.5
    alert = the_alert(desk, "title")
    desk["office"].post(f"/api/v1/alerts/{alert['id']}/dismiss", {"reason": "已在网上信访渠道答复（示例）"})


SCRIPTS: Final[tuple[Callable[[Desk], Script], ...]] = (
    water,
    arrears,
    cracks,
    gathering,
    slide,
    fever,
    rumour,
    dam,
    nothing,
)
