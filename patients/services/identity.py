"""Are two records one person? Fellegi and Sunter's sum of log-odds, field by field.

Each field that agrees or differs multiplies the odds by m / u: how often that happens between
two records of one person (m), and between records of two (u). Theory: I. P. Fellegi and
A. B. Sunter, "A theory for record linkage", J Am Stat Assoc 64 (1969) 1183; introduction with
examples: A. Sayers et al., Int J Epidemiol 45 (2016) 954. The m are assumptions of ours, of the
size of the error rates reported for hospital systems (R. N. Cardinal et al., BMC Med Inform
Decis Mak 23 (2023) 85); the u come from the site's own frequencies, so that two people called
Smith say less than two called Quarrymead. docs/explanation/identity.md tells the whole story.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from patients.services.names import are_nicknames, are_similar, plain, suffix

DUPLICATES = 0.02  # share of records that have a second one; hospitals report 1 to 12 %
CERTAIN = 0.99  # what a rule says at least: a person still decides
GENERATION = 14  # years between parent and child at least
RAREST_DAY = 1 / 40_000  # a birth date among those of a lifetime, uneven

# Namespaces in which a person has one number for life, by how they are written.
NATIONAL = {"ssn", "us-ssn", "nhs-number", "nhsnumber", "nhs", "national", "nationalid", "nnnld",
            "bsn", "fnr", "cpr", "personnummer"}  # fmt: skip
SAME_NAMESPACE = {
    "2.16.840.1.113883.4.1": "us-ssn", "ssn": "us-ssn", "ss": "us-ssn",
    "2.16.840.1.113883.2.1.4.1": "nhs-number", "nhs": "nhs-number", "nhsnumber": "nhs-number",
    "nhs_number": "nhs-number", "mr": "mrn", "medical-record-number": "mrn",
}  # fmt: skip


class Person(NamedTuple):
    """What is compared; texts as stored. `numbers` holds (namespace, number) as in `number`."""

    id: int
    family: str
    given: str
    sex: str
    born: date
    precision: str  # day, month or year
    phone: str
    postal_code: str
    numbers: frozenset[tuple[str, str]] = frozenset()


class Site(NamedTuple):
    """How common things are here: count of records by key. Names as `plain` gives them."""

    people: int
    family: Mapping[str, int]
    given: Mapping[str, int]
    born: Mapping[date, int]
    phone: Mapping[str, int]
    postal_code: Mapping[str, int]
    similar_family: float = 0.005  # chance that two people's names are similar, not the same
    similar_given: float = 0.02


class Comparison(NamedTuple):
    """`probability` that they are one person; `fields` says how each compares, in a word."""

    probability: float
    fields: dict[str, str]
    is_guarded: bool  # twins, parent and child: two people whatever the sum says


def phone_digits(phone: str) -> str:
    """The last nine digits, which stay when a country or trunk prefix comes and goes."""
    digits = re.sub(r"\D", "", phone)
    return digits[-9:] if len(digits) >= 6 else ""


def postal(code: str) -> str:
    return re.sub(r"[\W_]", "", code).upper()


def number(system: str, value: str) -> tuple[str, str]:
    """An identifier with what varies between forms taken off: `http://…/us-ssn` is `ssn`."""
    name = re.split(r"[/:|]", system.strip().rstrip("/:|").casefold())[-1]
    kept = re.sub(r"[\W_]", "", value).upper().lstrip("0")
    return SAME_NAMESPACE.get(name, name), kept


def compare(one: Person, other: Person, site: Site) -> Comparison:
    """Weigh every field; the prior is the share of all pairs that are duplicates."""
    parts = {
        "family_name": _family(one, other, site),
        "given_name": _given(one, other, site),
        "birth_date": _born(one, other, site),
        "sex": _sex(one, other),
        "phone": _shared(phone_digits(one.phone), phone_digits(other.phone), site.phone, site, 0.7),
        "postal_code": _shared(
            postal(one.postal_code), postal(other.postal_code), site.postal_code, site, 0.75
        ),
        "number": _numbers(one, other, site),
    }
    if parts["given_name"][0] == "same" and parts["sex"][0] == "same":
        parts["sex"] = ("same", 0.0)  # the name has said it
    if _swapped(one, other):
        parts["family_name"] = ("swapped", _bits(0.02, _rate(site.family, plain(one.family), site)))
        parts["given_name"] = ("swapped", _bits(1.0, _rate(site.given, plain(one.given), site)))
    prior = math.log2(2 * DUPLICATES / max(site.people, 2))
    fields = {name: level for name, (level, _weight) in parts.items()}
    chance = _probability(prior + sum(weight for _level, weight in parts.values()))
    guarded = _is_guarded(one, other, fields)
    if not guarded and _rule(fields):
        chance = max(chance, CERTAIN)
    return Comparison(round(chance, 4), fields, guarded)


def _probability(bits: float) -> float:
    return 1 / (1 + 2 ** -max(-60.0, min(60.0, bits)))


def _bits(m: float, u: float) -> float:
    return math.log2(m / u)


def _rate(counts: Mapping, key: object, site: Site) -> float:
    """How often two people share this by chance; never less than two of all records."""
    return max(counts.get(key, 0), 2) / max(site.people, 2)


def _rule(fields: dict[str, str]) -> bool:
    """What no probability is needed for: one number, or everything that a registrar asks."""
    same = {name for name, level in fields.items() if level in {"same", "swapped"}}
    if fields["number"] in {"same", "national"}:
        return bool(same & {"birth_date", "family_name", "given_name"})
    named = {"family_name", "given_name", "birth_date"} <= same
    return named and bool(same & {"phone", "postal_code"}) and fields["number"] != "other national"


def _is_guarded(one: Person, other: Person, fields: dict[str, str]) -> bool:
    """Relatives share name, address and phone, and twins the birth date too."""
    if fields["number"] in {"same", "national"}:
        return False
    if suffix(one.family + " " + one.given) != suffix(other.family + " " + other.given):
        if suffix(one.family + " " + one.given) and suffix(other.family + " " + other.given):
            return True
        if fields["birth_date"] == "differs":
            return True
    twins = fields["given_name"] == "differs" and fields["family_name"] != "differs"
    apart = abs(one.born.year - other.born.year) >= GENERATION
    generations = fields["birth_date"] == "differs" and apart
    return twins or generations


def _swapped(one: Person, other: Person) -> bool:
    family, given = plain(one.family), plain(one.given)
    crossed = (plain(other.given), plain(other.family))
    return family != given and (family, given) == crossed


def _family(one: Person, other: Person, site: Site) -> tuple[str, float]:
    a, b = plain(one.family), plain(other.family)
    if a == b:
        return "same", _bits(0.88, _rate(site.family, a, site))
    if are_similar(a, b):
        return "similar", _bits(0.06, site.similar_family)
    if set(a.split()) & set(b.split()):  # one half of a double name
        return "part", _bits(0.02, site.similar_family)
    return "differs", _bits(0.04, 0.98)


def _given(one: Person, other: Person, site: Site) -> tuple[str, float]:
    a, b = plain(one.given), plain(other.given)
    if a == b:
        return "same", _bits(0.85, _rate(site.given, a, site))
    if are_similar(a, b):
        return "similar", _bits(0.06, site.similar_given)
    if are_nicknames(a, b):
        return "nickname", _bits(0.03, 0.002)
    if a[:1] == b[:1] and 1 in {len(a), len(b)}:
        return "initial", _bits(0.02, 0.06)
    first, second = a.split(), b.split()
    if set(first) & set(second) and 1 in {len(first), len(second)}:  # with a second name
        return "part", _bits(0.03, site.similar_given)
    return "differs", _bits(0.02, 0.95)


def _born(one: Person, other: Person, site: Site) -> tuple[str, float]:
    a, b = one.born, other.born
    if {one.precision, other.precision} != {"day"}:
        return _born_about(one, other)
    if a == b:
        often = site.born.get(a, 0) / max(site.people, 2)
        return "same", _bits(0.93, max(often, RAREST_DAY))
    if a.year == b.year and (a.month, a.day) == (b.day, b.month):
        return "day and month changed", _bits(0.015, RAREST_DAY / 2)
    if _one_digit_off(a, b):
        return "one digit", _bits(0.03, 15 * RAREST_DAY)
    if a.year == b.year:
        return "same year", _bits(0.01, 0.013)
    return "differs", _bits(0.01, 0.98)


def _born_about(one: Person, other: Person) -> tuple[str, float]:
    """Where a month or a year is all that is known of one, no more is compared."""
    a, b = one.born, other.born
    if a.year != b.year:
        return "differs", _bits(0.03, 0.98)
    if "year" not in {one.precision, other.precision} and a.month != b.month:
        return "differs", _bits(0.05, 0.98)
    return "same year", _bits(0.95, 0.013)


def _one_digit_off(a: date, b: date) -> bool:
    return sum(x != y for x, y in zip(a.isoformat(), b.isoformat(), strict=True)) == 1


def _sex(one: Person, other: Person) -> tuple[str, float]:
    if "unknown" in {one.sex, other.sex}:
        return "not known", 0.0
    if one.sex == other.sex:
        return "same", _bits(0.985, 0.5)
    return "differs", _bits(0.015, 0.5)


def _shared(a: str, b: str, counts: Mapping, site: Site, m: float) -> tuple[str, float]:
    """Phone or postal code: people move, families share, so that a difference says little."""
    if not a or not b:
        return "not known", 0.0
    if a == b:
        return "same", _bits(m, max(_rate(counts, a, site), 1e-5))
    return "differs", _bits(1 - m, 0.99)


def _numbers(one: Person, other: Person, site: Site) -> tuple[str, float]:
    """One number in two forms of a namespace; two numbers in one that gives but one."""
    shared = {name for name, value in one.numbers & other.numbers if len(value) >= 4}
    if shared & NATIONAL:
        return "national", _bits(0.9, 0.1 / max(site.people, 2))
    if shared:
        return "same", _bits(0.9, 1 / max(site.people, 2))
    both = {name for name, _ in one.numbers} & {name for name, _ in other.numbers}
    if both & NATIONAL:
        return "other national", _bits(0.02, 1.0)
    return "not known", 0.0
