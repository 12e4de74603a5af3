"""The fields of a catalogue entry in words: one table for page, form and comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from healthcare.common import figures
from recommendations import rulewords, wording
from recommendations.catalogue import loader, overlay, schema
from recommendations.catalogue.entries import NO_EFFECT, SEVERITIES, Entry

Kind = Literal["line", "text", "rule", "choice", "flag", "list", "day", "grade", "changes"]
CHANGES = "effect.changes"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an entry, by its dotted name in the files."""

    name: str
    label: str
    kind: Kind = "line"
    is_required: bool = True
    help: str = ""
    choices: tuple[str, ...] = ()
    longest: int = 200

    @property
    def key(self) -> str:
        """Its name in a form."""
        return self.name.replace(".", "__")


RULE_HELP = (
    "In the grammar of the rules, such as: has('t2d') and EGFR<30 and not on('statin'). "
    "An unknown fact never recommends."
)
SEVERAL = "One a line."
EVIDENCE = (
    Field("evidence.source", "Source", "text", longest=1000,
          help="Guideline or trial, with its year."),
    Field("evidence.verification", "How it was checked", "text", longest=1000),
    Field("evidence.verified", "Checked against its source", "flag"),
)  # fmt: skip
INTERVENTION = (
    Field("name", "Name"),
    Field("category", "Category", "choice", choices=schema.CATEGORIES),
    Field("subcategory", "Subcategory", longest=60),
    Field("urgency", "Urgency", "choice", choices=schema.URGENCIES),
    Field("needs_clinician", "A clinician decides", "flag"),
    Field("review_date", "Reviewed on", "day",
          help="The day on which somebody last read the sources."),
    Field("indication.text", "For whom", "text", longest=1000),
    Field("indication.rule", "Rule for whom", "rule", help=RULE_HELP),
    Field("exclusion.rule", "Rule against it", "rule", is_required=False,
          help="An unknown fact means: check first."),
    Field("exclusion.if_known", "Rule against it where known", "rule", is_required=False,
          help="Forbids where it is true, and is not asked for first."),
    Field("exclusion.cautions", "Cautions", "text", is_required=False, longest=1000),
    Field("drug_classes", "Drug classes", "list", is_required=False,
          help=f"{SEVERAL} Interactions, allergies and duplicates are found by these."),
    Field("also_checks", "Classes it brings with it", "list", is_required=False, help=SEVERAL),
    Field("evidence.grade", "Evidence grade", help="As the guideline prints it."),
    Field("evidence.strength", "Strength, as we read it", "choice", choices=schema.STRENGTHS),
    *EVIDENCE,
    Field("effect.text", "Effect", "text", longest=1000,
          help=f"Without effects in numbers it says: {NO_EFFECT}."),
    Field("effect.verified", "Effect checked against its source", "flag"),
    Field(CHANGES, "Effects in numbers", "changes", is_required=False),
    Field("target_risks", "Risks it acts on", "list", help=SEVERAL),
    Field("tags", "Tags", "list", help=SEVERAL),
    Field("burden.effort", "Effort, 1 (little) to 5", "grade"),
    Field("burden.cost", "Cost, 1 (little) to 5", "grade"),
    Field("burden.acceptability", "Acceptability, 1 to 5 (welcome)", "grade"),
    Field("delivery", "How it is delivered", "list", help=SEVERAL),
    Field("frequency", "How often"),
    Field("time_to_benefit", "Time to benefit"),
    Field("patient_text", "For the patient", "text", longest=1000,
          help="Plain words, reading grade 8 at most."),
    Field("clinician_text", "For the clinician", "text", longest=2000),
    Field("note", "Note", "text", is_required=False, longest=2000,
          help="Such as what was mended, and why."),
)  # fmt: skip
INTERACTION = (
    Field("drug_class", "Drug class", longest=60),
    Field("severity", "Severity", "choice", choices=SEVERITIES),
    Field("against.type", "Against a", "choice", choices=schema.AGAINST),
    Field("against.text", "Against"),
    Field("trigger", "Rule for whom", "rule", help=RULE_HELP),
    Field("effect", "What happens", "text", longest=1000),
    Field("action", "What to do", "text", longest=1000),
    Field("review_date", "Reviewed on", "day",
          help="The day on which somebody last read the sources."),
    *EVIDENCE,
    Field("note", "Note", "text", is_required=False, longest=2000),
)  # fmt: skip


def of(part: str) -> tuple[Field, ...]:
    return INTERVENTION if part == overlay.INTERVENTION else INTERACTION


def value(entry: Entry, name: str) -> Any:
    """What an entry says of a field; None where it says nothing."""
    section, _, inner = name.partition(".")
    held = entry.get(section)
    if not inner:
        return held
    return held.get(inner) if isinstance(held, Mapping) else None


def put(entry: dict[str, Any], name: str, said: Any) -> None:
    section, _, inner = name.partition(".")
    if inner:
        entry.setdefault(section, {})[inner] = said
    else:
        entry[section] = said


def words(field: Field, said: Any) -> list[str]:
    """A value as the page writes it: lines, none where nothing is said."""
    if field.kind == "flag":
        return ["Yes" if said else "No"]
    if said in (None, "", [], ()):
        return []
    if field.kind == "rule":
        return [rulewords.said(said), said]
    if field.kind == "list":
        return [", ".join(each.replace("_", " ") for each in said)]
    if field.kind == "changes":
        return [wording.change_text(loader.change(change)) + _remarks(change) for change in said]
    if field.kind == "day":
        return [figures.day(date.fromisoformat(str(said)))]
    if field.kind == "choice":
        return [str(said).capitalize()]
    return [" ".join(str(said).split())]


def _remarks(change: Mapping[str, Any]) -> str:
    found = []
    if change.get("point") is not None:
        found.append(f"estimate {change['point']:g}")
    if change.get("when"):
        found.append(f"where: {rulewords.said(change['when'])}")
    if change.get("not_counted"):
        found.append(f"not counted as benefit: {change['not_counted']}")
    return f"; {'; '.join(found)}" if found else ""


@dataclass(frozen=True, slots=True)
class Line:
    """One field of an entry as it is shown."""

    label: str
    texts: tuple[str, ...]
    code: str = ""  # the rule as it is written


def lines(part: str, entry: Entry) -> list[Line]:
    """Every field that the entry says something of."""
    return [line for field in of(part) if (line := _line(field, entry)).texts]


def _line(field: Field, entry: Entry) -> Line:
    found = words(field, value(entry, field.name))
    if field.kind == "rule" and found:
        return Line(field.label, (found[0],), found[1])
    return Line(field.label, tuple(found))


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that two versions of an entry say differently."""

    label: str
    old: tuple[str, ...]
    new: tuple[str, ...]


def differences(part: str, old: Entry, new: Entry) -> list[Difference]:
    """Fields in which the versions differ, in the order of the form."""
    return list(_differences(part, old, new))


def _differences(part: str, old: Entry, new: Entry) -> Iterator[Difference]:
    for field in of(part):
        before, after = (words(field, value(entry, field.name)) for entry in (old, new))
        if before != after:
            yield Difference(field.label, tuple(before), tuple(after))
