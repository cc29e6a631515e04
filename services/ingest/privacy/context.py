"""What stands around a number: whether it speaks of calling, of a card, or of something that is merely counted."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final

from contracts.masks import without_marks

_BEFORE: Final = 20
_AFTER: Final = 10
#: as long as a mark, so that one that the window cuts is seen whole
_MARGIN: Final = 30
_TORN_MARK: Final = re.compile(r"^[^〔〕]{0,6}〕|〔[^〔〕]{0,6}$")

_CONTACT: Final = re.compile(
    r"电[话話]|手[机機]|号码|[联聯][系繫络]|致电|来电|[拨撥]|[微威薇徽魏]\W?[信❤芯]|[vVｖＶ]\W?信|[vVｖＶ][xXｘＸ]|(?i:wx|wechat|whatsapp)"
    r"|加[我vVｖＶ微威薇]|私信|短信|热线|咨询|客服|找我|戳我|钉钉|同号|扣扣|[Qq]{2}|支付宝|☎|📞|📱|📲|✆"
    r"|(?i:\b(?:tel|phone|mobile|cell|call|contact)\b)"
)
_CARD: Final = re.compile(
    r"卡号|卡[:：]|银[行联]|[储蓄]蓄|信用卡|借记|一卡通|[账帐][号户]|户头|开户|[工农建中交招]行|邮储|农信|信用社|转[账帐]|打款|汇款|收款"
    r"|付款|打钱|(?i:visa|card|mastercard|jcb|unionpay)"
)
#: a number of a thing; what follows it directly is no person's
_REFERENCE: Final = re.compile(
    r"(?:(?:订单|运单|单|快递|物流|工单|流水|受理|案件|信访|诉求|文章|帖子|微博|新闻|稿件|网页|索引|条形?码|产品|批次?|设备|序列|凭证|发票|合同"
    r"|项目|招标|采购|备案|许可证?|专利|登记|档案|文件|任务|交易|追踪|信用代码|税号|股票|基金|彩票|期)"
    r"(?:编?号码?|代码|编码|单号|标识|(?i:id))?|(?<![微账帐])编号|文号|(?<![A-Za-z])(?:(?i:isbn|issn|doi|sku|imei|udi|aid|tid|pid|mid|no)\.?"
    r"|(?<!微信)(?<!抖音)(?<!快手)(?<![vVｖＶ]信)(?i:id)))[\s:：=#№是为（(【]{0,4}$"
)
_COUNTED: Final = re.compile(
    r"\s?[余多]?\s?(?:亿|万[元吨股人户亩千]|元|块钱|美元|美金|港元|港币|欧元|日元|人民币|股|吨|公斤|千克|千瓦|立方|平方|平米|公顷|㎡|m[²³]|人次"
    r"|次|公里|千米|bytes?\b|字节|比特|毫秒|秒|ms\b|%|％|℃)"
)
_PRICED: Final = re.compile(r"(?:[¥￥$€£]|人民币|RMB|CNY|USD|合计|总计|金额|总额|共计)\s?[:：]?\s?$")
_PLACED: Final = re.compile(r"坐标|经度|纬度|东经|北纬|西经|南纬|经纬|°|(?i:\b(?:lng|lon|lat|longitude|latitude|gps))")
_IDENTIFIED: Final = re.compile(r"身[份分]|证件|公民")
_PLATED: Final = re.compile(
    r"车牌|牌照|车号|号牌|牌号|[轿货客汽卡跑警校]车|车辆|司机|车主|停放?|[驾肇]|尾号|套牌|挪车|车"
)


class Around:
    """The text on both sides of a number from `start` to `end`."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self._text, self._start, self._end = text, start, end

    @cached_property
    def before(self) -> str:
        """Return the characters before the number, marks left out."""
        window = self._text[max(0, self._start - _BEFORE - _MARGIN) : self._start]
        return without_marks(_TORN_MARK.sub(" ", window) if "〕" in window else window)[-_BEFORE:]

    @cached_property
    def after(self) -> str:
        """Return the characters after the number, marks left out."""
        window = self._text[self._end : self._end + _AFTER + _MARGIN]
        return _TORN_MARK.sub(" ", without_marks(window))[:_AFTER]

    @cached_property
    def speaks_of_calling(self) -> bool:
        """Tell whether there is a word of phones or messengers."""
        return bool(_CONTACT.search(self.before) or _CONTACT.search(self.after))

    @cached_property
    def speaks_of_cards(self) -> bool:
        """Tell whether there is a word of bank cards or paying."""
        return bool(_CARD.search(self.before) or _CARD.search(self.after))

    @cached_property
    def speaks_of_identity(self) -> bool:
        """Tell whether there is a word of identity cards before the number."""
        return _IDENTIFIED.search(self.before) is not None

    @cached_property
    def speaks_of_cars(self) -> bool:
        """Tell whether there is a word of cars and their plates."""
        return bool(_PLATED.search(self.before) or _PLATED.search(self.after))

    @cached_property
    def is_reference(self) -> bool:
        """Tell whether the number is named as that of a thing: an order, an article, a file."""
        return _REFERENCE.search(self.before) is not None

    @cached_property
    def is_quantity(self) -> bool:
        """Tell whether the number is one of money or things counted, or part of a decimal fraction."""
        if _COUNTED.match(self.after) or _PRICED.search(self.before) or re.match(r"\.\d{1,2}(?!\d)", self.after):
            return True
        whole = re.search(r"(?<![\d.])(\d{1,3})\.$", self.before)
        if whole is None:
            return False
        # 「1.」 before a number counts a list; a fraction follows 0 or three digits, or is one of a pair
        return (
            whole[1] == "0"
            or len(whole[1]) == 3
            or _PLACED.search(self.before) is not None
            or re.match(r"[°,，]\s?\d{1,3}\.\d", self.after) is not None
            or re.search(r"\.\d{4,}\s?[°,，]\s?\d{1,3}\.$", self.before) is not None
        )

    @cached_property
    def is_within_code(self) -> bool:
        """Tell whether letters or digits stand on both sides, as in a hash or a serial number."""
        return bool(re.search(r"[A-Za-z0-9]$", self.before) and re.match(r"[A-Za-z0-9]", self.after))
