"""What the linter found, and what may be overridden."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ml.studies.problem import Problem

BLOCK, WARN = "block", "warn"


@dataclass(frozen=True, slots=True)
class Finding:
    """One suspicion: how grave, its code, the input ("" for the table), why, and the figures."""

    severity: str
    code: str
    input: str
    sentence: str
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What an override names."""
        return f"{self.code}:{self.input}" if self.input else self.code


class LeakFound(ValueError):
    """Training is refused: what the model would learn is the outcome in disguise."""

    def __init__(self, findings: Sequence[Finding]):
        said = "\n".join(f"  {found.key}: {found.sentence}" for found in findings)
        super().__init__(
            f"Training is refused, because these would leak the outcome:\n{said}\n"
            "Drop them, or name each in the problem's overrides with your reason."
        )
        self.findings = tuple(findings)


def blocked(problem: Problem, findings: Sequence[Finding]) -> list[Finding]:
    """Blocking findings for which the problem has no override with a reason."""
    excused = {key for key, reason in problem.overrides.items() if reason.strip()}
    return [
        found
        for found in findings
        if found.severity == BLOCK and found.key not in excused and found.code not in excused
    ]


def refuse_blocked(problem: Problem, findings: Sequence[Finding]) -> None:
    """Raises LeakFound when something blocks."""
    if found := blocked(problem, findings):
        raise LeakFound(found)
