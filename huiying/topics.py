"""``huiying topics check FILE``: a topic pack held against its form and against its own examples."""

from __future__ import annotations

from pathlib import Path

from huiying.errors import CommandError
from kit.documents import Finding
from services.analysis.topic_packs import TopicPack, check_pack


def pack_findings(file: Path) -> tuple[TopicPack | None, list[Finding]]:
    """Return a pack (None where it cannot be read as one) and the findings on it, by line.

    Raises :class:`CommandError` where the file cannot be read.
    """
    try:
        return check_pack(file)
    except OSError as error:
        raise CommandError(f"无法读取专题包 / cannot read the pack {file}: {error.strerror}") from None
