"""How people write numbers: as a form asks for them, and so that a machine should not see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

Write = Callable[[str, Random], str]

_EMOJI = ("🌟", "❤️", "😂", "👉", "🐱", "☎️", "✨", "💧", "👨‍👩‍👧", "🔥")
_TRICKS = ("~", "*", "…", "_", "丶", "|", "^", "=", "。", "·", "—", "<>", "﹏", "//", "、", "，")
_WIDE = str.maketrans(
    "".join(chr(code) for code in range(33, 127)), "".join(chr(code + 65248) for code in range(33, 127))
)
_HAN = "零一二三四五六七八九"
_FORMAL = "零壹贰叁肆伍陆柒捌玖"
_CIRCLED = "⓪①②③④⑤⑥⑦⑧⑨"
_BLACK = "⓿❶❷❸❹❺❻❼❽❾"
_BRACKETED = "0⑴⑵⑶⑷⑸⑹⑺⑻⑼"
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_BOLD = "".join(chr(0x1D7CE + digit) for digit in range(10))


@dataclass(frozen=True, slots=True)
class Form:
    """A way of writing numbers of one kind. One with `context` is only written beside a word that says what it is."""

    name: str
    write: Write
    disguised: bool = False
    context: bool = False


def _spelt(alphabet: str) -> Write:
    return lambda number, random: "".join(alphabet[int(one)] if one.isdigit() else one for one in number)


def _parted(sizes: tuple[int, ...], between: tuple[str, ...], *, alike: bool = True) -> Write:
    def write(number: str, random: Random) -> str:
        pieces, at = [], 0
        for size in sizes:
            pieces.append(number[at : at + size])
            at += size
        pieces = [piece for piece in (*pieces, number[at:]) if piece]
        gap = random.choice(between)
        return pieces[0] + "".join((gap if alike else random.choice(between)) + piece for piece in pieces[1:])

    return write


def _singles(between: tuple[str, ...], *, alike: bool = True) -> Write:
    return _parted((1,) * 19, between, alike=alike)


def _han(number: str, random: Random) -> str:
    zero, one = random.choice("零〇"), random.choice("一一幺")
    return _spelt(zero + one + _HAN[2:])(number, random)


def _partly_han(number: str, random: Random) -> str:
    begin = random.randrange(1, len(number) - 4)
    end = random.randrange(begin + 3, len(number))
    return number[:begin] + _han(number[begin:end], random) + number[end:]


def _any_glyphs(number: str, random: Random) -> str:
    alphabets = ("0123456789", "０１２３４５６７８９", _HAN, _CIRCLED, _FORMAL)
    return "".join(random.choice(alphabets)[int(one)] if one.isdigit() else one for one in number)


def _keycaps(number: str, random: Random) -> str:
    return "".join(one + "\ufe0f\u20e3" if one.isdigit() else one for one in number)


def _letters(number: str, random: Random) -> str:
    zero, one = random.choice("oO"), random.choice("lI1")
    return number.replace("0", zero).replace("1", one)


def _unseen(number: str, random: Random) -> str:
    return "".join(one + random.choice(("", "\u200b", "\u200d", "\ufeff")) for one in number)


def _compound(number: str, random: Random) -> str:
    """Mix the glyphs, then part them in one way or another."""
    pieces = [_any_glyphs(one, random) for one in number]
    kept = random.choice(({3, 7, 11, 15}, set(range(1, 20)), set()))
    gaps = random.choice((_EMOJI, ("\u200b",), ("~",), (" ",)))
    return "".join((random.choice(gaps) if place in kept else "") + piece for place, piece in enumerate(pieces))


def _radio(number: str, random: Random) -> str:
    return _spelt("洞幺两三四五六拐八勾")(number, random)


def _wide(number: str, random: Random) -> str:
    return number.translate(_WIDE)


def _as_is(number: str, random: Random) -> str:
    return number


def _han_parted(number: str, random: Random) -> str:
    return _parted((3, 4), (" ", "-", "，", "杠", "～"))(_han(number, random), random)


def _oddly_parted(number: str, random: Random) -> str:
    return _parted(random.choice(((2, 2, 2, 2), (2, 3, 3), (4, 3, 2), (5, 3))), ("-", " ", ".", "~"))(number, random)


_MOBILE = (
    Form("11 digits", _as_is),
    Form("+86", lambda number, random: random.choice(("+86", "86-", "+86 ", "0086", "（+86）")) + number),
    Form("3-4-4 spaces", _parted((3, 4), (" ",))),
    Form("3-4-4 hyphens, dots", _parted((3, 4), ("-", ".", "－", "—", "·"))),
    Form("4-4-3, 3-3-5", lambda n, random: _parted(random.choice(((4, 4), (3, 3))), ("-", " "))(n, random)),
    Form("full-width", _wide),
    Form("Chinese numerals", _han, disguised=True),
    Form("formal numerals", _spelt(_FORMAL), disguised=True),
    Form("partly numerals", _partly_han, disguised=True),
    Form("numerals, parted", _han_parted, disguised=True, context=True),
    Form("circled", _spelt(_CIRCLED), disguised=True),
    Form("black circled", _spelt(_BLACK), disguised=True),
    Form("bracketed, raised, bold", lambda n, r: _spelt(r.choice((_BRACKETED, _RAISED, _BOLD)))(n, r), disguised=True),
    Form("keycaps", _keycaps, disguised=True),
    Form("any glyphs", _any_glyphs, disguised=True),
    Form("emoji between groups", _parted((3, 4), _EMOJI, alike=False), disguised=True),
    Form("emoji between digits", _singles(_EMOJI, alike=False), disguised=True),
    Form("spaced digits", _singles((" ", "-", ".", "  ")), disguised=True),
    Form("punctuation between groups", _parted((3, 4), _TRICKS), disguised=True, context=True),
    Form("punctuation between digits", _singles(_TRICKS), disguised=True, context=True),
    Form("oddly parted", _oddly_parted, disguised=True, context=True),
    Form("letters for digits", _letters, disguised=True, context=True),
    Form("zero-width characters", _unseen, disguised=True),
    Form("as on the radio", _radio, disguised=True, context=True),
    Form("mixed and parted", _compound, disguised=True, context=True),
)

_ID_CARD = (
    Form("18 characters", _as_is),
    Form("small x", lambda number, random: number.lower()),
    Form("6-8-4", _parted((6, 8), (" ", "-"))),
    Form("full-width", _wide),
    Form("Chinese numerals", _han, disguised=True),
    Form("partly numerals", _partly_han, disguised=True),
    Form("circled", _spelt(_CIRCLED), disguised=True),
    Form("any glyphs", _any_glyphs, disguised=True),
    Form("emoji between groups", _parted((6, 4, 4), _EMOJI, alike=False), disguised=True),
    Form("spaced digits", _singles((" ", "-", ".")), disguised=True),
    Form("punctuation between groups", _parted((6, 4, 4), _TRICKS), disguised=True),
    Form("letters for digits", _letters, disguised=True, context=True),
    Form("zero-width characters", _unseen, disguised=True),
    Form("mixed and parted", _compound, disguised=True, context=True),
    Form("× for X", lambda number, random: number.replace("X", random.choice("×х")), disguised=True),
)

_BANK_CARD = (
    Form("16 to 19 digits", _as_is),
    Form("fours", _parted((4, 4, 4, 4), (" ", "-"))),
    Form("full-width", _wide),
    Form("Chinese numerals", _han, disguised=True),
    Form("partly numerals", _partly_han, disguised=True),
    Form("circled", _spelt(_CIRCLED), disguised=True),
    Form("any glyphs", _any_glyphs, disguised=True),
    Form("emoji between fours", _parted((4, 4, 4, 4), _EMOJI, alike=False), disguised=True),
    Form("spaced digits", _singles((" ", "-", ".")), disguised=True, context=True),
    Form("punctuation between fours", _parted((4, 4, 4, 4), _TRICKS), disguised=True, context=True),
    Form("oddly parted", _parted((6, 5, 4), (" ", "-", "~")), disguised=True, context=True),
    Form("letters for digits", _letters, disguised=True, context=True),
    Form("zero-width characters", _unseen, disguised=True),
    Form("mixed and parted", _compound, disguised=True, context=True),
)

_PLATE = (
    Form("as on the car", _as_is),
    Form("with a dot", _parted((2,), ("·", "•", ".", " ", "-"))),
    Form("small letters", lambda number, random: number.lower()),
    Form("full-width", _wide),
    Form("spaced characters", _parted((1,) * 8, (" ",)), disguised=True, context=True),
    Form("emoji within", _parted((2,), _EMOJI), disguised=True),
    Form("circled", _spelt(_CIRCLED), disguised=True, context=True),
    Form("Chinese numerals", _spelt(_HAN), disguised=True, context=True),
    Form("parted in two", _parted((2, 3), (" ", "-", "·")), disguised=True, context=True),
    Form("zero-width characters", _unseen, disguised=True),
)


def _replaced(at: tuple[str, ...], dot: tuple[str, ...] = (".",)) -> Write:
    def write(address: str, random: Random) -> str:
        name, _, host = address.partition("@")
        return name + random.choice(at) + host.replace(".", random.choice(dot))

    return write


_EMAIL = (
    Form("as it is", _as_is),
    Form("capitals", lambda number, random: number.upper()),
    Form("full-width", _wide),
    Form("spaces about @", _replaced((" @ ", " @", "@ "))),
    Form("(at)", _replaced(("(at)", "[at]", "（at）", "{AT}", " (at) ")), disguised=True),
    Form("(at) (dot)", _replaced(("(at)", "[at]", " at "), ("(dot)", "[dot]", " dot ", "（点）")), disguised=True),
    Form("艾特, 点", _replaced(("艾特", "圈a", "圈A", "【at】"), ("点", ".", "。")), disguised=True),
    Form("#, *", _replaced(("#", "*", "＃")), disguised=True),
    Form("。 for the dot", _replaced(("@", "＠"), ("。", "．", " . ")), disguised=True),
    Form("zero-width characters", _unseen, disguised=True),
)

#: of the e-mail forms these need no more than a known provider's name; an office's own is not guessed from # or 艾特
PROVIDERS_ONLY = frozenset({"(at) (dot)", "艾特, 点", "#, *"})

FORMS = {"mobile": _MOBILE, "id_card": _ID_CARD, "bank_card": _BANK_CARD, "plate": _PLATE, "email": _EMAIL}
