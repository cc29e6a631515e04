"""Sentences about such numbers, and sentences about figures that must stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from bench.masking_parts.forms import FORMS, PROVIDERS_ONLY, Form
from bench.masking_parts.personal import KINDS, email, id_card, luhn_digit
from contracts.masks import BANK_CARD, EMAIL, ID_CARD, MOBILE, PLATE

MARKS: Final = {"mobile": MOBILE, "id_card": ID_CARD, "bank_card": BANK_CARD, "plate": PLATE, "email": EMAIL}

#: what stands before and after, beside a word that says what it is
_NAMED: Final = {
    "mobile": (
        ("安置办公示的联系人电话：", "，有事直接打。"),
        ("加微信", "一起学习政策"),
        ("有房出租，手机", "，非诚勿扰"),
        ("举报搬迁款被扣，请联系我：", "！"),
        ("vx", "同号，随时在线"),
        ("楼上的老板私信我吧，或者打", "（微信同号）"),
        ("家里老人走失，看到请致电 ", " 必有重谢"),
        ("咨询补偿标准拨打", "，找李会计"),
        ("📱", " 诚信经营"),
    ),
    "id_card": (
        ("身份证号：", "，望核查"),
        ("本人身份证", "，户口在库区"),
        ("户主身份证号码", "。"),
        ("（身份证 ", "）要求补发"),
    ),
    "bank_card": (
        ("补偿款请打到卡号", "，谢谢"),
        ("农行账号：", " 开户名本人"),
        ("银行卡号 ", "，一直没到账"),
        ("向骗子转账，对方账户", "，已报警"),
    ),
    "plate": (
        ("举报车牌", "乱停"),
        ("一辆货车（车牌号：", "）超速"),
        ("请车主", "挪车"),
        ("肇事车辆", "逃逸"),
    ),
    "email": (
        ("材料发到邮箱", "，三天内答复"),
        ("投稿：", "。"),
        ("邮箱 ", " 欢迎来信"),
    ),
}
#: and without one
_BARE: Final = {
    "mobile": (("", ""), ("村主任老王 ", "，人很好"), ("有意者：", "，面议。"), ("@移民局 管不管？", "，我等着")),
    "id_card": (("", ""), ("张某某，男，", "，现住澜沧江边"), ("名单：李四 ", "；王五")),
    "bank_card": (("", ""), ("户名李四，", "，请查收"), ("发到这个上面：", "。")),
    "plate": (("", ""), ("刚才看见", "闯红灯"), ("又是", "，天天占道")),
    "email": (("", ""), ("写信到", "，没人回"), ("（", "）")),
}


@dataclass(frozen=True, slots=True)
class Case:
    """A text, and what masking must make of it. `kind` and `form` say what is in it; a figure's kind is empty."""

    kind: str
    form: str
    disguised: bool
    text: str
    masked: str


def personal_cases(seed: int, each: int) -> Iterator[Case]:
    """Yield `each` texts for every kind and form, always the same for a seed."""
    for kind, forms in FORMS.items():
        for form in forms:
            random = Random(f"{seed}/{kind}/{form.name}")
            for _ in range(each):
                yield _personal(kind, form, random)


def _personal(kind: str, form: Form, random: Random) -> Case:
    number = KINDS[kind](random)
    while kind == "email" and form.name in PROVIDERS_ONLY and "example" in number:
        number = email(random)
    while form.name == "× for X" and "X" not in number:
        number = id_card(random)
    sentences = _NAMED[kind] if form.context or random.random() < 0.6 else _BARE[kind]
    before, after = random.choice(sentences)
    return Case(
        kind, form.name, form.disguised, f"{before}{form.write(number, random)}{after}", f"{before}{MARKS[kind]}{after}"
    )


def _digits(random: Random, count: int) -> str:
    return str(random.randrange(1, 10)) + "".join(str(random.randrange(10)) for _ in range(count - 1))


def _failing_card(random: Random) -> str:
    body = "62" + _digits(random, random.choice((13, 14, 16)))
    return body + str((int(luhn_digit(body)) + random.randrange(1, 10)) % 10)


def _failing_id(random: Random) -> str:
    number = id_card(random)
    return number[:17] + random.choice([one for one in "0123456789X" if one != number[17]])


def _isbn(random: Random) -> str:
    body = "9787" + _digits(random, 8)
    check = -sum(int(digit) * (1 + 2 * (place % 2)) for place, digit in enumerate(body)) % 10
    return f"{body[:3]}-{body[3]}-{body[4:8]}-{body[8:12]}-{check}" if random.random() < 0.5 else f"{body}{check}"


def _phone_like(random: Random) -> str:
    return f"1{random.randint(3, 9)}{_digits(random, 9)}"


#: what is no person's number, by sort
FIGURES: Final[dict[str, Callable[[Random], str]]] = {
    "document numbers": lambda r: (
        f"按照{r.choice(('国办发', '云政发', '普政办发'))}〔{r.randint(2010, 2026)}〕{r.randint(1, 299)}号，"
        f"索引号{r.randint(1000, 9999)}-/{r.randint(2010, 2026)}-{_digits(r, 7)}"
    ),
    "dates and times": lambda r: r.choice(
        (
            f"{_year(r)}年{r.randint(1, 12)}月{r.randint(1, 28)}日{r.randint(0, 23)}时{r.randint(0, 59)}分通报",
            f"{_year(r)}-{r.randint(1, 12):02d}-{r.randint(10, 28)} {r.randint(0, 23):02d}:{r.randint(0, 59):02d}:00",
            f"办公时间：周一至周五 {r.randint(8, 9)}:00-12:00，13:{r.randint(10, 59)}-17:30，电话预约",
            f"二〇二{_han(r)}年{_han(r)}月{_han(r)}日",
            f"更新于{r.randint(2000, 2026)}{r.randint(1, 12):02d}{r.randint(1, 28):02d}{r.randint(0, 235959):06d}",
        )
    ),
    "amounts and counts": lambda r: r.choice(
        (
            f"补偿款{_digits(r, r.randint(4, 9))}.{r.randint(10, 99)}元",
            f"全年投资{_phone_like(r)}元，增长{r.randint(1, 30)}.{r.randint(0, 9)}%",
            f"搬迁{r.randint(100, 9999)}户{r.randint(1000, 99999)}人，新房{r.randint(100, 9999)}套",
            f"总库容{r.randint(1, 300)}.{r.randint(10, 99)}亿立方米，装机{r.randint(10, 999)}万千瓦",
            f"三年分别为{r.randint(130, 199)}、{r.randint(1000, 9999)}、{r.randint(1000, 9999)}件",
            f"合计：￥{_phone_like(r)}",
            f"GDP {r.randint(10, 19)},{r.randint(100, 999)},{r.randint(100, 999)},{r.randint(100, 999)}",
            f"阅读{_digits(r, 6)} 点赞{_digits(r, 4)} 评论{_digits(r, 3)} 转发{_digits(r, 3)}",
        )
    ),
    "hotlines and landlines": lambda r: r.choice(
        (
            f"市移民局热线0879-{_digits(r, 7)}",
            "拨打12345或110、119、12315",
            f"咨询电话：(0879){_digits(r, 7)}转{r.randint(800, 8999)}",
            f"客服400-{_digits(r, 3)}-{_digits(r, 4)}，银行95588",
            f"传真 010-{_digits(r, 8)}",
        )
    ),
    "numbers of things": lambda r: r.choice(
        (
            f"订单号{_phone_like(r)}一直不发货",
            f"文章编号：{_phone_like(r)}",
            f"受理编号 {_phone_like(r)}，请等待",
            f"快递单号{_digits(r, 13)}",
            f"流水号{r.randint(2020, 2026)}{_digits(r, 18)}",
            f"订单{_failing_card(r)}已取消",
            f"编号{_failing_id(r)}的材料",
            f"ISBN {_isbn(r)}",
            f"统一社会信用代码91530{_digits(r, 3)}MA6K{_digits(r, 5)}X",
            f"批次{_digits(r, 20)}",
        )
    ),
    "long figures by themselves": lambda r: r.choice((_failing_card(r), _failing_id(r), f"{_digits(r, 12)}00")),
    "addresses of pages": lambda r: r.choice(
        (
            f"http://www.example.gov.cn/xxgk/{r.randint(2015, 2026)}/{_phone_like(r)}.html",
            f"详见https://news.example.com/a/{_phone_like(r)}?from={_digits(r, 6)}",
            f"https://m.weibo.example.cn/status/4{_digits(r, 15)}",
            f"见 example.com/detail/{_phone_like(r)}",
            f"http://{r.randint(130, 199)}.{r.randint(100, 255)}.{r.randint(100, 255)}.{r.randint(10, 99)}:8080/",
        )
    ),
    "coordinates": lambda r: r.choice(
        (
            f"东经{r.randint(98, 105)}.{_digits(r, 6)}，北纬{r.randint(21, 29)}.{_digits(r, 6)}",
            f"坐标({r.randint(98, 105)}.{_phone_like(r)},{r.randint(21, 29)}.{_phone_like(r)})",
            f"lng={r.randint(98, 105)}.{_phone_like(r)}&lat={r.randint(21, 29)}.{_phone_like(r)}",
        )
    ),
    "codes and models": lambda r: r.choice(
        (
            f"股票代码600{_digits(r, 3)}，收盘{r.randint(3, 90)}.{r.randint(10, 99)}",
            f"京昆高速G{r.randint(1, 99)}，云K{r.randint(100, 999)}公里处",
            f"新A{r.randint(3, 8)}L，新C{r.randint(180, 300)}L试驾",
            f"从昆明坐G{r.randint(1000, 9999)}次到北京",
            f"云A股大涨{r.randint(1, 9)}.{r.randint(10, 99)}%",
            f"版本{r.randint(1, 20)}.{r.randint(0, 99)}.{r.randint(1000, 9999)}",
            f"哈希{r.getrandbits(128):032x}",
            f"服务器{r.randint(130, 199)}.{r.randint(100, 255)}.{r.randint(100, 255)}.{r.randint(10, 99)}",
            f"型号BX{_phone_like(r)}A",
            f"@用户{r.randint(1, 99)} 你好，icon@2x.png",
        )
    ),
    "rows of numbers": lambda r: r.choice(
        (
            "一、三、五、七、八、九、一、二、三、四、五类",
            " ".join(str(number) for number in range(1, r.randint(12, 30))),
            "双色球 " + " ".join(f"{r.randint(1, 33):02d}" for _ in range(7)),
            "，".join(str(r.randint(100, 9999)) for _ in range(6)),
            " ".join(f"{r.randint(1, 5)}:{r.randint(0, 5)}" for _ in range(3)),
            "每逢一三五限行，二四六放开，一五一十说清楚，九九八十一难",
            f"2012-{_year(r)}年 {r.randint(1000, 1999)} {r.randint(100, 999)} {r.randint(1000, 9999)}户",
            "①②③④⑤⑥⑦⑧⑨条都要落实",
        )
    ),
}


def _year(random: Random) -> int:
    return random.randint(2000, 2026)


def _han(random: Random) -> str:
    return random.choice("一二三四五六七八九")


def figure_cases(seed: int, each: int) -> Iterator[Case]:
    """Yield `each` texts for every sort of figure that must stay, always the same for a seed."""
    for sort, make in FIGURES.items():
        random = Random(f"{seed}/{sort}")
        for _ in range(each):
            text = random.choice(("", "据通报，", "网友说：")) + make(random) + random.choice(("", "。", "，属实吗？"))
            yield Case("", sort, False, text, text)
