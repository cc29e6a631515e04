"""The words that say what a figure counts, measures or pays for.

Verbs outrank the state that they end (救出被困群众28人 are rescued, not trapped); who somebody is (移民, 消防员) says
less than what happened to them (移民3人受伤).
"""

from __future__ import annotations

import re
from typing import Final

from contracts.findings import FactKind, FactRole

#: What happened to people. Longer words stand before shorter ones that they begin with.
_HAPPENED: Final[dict[FactRole, str]] = {
    FactRole.DEAD_OR_MISSING: "死亡[和及或、]?失踪|死亡[和及或、]?失联|遇难[和及或、]?失踪|遇难[和及或、]?失联",
    FactRole.CASUALTIES: "伤亡|死伤",
    FactRole.DEATHS: (
        "死亡|遇难|身亡|丧生|丧命|丧身|罹难|去世|离世|逝世|溺亡|溺水身亡|坠亡|殒命|殉职|牺牲|遇害|毙命|不治|死于|砸死|淹死|摔死|烧死|压死|"
        "撞死|打死|炸死|毒死|冻死|命丧|送命|毙|死者|逝者|身故|病亡|死难|枪杀|杀害|被杀|刺死|砍死|被害|死了|没了(?:命|性命)|人命|生命|遗体|尸体"
    ),
    FactRole.SEVERELY_INJURED: "重伤|伤势严重|伤势较重|伤情较重|伤情严重|危重|生命垂危|重度烧伤|病危",
    FactRole.SLIGHTLY_INJURED: "轻伤|轻微伤|伤势较轻|伤情较轻|皮外伤|轻度烧伤",
    FactRole.INJURED: (
        "受伤|负伤|受轻重?伤|伤者|伤员|烧伤|烫伤|砸伤|摔伤|撞伤|咬伤|刺伤|打伤|擦伤|灼伤|炸伤|划伤|坠伤|扭伤|骨折|致伤|轻重伤|伤情"
    ),
    FactRole.MISSING: "失踪|失联|失去联系|下落不明|走失|联系不上|不知去向",
    FactRole.TRAPPED: "被困|受困|被埋|被压|掩埋|被堵|滞留|围困",
    FactRole.RESCUED: "救出|获救|脱险|生还|解救|营救出|营救|救起|脱困|救援出|搜救出|抢救出|救下",
    FactRole.DISCHARGED: "出院|治愈|痊愈|康复",
    FactRole.HOSPITALIZED: (
        "送医|住院|入院|就医|就诊|送院|收治|救治|留观|留院|接受治疗|送[往到至][^，。]{0,12}医院|住进[^，。]{0,8}医院"
    ),
    FactRole.ILL: "中毒|不适|腹泻|呕吐|腹痛|发病|感染|确诊|患病|发热|恶心(?=[、,，和及等]|呕吐|症状|$)|病例|症状",
    FactRole.EVACUATED: "转移安置|紧急转移|转移|疏散|撤离|撤出|撤至|避险|紧急安置|临时安置|避让",
    FactRole.RESETTLED: "搬迁安置|搬迁入住|搬迁|安置|迁入|迁出|拆迁|动迁|外迁|搬入|入住|后扶",
    FactRole.GATHERED: "聚集|上访|围堵|堵路|堵门|讨薪|集访|信访|拦车|静坐|围观|围住|示威|拉横幅",
    FactRole.DETAINED: "抓获|刑拘|刑事拘留|行政拘留|拘留|逮捕|被捕|带走|落网|到案|被[^，。]{0,6}控制|拘押",
    FactRole.ACCOUNTABLE: "问责|处分|停职|免职|撤职|被查|立案审查|约谈",
    FactRole.RESPONDERS: (
        "出动|派出|调集|投入|增派|抽调|赶赴|奔赴|赶往|赶到|参与|参加|搜救|抢险|扑救|救援|驰援|支援|待命|灭火|驻守|值守"
    ),
    FactRole.COLLAPSED: "倒塌|垮塌|坍塌|冲毁|倒房|全倒|夷为平地|烧毁",
    FactRole.DAMAGED: "受损|损坏|损毁|开裂|进水|严损|一般损坏|损房",
    FactRole.AFFECTED: "受灾|受影响|影响|停电|停水|断水|断电|饮水困难|被淹|受淹|涉及|波及",
}
#: Who somebody is; this counts where nothing is said to have happened to them.
_WHO: Final[dict[FactRole, str]] = {
    FactRole.RESETTLED: "移民|搬迁户|拆迁户|安置户|搬迁群众|搬迁人口",
    FactRole.RESPONDERS: (
        "消防员|消防官兵|消防人员|消防队员|指战员|官兵|民兵|武警|特警|民警|警力|医护人员|"
        "救援人员|救援队员|救援力量|应急队员|抢险队员"
    ),
    FactRole.AFFECTED: "灾民|受灾群众",
}
#: Words that hold a role's word and say something else.
_OTHERWISE: Final = (
    r"(?:死亡|伤亡|遇难|受伤|失踪|失联|被困|中毒|转移|搬迁|安置|救援|救治|拆迁|移民|受灾|抢险|治疗|信访|上访|感染|伤者|死者|遇难者|伤员)"
    r"(?:者|人员|群众|村民|人)?的?"
    r"(?:事故|事件|原因|案件|案(?!例)|证明|赔偿|家属|亲属|亲友|家人|抚恤|名单|风险|报告|情况|工作|办法|条例|资金|费用?|支付|款|补偿|点|房(?!屋受)|小区|"
    r"政策|方案|协议|局|办|干部|现场|力量(?!\d)|物资|队(?!员)|车|中心|站|途中|任务|经费|后期|村(?!民)|区|房建|规划|项目|工程|通道|率|热线|条件|设备|预案|机构|难度)"
    r"|生命(?:危险|体征|安全|财产|线)|伤情(?:稳定|平稳|好转)|伤势(?:稳定|平稳|好转)|没有不适|救援队|参与者|参加者|处分决定|影响力|影响了|人民生命|伤亡(?=报告)"
    r"|不治之症|投入使用|投入运营|投入生产|投入资金|投入[^，。]{0,6}元|死亡线|尸体解剖|死于非命之说|感染力|移民(?:开发|管理|搬迁安置|安置|后期|工作)?局|移民办"
)


def _pattern(words: dict[FactRole, str]) -> str:
    return "|".join(f"(?P<{prefix}{role}>{role_words})" for prefix, (role, role_words) in _prefixed(words))


def _prefixed(words: dict[FactRole, str]) -> list[tuple[str, tuple[FactRole, str]]]:
    prefix = "w_" if words is _WHO else ""
    return [(prefix, item) for item in words.items()]


#: Groups are named by role; those that only say who somebody is begin with `w_`, and `otherwise` is no role.
OF_COUNTS: Final = re.compile(rf"(?P<otherwise>{_OTHERWISE})|{_pattern(_WHO)}|{_pattern(_HAPPENED)}")

#: Verbs that outrank the state named behind them.
ACTIONS: Final = frozenset(
    {
        FactRole.RESCUED,
        FactRole.EVACUATED,
        FactRole.HOSPITALIZED,
        FactRole.DETAINED,
        FactRole.RESETTLED,
        FactRole.ACCOUNTABLE,
    }
)
#: What happens to houses and never to persons.
HARM_TO_HOUSES: Final = frozenset({FactRole.COLLAPSED, FactRole.DAMAGED})
_DEADLY: Final = frozenset({FactRole.DEATHS})
#: What became of those to whom something else happened before, in one breath (3人送医后不治身亡, 28名被困人员获救).
OUTCOMES: Final[dict[FactRole, frozenset[FactRole]]] = {
    FactRole.HOSPITALIZED: _DEADLY,
    FactRole.INJURED: _DEADLY | {FactRole.SEVERELY_INJURED},
    FactRole.SEVERELY_INJURED: _DEADLY,
    FactRole.TRAPPED: _DEADLY | {FactRole.RESCUED},
    FactRole.MISSING: _DEADLY | {FactRole.RESCUED},
    FactRole.ILL: _DEADLY | {FactRole.DISCHARGED},
    FactRole.RESCUED: _DEADLY,
    FactRole.RESPONDERS: _DEADLY,
}

_MONEY: Final[dict[FactRole, str]] = {
    FactRole.LOSS: "损失",
    FactRole.ARREARS: "拖欠|欠薪|欠款|欠(?!缺|佳)|克扣|截留|挪用|未兑付|未兑现",
    FactRole.FINE: "罚款|罚没|处罚|罚金|罚",
    FactRole.DONATION: "捐款|捐赠|捐助|善款|募捐|捐",
    FactRole.COMPENSATION: "补偿|赔偿|赔付|理赔|抚恤|征地款|拆迁款|青苗费|安置费|过渡费|安家费|搬家费|赔",
    FactRole.SUBSIDY: "补助|补贴|扶持|直补|后扶|慰问金|救助金|低保",
    FactRole.RELIEF: "救灾|下拨|拨付|划拨|调拨|应急资金|救援资金|预拨",
    FactRole.INVESTMENT: "投资|投入|总造价|造价|概算|预算|项目资金|工程款|融资",
    FactRole.INCOME: "收入|工资|月薪|年薪",
}
_AREA: Final[dict[FactRole, str]] = {
    FactRole.AFFECTED: "受灾|过火|淹没|受淹|被淹|受损|损毁|冲毁|绝收|成灾|烧毁|浸泡",
    FactRole.REQUISITIONED: "征收|征用|征地|占用|流转|征占|被征|被占",
    FactRole.BUILT: "建筑面积|住房面积|总面积|建房|房屋面积|宅基地|安置房",
}
_SHARES: Final[dict[FactRole, str]] = {
    FactRole.PAID: "兑付|兑现|到账|发放|支付|拨付|资金到位",
    FactRole.SATISFIED: "满意",
    FactRole.COMPLETED: "完成|进度|搬迁率|入住率|签约|完工|竣工",
}

OF_KIND: Final[dict[FactKind, re.Pattern[str]]] = {
    FactKind.MONEY: re.compile(_pattern(_MONEY)),
    FactKind.AREA: re.compile(_pattern(_AREA)),
    FactKind.SHARE: re.compile(_pattern(_SHARES)),
}
