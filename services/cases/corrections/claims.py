"""Whether a quoted sentence is a claim that can be checked, and no opinion.

Only a checkable factual claim can be the object of a correction request: it has a figure, a date, a place or a name and
asserts that something was done or happened. Opinion, criticism, complaint, question, ridicule and demand are concerns,
and answered as such. In doubt the sentence is no claim: whoever asks is told what would make it one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a sentence is."""

    CLAIM = "claim"
    OPINION = "opinion"
    #: a claim and an opinion: only the first may be quoted
    MIXED = "mixed"
    #: neither: nothing in it can be checked
    VAGUE = "vague"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a sentence was read as. `facts` are its parts that can be checked, `opinions` those that are none's to
    correct, in order."""

    kind: Kind
    facts: tuple[str, ...] = ()
    opinions: tuple[str, ...] = ()

    @property
    def factual(self) -> str:
        """Return the parts that can be checked, as they could be quoted."""
        return "，".join(self.facts)


_CLAUSE: Final = re.compile(r"[^，,。；;！!？?…\n]+[，,。；;！!？?…\n]*")

_NUMBER: Final = r"(?:\d[\d,.]*|[〇零一二两三四五六七八九十百千万亿半]+)"
_UNITS: Final = (
    "人|名|户|家|元|块|亩|米|公里|千米|厘米|间|套|栋|幢|天|日|年|月|周|小时|分钟|次|倍|成|辆|头|吨|公斤|克|级|份|例|"
    "岁|条|处|棵|个|起|批|平方米|公顷|立方米|℃|度"
)
#: a figure that counts something
_FIGURE: Final = re.compile(
    rf"{_NUMBER}\s*[多余来几]?(?:万|亿|千|百)?(?:多|余)?\s*(?:{_UNITS})|\d[\d.]*\s*[%％‰]|百分之{_NUMBER}"
)
#: figures that count nothing: 一趟, 一个个, 一句
_NO_FIGURE: Final = re.compile(
    r"一(?:个个|下|趟|句|点|样|直|次次|天天|条心|位位|个公道|个说法|个交代)|(?:这|那|哪|每|某|几|多少)\s*一?(?:个|年|天|次|位|条|些)|"
    r"[一二两三四五六七八九十]+(?:番|塌|清二楚|干二净|言为定|年半载|心一意)|多少(?:年|天|次)|那么多次|好几(?:年|天|次)"
)
_DATE: Final = re.compile(
    r"\d{2,4}年|\d{1,2}月(?:\d{1,2}[日号]|底|初|中旬|上旬|下旬)|[一二三四五六七八九十]+月[一二三四五六七八九十]*[日号底初]|"
    r"\d{1,2}[日号](?![称元])|(?:昨|今|前)[日天晚晨]|凌晨|零时|今年以来|去年|上个?月|本月"
)
#: that something happened, or somebody did something
_ACT: Final = re.compile(
    "死亡|死了|身亡|遇难|冻死|饿死|淹死|受伤|打伤|打死|殴打|失踪|垮塌|坍塌|倒塌|塌方|滑坡|决口|溃坝|溃堤|泄洪|蓄水|开裂|裂缝|爆炸|"
    "火灾|起火|烧毁|坠落|冲毁|冲断|淹没了|停水|停电|停工|停发|停了|断水|断电|取消|降为|降到|提高到|调为|上涨|下降|挪用|挪去|挪作|侵占|"
    "贪污|受贿|行贿|收受|侵吞|截留|克扣|冒领|骗取|套取|虚报|伪造|造假|篡改|代签|冒签|卖给|卖掉|转卖|倒卖|转让|承包|入股|推平|强拆|强征|"
    "拘留|抓走|抓人|抓了|逮捕|带走|立案|判刑|双规|免职|撤职|集会|堵路|围堵|冲突|检出|检测|超标|超过|不合格|中毒|感染|收治|住院|签订|签字|"
    "下发|印发|宣布|承认|否认|通知|发给|发放|只发|拨付|到账|用于|用[^，。]{1,8}(?:浇筑|修建|建造|铺设)|拿去|还债|收取|收费|收了|多收|罚款|"
    "未经|没有做过|没有搬迁|没有通过|登记|到岗|新建|出动|隐瞒|瞒报|焚烧|排放|砍伐|名下|去向不明|撤离|搬离|搬迁率|系[^，。]{1,12}(?:所|代)|"
    "不到[〇零一二两三四五六七八九十\\d]+成|高出|低于|系伪造"
)
#: somebody or something that it can be checked of
_SUBJECT: Final = re.compile(
    "[县市区镇乡村省]|局|政府|公司|单位|企业|施工队|工程队|安置[点区房]|水库|大坝|电站|水电站|库区|学校|医院|卫生院|派出所|公安|法院|纪委|"
    "书记|局长|县长|镇长|乡长|市长|主任|队长|干部|负责人|老板|职工|移民|村民|居民|患者|老人|教师|特警|补偿款|补偿标准|补助|补贴|资金|"
    "自来水|水厂|水源|房屋|墙体|电梯|道路|农田|土地|坟地|大米|报告|协议|合同|文件|小区|泥石流"
)

#: somebody asks
_ASKS: Final = re.compile(
    "[?？]|为什么|为何|为啥|凭什么|凭啥|难道|怎么(?!样)|到底|究竟|什么时候|啥时候?|何时才|谁来|谁还|谁敢|谁在管|能不能|可不可以|能否|可否|"
    "是不是|是否该|哪里去|哪儿去|哪去了|[吗呢吧嘛][。！!…]*$|说好的|请问|何在|不知道[^，。]{0,8}(?:什么|怎么|干嘛)"
)
#: somebody wants something done, or wishes for it
_WANTS: Final = re.compile(
    "希望|盼望|期盼|期待|盼着|但愿|恳请|恳求|跪求|求求|求(?:上级|领导|政府|帮|救|解决|关注|个)|请(?:有关|相关|上级|领导|政府|部门|尽快|"
    "立即|马上|求|大家|各位|关注|重视|帮|给|还|不要|别|你们|贵|县|市|省|删)|强烈要求|我们?要求|呼吁|建议|应该|应当|"
    "必须(?:严|追|给|查|还|彻|道歉|删)|要严惩|要严查|还我|还给|还大家|给个说法|给个交代|要个说法|一个说法|公道|支持|声援|转发|扩散|"
    "快(?:管|查|救)|管管|查一查|揪出来|好好查|彻查|严查|严惩|追责到底|严肃处理|盼早|早日"
)
#: somebody judges, feels, scolds or mocks
_JUDGES: Final = re.compile(
    "我(?:们?)?(?:觉得|认为|看|感觉|想说|怀疑|相信|不信|估计|猜|敢说|发现他们)|感觉|觉得|个人认为|在我看来|太(?!阳|平|极|原|和|仓|湖|行|空|"
    "子|后|太|庙)|实在|根本|简直|极其|极为|极度|彻底(?:失望|寒|凉|没)|特别(?:差|慢|黑|坏|烂)|非常(?:差|慢|不|失望|气|愤|难)|"
    "很(?:不|差|慢|黑|坏|烂|难|失望|气|生气|过分|敷衍|无奈|不满)|这么(?:慢|差|黑|不|贵|难|久)|那么(?:高|多|慢|差|久|难)|"
    "越[来过][^，。]{0,3}(?:差|慢|黑|难|穷)|不像话|不要脸|不公|不合理|不服|不满|不负责任|不近人情|不作为|乱作为|不闻不问|不了了之|"
    "不把[^，。]{0,8}当|没把[^，。]{0,8}当|心寒|寒心|寒了|失望|绝望|愤怒|气愤|气死|恶心|无耻|无能|无语|无良|黑心|良心|缺德|丧尽|可恨|可悲|"
    "可怜|可笑|搞笑|荒唐|离谱|奇葩|过分|敷衍|推诿|扯皮|皮球|官僚|形式主义|走过场|作秀|政绩|摆设|糊弄|忽悠|欺负人|坑人|坑百姓|"
    "态度[^，。]{0,3}(?:恶劣|差|傲慢|不好|蛮横)|质量[^，。]{0,4}(?:差|堪忧|不行)|豆腐渣|一塌糊涂|乌烟瘴气|脸红|侮辱|智商|官官相护|活路|"
    "没[有]?人(?:管|理|问|负责)|无人(?:问津|理睬|过问|负责)|只知道|就知道|只会|眼里只|天花乱坠|天高皇帝远|打发|听天由命|蜗牛|喝汤|吃肉|"
    "背锅|评评理|信不过|也敢|也算|也配|还好意思|还敢说|还说[^，。]{0,6}(?:安全|合格|没事|正常)|居然还|竟然还|呵呵|哈哈|嘿嘿|呸|笑死|笑话|"
    "厉害了|真行|真是|牛逼|活久见|怕不是|怕是|恐怕|估计|八成|想必|说不定|该不会|肯定是|明摆着|无非|分明|老样子|吃亏|受罪|遭罪|受苦|"
    "白眼狼|吸血|蛀虫|腐败透|黑幕|一手遮天|草菅人命|欺上瞒下|官商勾结|层层扒皮|雁过拔毛|民不聊生|暗无天日|喝西北风|喝茶|磨洋工|"
    "说得好听|说一套|画大饼|打太极|装聋作哑|漠不关心|麻木|冷漠|懒政|怠政|失职|渎职|低下|慢得|差得|烂透|不靠谱|说话不算|言而无信|"
    "当官的|狗官|贪官|昏官|这帮人|这群人|这些人|他们(?:就|只|眼|根本|真)"
)


def read(sentence: str) -> Reading:
    """Read a sentence clause by clause.

    A clause that asks, wants or judges is opinion, whatever figures it has; another is a fact where it asserts an act
    of or about a subject, or counts something of one. A clause that is only a date goes with the next.
    """
    facts: list[str] = []
    opinions: list[str] = []
    checkable_opinion = False
    waiting = ""
    for match in _CLAUSE.finditer(sentence):
        clause = match[0]
        said = clause.rstrip("，,。；;！!？?…\n ").strip()
        if not said:
            continue
        if _is_opinion(clause.strip("，,。；;\n ")):
            opinions.append(said)
            checkable_opinion |= _is_checkable(said)
            waiting = ""
        elif _is_checkable(f"{waiting}{said}"):
            facts.append(f"{waiting}，{said}" if waiting else said)
            waiting = ""
        else:
            waiting = said if _DATE.search(said) else ""
    if opinions:
        kind = Kind.MIXED if facts or checkable_opinion else Kind.OPINION
    else:
        kind = Kind.CLAIM if facts else Kind.VAGUE
    return Reading(kind, tuple(facts), tuple(opinions))


def _is_opinion(clause: str) -> bool:
    return bool(_ASKS.search(clause) or _WANTS.search(clause) or _JUDGES.search(clause))


def _is_checkable(clause: str) -> bool:
    counted = bool(_FIGURE.search(_NO_FIGURE.sub("", clause)))
    act, subject = bool(_ACT.search(clause)), bool(_SUBJECT.search(clause))
    return (act and (subject or counted or bool(_DATE.search(clause)))) or (counted and subject)
