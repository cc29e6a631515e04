"""What a vendor's answer means: its own code is read, since HTTP 200 says nothing, by a table of the vendor's codes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any, Final

from services.notify.channels.calls import Answer, retry_after_seconds
from services.notify.retries import Outcome

#: Characters of a vendor's own words that go into a reason.
_SHOWN: Final = 200


class Verdict(Enum):
    """What a code says of the attempt."""

    SENT = auto()
    #: may succeed when repeated
    LATER = auto()
    #: cannot succeed when repeated
    NEVER = auto()
    #: nor will any other letter to this address
    CLOSED = auto()


@dataclass(frozen=True)
class Meaning:
    """A code's verdict, what it says in Chinese, and the seconds that it asks to wait, if any."""

    verdict: Verdict
    chinese: str = ""
    wait: float | None = None


#: A vendor's codes as text. One that ends with `*` stands for every code that begins so; the longest that fits counts.
Table = Mapping[str, Meaning]

SENT: Final = Meaning(Verdict.SENT)


def later(chinese: str, wait: float | None = None) -> Meaning:
    """Return the meaning of a code that asks to try again, after `wait` seconds if given."""
    return Meaning(Verdict.LATER, chinese, wait)


def never(chinese: str) -> Meaning:
    """Return the meaning of a code that repeating cannot change."""
    return Meaning(Verdict.NEVER, chinese)


def closed(chinese: str) -> Meaning:
    """Return the meaning of a code that says that the address is no more."""
    return Meaning(Verdict.CLOSED, chinese)


def read_object(answer: Answer) -> dict[str, Any] | None:
    """Return the JSON object that an answer holds, or None."""
    if answer.body is None:
        return None
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def judged(
    who: str,
    answer: Answer,
    code: object,
    words: object,
    table: Table,
    now: datetime,
    *,
    secrets: Sequence[str | None] = (),
) -> Outcome:
    """Return what an answer with the vendor's `code` and `words` means; `secrets` are kept out of the reason.

    A code that the table does not know, and an answer without one, may be better next time.
    """
    asked = retry_after_seconds(answer.retry_after, now)
    if isinstance(code, bool) or not isinstance(code, (int, str)) or code == "":
        return unreadable(who, answer, now)
    meaning = _looked_up(str(code), table)
    if meaning.verdict is Verdict.SENT:
        if 200 <= answer.status < 300:
            return Outcome.done()
        return Outcome.later(f"{who}答复 HTTP {answer.status}", asked)
    said = shown(words, secrets)
    what = "，".join(part for part in (meaning.chinese, said) if part)
    reason = f"{who}答复 {shown(code, secrets)}" + (f"：{what}" if what else "")
    if meaning.verdict is Verdict.LATER:
        waits = [wait for wait in (asked, meaning.wait) if wait is not None]
        return Outcome.later(reason, max(waits, default=None))
    return Outcome.never(reason, closed=meaning.verdict is Verdict.CLOSED)


def unreadable(who: str, answer: Answer, now: datetime) -> Outcome:
    """Return what an answer means that does not hold what the vendor's documents promise."""
    asked = retry_after_seconds(answer.retry_after, now)
    if answer.status == 429:
        return Outcome.later(f"{who}答复 HTTP 429：请求过于频繁", asked)
    if answer.status >= 500:
        return Outcome.later(f"{who}答复 HTTP {answer.status}", asked)
    what = "超过 64 KB" if answer.too_long else "为空" if not answer.body else "不是约定的 JSON"
    return Outcome.later(f"{who}的答复无法识别（HTTP {answer.status}，内容{what}）", asked)


def shown(words: object, secrets: Sequence[str | None] = ()) -> str:
    """Return a vendor's words in one line, cut short, with `secrets` replaced by ***."""
    if not isinstance(words, (str, int)) or isinstance(words, bool):
        return ""
    text = "".join(character if character.isprintable() else " " for character in str(words))
    for secret in sorted({secret for secret in secrets if secret}, key=len, reverse=True):
        text = text.replace(secret, "***")
    return " ".join(text.split())[:_SHOWN]


def _looked_up(code: str, table: Table) -> Meaning:
    if code in table:
        return table[code]
    fitting = [known for known in table if known.endswith("*") and code.startswith(known[:-1])]
    return table[max(fitting, key=len)] if fitting else later("")
