"""What an item scores for one person, component by component."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ml import rules
from ml.recommenders import ranking
from ml.recommenders.ranking import Components, Preferences, Weights
from recommendations import benefits, gains, need
from recommendations.catalogue import Catalogue, Change, Intervention
from recommendations.need import Baseline
from recommendations.outcome import ItemBenefit

URGENT = {"urgent": 1.0, "soon": 0.3, "routine": 0.0}
EVIDENCE = {"strong": 1.0, "moderate": 0.75, "guidance": 0.6, "weak": 0.35}
UNVERIFIED = 0.2  # taken off the evidence where the statement was not re-read in its source
DRUG_BURDEN = 0.25
SETTLING = 0.5  # expected of a test that answers a high chance of disease now (own choice)
ANY_DISEASE = "mortality"  # deaths are of the disease that an item is aimed at


@dataclass(frozen=True, slots=True)
class Person:
    """Everything known about one person, ready for rules and ranking."""

    env: rules.FactsEnvironment
    baselines: Mapping[str, Baseline]
    needs: Mapping[str, float]
    similarity: Mapping[str, float]  # cosine of each item with the needs
    spreads: Mapping[str, float]
    known: Mapping[str, benefits.Known]  # risks that trials reduce, by their outcome
    preferences: Preferences
    habits: Mapping[str, float]  # -1 to 1, by item; empty where nothing was learned


def ranked(
    item: Intervention,
    catalogue: Catalogue,
    person: Person,
    weights: Weights,
    made: Sequence[ItemBenefit],
) -> ranking.Ranked:
    """The item with its components and score; `made` are its benefits in numbers."""
    benefit = gains.level(made)
    components = Components(
        urgent=URGENT[item.urgency],
        benefit=benefit,
        expected=max(_expected(item, catalogue, person) - benefit, 0.0),
        risk=_risk(item, person),
        content=max(person.similarity[item.id], 0.0),
        evidence=evidence(item),
        burden=lightness(item),
        preference=_preference(item, person),
        habit=person.habits.get(item.id, 0.0),
    )
    return ranking.Ranked(item.id, first(item), ranking.score(components, weights), components)


def _preference(item: Intervention, person: Person) -> float:
    if person.preferences == ranking.NO_PREFERENCES:
        return 0.0
    return person.preferences.of(need.preferred_features(item))


def evidence(item: Intervention) -> float:
    """Strength of the recommendation behind the item, less where nobody re-read it."""
    return EVIDENCE[item.evidence.strength] - UNVERIFIED * (not item.evidence.verified)


def first(item: Intervention) -> int:
    """What no score overtakes: an emergency, the urgent, a matter of safety within days."""
    if item.urgency == "urgent":
        return 0 if "emergency" in item.delivery else 1
    return 2 if item.urgency == "soon" and item.category == "safety" else 3


def subject(item: Intervention) -> ranking.Subject:
    """What it is about, so that the shown do not all say the same."""
    return item.category, item.subcategory


def _expected(item: Intervention, catalogue: Catalogue, person: Person) -> float:
    """Of a treatment, what trials proved; of a test, that it settles whether to treat."""
    return max(proven(item, catalogue, person), SETTLING * need.settles(item, person.baselines))


def proven(item: Intervention, catalogue: Catalogue, person: Person) -> float:
    """Benefit, 0 to 1, on outcomes that trials counted and no calibrated risk speaks for.

    Unknown is not zero: the relative effect counts by the height of the person's need (a disease
    they have counts fully) and by the evidence. It orders the list and is never shown in numbers.
    """
    effects = gains.without_risk(item, catalogue, person.env, person.known)
    sizes = (
        max(person.needs.get(name, 0.0) for name in heights(effect.outcome, item, catalogue))
        * min(2 * (1 - effect.rr), 1.0)
        * effect.share
        for effect in effects
    )
    return max(max(sizes, default=0.0), 0.0) * evidence(item)


def heights(outcome: str, item: Intervention, catalogue: Catalogue) -> tuple[str, ...]:
    """Features of a person's needs that say how high a trial's outcome stands."""
    own = f"outcome:{outcome}"
    if own in need.named(catalogue):
        return (own,)
    target = need.TARGET_OF_FEATURE[outcome]
    found = item.target_risks if target == ANY_DISEASE else (target,)
    return tuple(f"risk:{name}" for name in found)


def _risk(item: Intervention, person: Person) -> float:
    """Height of the risk it acts on, at least half of it counts for being aimed at."""
    level = max(person.needs.get(f"risk:{target}", 0.0) for target in item.target_risks)
    return level * (0.5 + 0.5 * max(_strength(item, person), need.settles(item, person.baselines)))


def _strength(item: Intervention, person: Person) -> float:
    """The largest effect on a risk or a risk factor, 0 to 1: a halved risk is 1."""
    return min(max((_size(change, person) for change in item.changes), default=0.0), 1.0)


def _size(change: Change, person: Person) -> float:
    """How much one effect helps this person; on a risk factor only as far as it is off its goal."""
    if change.feature not in need.TARGET_OF_FEATURE:
        return 0.0
    if change.op == "rr":
        return relative_size(change)
    return slope(change, person.spreads) * person.needs.get(f"moves:{change.feature}", 0.0)


def slope(change: Change, spreads: Mapping[str, float]) -> float:
    """Size of an effect on a measurement by unit of need."""
    twice = 2 if change.op == "pct" else 1
    counts = 1.0 if change.feature in need.FELT else need.SURROGATE
    return counts * twice * need.movement(change, spreads)


def relative_size(change: Change) -> float:
    """Size of a relative risk, by the gravity of the outcome: a halved risk of death is 1."""
    more = change.feature in need.MORE_IS_BETTER
    size = change.middle - 1 if more else 2 * (1 - change.middle)
    if change.feature in need.STEPS:
        size = min(size, 1.0) * need.SURROGATE
    return size * need.GRAVITY.get(change.feature, 1.0)


def lightness(item: Intervention) -> float:
    """1 for what costs nothing; a drug always weighs, for its harms and its being for long."""
    burden = item.burden
    ease = ((5 - burden.effort) + (5 - burden.cost) + (burden.acceptability - 1)) / 12
    return max(ease - DRUG_BURDEN * item.is_drug, 0.0)
