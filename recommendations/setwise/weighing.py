"""The whole catalogue for many people: indicated, safe, by benefit, in order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ml.recommenders.ranking import Preferences, Weights
from ml.rules.population import CodeLists, People
from ml.rules.setwise import Bits, Rules, Truths
from recommendations import engine, need
from recommendations.catalogue import Catalogue
from recommendations.setwise import arrays, scoring
from recommendations.setwise.compiled import Compiled, compiled
from recommendations.setwise.scoring import Predictions
from recommendations.setwise.verdicts import Verdicts

_NOTHING = np.zeros((0, 0))
STATUSES = ("", "recommended", "check_first", "blocked")


@dataclass(frozen=True, eq=False)
class Weighed:
    """Of each person (row) and item (column): status as a place in STATUSES, rank, score, benefit.

    What is not indicated has status 0, rank 0 and no score; of the rest the best has rank 1.
    """

    ids: tuple[str, ...]
    status: NDArray[np.int8]
    rank: NDArray[np.int16]
    score: NDArray[np.float32]
    benefit: NDArray[np.float32]  # 0 to 1

    def listed(self, person: int, status: str) -> list[str]:
        """Items of one person with that status, best first."""
        chosen = np.flatnonzero(self.status[person] == STATUSES.index(status))
        return [self.ids[item] for item in chosen[np.argsort(self.rank[person, chosen])]]


def weigh(
    people: People,
    catalogue: Catalogue,
    predictions: Predictions | None = None,
    *,
    weights: Weights = engine.WEIGHTS,
    preferences: Sequence[Preferences] | None = None,
    habits: NDArray[np.float64] | None = None,
    limit: int = 3,
) -> Weighed:
    """Statuses, order and scores of everybody; memory grows by 2 kB a person.

    `preferences` has one of each person; `habits` (people, items) are -1 to 1, zero where nothing
    was learned; `limit` says how many are shown together. The columns hold no day: the caller
    leaves out what has run out (`catalogue.expiry.active`).
    """
    from ml.recommenders import kernel  # numba compiles on first use

    size = (len(people), len(catalogue.interventions))
    answers = kernel.Answers(
        status=np.zeros(size, np.int8),
        rank=np.zeros(size, np.int16),
        score=np.zeros(size, np.float32),
        benefit=np.zeros(size, np.float32),
    )
    items = arrays.items(catalogue, weights)
    columns = _columns(people, catalogue, predictions or Predictions(), items)
    columns = columns._replace(
        preference=_preferred(preferences, catalogue), habit=_NOTHING if habits is None else habits
    )
    kernel.weigh(items, columns, answers, limit)
    return Weighed(tuple(item.id for item in catalogue.interventions), *answers)


def _columns(people: People, catalogue: Catalogue, predictions: Predictions, items):
    from ml.recommenders import kernel

    ready, names = compiled(catalogue), arrays.names(catalogue)
    said = ready.program.answers(people)
    verdicts = Verdicts(ready, people, said)
    level, is_open = scoring.levels(people, predictions, names, len(items.target_feature))
    return kernel.Columns(
        indicated=verdicts.indicated,
        blocked=verdicts.blocked,
        unknown=verdicts.unknown,
        warned=verdicts.warned,
        met=_true([str(row.when) for row in catalogue.needs], said),
        when=_true(names.when, said),
        clashes=_clashes(ready, people, said),
        level=level,
        is_open=is_open,
        goals=np.array([people.number(goal.analyte).values for goal in catalogue.goals]),
        risks=scoring.risks(catalogue, people, predictions, said),
        values=scoring.values(catalogue, people, predictions, names),
        preference=_NOTHING,
        habit=_NOTHING,
    )


def _preferred(
    preferences: Sequence[Preferences] | None, catalogue: Catalogue
) -> NDArray[np.float64]:
    """-1, 0 or 1 of each person and item; of no size where nobody prefers anything."""
    if preferences is None:
        return _NOTHING
    features = [need.preferred_features(item) for item in catalogue.interventions]
    rows = {each: np.array([each.of(f) for f in features]) for each in set(preferences)}
    return np.array([rows[each] for each in preferences]).reshape(-1, len(features))


def _true(rules: Iterable[str], said: Mapping[str, Truths]) -> Bits:
    return np.stack([said[rule].true for rule in rules])


def _clashes(ready: Compiled, people: People, said: Mapping[str, Truths]) -> Bits:
    """For whom each pair would newly be forbidden together, a row of bits a pair."""
    answers: dict[tuple[frozenset[str], str], Bits] = {}
    rows = []
    for clash in ready.clashes:
        newly = np.zeros_like(said[ready.indication[0]].true)
        for rule in clash.forbidding:
            key = (clash.proposed, str(rule))
            if key not in answers:
                (taken,) = Rules([rule]).evaluate(_taking(people, clash.proposed))
                answers[key] = taken.true & ~said[str(rule)].true
            newly = newly | answers[key]
        rows.append(newly)
    return np.stack(rows)


def _taking(people: People, classes: frozenset[str]) -> People:
    """The same people if these drug classes were added."""
    taken = np.ones(len(people), bool)
    lists = people.medications
    added = CodeLists(len(people), {**lists.has, **dict.fromkeys(classes, taken)}, lists.known)
    return replace(people, medications=added)
