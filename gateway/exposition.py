"""One valid Prometheus exposition out of several, with a `service` label on every sample."""

from __future__ import annotations

import math
from collections.abc import Mapping

import structlog
from prometheus_client.parser import text_string_to_metric_families

_log = structlog.get_logger(__name__)


def merged(expositions: Mapping[str, str]) -> str:
    """Merge text expositions by service name: each family stands once, each sample names its service.

    What cannot be read is left out, so that one broken part does not blind the rest.
    """
    heads: dict[str, tuple[str, str]] = {}
    samples: dict[str, list[str]] = {}
    for service, text in expositions.items():
        try:
            families = list(text_string_to_metric_families(text))
        except ValueError as error:
            _log.warning("metrics.unreadable", part=service, error=str(error))
            continue
        for family in families:
            heads.setdefault(family.name, (family.documentation, family.type))
            lines = samples.setdefault(family.name, [])
            for sample in family.samples:
                labels = ",".join(
                    f'{name}="{_escaped(value)}"' for name, value in {**sample.labels, "service": service}.items()
                )
                lines.append(f"{sample.name}{{{labels}}} {_number(sample.value)}")
    out: list[str] = []
    for name, (documentation, kind) in sorted(heads.items()):
        shown = f"{name}_total" if kind == "counter" else name
        kind = "untyped" if kind == "unknown" else kind
        plain = documentation.replace("\\", "\\\\").replace("\n", "\\n")
        out += [f"# HELP {shown} {plain}", f"# TYPE {shown} {kind}", *samples[name]]
    return "\n".join(out) + "\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if math.isnan(value):
        return "NaN"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
