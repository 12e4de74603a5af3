"""Why an item of the catalogue does not come up for a person, or what would settle it."""

from collections.abc import Mapping
from dataclasses import dataclass

from ml import rules
from ml.facts import Facts
from recommendations import wording
from recommendations.catalogue import Catalogue, Intervention
from recommendations.outcome import Fact


@dataclass(frozen=True, slots=True)
class Unindicated:
    """An item that is not indicated, or of which that cannot be said yet."""

    id: str
    name: str
    source: str
    is_undetermined: bool  # facts are missing; `needs` says which
    reason: str
    facts: tuple[Fact, ...]
    needs: tuple[rules.Need, ...]


def unindicated(
    facts: Facts, catalogue: Catalogue, scores: Mapping[str, float | None] | None = None
) -> tuple[Unindicated, ...]:
    """Every item whose indication is false or unknown, in the order of the catalogue."""
    env = rules.FactsEnvironment(facts, scores)
    return tuple(
        _unindicated(item, env)
        for item in catalogue.interventions
        if not rules.evaluate(item.indication, env)
    )


def _unindicated(item: Intervention, env: rules.FactsEnvironment) -> Unindicated:
    reasons = rules.explain(item.indication, env)
    missing = {rules.need(reason): None for reason in reasons if reason.truth is None}
    return Unindicated(
        id=item.id,
        name=item.name,
        source=item.evidence.source,
        is_undetermined=bool(missing),
        reason=f"Not indicated ({item.indication_text}): {_texts(reasons)}",
        facts=tuple(wording.fact(reason) for reason in reasons),
        needs=tuple(missing),
    )


def _texts(reasons: tuple[rules.Reason, ...]) -> str:
    return "; ".join(rules.sentence(reason) for reason in reasons)
