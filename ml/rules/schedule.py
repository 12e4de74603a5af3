"""When something was last done: what was said, what a dated result proves, whichever is later.

A result without a day proves nothing about when: the item stays due.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ml.facts import Facts

DAYS_A_MONTH = 365.25 / 12

# Item of due() -> analytes of which any dated result shows that it was done.
SHOWN_BY_RESULT: dict[str, tuple[str, ...]] = {
    "alt": ("ALT",),
    "apob": ("APOB",),
    "b12": ("B12",),
    "bp_check": ("SBP",),
    "creatinine": ("CREAT", "EGFR"),
    "egfr": ("EGFR", "CREAT"),
    "ferritin": ("FERR",),
    "fib4": ("FIB4",),
    "gad": ("GAD7",),
    "hba1c": ("HBA1C",),
    "hba1c_or_fpg": ("HBA1C", "GLU_FAST", "OGTT_2H"),
    "hgb": ("HGB",),
    "inr": ("INR",),
    "lipid_panel": ("LDL", "TC", "NONHDL"),
    "lithium": ("LITHIUM",),
    "lpa": ("LPA_NMOL", "LPA_MASS"),
    "ogtt": ("OGTT_2H",),
    "phosphate": ("PHOS",),
    "phq": ("PHQ9",),
    "potassium": ("POTASSIUM",),
    "pth": ("PTH",),
    "tsh": ("TSH",),
    "uacr": ("UACR",),
}
# A score computed from these facts is done by that; one given from elsewhere has no day.
SHOWN_BY_SCORE: dict[str, tuple[str, ...]] = {
    "frail": ("FRAIL",),
    "prevent_risk": ("PREVENT_CVD_10Y", "PREVENT_ASCVD_10Y"),
}
# Other names under which the same thing is recorded as done.
SHOWN_BY_ITEM: dict[str, tuple[str, ...]] = {
    "creatinine": ("egfr",),
    "egfr": ("creatinine",),
    "hba1c_or_fpg": ("hba1c", "fpg", "ogtt"),
    "tdap_td": ("tdap_pregnancy",),
}


class Done(NamedTuple):
    """That something was done: how many months ago, and which fact tells it."""

    months: float
    kind: str  # "done", "number" or "score"
    code: str


def months_since(item: str, facts: Facts, computed: Mapping[str, float | None]) -> float | None:
    """Months since the item was last done; None when it never was, as far as is known."""
    newest = last_done(item, facts, computed)
    return newest.months if newest else None


def last_done(item: str, facts: Facts, computed: Mapping[str, float | None]) -> Done | None:
    """The newest of what tells that the item was done, or None."""
    return min(_evidence(item, facts, computed), default=None)


def _evidence(item: str, facts: Facts, computed: Mapping[str, float | None]) -> Iterator[Done]:
    for name in (item, *SHOWN_BY_ITEM.get(item, ())):
        if name in facts.done:
            yield Done(facts.done[name], "done", name)
    for code in SHOWN_BY_RESULT.get(item, ()):
        result = facts.measurements.get(code)
        if result is not None and result.collected is not None:
            months = max((facts.as_of - result.collected).days, 0) / DAYS_A_MONTH
            yield Done(months, "number", code)
    for name in SHOWN_BY_SCORE.get(item, ()):
        if computed.get(name) is not None:
            yield Done(0.0, "score", name)
