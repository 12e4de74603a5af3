"""Codes of other systems, and the words beside them, in the words of the rules.

`ml.codes` reads one text. Here a code comes with the system it belongs to, so that the digits
of one terminology are never looked up in another, and with the name its sender gave it: the
code speaks first, the name where the code is not known. Nothing found is (): the caller keeps
what was sent.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache

from ml import codes, reference

SNOMED = "http://snomed.info/sct"
ICD10 = "http://hl7.org/fhir/sid/icd-10"  # and its national editions: -cm, -gm, -uk
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
PREVENTIVE = {
    "http://hl7.org/fhir/sid/cvx": "cvx",
    "http://www.ama-assn.org/go/cpt": "cpt",
    "http://loinc.org": "loinc",
    SNOMED: "snomed",
}
ALLERGY_WORDS = ("allergy to ", "allergic to ", "allergic reaction to ")
LOCAL = re.compile(
    r"\b(topical|cream|ointment|gel|lotion|shampoo|ophthalmic|otic|nasal|eye|ear)\b", re.IGNORECASE
)
BRAND = re.compile(r"\[[^\]]*\]")
Pair = tuple[str, str]  # system, code
Found = tuple[str, ...]


def conditions(pairs: Iterable[Pair], name: str = "") -> Found:
    """Conditions that a coded entry of a problem list says, the most specific first."""
    return _first(_condition, tuple(pairs), codes.resolve_conditions, name)


def medications(pairs: Iterable[Pair], name: str = "") -> Found:
    """Drug classes of a coded drug, every part of a combination.

    What is put on the skin or into the eye has no class: the rules are about the whole body.
    """
    pairs = tuple(pairs)
    of_name = _product if any(system == RXNORM for system, _ in pairs) else _words
    return _first(_drug, pairs, of_name, name)


def allergies(pairs: Iterable[Pair], name: str = "") -> Found:
    """Allergy codes of a coded allergy or substance."""
    return _first(_allergy, tuple(pairs), _allergy_name, name)


def family_history(pairs: Iterable[Pair], name: str = "") -> Found:
    """Family history codes of a relative's coded condition."""
    known = codes.vocabulary("family_history")
    found = conditions(pairs, name)
    implied = [*found, *sorted(codes.expand_conditions(found))]
    return tuple(dict.fromkeys(code for code in implied if code in known))[:1]


def preventive_care(pairs: Iterable[Pair]) -> Found:
    """Items of the catalogue that a vaccine or procedure answers."""
    return next(filter(None, (_preventive().get((PREVENTIVE.get(system, ""), code), ())
                              for system, code in pairs)), ())  # fmt: skip


@lru_cache(maxsize=50_000)
def _first(
    of_code: Callable[[str, str], Found], pairs: tuple[Pair, ...],
    of_name: Callable[[str], Found], name: str,
) -> Found:  # fmt: skip
    found = (of_code(system, code) for system, code in pairs)
    return next(filter(None, found), ()) or (of_name(name) if name else ())


def _condition(system: str, code: str) -> Found:
    is_known = system == SNOMED or system.startswith(ICD10)
    return codes.resolve_conditions(code) if is_known else ()


def _drug(system: str, code: str) -> Found:
    if system == RXNORM:
        return codes.resolve_medications(code) if code.isdigit() else ()
    return _atc(code.upper()) if system.startswith(ATC) else ()


def _words(name: str) -> Found:
    return () if LOCAL.search(name) else codes.resolve_medications(BRAND.sub(" ", name))


def _product(name: str) -> Found:
    return () if LOCAL.search(name) else codes.drugs_in(BRAND.sub(" ", name))


def _allergy(system: str, code: str) -> Found:
    if system == SNOMED:
        return _table("allergy_snomed.csv", "concept").get(code, ())
    return codes.expand_medications(_drug(system, code)) and _narrow(_drug(system, code))


def _narrow(classes: Found) -> Found:
    """Drug classes as allergies, the class itself before those above it."""
    known = codes.vocabulary("allergy").keys() | codes.vocabulary("drug").keys()
    above = sorted(codes.expand_medications(classes) - set(classes))
    return tuple(code for code in (*classes, *above) if code in known)


def _allergy_name(name: str) -> Found:
    """`Allergy to peanuts`, `Shellfish allergy` and `Penicillin G` by what they name."""
    plain = name.casefold().strip()
    for words in ALLERGY_WORDS:
        plain = plain.removeprefix(words)
    plain = plain.removesuffix(" (disorder)").removesuffix(" (finding)").removesuffix(" allergy")
    known = codes.vocabulary("allergy")
    singular = plain.removesuffix("s").replace(" ", "_")
    if singular in known:
        return (singular,)
    return _narrow(codes.resolve_medications(plain))


def _atc(code: str) -> Found:
    """Classes of the longest prefix in the table."""
    table = _table("medication_atc.csv", "prefix")
    prefixes = (code[:length] for length in range(len(code), 0, -1))
    return next((table[prefix] for prefix in prefixes if prefix in table), ())


@cache
def _table(file: str, key: str) -> dict[str, Found]:
    return {row[key]: tuple(row["codes"].split("|")) for row in reference.rows(file)}


@cache
def _preventive() -> dict[Pair, Found]:
    rows = reference.rows("preventive_codes.csv")
    return {(row["system"], row["code"]): tuple(row["codes"].split("|")) for row in rows}
