"""Which of Pu'er's ten counties and districts a text speaks of.

Full names count by themselves. Short names that mean other things elsewhere (江城 is also Wuhan, 思茅松 a pine, 澜沧江
a river) count only beside a sign that the text is about Pu'er. Townships and dams are listed only where their name is
distinctive. Names: 云南省行政区划, ten county-level units of 普洱市.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ahocorasick_rs import AhoCorasick, MatchKind

CITY: Final = "普洱"

#: County or district -> (full names, short name, distinctive townships, mountains and waters).
_GAZETTEER: Final[dict[str, tuple[tuple[str, ...], str, tuple[str, ...]]]] = {
    "思茅区": (("思茅区",), "思茅", ("思茅港", "倚象镇", "云仙乡", "六顺镇", "信房水库", "糯扎渡")),
    "宁洱县": (
        ("宁洱县", "宁洱哈尼族彝族自治县", "普洱县", "普洱哈尼族彝族自治县"),
        "宁洱",
        ("磨黑镇", "勐先镇", "普义乡"),
    ),
    "墨江县": (
        ("墨江县", "墨江哈尼族自治县"),
        "墨江",
        ("联珠镇", "雅邑镇", "泗南江镇", "坝溜镇", "孟弄", "那哈乡"),
    ),
    "景东县": (("景东县", "景东彝族自治县"), "景东", ("文井镇", "大朝山东镇", "太忠镇", "曼等乡", "无量山镇")),
    "景谷县": (("景谷县", "景谷傣族彝族自治县"), "景谷", ("碧安乡", "勐班乡")),
    "镇沅县": (
        ("镇沅县", "镇沅彝族哈尼族拉祜族自治县"),
        "镇沅",
        ("恩乐镇", "按板镇", "者东镇", "勐大镇", "振太镇", "九甲镇"),
    ),
    "江城县": (("江城县", "江城哈尼族彝族自治县"), "江城", ("勐烈镇", "整董镇", "戈兰滩", "土卡河")),
    "孟连县": (("孟连县", "孟连傣族拉祜族佤族自治县"), "孟连", ("娜允镇", "娜允古镇", "勐马镇", "芒信镇", "富岩镇")),
    "澜沧县": (
        ("澜沧县", "澜沧拉祜族自治县"),
        "澜沧",
        ("勐朗镇", "上允镇", "糯扎渡", "景迈山", "谦六乡", "竹塘乡", "糯福乡", "木戛乡", "发展河乡", "酒井乡"),
    ),
    "西盟县": (("西盟县", "西盟佤族自治县"), "西盟", ("勐梭镇", "勐卡镇", "翁嘎科", "岳宋乡", "中课镇")),
}

COUNTIES: Final = tuple(_GAZETTEER)

#: Short names that hardly ever mean anything else.
_DISTINCT: Final = frozenset({"宁洱", "墨江", "景谷", "镇沅", "孟连"})
#: Longer words in which a name means something else; the longest word at a place wins.
_DECOYS: Final = ("澜沧江", "思茅松", "阿墨江", "江城区", "江城子", "普洱茶", "普洱生茶", "普洱熟茶", "普洱熟普")
#: Signs that a text is about Pu'er.
_SIGNS: Final = ("普洱市", "普洱", "云南", "滇南", "哈尼", "拉祜", "佤族", "佤山", "彝族", "傣族", "糯扎渡", "澜沧江")
#: Signs that 江城 is not the county.
_OTHER_JIANGCHENG: Final = ("武汉", "湖北", "汉口", "武昌", "汉阳", "长江", "吉林", "阳江")


@dataclass(frozen=True, slots=True)
class Mention:
    """A county and the words that name it: characters `start` to `end` of the text."""

    county: str
    start: int
    end: int
    surface: str


@dataclass(frozen=True, slots=True)
class Places:
    """What a text says of places: the evidence, the counties in order of first mention, and whether it names Pu'er."""

    mentions: tuple[Mention, ...] = ()
    counties: tuple[str, ...] = ()
    city: bool = False


@dataclass(frozen=True, slots=True)
class _Name:
    counties: tuple[str, ...]
    strong: bool
    decoy: bool = False


def _names() -> dict[str, _Name]:
    names: dict[str, _Name] = {}
    for county, (full, short, others) in _GAZETTEER.items():
        for name in (*full, *others):
            before = names[name].counties if name in names else ()
            names[name] = _Name((*before, county), strong=True)
        names[short] = _Name((county,), strong=short in _DISTINCT)
    for name in _DECOYS:
        names[name] = _Name((), strong=False, decoy=True)
    names.setdefault(CITY, _Name((), strong=False))
    names.setdefault(f"{CITY}市", _Name((), strong=False))
    return names


_NAMES: Final = _names()
_PATTERNS: Final = tuple(_NAMES)
_AUTOMATON: Final = AhoCorasick(_PATTERNS, matchkind=MatchKind.LeftmostLongest)
_SHORT: Final = {short: county for county, (_, short, _) in _GAZETTEER.items()}
_FULL: Final = {name: county for county, (full, _, _) in _GAZETTEER.items() for name in full}


def county_of(name: str) -> str | None:
    """Return the county or district that a full or short name stands for, or None."""
    return _FULL.get(name) or _SHORT.get(name)


def find(text: str) -> Places:
    """Find the counties that `text` speaks of (offsets are those of `text` as given)."""
    hits = [(_PATTERNS[index], start, end) for index, start, end in _AUTOMATON.find_matches_as_indexes(text)]
    if not hits:
        return Places()
    city = any(name in (CITY, f"{CITY}市") for name, _, _ in hits)
    strong = city or any(_NAMES[name].strong for name, _, _ in hits)
    about = strong or any(sign in text for sign in _SIGNS)
    mentions: list[Mention] = []
    for name, start, end in hits:
        entry = _NAMES[name]
        if not entry.strong and not (about and _fits(name, text, city)):
            continue
        mentions.extend(Mention(county, start, end, name) for county in entry.counties)
    counties = tuple(dict.fromkeys(mention.county for mention in mentions))
    return Places(tuple(mentions), counties, city)


def _fits(name: str, text: str, city: bool) -> bool:
    """Tell whether a short name may be taken for the county in this text."""
    return name != "江城" or city or not any(sign in text for sign in _OTHER_JIANGCHENG)
