"""Units written in UCUM that no table lists, measured by a unit library.

General parsers guess: they read `K/uL` as kelvin per microlitre and `C` as coulomb. So this
one reads a small part of UCUM's own grammar, letter case and all, made of the atoms that
laboratories use, and hands each atom to pint by its full name. Whatever else is written is
not understood, which is the safe answer. Not in the list, on purpose: temperatures (their
zero differs), pure numbers and per cent (0.42, 42 and 42 % would all pass), months and years
(how long?), and prefixes above kilo (`M`, `G` and `T` are mostly somebody's million,
giga-cells or tera-cells).
"""

import math
import re
from functools import cache, lru_cache
from typing import Any, NamedTuple

import pint

# UCUM atom -> the same in pint's words, and whether prefixes may stand before it.
ATOMS = {
    "g": ("gram", True),
    "mol": ("mole", True),
    "eq": ("equivalent", True),
    "osm": ("osmole", True),
    "[IU]": ("arbitrary_unit", True),
    "[iU]": ("arbitrary_unit", True),
    "U": ("enzyme_unit", True),
    "kat": ("katal", True),
    "L": ("liter", True),
    "l": ("liter", True),
    "m": ("meter", True),
    "s": ("second", True),
    "Pa": ("pascal", True),
    "bar": ("bar", True),
    "J": ("joule", True),
    "cal": ("calorie", True),
    "m[Hg]": ("metre_of_mercury", True),
    "m[H2O]": ("metre_of_water", True),
    "min": ("minute", False),
    "h": ("hour", False),
    "d": ("day", False),
    "wk": ("week", False),
    "[lb_av]": ("pound", False),
    "[oz_av]": ("ounce", False),
    "[stone_av]": ("stone", False),
    "[in_i]": ("inch", False),
    "[ft_i]": ("foot", False),
}
PREFIXES = {"k": "kilo", "d": "deci", "c": "centi", "m": "milli", "u": "micro", "n": "nano",
            "p": "pico", "f": "femto"}  # fmt: skip
# What pint lacks or would mix up: equivalents, osmoles and international units are no moles.
OURS = (
    "equivalent = [charge_equivalent]",
    "osmole = [osmotic_equivalent]",
    "arbitrary_unit = [international_unit]",
    "metre_of_mercury = 1000 * millimeter_Hg",
    "metre_of_water = 100 * centimeter_H2O",
)
LONGEST = 40
TOKEN = re.compile(
    r"(?P<open>\()|(?P<close>\))|(?P<operator>[./])|(?P<remark>\{[^{}]*\})"
    r"|(?P<power>10[*^][+-]?\d{1,2}|10\*)"
    r"|(?P<unit>(?:[a-zA-Z]*\[[a-zA-Z0-9_]+\]|[a-zA-Z]+))(?P<exponent>[+-]?[1-4])?"
    r"|(?P<factor>[1-9]\d{0,3})"
)


class NotUnderstood(ValueError):
    """Not UCUM, or not the part of it that is read here."""


class Measure(NamedTuple):
    """What a unit measures: dimensions above and below the line are kept apart, so that mg/g
    is not a pure number; remarks in braces say of what."""

    above: Any
    below: Any
    remarks: frozenset[str]


class Reader:
    """Reads a unit from left to right: components joined by `.` and `/`, brackets within."""

    def __init__(self, unit: str):
        self.tokens = _tokens(unit)  # before the library is asked anything: most fail here
        self.above = self.below = _registry().Quantity(1.0)
        self.remarks: set[str] = set()

    def read(self) -> "Reader":
        self._term(is_below=self._took("/"))
        if self.tokens:
            raise NotUnderstood
        return self

    def _term(self, *, is_below: bool) -> None:
        self._component(is_below=is_below)
        while self.tokens and self.tokens[0]["operator"]:
            self._component(is_below=is_below != (self._next()[0] == "/"))

    def _component(self, *, is_below: bool) -> None:
        token = self._next()
        if token["open"]:
            self._term(is_below=is_below)
            if not self._took(")"):
                raise NotUnderstood
        elif token["remark"]:
            self.remarks.add(token[0])
            return
        else:
            self._multiply(token, is_below=is_below)
        if self.tokens and self.tokens[0]["remark"]:
            self.remarks.add(self._next()[0])

    def _multiply(self, token: re.Match, *, is_below: bool) -> None:
        """Put a quantity on its side of the line; L-1 stands below it as /L does."""
        quantity = _quantity(token)
        if (token["exponent"] or "").startswith("-"):
            is_below, quantity = not is_below, 1 / quantity
        if is_below:
            self.below = self.below * quantity
        else:
            self.above = self.above * quantity

    def _next(self) -> re.Match:
        if not self.tokens:
            raise NotUnderstood
        return self.tokens.pop(0)

    def _took(self, text: str) -> bool:
        if self.tokens and self.tokens[0][0] == text:
            self.tokens.pop(0)
            return True
        return False


@lru_cache(maxsize=4096)
def ratio(unit: str, of: str) -> float | None:
    """How many of `of` one `unit` is, or None when they do not measure the same.

    >>> ratio("mg/cL", "mg/dL"), ratio("mg/dL", "mmol/L")
    (10.0, None)
    """
    try:
        measure, size = _measure(unit)
        other, other_size = _measure(of)
    except NotUnderstood:
        return None
    return float(f"{size / other_size:.12g}") if measure == other else None


@lru_cache(maxsize=4096)
def _measure(unit: str) -> tuple[Measure, float]:
    """What a unit measures, and its size in base units. Raises NotUnderstood."""
    if not unit or len(unit) > LONGEST:
        raise NotUnderstood(unit)
    read = Reader(unit).read()
    above, below = read.above.to_base_units(), read.below.to_base_units()
    if above.dimensionless and below.dimensionless:
        raise NotUnderstood(unit)  # a pure number: fraction, per cent or score?
    measure = Measure(above.dimensionality, below.dimensionality, frozenset(read.remarks))
    size = above.magnitude / below.magnitude if below.magnitude else math.inf
    if not 0 < size < math.inf:
        raise NotUnderstood(unit)  # powers of ten beyond what a number holds
    return measure, size


def _tokens(unit: str) -> list[re.Match]:
    tokens, at = [], 0
    while at < len(unit):
        token = TOKEN.match(unit, at)
        if token is None:
            raise NotUnderstood(unit)
        tokens.append(token)
        at = token.end()
    return tokens


def _quantity(token: re.Match):
    """One number, power of ten or unit. Brackets and operators have no place here."""
    if token["factor"]:
        return _registry().Quantity(float(token["factor"]))
    if token["power"]:
        return _registry().Quantity(10.0 ** int(token["power"][3:] or 1))
    if not token["unit"]:
        raise NotUnderstood
    exponent = int(token["exponent"] or 1)
    return _registry().Quantity(1.0, _name(token["unit"])) ** exponent


def _name(unit: str) -> str:
    """A unit in pint's words; the whole is looked for before prefix and rest."""
    if unit in ATOMS:
        return ATOMS[unit][0]
    prefix, rest = unit[:1], unit[1:]
    name, takes_prefix = ATOMS.get(rest, ("", False))
    if prefix not in PREFIXES or not takes_prefix:
        raise NotUnderstood(unit)
    return PREFIXES[prefix] + name


@cache
def _registry() -> pint.UnitRegistry:
    """Loaded at the first unit that no table lists: a tenth of a second, once a process."""
    registry = pint.UnitRegistry(cache_folder=None)
    for line in OURS:
        registry.define(line)
    return registry
