"""Does an input give the outcome away? By its name, its time, its figures, its rows.

    findings = lint(problem, prepared)
    refuse_blocked(problem, findings)     # raises LeakFound

`python -m ml.leakage FILE --outcome COL` says the same of any table.
"""

from ml.leakage.findings import Finding, LeakFound, blocked, refuse_blocked
from ml.leakage.linter import lint

__all__ = ["Finding", "LeakFound", "blocked", "lint", "refuse_blocked"]
