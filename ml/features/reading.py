"""How one number is read from `Facts`. Each function returns None for what is not known.

Units are the canonical ones of the analyte table. A value outside the hard limits of its
analyte counts as not known. A condition list that is present is read as complete.
"""

from collections.abc import Callable

from ml.facts import Facts
from ml.features.kidney import egfr_ckd_epi_2021
from ml.features.limits import plausible_value

Reader = Callable[[Facts], float | None]

SMOKING = {"never": 0.0, "former": 1.0, "current": 2.0}


def analyte(*codes: str) -> Reader:
    """The first of the analytes that was measured."""

    def read(facts: Facts) -> float | None:
        for code in codes:
            value = plausible_value(facts, code)
            if value is not None:
                return value
        return None

    return read


def member(group: str, *codes: str) -> Reader:
    """1 when the list holds any of the codes, 0 when it holds none, None without a list."""
    wanted = frozenset(codes)

    def read(facts: Facts) -> float | None:
        listed: frozenset[str] | None = getattr(facts, group)
        return None if listed is None else float(not wanted.isdisjoint(listed))

    return read


def ethnicity(*codes: str) -> Reader:
    def read(facts: Facts) -> float | None:
        return None if facts.ethnicity is None else float(facts.ethnicity in codes)

    return read


def age(facts: Facts) -> float | None:
    return float(facts.age)


def male(facts: Facts) -> float | None:
    return None if facts.sex is None else float(facts.sex == "male")


def smoking(facts: Facts) -> float | None:
    return None if facts.lifestyle.smoking is None else SMOKING[facts.lifestyle.smoking]


def self_rated_health(facts: Facts) -> float | None:
    answer = facts.lifestyle.self_rated_health
    return None if answer is None else float(answer)


def bmi(facts: Facts) -> float | None:
    """Body mass index in kg/m2, measured or from weight and height."""
    weight, height = plausible_value(facts, "WEIGHT"), plausible_value(facts, "HEIGHT")
    if weight is None or height is None:
        return plausible_value(facts, "BMI")
    return plausible_value(facts, "BMI") or weight / (height / 100) ** 2


def pulse_pressure(facts: Facts) -> float | None:
    """Systolic less diastolic pressure of one day in mm[Hg]."""
    systolic, diastolic = facts.measurements.get("SBP"), facts.measurements.get("DBP")
    if systolic and diastolic and systolic.collected != diastolic.collected:
        return None  # two visits have no pulse pressure
    return _difference(plausible_value(facts, "SBP"), plausible_value(facts, "DBP"))


def non_hdl(facts: Facts) -> float | None:
    """Total less HDL cholesterol in mg/dL."""
    difference = _difference(plausible_value(facts, "TC"), plausible_value(facts, "HDL"))
    return plausible_value(facts, "NONHDL") if difference is None else difference


def globulin(facts: Facts) -> float | None:
    """Globulin in g/dL, reported or total protein less albumin."""
    reported = plausible_value(facts, "GLOB")
    if reported is not None:
        return reported
    return _difference(plausible_value(facts, "TP"), plausible_value(facts, "ALB"))


def share_of_leukocytes(share: str, count: str) -> Reader:
    """A white cell in per cent of all, reported or from the absolute count."""

    def read(facts: Facts) -> float | None:
        reported = plausible_value(facts, share)
        if reported is not None:
            return reported
        cells, all_cells = plausible_value(facts, count), plausible_value(facts, "WBC")
        return 100 * cells / all_cells if cells is not None and all_cells else None

    return read


def egfr(facts: Facts) -> float | None:
    """Filtration rate in mL/min/{1.73_m2}, from creatinine before a reported figure."""
    creatinine = plausible_value(facts, "CREAT")
    if creatinine is None or facts.sex is None:
        return plausible_value(facts, "EGFR")
    return egfr_ckd_epi_2021(creatinine, facts.age, facts.sex)


def uacr(facts: Facts) -> float | None:
    """Albumin/creatinine ratio of urine in mg/g."""
    reported = plausible_value(facts, "UACR")
    if reported is not None:
        return reported
    albumin, creatinine = plausible_value(facts, "UALB"), plausible_value(facts, "UCREAT")
    return 100 * albumin / creatinine if albumin is not None and creatinine else None


def _difference(larger: float | None, smaller: float | None) -> float | None:
    return None if larger is None or smaller is None else larger - smaller
