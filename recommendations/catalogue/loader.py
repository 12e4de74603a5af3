"""From the YAML files to a `Catalogue`. Reads text only; a faulty file stops the load."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from ml import rules
from recommendations.catalogue import outcomes, schema
from recommendations.catalogue.entries import (
    Burden,
    Catalogue,
    Change,
    Evidence,
    Goal,
    Group,
    Interaction,
    Intervention,
    Need,
    digest,
)
from recommendations.catalogue.schema import FaultyCatalogue, Problem

FOLDER = Path(__file__).parent
INTERACTIONS, GROUPS, NEEDS = "interactions.yaml", "groups.yaml", "needs.yaml"
OUTCOMES, VALIDITY = "outcomes.yaml", "validity.yaml"
READER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@lru_cache(maxsize=4)
def load(folder: Path = FOLDER) -> Catalogue:
    """The catalogue in a folder, read once. Raises FaultyCatalogue naming file, id and field."""
    interventions = [
        (f"{category}.yaml", entry)
        for category in schema.CATEGORIES
        for entry in _read(folder / f"{category}.yaml")
    ]
    interactions = [(INTERACTIONS, entry) for entry in _read(folder / INTERACTIONS)]
    _refuse(_entry_problems(interventions, interactions))
    groups, needs, effects = (_read(folder / name) for name in (GROUPS, NEEDS, OUTCOMES))
    valid_years = _years(_read(folder / VALIDITY))
    read = [entry for _, entry in interventions + interactions]
    return Catalogue(
        interventions=tuple(intervention(entry) for _, entry in interventions),
        interactions=tuple(interaction(entry) for _, entry in interactions),
        groups=_groups(groups, {entry["id"] for _, entry in interventions}),
        needs=tuple(Need(rules.parse(row["when"]), row["features"]) for row in needs["needs"]),
        goals=tuple(_goal(row) for row in needs["goals"]),
        digest=digest([*map(_plain, read), groups, needs, effects, valid_years]),
        effects=outcomes.read(effects),
        valid_years=valid_years,
    )


def _years(validity: Any) -> int:
    years = validity.get("years") if isinstance(validity, Mapping) else None
    if not isinstance(years, int) or years < 1:
        raise FaultyCatalogue([Problem(VALIDITY, "-", "years", "is not a whole number from 1")])
    return years


def _read(path: Path) -> Any:
    try:
        with path.open(encoding="utf-8") as file:
            # A safe loader: it makes plain values only.
            return yaml.load(file, Loader=READER)  # noqa: S506
    except (OSError, yaml.YAMLError) as unreadable:
        reason = f"cannot be read: {unreadable}"
        raise FaultyCatalogue([Problem(path.name, "-", "-", reason)]) from unreadable


Entries = list[tuple[str, Mapping[str, Any]]]


def _entry_problems(interventions: Entries, interactions: Entries) -> Iterator[Problem]:
    yield from _checked(interventions, schema.intervention_faults)
    yield from _checked(interactions, schema.interaction_faults)
    ids = Counter(entry.get("id") for _, entry in interventions + interactions)
    for file, entry in interventions + interactions:
        if ids[entry.get("id")] > 1:
            yield Problem(file, str(entry.get("id")), "id", "is used more than once")
    for file, entry in interventions:
        if entry.get("category") != file.removesuffix(".yaml"):
            yield Problem(file, str(entry.get("id")), "category", "does not match the file")


def _checked(
    entries: Entries, faults: Callable[[str, Mapping[str, Any]], Iterable[Problem]]
) -> Iterator[Problem]:
    for file, entry in entries:
        yield from faults(file, entry)


def _refuse(problems: Iterable[Problem]) -> None:
    if found := tuple(problems):
        raise FaultyCatalogue(found)


def intervention(entry: Mapping[str, Any]) -> Intervention:
    indication, exclusion, effect = entry["indication"], entry["exclusion"], entry["effect"]
    fields: dict[str, Any] = {field: entry[field] for field in PLAIN}
    fields |= {field: tuple(entry[field]) for field in LISTS}
    return Intervention(
        **fields,
        indication_text=_line(indication["text"]),
        indication=rules.parse(indication["rule"]),
        exclusion=_optional_rule(exclusion["rule"]),
        exclusion_if_known=_optional_rule(exclusion.get("if_known")),
        cautions_text=exclusion["cautions"] or "",
        also_checks=tuple(entry.get("also_checks", ())),
        evidence=Evidence(**entry["evidence"]),
        effect_text=_line(effect["text"]),
        effect_verified=effect["verified"],
        changes=tuple(change(row) for row in effect["changes"]),
        burden=Burden(**entry["burden"]),
        note=entry.get("note", ""),
        entry=_plain(entry),
    )


def _optional_rule(rule: str | None) -> rules.Expression | None:
    return rules.parse(rule) if rule else None


PLAIN = (
    "id",
    "name",
    "version",
    "review_date",
    "category",
    "subcategory",
    "urgency",
    "needs_clinician",
    "frequency",
    "time_to_benefit",
    "patient_text",
    "clinician_text",
)
LISTS = ("drug_classes", "target_risks", "tags", "delivery")


def change(row: Mapping[str, Any]) -> Change:
    return Change(
        feature=row["feature"],
        op=row["op"],
        low=row["min"],
        high=row["max"],
        unit=row["unit"] or "",
        months=row["months"],
        point=row.get("point"),
        when=_optional_rule(row.get("when")),
        not_counted=row.get("not_counted", ""),
    )


def interaction(entry: Mapping[str, Any]) -> Interaction:
    return Interaction(
        id=entry["id"],
        version=entry["version"],
        review_date=entry["review_date"],
        drug_class=entry["drug_class"],
        severity=entry["severity"],
        against_type=entry["against"]["type"],
        against_text=entry["against"]["text"],
        trigger=rules.parse(entry["trigger"]),
        effect=entry["effect"],
        action=entry["action"],
        evidence=Evidence(**entry["evidence"]),
        note=entry.get("note", ""),
        entry=_plain(entry),
    )


def _groups(rows: list[Mapping[str, Any]], known: set[str]) -> tuple[Group, ...]:
    _refuse(
        Problem(GROUPS, row["name"], "members", f"{member} is not in the catalogue")
        for row in rows
        for member in row["members"]
        if member not in known
    )
    return tuple(
        Group(row["name"], row["keep"], tuple(row["members"]), row["reason"]) for row in rows
    )


def _goal(row: Mapping[str, Any]) -> Goal:
    return Goal(row["analyte"], row.get("above"), row.get("below"), row["spread"])


def _line(text: str) -> str:
    return " ".join(text.split())


def from_plain(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The other way round: an entry as the files hold it, where its day can be read."""
    try:
        return {**entry, "review_date": date.fromisoformat(str(entry.get("review_date")))}
    except ValueError:
        return dict(entry)


def _plain(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry in plain JSON values, its day in ISO form."""
    return {**entry, "review_date": entry["review_date"].isoformat()}
