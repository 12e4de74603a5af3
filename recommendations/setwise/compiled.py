"""A catalogue as arrays and compiled rules; made once for each catalogue."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ml import rules
from ml.codes import expand_medications
from ml.rules.setwise import Rules
from recommendations import safety
from recommendations.catalogue import Catalogue, Change, Intervention
from recommendations.catalogue.entries import Equation, Factor


@dataclass(frozen=True, slots=True)
class Clash:
    """An item that rules forbid once the classes of another are taken."""

    item: int
    other: int
    proposed: frozenset[str]  # classes of the other, expanded
    forbidding: tuple[rules.Expression, ...]


@dataclass(frozen=True, eq=False)
class Compiled:
    """Items are the interventions in the order of the catalogue; rules stand by their text."""

    items: tuple[Intervention, ...]
    program: Rules  # all of them
    indication: tuple[str, ...]
    exclusion: tuple[str | None, ...]
    if_known: tuple[str | None, ...]
    triggers: tuple[tuple[int, rules.Expression, str], ...]  # (item, trigger, severity)
    allergies: tuple[tuple[int, str], ...]  # (drug, class that must not be on the allergy list)
    is_drug: NDArray[np.bool_]
    clashes: tuple[Clash, ...]


@lru_cache(maxsize=4)
def compiled(catalogue: Catalogue) -> Compiled:
    """The catalogue ready for columns."""
    items = catalogue.interventions
    return Compiled(
        items=items,
        program=Rules(list(every_rule(catalogue))),
        indication=tuple(str(item.indication) for item in items),
        exclusion=tuple(_text(item.exclusion) for item in items),
        if_known=tuple(_text(item.exclusion_if_known) for item in items),
        triggers=tuple(
            (number, row.trigger, row.severity)
            for number, item in enumerate(items)
            for row in catalogue.interactions_of(item)
        ),
        allergies=tuple(
            (number, drug_class)
            for number, item in enumerate(items)
            if item.is_drug
            for drug_class in item.checked_classes
        ),
        is_drug=np.array([item.is_drug for item in items]),
        clashes=tuple(_clashes(catalogue)),
    )


def _text(rule: rules.Expression | None) -> str | None:
    return None if rule is None else str(rule)


def every_rule(catalogue: Catalogue) -> Iterable[rules.Expression]:
    """Every rule of the catalogue."""
    for item in catalogue.interventions:
        found = (item.indication, item.exclusion, item.exclusion_if_known)
        yield from (rule for rule in found if rule is not None)
    yield from (row.trigger for row in catalogue.interactions)
    yield from _other_rules(catalogue)


def _other_rules(catalogue: Catalogue) -> Iterable[rules.Expression]:
    """Rules beside those of safety: needs, and whom a trial was about."""
    yield from (row.when for row in catalogue.needs)
    yield from effect_rules(catalogue)
    for outcome in catalogue.effects.outcomes:
        yield from (risk.when for risk in outcome.baselines if risk.when is not None)


def effect_rules(catalogue: Catalogue) -> Iterable[rules.Expression]:
    """Rules that say for whom an effect holds."""
    ways: tuple[Factor | Equation, ...] = (*catalogue.effects.factors, *catalogue.effects.equations)
    for item in catalogue.interventions:
        for change in item.changes:
            if change.when is not None:
                yield change.when
            yield from (both_hold(change, way) for way in ways if way.feature == change.feature)


def both_hold(change: Change, way: Factor | Equation) -> rules.Expression:
    """For whom an effect counts by way of a risk factor."""
    return way.when if change.when is None else rules.And((change.when, way.when))


def _clashes(catalogue: Catalogue) -> Iterable[Clash]:
    items = catalogue.interventions
    for one, item in enumerate(items):
        forbidding = _forbidding(item, catalogue)
        for other, better in enumerate(items):
            if one == other or not better.drug_classes:
                continue
            proposed = expand_medications(frozenset(better.drug_classes))
            turned = tuple(rule for rule in forbidding if safety.drugs_named(rule) & proposed)
            if turned:
                yield Clash(one, other, proposed, turned)


def _forbidding(item: Intervention, catalogue: Catalogue) -> Sequence[rules.Expression]:
    triggers = [
        row.trigger for row in catalogue.interactions_of(item) if row.severity == "contraindicated"
    ]
    return triggers if item.exclusion is None else [item.exclusion, *triggers]
