"""What a template may name: the fields of a letter. None holds personal data but the reader's own name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class FieldOf:
    """One field: its name in templates, what it is in both languages, and an example."""

    name: str
    zh: str
    en: str
    example: str | bool


#: All fields, in the order in which they are shown. A field that has nothing to say is an empty text.
FIELDS: Final = (
    FieldOf("to", "收件人姓名", "the reader's name", "王主任"),
    FieldOf("role", "收件人以何角色收到，可为空", "the role as which they are told, maybe empty", "办公室"),
    FieldOf("subject", "标题（不含演练和级别标记）", "the subject, without its marks", "景谷县安置点停水"),
    FieldOf("body", "正文", "the text", "一小时内 35 条信息，负面占八成。"),
    FieldOf("level", "响应级别，未定级时为空", "the response level, empty where there is none", "Ⅱ级（重大或较大）"),
    FieldOf("kind", "通知类型", "the kind of notification", "预警"),
    FieldOf("case_number", "处置单号，尚未立案时为空", "the number of the case, empty without one", "YQ-2026-0001"),
    FieldOf("requested_at", "通知时间（北京时间）", "when it was asked for, Beijing time", "2026-03-02 08:15"),
    FieldOf("note", "特别说明，可为空", "what is noted of this reader, maybe empty", "按专题订阅通知"),
    FieldOf("todo", "内置的办理要求", "what the built-in letter asks the reader to do", "核对预警所列事实与指标"),
    FieldOf("asks_receipt", "是否要求确认收到", "whether a receipt is asked for", True),
    FieldOf("drill", "是否为演练", "whether it is a drill", False),
)
NAMES: Final = frozenset(field.name for field in FIELDS)
