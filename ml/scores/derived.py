"""Values that follow by arithmetic from what was measured, marked as calculated."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from ml import analytes
from ml.facts import Facts, Measurement
from ml.scores.body import bmi, mean_arterial_pressure
from ml.scores.chemistry import anion_gap
from ml.scores.kidney import ckd_epi_2021
from ml.scores.lipids import ldl_sampson, non_hdl
from ml.scores.liver import fib4

FIB4_YOUNGEST = 35  # Sterling's index misleads below (EASL 2021)
FIB4_SPREAD_DAYS = 180  # own choice: enzymes and platelets of one half-year belong together


@dataclass(frozen=True, slots=True)
class Calculated:
    """One value that was calculated, from which measurements and by what."""

    measurement: Measurement
    method: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Derivation:
    """Facts with the calculated values among the measurements, and which those are.

    Where a calculated value stands its source names the formula.
    """

    facts: Facts
    calculated: Mapping[str, Calculated]


@dataclass(frozen=True, slots=True)
class Formula:
    """How one analyte follows from others.

    `spread_days` bounds how far apart the inputs may lie: 0 is one day's sample.
    `dated_by` names the inputs whose age matters, when not all do.
    """

    code: str
    method: str
    inputs: tuple[str, ...]
    value: Callable[..., float]  # facts and the inputs in order; NaN when not defined
    unit: str = ""
    spread_days: int | None = 0
    dated_by: tuple[str, ...] = ()


def derived(facts: Facts) -> Derivation:
    """Fill in what can be calculated and was not measured, dated by its oldest input.

    A measured value stays, unless it is older than every input, or says only a limit
    (`>60`) and is not newer than they are.
    """
    measurements = dict(facts.measurements)
    calculated = {}
    for formula in FORMULAS:
        found = _apply(formula, replace(facts, measurements=measurements))
        if found and _improves(found.measurement, measurements.get(formula.code)):
            measurements[formula.code] = found.measurement
            calculated[formula.code] = found
    sources = {f"number:{code}": f"calculated ({one.method})" for code, one in calculated.items()}
    known = replace(facts, measurements=measurements, sources={**facts.sources, **sources})
    return Derivation(known, calculated)


def _apply(formula: Formula, facts: Facts) -> Calculated | None:
    given = [facts.measurements.get(code) for code in formula.inputs]
    inputs = [measurement for measurement in given if measurement and not measurement.comparator]
    if len(inputs) < len(given) or not _together(inputs, formula.spread_days):
        return None
    value = formula.value(facts, *(measurement.value for measurement in inputs))
    if math.isnan(value):
        return None
    unit = formula.unit or analytes.get(formula.code).unit
    dated = [m for m in inputs if m.code in (formula.dated_by or formula.inputs)]
    measurement = Measurement(formula.code, float(value), unit, _oldest(dated))
    return Calculated(measurement, formula.method, formula.inputs)


def _improves(new: Measurement, old: Measurement | None) -> bool:
    if old is None:
        return True
    if new.collected is None or old.collected is None:
        return bool(old.comparator) and new.collected == old.collected
    if old.comparator:
        return new.collected >= old.collected
    return new.collected > old.collected


def _together(inputs: list[Measurement], spread_days: int | None) -> bool:
    days = [measurement.collected for measurement in inputs if measurement.collected]
    if spread_days is None or not days:
        return True
    return len(days) == len(inputs) and (max(days) - min(days)).days <= spread_days


def _oldest(inputs: list[Measurement]) -> date | None:
    days = [measurement.collected for measurement in inputs]
    return None if None in days else min(day for day in days if day)


def _egfr(facts: Facts, creatinine: float) -> float:
    return math.nan if facts.pregnant else ckd_epi_2021(creatinine, facts.age, facts.sex)


def _fib4(facts: Facts, ast: float, alt: float, platelets: float) -> float:
    return math.nan if facts.age < FIB4_YOUNGEST else fib4(facts.age, ast, alt, platelets)


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else math.nan


def _gap(_facts: Facts, sodium: float, chloride: float, bicarbonate: float) -> float:
    return anion_gap.compute({"na": sodium, "cl": chloride, "hco3": bicarbonate}).value


FORMULAS = (
    # The height of an adult does not age; the weight does.
    Formula(
        "BMI",
        "weight / height squared",
        ("WEIGHT", "HEIGHT"),
        lambda _facts, weight, height: bmi(weight, height),
        spread_days=None,
        dated_by=("WEIGHT",),
    ),
    Formula("EGFR", "CKD-EPI 2021", ("CREAT",), _egfr),
    Formula("NONHDL", "total minus HDL", ("TC", "HDL"), lambda _facts, tc, hdl: non_hdl(tc, hdl)),
    Formula("CHOL_HDL", "total over HDL", ("TC", "HDL"), lambda _facts, tc, hdl: _ratio(tc, hdl)),
    Formula(
        "LDL",
        "Sampson (NIH equation 2)",
        ("TC", "HDL", "TG"),
        lambda _facts, tc, hdl, tg: ldl_sampson(tc, hdl, tg),
    ),
    Formula(
        "MAP",
        "(systolic + 2 diastolic) / 3",
        ("SBP", "DBP"),
        lambda _facts, sbp, dbp: mean_arterial_pressure(sbp, dbp),
    ),
    Formula("ANION_GAP", "sodium - chloride - bicarbonate", ("SODIUM", "CL", "CO2"), _gap),
    Formula("GLOB", "protein - albumin", ("TP", "ALB"), lambda _facts, tp, alb: tp - alb),
    Formula(
        "TSAT",
        "iron / binding capacity",
        ("IRON", "TIBC"),
        lambda _facts, iron, tibc: 100 * _ratio(iron, tibc),
    ),
    Formula(
        "UACR",
        "urine albumin / urine creatinine",
        ("UALB", "UCREAT"),
        lambda _facts, albumin, creatinine: 100 * _ratio(albumin, creatinine),  # mg/L, mg/dL
    ),
    Formula(
        "FIB4",
        "FIB-4",
        ("AST", "ALT", "PLT"),
        _fib4,
        unit="1",
        spread_days=FIB4_SPREAD_DAYS,
    ),
)
