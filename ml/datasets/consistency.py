"""Values of one row that cannot all be true: rules between analytes, in canonical units."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml import units
from ml.datasets.dataset import Column

Values = Mapping[str, pd.Series]


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold between some analytes; `broken` tells the rows where it does not."""

    analytes: tuple[str, ...]
    sentence: str
    broken: Callable[[Values], pd.Series]


def _exceeds(part: str, whole: str, slack: float = 1.0) -> Callable[[Values], pd.Series]:
    return lambda v: v[part] > slack * v[whole]


def _differs(
    result: str, expected: Callable[[Values], pd.Series], share: float
) -> Callable[[Values], pd.Series]:
    """More than `share` away from what arithmetic expects."""

    def broken(v: Values) -> pd.Series:
        target = expected(v)
        return (v[result] - target).abs() > share * target.abs()

    return broken


RULES = (
    Rule(("DBP", "SBP"), "diastolic is not below systolic pressure",
         lambda v: v["DBP"] >= v["SBP"]),
    Rule(("DBIL", "TBIL"), "direct exceeds total bilirubin", _exceeds("DBIL", "TBIL", 1.05)),
    Rule(("HDL", "TC"), "HDL exceeds total cholesterol", _exceeds("HDL", "TC")),
    Rule(("LDL", "TC"), "LDL exceeds total cholesterol", _exceeds("LDL", "TC")),
    Rule(("ALB", "TP"), "albumin exceeds total protein", _exceeds("ALB", "TP")),
    Rule(("IRON", "TIBC"), "iron exceeds the binding capacity", _exceeds("IRON", "TIBC", 1.05)),
    Rule(("NEUT_PCT", "LYMPH_PCT"), "neutrophils and lymphocytes exceed 100 %",
         lambda v: v["NEUT_PCT"] + v["LYMPH_PCT"] > 101),
    Rule(("NEUT_ABS", "WBC"), "neutrophils exceed white cells", _exceeds("NEUT_ABS", "WBC", 1.05)),
    Rule(("LYMPH_ABS", "WBC"), "lymphocytes exceed white cells",
         _exceeds("LYMPH_ABS", "WBC", 1.05)),
    Rule(("MCV", "HCT", "RBC"), "MCV is not haematocrit by red cells (10 % off)",
         _differs("MCV", lambda v: 10 * v["HCT"] / v["RBC"], 0.1)),
    Rule(("MCH", "HGB", "RBC"), "MCH is not haemoglobin by red cells (10 % off)",
         _differs("MCH", lambda v: 10 * v["HGB"] / v["RBC"], 0.1)),
    Rule(("MCHC", "HGB", "HCT"), "MCHC is not haemoglobin by haematocrit (10 % off)",
         _differs("MCHC", lambda v: 100 * v["HGB"] / v["HCT"], 0.1)),
    Rule(("BMI", "WEIGHT", "HEIGHT"), "body mass index is not weight by height (5 % off)",
         _differs("BMI", lambda v: v["WEIGHT"] / (v["HEIGHT"] / 100) ** 2, 0.05)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """Rows (positions from 0) that break a rule, and the columns it was read from."""

    sentence: str
    columns: tuple[str, ...]
    rows: np.ndarray
    checked: int  # rows in which all values are known


def check(frame: pd.DataFrame, columns: tuple[Column, ...]) -> list[Finding]:
    """Every rule whose analytes the table has, broken or not."""
    named = {column.analyte: column for column in columns if column.analyte}
    return [_finding(rule, frame, named) for rule in RULES if set(rule.analytes) <= set(named)]


def _finding(rule: Rule, frame: pd.DataFrame, named: Mapping[str, Column]) -> Finding:
    chosen = [named[code] for code in rule.analytes]
    values = {
        column.analyte: units.convert(column.analyte, frame[column.name].astype(float), column.unit)
        for column in chosen
    }
    known = pd.DataFrame(values).notna().all(axis=1)
    with np.errstate(all="ignore"):
        broken = rule.broken(values).to_numpy(bool) & known.to_numpy()
    names = tuple(column.name for column in chosen)
    return Finding(rule.sentence, names, np.flatnonzero(broken), int(known.sum()))
