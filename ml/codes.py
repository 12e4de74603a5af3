"""The words of the rules: conditions, drug classes, allergies, family history, flags, `done` items.

Given codes, ICD-10(-CM) and SNOMED CT concepts, RxNorm ingredients and plain names are
brought to these words here. What is not understood is kept as given and reported, never
dropped: a caller answers with a warning.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from ml import reference

ICD10 = re.compile(r"[A-Z]\d[0-9A-Z](\.?[0-9A-Z]{0,4})?")
# Words that may stand beside the name of a drug without changing what it is.
FORM = re.compile(
    r"\d+([.,]\d+)?|meq|mmol|mg|mcg|ug|g|ml|l|iu|units?|unt|hr|hour|percent|act|actuat"
    r"|tabs?|tablets?|caps?|capsules?|oral|solution|suspension|injection|injectable|inhaler"
    r"|inhalation|pen|patch|cream|spray|dose|metered|powder|extended|delayed|modified|release"
    r"|er|xr|xl|sr|cr|ec|enteric|coated|film|once|twice|daily|day|a|per|at|night|morning|bd|od"
    r"|bid|tid|qd|qhs|prn|as|needed|po|of|and|with|in|by|mouth|the|weekly|week"
    r"|hydrochloride|hcl|sodium|potassium|calcium|magnesium|besylate|besilate|maleate|mesylate"
    r"|tartrate|succinate|fumarate|sulfate|sulphate|etexilate|hydrobromide|acetate|trihydrate"
    r"|propionate|furoate|xinafoate|bromide|disoproxil|medoxomil|cilexetil|erbumine|arginine"
)
# Doses in mg a day from which a statin is of high intensity (ACC/AHA 2018).
HIGH_INTENSITY_MG = {"atorvastatin": 40, "lipitor": 40, "rosuvastatin": 20, "crestor": 20}


@dataclass(frozen=True, slots=True)
class Resolved:
    """Codes of a list, expanded by the hierarchy, and what of it was not understood.

    `codes` holds the unknown words too, as given.
    """

    codes: frozenset[str]
    unknown: tuple[str, ...] = ()


@cache
def vocabulary(kind: str) -> dict[str, str]:
    """{code: display} of `condition`, `drug`, `allergy`, `family_history`, `flag` or `done`."""
    return {row["code"]: row["display"] for row in _rows() if row["kind"] == kind}


def display(kind: str, code: str) -> str:
    """A code in words; an unknown code is its own word."""
    return _displays().get((kind, code), code.replace("_", " "))


def expand_conditions(codes: Iterable[str]) -> frozenset[str]:
    """The conditions with all that they imply: `mi` is also `ascvd`."""
    return _expanded(codes, "condition")


def expand_medications(codes: Iterable[str]) -> frozenset[str]:
    """The drug classes with all that they imply: `simvastatin` is also `statin`."""
    return _expanded(codes, "drug")


def resolve_conditions(text: str) -> tuple[str, ...]:
    """Conditions that a code or a name says, the most specific code first; empty if none."""
    word = text.strip()
    if _code(word) in vocabulary("condition"):
        return (_code(word),)
    if word.isdigit():
        return _map("condition_snomed.csv", "concept").get(word, ())
    named = _map("condition_names.csv", "name").get(_plain(word), ()) or _by_display(word)
    if not named and ICD10.fullmatch(word.upper()):  # T2DM would pass for a code, too
        return _icd10(word.upper().replace(".", ""))
    return named


def resolve_condition(text: str) -> str | None:
    """The first condition that a code or a name says, or None."""
    return next(iter(resolve_conditions(text)), None)


def resolve_medications(text: str) -> tuple[str, ...]:
    """Drug classes of a class code, an RxNorm ingredient or a name with or without dose.

    A combination gives each part. A text with a word that is neither a drug nor a dose
    or form gives nothing, since that word may say that the drug was stopped.
    """
    word = text.strip()
    if _code(word) in vocabulary("drug"):
        return (_code(word),)
    if word.isdigit():
        return _map("medication_names.csv", "rxnorm").get(word, ())
    names, rest = _drug_names(_plain(word))
    return _classes(names, word) if all(FORM.fullmatch(part) for part in rest) else ()


def drugs_in(text: str) -> tuple[str, ...]:
    """Drug classes of every drug that a terminology's own name of a product holds.

    Only for such names: in a person's words one that is not known may say that it was stopped.
    """
    return _classes(_drug_names(_plain(text))[0], text)


def resolve_medication(text: str) -> str | None:
    """The first drug class that a code or a name says, or None."""
    return next(iter(resolve_medications(text)), None)


def resolve_allergies(text: str) -> tuple[str, ...]:
    """Allergy codes; a drug's name gives its class, with the classes above it."""
    if _code(text) in vocabulary("allergy"):
        return (_code(text),)
    classes = expand_medications(resolve_medications(text))
    return tuple(sorted(classes & (vocabulary("allergy").keys() | vocabulary("drug").keys())))


def conditions(given: Iterable[str]) -> Resolved:
    """A problem list in our words, expanded, with what was not understood."""
    return _resolved(given, resolve_conditions, expand_conditions)


def medications(given: Iterable[str]) -> Resolved:
    """A medication list in our words, expanded, with what was not understood."""
    return _resolved(given, resolve_medications, expand_medications)


def allergies(given: Iterable[str]) -> Resolved:
    """An allergy list in our words, with what was not understood."""
    return _resolved(given, resolve_allergies, frozenset)


def family_history(given: Iterable[str]) -> Resolved:
    """A family history in our words, with what was not understood."""

    def resolve(text: str) -> tuple[str, ...]:
        known = vocabulary("family_history")
        implied = sorted(expand_conditions(resolve_conditions(text)))
        return tuple(word for word in (_code(text), *implied) if word in known)[:1]

    return _resolved(given, resolve, frozenset)


def unknown(kind: str, given: Iterable[str]) -> tuple[str, ...]:
    """Which of the given flags or `done` items no rule knows."""
    return tuple(sorted(set(given) - vocabulary(kind).keys()))


def _resolved(
    given: Iterable[str],
    resolve: Callable[[str], tuple[str, ...]],
    expand: Callable[[Iterable[str]], frozenset[str]],
) -> Resolved:
    codes: set[str] = set()
    not_understood = []
    for text in given:
        found = resolve(text)
        codes.update(found or (text,))
        if not found:
            not_understood.append(text)
    return Resolved(expand(codes), tuple(not_understood))


def _expanded(codes: Iterable[str], kind: str) -> frozenset[str]:
    parents = _parents(kind)
    expanded = set()
    for code in codes:
        above: str | None = code
        while above:
            expanded.add(above)
            above = parents.get(above)
    return frozenset(expanded)


def _icd10(code: str) -> tuple[str, ...]:
    """Codes of the longest prefix in the table; an empty entry says that nothing fits."""
    table = _map("condition_icd10.csv", "prefix")
    prefixes = (code[:length] for length in range(len(code), 0, -1))
    return next((table[prefix] for prefix in prefixes if prefix in table), ())


def _by_display(text: str) -> tuple[str, ...]:
    plain = _plain(text)
    return tuple(code for code, words in vocabulary("condition").items() if _plain(words) == plain)


def _drug_names(text: str) -> tuple[list[str], list[str]]:
    """Known drug names in a text, longest first match, and the words left over."""
    words, names, rest = text.split(), [], []
    known = _map("medication_names.csv", "name")
    while words:
        spans = (" ".join(words[:length]) for length in range(min(4, len(words)), 0, -1))
        name = next((span for span in spans if span in known), None)
        (names if name else rest).append(name or words[0])
        words = words[len(name.split()) if name else 1 :]
    return names, rest


def _classes(names: list[str], text: str) -> tuple[str, ...]:
    classes = [code for name in names for code in _map("medication_names.csv", "name")[name]]
    return tuple(dict.fromkeys([*_high_intensity(names, text), *classes]))


def _high_intensity(names: list[str], text: str) -> list[str]:
    dose = re.search(r"(\d+(?:\.\d+)?)\s*mg", text.casefold())
    least = min((HIGH_INTENSITY_MG[name] for name in names if name in HIGH_INTENSITY_MG), default=0)
    # With several drugs the dose may be another's, and the class alone is certain.
    strong = dose and least and len(names) == 1 and float(dose[1]) >= least
    return ["high_intensity_statin"] if strong else []


def _code(text: str) -> str:
    return re.sub(r"[\s-]+", "_", text.strip().casefold())


def _plain(text: str) -> str:
    # A dose written together, such as 10mg, is two words.
    joined = re.sub(r"['\u2019]", "", text.casefold())
    spaced = re.sub(r"(?<=\d)(?=mg|mcg|ug|g\b|ml)", " ", joined)
    return re.sub(r"[^a-z0-9.]+|\.(?!\d)", " ", spaced).strip()


@cache
def _rows() -> list[dict[str, str]]:
    return reference.rows("vocabulary.csv")


@cache
def _displays() -> dict[tuple[str, str], str]:
    return {(row["kind"], row["code"]): row["display"] for row in _rows()}


@cache
def _parents(kind: str) -> dict[str, str]:
    return {row["code"]: row["parent"] for row in _rows() if row["kind"] == kind and row["parent"]}


@cache
def _map(file: str, key: str) -> dict[str, tuple[str, ...]]:
    """{key: codes} of a map file; rows without the key are left out."""
    return {
        row[key]: tuple(code for code in row["codes"].split("|") if code)
        for row in reference.rows(file)
        if row[key]
    }
