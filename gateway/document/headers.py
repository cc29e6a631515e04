"""Headers that every call of a kind takes: idempotency keys and the language of problems."""

from __future__ import annotations

from typing import Any, Final

_PARAMETERS: Final[dict[str, Any]] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "The same key and body gives the same answer for a day, another body under the key 422.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
        "example": "9f5c1f0e-alert-to-case",
    },
    "AcceptLanguage": {
        "name": "Accept-Language",
        "in": "header",
        "required": False,
        "description": "`zh` gives problems and machine-made texts in Chinese, `en` in English (the default).",
        "schema": {"type": "string", "maxLength": 200},
        "example": "zh-CN",
    },
}


def complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Let `operation` take what the gateway takes with it."""
    parameters = operation.setdefault("parameters", [])
    names = {one.get("name", "").lower() for one in parameters}
    if "accept-language" not in names:
        parameters.append(dict(_PARAMETERS["AcceptLanguage"]))
    if method == "post" and path.startswith("/api/") and "idempotency-key" not in names:
        parameters.append(dict(_PARAMETERS["IdempotencyKey"]))
