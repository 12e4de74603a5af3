"""The analytes that Carelens knows: codes, canonical units, limits and reference ranges.

Read once from `reference/analytes.csv`; every number there names its source. The short
names of sodium and potassium are SODIUM and POTASSIUM because "NA" reads as missing.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from ml import reference
from ml.facts import Sex

Flag = Literal["LL", "L", "N", "H", "HH", ""]
ADULT = 18
# Critical limits are those of adults. These few are used from the first birthday as well: the
# survey of children's hospitals in Kost GJ, JAMA 1990;263:704 puts potassium, sodium and glucose
# close to the adult ones (from memory; a site's paediatricians should confirm it).
CRITICAL_FROM_AGE = {"POTASSIUM": 1, "SODIUM": 1, "GLU": 1, "GLU_FAST": 1}


class UnknownAnalyte(KeyError):
    def __init__(self, code: str):
        super().__init__(f"No analyte is called {code!r}")


ROUNDING = 1e-9  # 1.2 - 0.9 is a little less than 0.3 in binary


@dataclass(frozen=True, slots=True)
class Conversion:
    """canonical = factor * other + offset."""

    factor: float
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class ReferenceRange:
    """Usual limits in the canonical unit for adults of an age span; None is no limit."""

    low: float | None
    high: float | None
    sex: Sex | None = None  # None: both
    age_min: int = ADULT
    age_max: int | None = None
    pregnant: bool = False

    def fits(self, sex: Sex | None, age: float, pregnant: bool) -> bool:
        whole_years = math.floor(age)
        return (
            self.sex in (None, sex)
            and self.age_min <= whole_years
            and (self.age_max is None or whole_years <= self.age_max)
            and self.pregnant == pregnant
        )


@dataclass(frozen=True, slots=True)
class Analyte:
    """One thing that is measured, in the laboratory, at the bedside or by a wearable."""

    code: str
    display: str
    group: str
    panel: str
    loinc: str
    loinc_alt: tuple[str, ...]
    unit: str  # canonical UCUM unit
    other_units: Mapping[str, Conversion]
    plausible: tuple[float, float]  # outside: an error of entry or of unit
    critical: tuple[float | None, float | None]  # beyond: tell a clinician now (adults)
    ranges: tuple[ReferenceRange, ...]
    flags: tuple[str, ...]  # such as "high:diabetes"
    note: str
    sources: Mapping[str, str]

    def is_plausible(self, value: float) -> bool:
        low, high = self.plausible
        return low <= value <= high


@dataclass(frozen=True, slots=True)
class DeltaCheck:
    """The largest change of a value that is believed without a second look.

    Either way from the value before; or, as guidelines of acute disease have it, a rise of at
    least so much from the lowest value of these days.
    """

    code: str
    change: float  # in the canonical unit, or in per cent of the earlier value
    is_percent: bool
    days: int  # between the two samples, at most
    is_from_lowest: bool
    source: str

    def is_exceeded(self, earlier: float, later: float) -> bool:
        """Whether two values within `days` differ by more; `earlier` is the one before, or the
        lowest."""
        allowed = self.change * (abs(earlier) / 100 if self.is_percent else 1.0)
        if self.is_from_lowest:
            return later - earlier >= allowed * (1 - ROUNDING)
        return abs(later - earlier) > allowed


def all() -> tuple[Analyte, ...]:  # noqa: A001 - read as analytes.all()
    """Every analyte, in the order of the table."""
    return tuple(_table().values())


def get(code: str) -> Analyte:
    """The analyte of a short name. Raises UnknownAnalyte."""
    try:
        return _table()[code]
    except KeyError:
        raise UnknownAnalyte(code) from None


def by_loinc(loinc: str) -> Analyte | None:
    """The analyte that a LOINC code, main or alternative, reports."""
    return _loincs().get(loinc.strip())


def resolve(text: str) -> Analyte | None:
    """The analyte meant by a short name, LOINC code, display name or common synonym."""
    return by_loinc(text) or _names().get(_plain(text))


def names() -> Mapping[str, Analyte]:
    """Every name an analyte goes by (lower case, words parted by one space) and whose it is."""
    return MappingProxyType(_names())


def reference_range(
    code: str, sex: Sex | None, age: float, pregnant: bool | None = None
) -> tuple[float | None, float | None]:
    """Usual low and high limit for a person; None where there is no limit or none is known.

    Children have none here. In pregnancy a range of its own wins (it may be empty, where
    the adult one does not hold); otherwise the adult range stands. Without a known sex,
    a range that differs by sex is not given.
    """
    ranges = get(code).ranges
    if pregnant:
        for found in ranges:
            if found.fits("female", age, pregnant=True):
                return found.low, found.high
    for found in ranges:
        if found.fits(sex, age, pregnant=False):
            return found.low, found.high
    return None, None


def critical_limits(code: str, age: float) -> tuple[float | None, float | None]:
    """Beyond these somebody must be told at once; none where none is known at this age."""
    return get(code).critical if age >= critical_from_age(code) else (None, None)


def critical_from_age(code: str) -> int:
    return CRITICAL_FROM_AGE.get(code, ADULT)


def flag(
    code: str, value: float, sex: Sex | None, age: float, pregnant: bool | None = None
) -> Flag:
    """Where a value in the canonical unit lies: LL, L, N, H, HH, or "" when nothing says.

    LL and HH are beyond the critical limits, of which few hold for children; a value equal to
    a limit is inside it.
    """
    if math.isnan(value):
        return ""
    low, high = critical_limits(code, age)
    if _below(value, low):
        return "LL"
    if _above(value, high):
        return "HH"
    low, high = reference_range(code, sex, age, pregnant)
    if _below(value, low):
        return "L"
    if _above(value, high):
        return "H"
    return "" if low is None and high is None else "N"


@cache
def delta_checks(code: str = "") -> tuple[DeltaCheck, ...]:
    """How much an analyte may change between two samples; every limit that is known without a
    code. Any of them that is exceeded is worth a look."""
    return tuple(check for check in _delta_checks() if check.code == code or not code)


def is_plausible(code: str, value: float) -> bool:
    """Whether a value in the canonical unit can be true of a living person."""
    return get(code).is_plausible(value)


def _below(value: float, limit: float | None) -> bool:
    return limit is not None and value < limit


def _above(value: float, limit: float | None) -> bool:
    return limit is not None and value > limit


def _plain(text: str) -> str:
    """Lower case with one space between words, so that `Non-HDL` meets `non hdl`."""
    return re.sub(r"[^a-z0-9]+", " ", text.casefold()).strip()


@cache
def _table() -> dict[str, Analyte]:
    return {row["short_name"]: _analyte(row) for row in reference.rows("analytes.csv")}


@cache
def _delta_checks() -> list[DeltaCheck]:
    return [
        DeltaCheck(
            code=get(row["code"]).code,
            change=float(row["change"]),
            is_percent=row["kind"] == "percent",
            days=int(row["days"]),
            is_from_lowest=row["against"] == "lowest",
            source=row["source"],
        )
        for row in reference.rows("delta_checks.csv")
    ]


@cache
def _loincs() -> dict[str, Analyte]:
    return {loinc: analyte for analyte in all() for loinc in (analyte.loinc, *analyte.loinc_alt)}


@cache
def _names() -> dict[str, Analyte]:
    names = {
        _plain(row["synonym"]): get(row["code"]) for row in reference.rows("analyte_synonyms.csv")
    }
    names |= {_plain(analyte.display): analyte for analyte in all()}
    return names | {_plain(analyte.code): analyte for analyte in all()}


def _analyte(row: Mapping[str, str]) -> Analyte:
    units = json.loads(row["alt_units_json"])
    return Analyte(
        code=row["short_name"],
        display=row["display"],
        group=row["group"],
        panel=row["panel"],
        loinc=row["loinc"],
        loinc_alt=_parts(row["loinc_alt"], "|"),
        unit=row["ucum_unit"],
        other_units={name: Conversion(**terms) for name, terms in units.items()},
        plausible=(float(row["hard_low"]), float(row["hard_high"])),
        critical=(_limit(row["critical_low"]), _limit(row["critical_high"])),
        ranges=tuple(_range(terms) for terms in json.loads(row["ref_ranges_json"])),
        flags=_parts(row["flags"], ";"),
        note=row["note"],
        sources={
            kind: row[f"source_{kind}"]
            for kind in ("hard", "critical", "ref")
            if row[f"source_{kind}"]
        },
    )


def _range(terms: Mapping) -> ReferenceRange:
    sexes: dict[str, Sex | None] = {"M": "male", "F": "female", "any": None}
    return ReferenceRange(
        low=terms["low"],
        high=terms["high"],
        sex=sexes[terms["sex"]],
        age_min=terms["age_min"],
        age_max=terms["age_max"],
        pregnant=terms.get("pregnant", False),
    )


def _limit(text: str) -> float | None:
    return float(text) if text else None


def _parts(text: str, separator: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(separator) if part)
