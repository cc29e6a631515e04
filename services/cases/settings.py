"""What cases reads from its environment (prefix ``HUIYING_``)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import Field

from kit.settings import ServiceSettings

_ROOT: Final = Path(__file__).resolve().parents[2]


class CasesSettings(ServiceSettings):
    """Settings of the cases service."""

    #: the plan of a new deployment; a relative path counts from the program's folder. Read once, at the first start;
    #: later versions come in by the API
    plan: Path = Path("plans/puer-resettlement-2019.yaml")
    #: seconds between two looks at the clocks
    clock_pass: float = Field(1.0, gt=0)
    #: days for which an event that came to nothing is kept
    retention_days: int = Field(180, ge=1)
    #: days for which the courses of events are kept, for replaying a changed plan on them
    course_days: int = Field(400, ge=1)
    #: where the portal is reached; addresses of published statements start with it
    public_url: str = "http://127.0.0.1:8000"

    def plan_path(self) -> Path:
        """Return the plan's path; a relative one that exists in the working folder wins."""
        return self.plan if self.plan.is_absolute() or self.plan.exists() else _ROOT / self.plan
