"""What an entry must hold. A faulty entry is named by file, id and field, and nothing loads."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from numbers import Real
from typing import Any, NamedTuple

from ml import analytes, codes, rules
from recommendations.catalogue.entries import NO_EFFECT, SEVERITIES

CATEGORIES = (
    "lifestyle",
    "education",
    "screening",
    "vaccination",
    "medication",
    "monitoring",
    "referral",
    "safety",
)
URGENCIES = ("urgent", "soon", "routine")
STRENGTHS = ("strong", "moderate", "guidance", "weak")
OPERATIONS = ("abs", "pct", "rr", "set")
# Functions of a rule -> the vocabulary of their codes. An unknown one would never be true.
VOCABULARIES = {"has": "condition", "on": "drug", "allergy": "allergy", "flag": "flag",
                "due": "done"}  # fmt: skip
AGAINST = ("drug", "condition", "lab", "allergy")

Check = Callable[[Any], str | None]  # a fault in words, or None


class Problem(NamedTuple):
    file: str
    id: str
    field: str
    fault: str

    def __str__(self):
        return f"{self.file}: {self.id}: {self.field}: {self.fault}"


class FaultyCatalogue(ValueError):
    """The catalogue was not loaded; lists every problem."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(problems)
        lines = "\n".join(str(problem) for problem in self.problems)
        super().__init__(f"The catalogue has {len(self.problems)} faults:\n{lines}")


def text(value: Any) -> str | None:
    return None if isinstance(value, str) and value.strip() else "must be a text and not empty"


def optional_text(value: Any) -> str | None:
    return None if value is None else text(value)


def yes_or_no(value: Any) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def day(value: Any) -> str | None:
    return None if type(value) is date else "must be a date such as 2026-11-22"


def number(value: Any) -> str | None:
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    return None if is_number else "must be a number"


def one_to_five(value: Any) -> str | None:
    return None if value in (1, 2, 3, 4, 5) else "must be 1 to 5"


def version(value: Any) -> str | None:
    return None if isinstance(value, int) and value >= 1 else "must be a whole number from 1"


def one_of(allowed: tuple[str, ...]) -> Check:
    return lambda value: None if value in allowed else f"must be one of {', '.join(allowed)}"


def texts(value: Any) -> str | None:
    ok = isinstance(value, list) and all(text(item) is None for item in value)
    return None if ok else "must be a list of texts"


def some_texts(value: Any) -> str | None:
    return texts(value) or (None if value else "must name at least one")


def rule(value: Any) -> str | None:
    if fault := text(value):
        return fault
    try:
        tree = rules.parse(value, _analytes())
    except rules.UnreadableRule as unreadable:
        return str(unreadable)
    unknown = [str(leaf) for leaf in rules.leaves(tree) if not _is_known(leaf)]
    return f"asks for what no record can hold: {', '.join(unknown)}" if unknown else None


@cache
def _analytes() -> frozenset[str]:
    return frozenset(analyte.code for analyte in analytes.all())


@cache
def _codes(kind: str) -> frozenset[str]:
    return frozenset(codes.vocabulary(kind))


def _is_known(leaf: rules.Expression) -> bool:
    kind = VOCABULARIES.get(leaf.function) if isinstance(leaf, rules.Call) else None
    return kind is None or leaf.code in _codes(kind)  # type: ignore[union-attr]


def drug_class(value: Any) -> str | None:
    return text(value) or (None if value in _codes("drug") else f"«{value}» is not a drug class")


def drug_classes(value: Any) -> str | None:
    """Classes by which interactions, allergies and duplicates are found; a typo hides them."""
    return texts(value) or next((fault for name in value if (fault := drug_class(name))), None)


def optional_rule(value: Any) -> str | None:
    return None if value is None else rule(value)


EVIDENCE: dict[str, Check] = {
    "evidence.source": text,
    "evidence.verification": text,
    "evidence.verified": yes_or_no,
}
INTERVENTION: dict[str, Check] = {
    "id": text,
    "name": text,
    "version": version,
    "review_date": day,
    "category": one_of(CATEGORIES),
    "subcategory": text,
    "urgency": one_of(URGENCIES),
    "needs_clinician": yes_or_no,
    "indication.text": text,
    "indication.rule": rule,
    "exclusion.rule": optional_rule,
    "exclusion.cautions": optional_text,
    "drug_classes": drug_classes,
    "evidence.grade": text,
    "evidence.strength": one_of(STRENGTHS),
    **EVIDENCE,
    "effect.text": text,
    "effect.verified": yes_or_no,
    "target_risks": some_texts,
    "tags": some_texts,
    "burden.effort": one_to_five,
    "burden.cost": one_to_five,
    "burden.acceptability": one_to_five,
    "delivery": some_texts,
    "frequency": text,
    "time_to_benefit": text,
    "patient_text": text,
    "clinician_text": text,
}
INTERVENTION_OPTIONAL: dict[str, Check] = {
    "note": text,
    "also_checks": drug_classes,
    "exclusion.if_known": rule,
}
CHANGE: dict[str, Check] = {
    "feature": text,
    "op": one_of(OPERATIONS),
    "min": number,
    "max": number,
    "unit": optional_text,
    "months": number,
}
CHANGE_OPTIONAL: dict[str, Check] = {"point": number, "when": rule, "not_counted": text}
INTERACTION: dict[str, Check] = {
    "id": text,
    "version": version,
    "review_date": day,
    "drug_class": drug_class,
    "severity": one_of(SEVERITIES),
    "against.type": one_of(AGAINST),
    "against.text": text,
    "trigger": rule,
    "effect": text,
    "action": text,
    **EVIDENCE,
}
MISSING = object()


def intervention_faults(file: str, entry: Mapping[str, Any]) -> Iterator[Problem]:
    """Problems of one intervention; none when it may be published."""
    known = {"effect.changes", *INTERVENTION}
    yield from _faults(file, entry, INTERVENTION, INTERVENTION_OPTIONAL, known)
    yield from _effect_faults(file, entry)
    yield from _drug_faults(file, entry)


def interaction_faults(file: str, entry: Mapping[str, Any]) -> Iterator[Problem]:
    """Problems of one interaction."""
    yield from _faults(file, entry, INTERACTION, {"note": text}, set(INTERACTION))


def _faults(
    file: str,
    entry: Mapping[str, Any],
    required: Mapping[str, Check],
    optional: Mapping[str, Check],
    known: set[str],
) -> Iterator[Problem]:
    fields = dict(_flat(entry, known | set(optional)))
    name = str(entry.get("id", "?"))
    for field, check in required.items():
        value = fields.get(field, MISSING)
        fault = "is missing" if value is MISSING else check(value)
        if fault:
            yield Problem(file, name, field, fault)
    for field, value in fields.items():
        if field in optional and (fault := optional[field](value)):
            yield Problem(file, name, field, fault)
        elif field not in optional and field not in known:
            yield Problem(file, name, field, "is not a field of the catalogue")


def _flat(entry: Mapping[str, Any], known: set[str]) -> Iterator[tuple[str, Any]]:
    """Fields by dotted name, one level deep: `effect.text`."""
    sections = {field.partition(".")[0] for field in known if "." in field}
    for key, value in entry.items():
        if key in sections and isinstance(value, Mapping):
            for inner, inner_value in value.items():
                yield f"{key}.{inner}", inner_value
        else:
            yield key, value


def _drug_faults(file: str, entry: Mapping[str, Any]) -> Iterator[Problem]:
    name = str(entry.get("id", "?"))
    if entry.get("category") == "medication" and not entry.get("drug_classes"):
        yield Problem(file, name, "drug_classes", "a drug needs a class to be checked by")
    if entry.get("category") == "medication" and entry.get("needs_clinician") is False:
        yield Problem(file, name, "needs_clinician", "a drug is for a clinician to decide")


def _effect_faults(file: str, entry: Mapping[str, Any]) -> Iterator[Problem]:
    effect = entry.get("effect")
    name = str(entry.get("id", "?"))
    if not isinstance(effect, Mapping) or not isinstance(effect.get("changes"), list):
        yield Problem(file, name, "effect.changes", "is missing or no list")
        return
    changes = effect["changes"]
    if not changes and effect.get("text") != NO_EFFECT:
        yield Problem(file, name, "effect.text", f"without changes it must say «{NO_EFFECT}»")
    if changes and effect.get("text") == NO_EFFECT:
        yield Problem(file, name, "effect.changes", f"must be empty where it says «{NO_EFFECT}»")
    for place, change in enumerate(changes):
        for problem in _faults(file, change, CHANGE, CHANGE_OPTIONAL, set(CHANGE)):
            yield problem._replace(id=name, field=f"effect.changes[{place}].{problem.field}")
        yield from _span_faults(file, name, place, change)


def _span_faults(file: str, name: str, place: int, change: Mapping[str, Any]) -> Iterator[Problem]:
    low, high = change.get("min"), change.get("max")
    if number(low) is None and number(high) is None and low > high:  # type: ignore[operator]
        yield Problem(file, name, f"effect.changes[{place}].min", "is above max")
    if change.get("op") == "rr" and number(low) is None and low <= 0:  # type: ignore[operator]
        yield Problem(file, name, f"effect.changes[{place}].min", "a relative risk is above 0")
