"""Plausible values only: outside the limits of its analyte a value is a slip, not a finding."""

from ml import analytes
from ml.facts import Facts


def plausible_value(facts: Facts, code: str) -> float | None:
    """The newest value of an analyte, or None when it is absent or impossible."""
    value = facts.value(code)
    return value if value is not None and analytes.is_plausible(code, value) else None


def implausible_codes(facts: Facts) -> tuple[str, ...]:
    """Measured analytes whose value cannot be true, in alphabetical order."""
    return tuple(
        sorted(
            code
            for code, measurement in facts.measurements.items()
            if not analytes.is_plausible(code, measurement.value)
        )
    )
