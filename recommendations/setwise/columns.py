"""From people one by one to the columns that this catalogue asks for."""

from collections.abc import Sequence
from functools import lru_cache

from ml import rules
from ml.rules import population
from recommendations import need
from recommendations.catalogue import Catalogue
from recommendations.setwise.compiled import every_rule


def of(environments: Sequence[rules.FactsEnvironment], catalogue: Catalogue) -> population.People:
    """The people as columns of every number, score and item that the catalogue reads."""
    numbers, scores, items = asked(catalogue)
    return population.of(environments, numbers=numbers, scores=scores, items=items)


@lru_cache(maxsize=4)
def asked(catalogue: Catalogue) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Names of the numbers, the scores and the items of `due`."""
    numbers = {goal.analyte for goal in catalogue.goals}
    numbers |= {factor.feature for factor in catalogue.effects.factors}
    scores, items = set(need.PUBLISHED), set()
    for outcome in catalogue.effects.outcomes:
        scores |= {risk.name for risk in outcome.baselines if risk.kind != "task"}
    for rule in every_rule(catalogue):
        for leaf in rules.leaves(rule):
            left = leaf.left if isinstance(leaf, rules.Comparison) else None
            if isinstance(left, rules.Call):
                scores.add(left.code)
            elif isinstance(left, rules.Name):
                numbers.add(left.name)
            elif isinstance(leaf, rules.Call) and leaf.months is not None:
                items.add(leaf.code)
    return frozenset(numbers), frozenset(scores), frozenset(items)
