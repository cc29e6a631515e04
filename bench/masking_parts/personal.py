"""Numbers of no living person, valid in form: by kind, from a seeded generator."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_REGIONS = ("530802", "532701", "110101", "440305", "653121", "310115", "510107", "450103", "130102", "820000")
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_NAMES = (
    "zhangwei",
    "li.na",
    "wang_fang",
    "chenjie88",
    "anzhi-ban",
    "yimin2026",
    "user.name",
    "yunling",
    "pu.er.ren",
    "a1b2c3",
)
_HOSTS = (
    "qq.com",
    "163.com",
    "126.com",
    "sina.com",
    "sina.com.cn",
    "gmail.com",
    "outlook.com",
    "foxmail.com",
    "139.com",
)


def luhn_digit(body: str) -> str:
    """Return the digit that makes a card's number pass Luhn's check."""
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(body)))
    return str(-total % 10)


def id_check(body: str) -> str:
    """Return the last character of an ID card by GB 11643-1999."""
    return "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


def mobile(random: Random) -> str:
    """Return eleven digits of a mobile number."""
    return f"1{random.randint(3, 9)}{random.randrange(10**9):09d}"


def id_card(random: Random) -> str:
    """Return eighteen characters of an ID card."""
    born = date(1935, 1, 1) + timedelta(days=random.randrange(32_000))
    body = f"{random.choice(_REGIONS)}{born:%Y%m%d}{random.randrange(1000):03d}"
    return body + id_check(body)


def bank_card(random: Random) -> str:
    """Return sixteen to nineteen digits of a UnionPay card, or sixteen of a Visa, MasterCard or JCB card."""
    domestic = random.random() < 0.8
    prefix = (
        random.choice(("6222", "6217", "6228", "6214", "6230", "6013"))
        if domestic
        else random.choice(("4", "52", "35"))
    )
    length = random.choice((16, 17, 18, 19, 19, 19)) if domestic else 16
    body = prefix + "".join(str(random.randrange(10)) for _ in range(length - len(prefix) - 1))
    return body + luhn_digit(body)


def plate(random: Random) -> str:
    """Return a plate: seven characters, eight of a new-energy car, or one that ends in 学, 警, 挂, 港."""
    head = random.choice(_PROVINCES) + random.choice(_LETTERS)
    sort = random.random()
    if sort < 0.6:
        serial = [str(random.randrange(10)) for _ in range(5)]
        for place in random.sample(range(5), random.choice((0, 0, 1, 1, 2))):
            serial[place] = random.choice(_LETTERS)
        return head + "".join(serial)
    if sort < 0.8:
        return f"{head}{random.choice('DF')}{random.choice(_LETTERS + '0123456789')}{random.randrange(10**4):04d}"
    if sort < 0.9:
        return f"{head}{random.randrange(10**5):05d}{random.choice('DF')}"
    return f"{head}{random.randrange(10**4):04d}{random.choice('学警挂港')}"


def email(random: Random) -> str:
    """Return an address at a large provider or at an office of its own."""
    name = random.choice((*_NAMES, str(random.randrange(10**5, 10**10))))
    host = (
        random.choice(_HOSTS) if random.random() < 0.8 else f"{random.choice(('ymj', 'xf-ban', 'mail'))}.example.gov.cn"
    )
    return f"{name}@{host}"


KINDS = {"mobile": mobile, "id_card": id_card, "bank_card": bank_card, "plate": plate, "email": email}
