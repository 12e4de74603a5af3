"""Values of analytes in the units that laboratories write, turned into the canonical one.

A closed list comes first: the analyte's own conversions, the same units with other SI
prefixes, and the spellings seen in real files. What it does not hold may still be strict
UCUM that measures the same as one of the analyte's own units (`mg/cL` beside `mg/dL`): then
a unit library says how much it is (`ml.ucum`). Anything else is refused with the units that
would do: general parsers read `K/uL` as kelvin per microlitre, cannot know that mmol/L of
cholesterol and of glucose weigh differently, and turn a wrong unit into a wrong number where
a refusal is the safe answer.
"""

import re
from functools import cache, lru_cache
from typing import Literal, NamedTuple

from ml import analytes, reference
from ml.analytes import Analyte, Conversion

PREFIXES = {"": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}
LITRES = {"l": 1.0, "dl": 1e-1, "ml": 1e-3, "ul": 1e-6}
# Amounts per volume whose prefixes convert exactly, once any one of them is known.
AMOUNTS = ("g", "mol", "u", "kat", "eq")
COUNTS = {"": 1.0, "10*3": 1e3, "10*6": 1e6, "10*9": 1e9, "10*12": 1e12}

# What may be written for a unit, both sides in the plain spelling of `_plain`.
SPELLINGS = {
    "10*3/ul": ("k/ul", "thou/ul", "thousand/ul", "th/ul", "1000/ul", "k/mm3", "k/cumm",
                "10*3/mm3", "10*3/cumm", "1000cells/ul", "g/l", "giga/l", "bil/l", "gpt/l",
                "giga.l-1"),
    "10*6/ul": ("m/ul", "mil/ul", "mill/ul", "million/ul", "millioncells/ul", "10*6/mm3",
                "10*6/cumm", "m/mm3", "m/cumm", "t/l", "tera/l", "tpt/l", "tera.l-1"),
    "/ul": ("cells/ul", "cell/ul", "/mm3", "cells/mm3", "/cumm", "cells/cumm", "#/ul"),
    "%": ("percent", "pct", "%ngsp", "ngsp%", "%dcct", "dcct%", "%hb", "%oftotalhgb"),
    "1": ("ratio", "fraction", "l/l", "proportion"),
    "mmol/mol": ("mmol/molhb", "mmol/molifcc", "ifccmmol/mol"),
    "mg/dl": ("mg%", "mgs/dl", "mg/100ml"),
    "g/dl": ("g%", "gm/dl", "gms/dl", "g/100ml", "gm%"),
    "g/l": ("gm/l",),
    "ml/min/1.73m2": ("ml/min/1.73", "ml/min/1.73sqm", "ml/min/1.73msq", "ml/min/bsa",
                      "ml/min/(1.73.m2)", "ml/min/1.73_m2", "ml/(min.1.73m2)"),
    "mmhg": ("torr",),
    "kg/m2": ("kg/sqm", "kg/m*2", "kg/msq"),
    "kg": ("kgs", "kilogram", "kilograms", "kilo", "kilos"),
    "g": ("gm", "gram", "grams"),
    "lb_av": ("lb", "lbs", "pound", "pounds"),
    "stone_av": ("stone", "st"),
    "cm": ("cms", "centimeter", "centimeters", "centimetre", "centimetres"),
    "m": ("meter", "meters", "metre", "metres"),
    "in_i": ("in", "inch", "inches", '"'),
    "ft_i": ("ft", "feet", "foot"),
    "cel": ("c", "degc", "°c", "celsius"),
    "degf": ("f", "°f", "fahrenheit"),
    "k": ("kelvin",),
    "/min": ("bpm", "1/min", "min-1", "beats/min", "beat/min", "breaths/min", "breath/min",
             "brpm", "perminute", "beats/minute", "breaths/minute", "/minute", "count/min"),
    "mm/h": ("mm/hr", "mm/1h", "mm/hour", "mm/1hr", "mm/1sthour"),
    "s": ("sec", "secs", "second", "seconds"),
    "ms": ("msec", "milliseconds"),
    "h": ("hr", "hrs", "hour", "hours"),
    "min": ("mins", "minute", "minutes"),
    "fl": ("um3", "cubicmicron"),
    "mosm/kg": ("mosmol/kg", "mosm/kgh2o", "mosmol/kgh2o", "mosm/kghoh"),
    "mg/g": ("mg/gcr", "mg/gcreat", "mg/gcreatinine", "mg/gcrea", "mg/gmcreat"),
    "ug/mg": ("ug/mgcr", "ug/mgcreat", "ug/mgcreatinine"),
    "mg/mmol": ("mg/mmolcr", "mg/mmolcreat", "mg/mmolcreatinine"),
    "mg/(24.h)": ("mg/24h", "mg/24hr", "mg/24hrs", "mg/24hours", "mg/d", "mg/day"),
    "g/(24.h)": ("g/24h", "g/24hr", "g/24hrs", "g/24hours", "g/d", "g/day"),
    "ml/kg/min": ("ml/min/kg", "ml/(kg.min)", "ml/(min.kg)", "ml/kg.min", "ml/kg*min"),
    "kcal/d": ("kcal/day", "kcal"),
    "kj/d": ("kj/day", "kj"),
    "/d": ("steps/d", "steps/day", "steps", "/day", "count/d", "count/day"),
    "min/wk": ("min/week", "mins/week", "minutes/week", "min/w"),
    "min/d": ("min/day", "mins/day", "minutes/day"),
    "ng/ml": ("ng/mlfeu", "ngfeu/ml"),
    "ug/ml": ("ug/mlfeu", "ugfeu/ml"),
    "mg/l": ("mg/lfeu", "mgfeu/l"),
}  # fmt: skip
DIMENSIONLESS = ("", "1", "score", "points", "ratio", "inr", "ph", "units", "unit", "index", "sg")
# Annotations in braces that say nothing about the amount. Others, such as {DDU} beside FEU
# or {urea} beside nitrogen, change the meaning and stay, so that the unit is refused.
SILENT = (
    "hb", "hgb", "cells", "cell", "cre", "creat", "creatinine", "cr", "feu", "score", "points",
    "ratio", "inr", "steps", "beats", "breaths", "count", "total hgb", "ngsp", "ifcc",
)  # fmt: skip


MICRO = str.maketrans({"\u00b5": "u", "\u03bc": "u"})
System = Literal["US", "SI"]


class Shown(NamedTuple):
    """A value as it is written: in which unit and with how many decimals."""

    value: float
    unit: str
    decimals: int


class UnknownUnit(ValueError):
    """A unit that the analyte is not known to be reported in."""

    def __init__(self, analyte: Analyte, unit: str):
        accepted = ", ".join((analyte.unit, *analyte.other_units))
        super().__init__(
            f"{analyte.display} cannot be read in {unit!r}. Units that can: {accepted}"
        )
        self.analyte = analyte
        self.unit = unit


def convert(code: str, value, unit: str):
    """A value (number or array) of an analyte in its canonical unit. Raises UnknownUnit."""
    conversion = conversion_of(code, unit)
    return conversion.factor * value + conversion.offset


def express(code: str, value, unit: str):
    """A value in the canonical unit, written in another unit: the inverse of `convert`."""
    conversion = conversion_of(code, unit)
    return (value - conversion.offset) / conversion.factor


def conversion_of(code: str, unit: str) -> Conversion:
    """How one unit of an analyte becomes the canonical one. Raises UnknownUnit."""
    found = _conversion(code, unit)
    if found is None:
        raise UnknownUnit(analytes.get(code), unit)
    return found


def is_accepted(code: str, unit: str) -> bool:
    return _conversion(code, unit) is not None


def display(code: str, value: float, system: System) -> Shown:
    """A value in the canonical unit as a clinician of the US or of an SI country reads it.

    >>> shown = display("GLU", 99.0, "SI")
    >>> round(shown.value, shown.decimals), shown.unit
    (5.5, 'mmol/L')
    """
    unit, decimals = display_unit(code, system)
    return Shown(express(code, value, unit), unit, decimals)


def written(shown: Shown) -> str:
    """The number with its usual decimals; more where those would leave fewer than two digits.

    >>> written(Shown(5.495, "mmol/L", 1)), written(Shown(0.0123, "10*9/L", 1))
    ('5.5', '0.012')
    """
    value, _, decimals = shown
    usual = f"{value:.{decimals}f}"
    is_swallowed = value and abs(value) < 10 and abs(float(usual) - value) > abs(value) / 20
    return f"{value:.2g}" if is_swallowed else usual


def display_unit(code: str, system: System) -> tuple[str, int]:
    """The UCUM unit of an analyte in a system, and the decimals that are usual there.

    Raises UnknownAnalyte.
    """
    return _display_units()[analytes.get(code).code][system]


def display_range(
    code: str, low: float | None, high: float | None, system: System
) -> tuple[float | None, float | None]:
    """Limits in the canonical unit, written in the unit of a system; None stays None."""
    unit, _ = display_unit(code, system)
    low, high = (None if end is None else express(code, end, unit) for end in (low, high))
    return low, high


@cache
def _display_units() -> dict[str, dict[System, tuple[str, int]]]:
    shown: dict[str, dict[System, tuple[str, int]]] = {}
    for row in reference.rows("display_units.csv"):
        own = analytes.get(row["code"]).unit
        shown[row["code"]] = {
            "US": (own, int(row["decimals"])),
            "SI": (row["si_unit"] or own, int(row["si_decimals"] or row["decimals"])),
        }
    return shown


def _conversion(code: str, unit: str) -> Conversion | None:
    return _conversions(code).get(_plain(unit)) or _by_library(code, unit)


@lru_cache(maxsize=4096)
def _by_library(code: str, unit: str) -> Conversion | None:
    """The conversion of strict UCUM that measures the same as a unit of the analyte."""
    from ml import ucum  # the library costs half a second, and most files never need it

    strict = _without_silent_remarks(unit)
    analyte = analytes.get(code)
    for known, conversion in {analyte.unit: Conversion(1.0), **analyte.other_units}.items():
        ratio = ucum.ratio(strict, _without_silent_remarks(known))
        if ratio is not None:
            return Conversion(conversion.factor * ratio, conversion.offset)
    return None


def _without_silent_remarks(unit: str) -> str:
    text = re.sub(r"\s+", "", unit).translate(MICRO)
    return re.sub(
        r"\{([^{}]*)\}", lambda remark: "" if remark[1].casefold() in SILENT else remark[0], text
    )


@cache
def _conversions(code: str) -> dict[str, Conversion]:
    """Every accepted spelling of an analyte's units. The table's own words win."""
    analyte = analytes.get(code)
    known = {_plain(analyte.unit): Conversion(1.0)}
    for unit, conversion in analyte.other_units.items():
        known.setdefault(_plain(unit), conversion)
    if _plain(analyte.unit) in DIMENSIONLESS:
        known |= {word: Conversion(1.0) for word in DIMENSIONLESS}
    for unit, conversion in list(known.items()):
        for sibling, ratio in _siblings(unit).items():
            scaled = Conversion(conversion.factor * ratio, conversion.offset)
            known.setdefault(sibling, scaled)
    for unit, conversion in list(known.items()):
        for spelling in SPELLINGS.get(unit, ()):
            known.setdefault(spelling, conversion)
    return known


def _siblings(unit: str) -> dict[str, float]:
    """Units of the same kind with other prefixes, and what one of them is in `unit`."""
    for family in _families():
        if unit in family:
            return {other: size / family[unit] for other, size in family.items()}
    return {}


@cache
def _families() -> list[dict[str, float]]:
    amounts = [
        {
            f"{prefix}{amount}/{litre}": size / volume
            for prefix, size in PREFIXES.items()
            for litre, volume in LITRES.items()
        }
        for amount in AMOUNTS
    ]
    counts = {
        f"{count}/{litre}": size / volume
        for count, size in COUNTS.items()
        for litre, volume in LITRES.items()
    }
    # The kilo-unit of enzymes and antibodies, the only prefix above one that is written.
    amounts[AMOUNTS.index("u")] |= {f"ku/{litre}": 1e3 / size for litre, size in LITRES.items()}
    return [*amounts, counts]


@lru_cache(maxsize=4096)
def _plain(unit: str) -> str:
    """One spelling for what is the same unit: lower case, `u` for micro, `10*3`, `u` for IU."""
    text = unit.strip().casefold().translate(MICRO)
    text = text.translate(
        str.maketrans("\u00b2\u00b3\u2076\u2079\u00d7\u2044\u00ba", "2369x/\u00b0")
    )
    text = text.replace("{1.73_m2}", "1.73m2").replace("mcg", "ug").replace("mcl", "ul")
    text = re.sub(r"/\{cells?\}$", "", text)  # pg/{cell} is a mean of cells, no rate
    for word in SILENT:
        text = text.replace(f"{{{word}}}", "")
    text = re.sub(r"\s+", "", text).replace("[", "").replace("]", "")
    text = re.sub(r"^x?10(?:\*\*|\*|\^|e)?\+?0?(3|6|9|12)(?=/|[a-z])", r"10*\1", text)
    text = re.sub(r"(?<=m)\^(?=[23])", "", text)
    return re.sub(r"\biu(?=/)|(?<=\b[mukn])iu(?=/)", "u", text)
