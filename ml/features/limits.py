"""Plausible values only: what cannot be true is a slip, not a finding, and counts as unknown.

A value alone is impossible outside the limits of its analyte. Values of one day that cannot be
true together contradict each other, and nobody can say which is wrong: all of them are unknown.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ml import analytes
from ml.facts import Facts

APART = 0.1  # share by which rounding, clothes or another method may move a value (own choice)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Analytes that cannot be true together where `is_so` of their values, in order.

    `also` are those that share the doubt, `of_any_day` those that keep for years.
    """

    codes: tuple[str, ...]
    is_so: Callable[..., bool]
    also: tuple[str, ...] = ()
    of_any_day: tuple[str, ...] = ()

    def holds(self, facts: Facts) -> bool:
        found = [facts.measurements.get(code) for code in self.codes]
        values = [_possible_value(facts, code) for code in self.codes]
        if None in values:
            return False
        days = {each.collected for each in found if each and each.code not in self.of_any_day}
        return len(days) == 1 and self.is_so(*values)


CONTRADICTIONS = (
    Contradiction(("SBP", "DBP"), lambda systolic, diastolic: diastolic >= systolic),
    Contradiction(
        ("BMI", "WEIGHT", "HEIGHT"),
        lambda bmi, weight, height: abs(bmi - weight / (height / 100) ** 2) > APART * bmi,
        of_any_day=("HEIGHT",),
    ),
    # The parts of cholesterol cannot be more than all of it.
    Contradiction(
        ("TC", "LDL", "HDL"),
        lambda total, ldl, hdl: ldl + hdl > (1 + APART) * total,
        also=("NONHDL", "TG"),
    ),
)
_OF_CODE = {code: each for each in CONTRADICTIONS for code in (*each.codes, *each.also)}


def plausible_value(facts: Facts, code: str) -> float | None:
    """The newest value of an analyte; None when it is absent, impossible or contradicted."""
    value = _possible_value(facts, code)
    doubt = None if value is None else _OF_CODE.get(code)
    return None if doubt and doubt.holds(facts) else value


def implausible_codes(facts: Facts) -> tuple[str, ...]:
    """Measured analytes whose value cannot be true, in alphabetical order."""
    return tuple(
        sorted(
            code
            for code, measurement in facts.measurements.items()
            if not analytes.is_plausible(code, measurement.value)
        )
    )


def contradictions(facts: Facts) -> tuple[Contradiction, ...]:
    """Groups of measured analytes that cannot be true together."""
    return tuple(each for each in CONTRADICTIONS if each.holds(facts))


def _possible_value(facts: Facts, code: str) -> float | None:
    value = facts.value(code)
    return value if value is not None and analytes.is_plausible(code, value) else None
