"""The words of a text as jieba parts it, and what each may count for as a keyword."""

from __future__ import annotations

import re
from functools import cache
from typing import Final, NamedTuple

import rjieba

from contracts.masks import without_marks
from language.places.gazetteer import GAZETTEER
from services.analysis.enrich.keywords.commonplace import UNJOINED, WORDS
from services.analysis.enrich.lexicon import DOMAIN, INCIDENTS

DOMAIN_WORDS: Final = frozenset(DOMAIN.split())
#: what incidents are told by; a verb among them (袭击, 坠落) says as much as a noun
_INCIDENT_WORDS: Final = frozenset(" ".join(words for kind in INCIDENTS.values() for words in kind.values()).split())

#: links, account names, weibo's emoticons and marks of a reply; a blank keeps what stands around them apart
_NOISE: Final = re.compile(
    r"(?:https?://|www\.)[\x21-\x7e]+|(?://)?[@＠][\w·.-]{1,30}|\[[\w\u4e00-\u9fff]{1,6}\]|&\w{2,6};|<[^>\n]{1,80}>"
)
_WORD: Final = re.compile(r"[\u4e00-\u9fff]{1,12}|(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9.+-]{1,14}")
#: how the names of outlets end, which a text names as its source
_OUTLET: Final = re.compile(r"(?:(?<![管电路水])网|[日晚时早晨女]报|新闻|记者|手记)$")
#: what stands in a byline
_BYLINE: Final = re.compile(r"[@＠]|记者|报道|编辑|来源|手记|网讯|文[/|/]")
#: characters that a word which jieba only guesses neither begins nor ends with
_GLUE: Final = frozenset(
    "的了着过是在和与及或也都就还又很太最更把被让给对向从到为因所以而且但如若即将会能可要应该已曾正不没无未"
    "我你他她它们这那哪谁什么怎其之由此每各某等个些种次位名称据说问答遭约近共仅均再并却"
    "吗呢吧啊呀哦嗯哈嘿呵嘛啦啥俩"
)
_DIGITS: Final = frozenset("0123456789〇零一二三四五六七八九十百千万亿两几半")

#: what a word of each of jieba's parts of speech counts for; of the rest (adverbs, pronouns, numbers, times) nothing
_PARTS: Final = {
    "n": 1.0, "nr": 1.0, "nrt": 1.0, "nrfg": 1.0, "ns": 1.0, "nt": 1.2, "nz": 1.1, "j": 1.0, "eng": 0.8,
    "vn": 0.85, "l": 0.5, "i": 0.25, "v": 0.5, "s": 0.5, "x": 1.0,
}  # fmt: skip
_DOMAIN_PART: Final = 1.5
#: parts of speech that words are joined of
_NAMES: Final = frozenset({"n", "nr", "nrt", "nrfg", "ns", "nt", "nz", "j", "ng", "vn", "l", "x", "eng", "b", "k"})
#: parts of names that jieba takes for something else
_OF_NAMES: Final = frozenset(
    "东西南北村镇桥站湾寨坝岭沟坡系"
    # surnames
    "王李张刘陈杨赵黄周吴徐孙胡朱林何郭马罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏"
    "于卢蒋蔡贾丁魏薛叶阎潘杜戴夏钟汪姜范姚谭廖邹熊陆郝孔崔康邱秦顾侯邵孟尹黎乔贺赖龚"
)


class Kind(NamedTuple):
    """What a word may be: what it counts for by itself (0: never a keyword), guessed or in the dictionary, joinable."""

    weight: float
    guessed: bool
    joinable: bool


def cleaned(text: str) -> str:
    """Return a text without its marks, links, account names and emoticons."""
    return _NOISE.sub(" ", without_marks(text))


def is_byline(tag: str) -> bool:
    """Tell whether a hashtag or bracketed text says who wrote or published a text."""
    return _BYLINE.search(tag) is not None or is_outlet(tag)


def is_outlet(name: str) -> bool:
    """Tell whether a name that no dictionary has is an outlet's."""
    return _OUTLET.search(name) is not None


def parted(text: str) -> list[tuple[str, str]]:
    """Return the words of a text with their parts of speech, in their order."""
    return _segmenter().tag(text)


class _Kinds(dict[tuple[str, str], Kind]):
    """The kind of each word and part of speech, worked out when it is first met."""

    def __missing__(self, token: tuple[str, str]) -> Kind:
        if len(self) >= _REMEMBERED:
            self.clear()
        self[token] = kind = _kind_of(*token)
        return kind


_REMEMBERED: Final = 60_000
KINDS: Final = _Kinds()


def _kind_of(word: str, part: str) -> Kind:
    if not _WORD.fullmatch(word):
        return Kind(0.0, False, False)
    if word in DOMAIN_WORDS:
        return Kind(_DOMAIN_PART, False, True)
    guessed = word[0] >= "\u4e00" and len(word) > 1 and not _segmenter().has_word(word)
    known = "x" if guessed or word in _OF_NAMES else part
    glued = not _GLUE.isdisjoint((word[0], word[-1])) and (guessed or len(word) == 1)
    counted = _DIGITS.issuperset(word) or (guessed and (word[0] in _DIGITS or part == "m"))
    joinable = known in _NAMES and not glued and not counted and word not in UNJOINED and len(word) < 7
    alone = len(word) > 1 and not glued and not counted and word not in WORDS and word.casefold() not in WORDS
    weight = 1.0 if word in _INCIDENT_WORDS else _PARTS.get(known, 0.0)
    return Kind(weight if alone else 0.0, guessed, joinable)


@cache
def _segmenter() -> rjieba.Jieba:
    """Return jieba's dictionary with the words of the domain and the places of Pu'er."""
    segmenter = rjieba.Jieba()
    for word in sorted(DOMAIN_WORDS):
        if not segmenter.has_word(word):
            segmenter.add_word(word, max(segmenter.suggest_freq(word), 20), "n")
    for name in sorted(GAZETTEER.names):
        if len(name) > 2 and not segmenter.has_word(name):
            segmenter.add_word(name, max(segmenter.suggest_freq(name), 20), "ns")
    return segmenter
