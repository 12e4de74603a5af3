"""The whole catalogue for many people: indicated, safe, by benefit, in order."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ml.recommenders.ranking import Weights
from ml.rules.population import CodeLists, People
from ml.rules.setwise import Rules, Truths
from recommendations import engine, need
from recommendations.catalogue import Catalogue
from recommendations.setwise import benefit
from recommendations.setwise.compiled import Compiled, compiled
from recommendations.setwise.scoring import (
    Levels,
    Matrix,
    Needs,
    Predictions,
    risk_component,
)
from recommendations.setwise.verdicts import Verdicts

STATUSES = ("", "recommended", "check_first", "blocked")


@dataclass(frozen=True, eq=False)
class Weighed:
    """Of each person (row) and item (column): status as a place in STATUSES, score and rank."""

    ids: tuple[str, ...]
    status: NDArray[np.int8]
    rank: NDArray[np.int16]  # 1 is best, 0 not indicated
    score: Matrix
    benefit: Matrix  # 0 to 1

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
) -> Weighed:
    """Statuses, order and scores of everybody; memory grows by 4 kB a person."""
    from ml.recommenders import placing  # numba compiles on first use

    ready, predictions = compiled(catalogue), predictions or Predictions()
    said = ready.rules.answers(people)
    verdicts = Verdicts(ready, people, said)
    levels = Levels(people, predictions)
    needs = Needs(catalogue, people, levels, said)
    gained = benefit.levels(benefit.Setting(catalogue, people, predictions, said))
    score = _score(ready, needs, levels, gained, verdicts, catalogue, weights)
    status = _status(verdicts, len(people))
    rank = np.zeros(status.shape, np.int16)
    clash_place, clash = _clashes(ready, people, said)
    members = [np.array(group) for group in ready.groups]
    placing.place(
        score, ready.first, status, ready.same, ready.is_concerned, clash_place, clash,
        np.concatenate(members), np.cumsum([len(group) for group in members]), rank,
    )  # fmt: skip
    return Weighed(tuple(item.id for item in ready.items), status, rank, score, gained)


def _score(
    ready: Compiled,
    needs: Needs,
    levels: Levels,
    gained: Matrix,
    verdicts: Verdicts,
    catalogue: Catalogue,
    weights: Weights,
) -> Matrix:
    content = np.maximum(needs.similarity(need.item_space(catalogue)), 0.0)
    warned = _unpacked(verdicts.warned, needs.people)
    score = (
        ready.constant(weights)
        + weights.benefit * gained
        + weights.risk * risk_component(catalogue, needs, levels)
        + weights.content * content
        + weights.caution * warned
    )
    return np.round(score, 12)


def _status(verdicts: Verdicts, people: int) -> NDArray[np.int8]:
    indicated, blocked, unknown = (
        _unpacked(bits, people) for bits in (verdicts.indicated, verdicts.blocked, verdicts.unknown)
    )
    status = np.where(blocked, 3, np.where(unknown, 2, 1))
    return np.ascontiguousarray(np.where(indicated, status, 0), np.int8)


def _unpacked(bits: NDArray[np.uint8], people: int) -> NDArray[np.bool_]:
    """(items, bytes) of packed bits as (people, items)."""
    return np.unpackbits(bits, axis=1, count=people).view(np.bool_).T


def _clashes(
    ready: Compiled, people: People, said: Mapping[str, Truths]
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Which pairs would newly be forbidden together, and for whom."""
    size = len(ready.items)
    place, columns = np.full((size, size), -1, np.int32), []
    answers: dict[tuple[frozenset[str], str], Truths] = {}
    for clash in ready.clashes:
        newly = np.zeros(len(people), bool)
        for rule in clash.forbidding:
            key = (clash.proposed, str(rule))
            if key not in answers:
                answers[key] = Rules([rule]).evaluate(_taking(people, clash.proposed))[0]
            newly |= _bits(answers[key].true & ~said[str(rule)].true, people)
        place[clash.item, clash.other] = len(columns)
        columns.append(newly)
    return place, np.array(columns, bool).reshape(-1, len(people))


def _bits(packed: NDArray[np.uint8], people: People) -> NDArray[np.bool_]:
    return np.unpackbits(packed, count=len(people)).view(np.bool_)


def _taking(people: People, classes: frozenset[str]) -> People:
    """The same people if these drug classes were added: on them, whatever is known of the list."""
    taken = np.ones(len(people), bool)
    lists = people.medications
    added = CodeLists(len(people), {**lists.has, **dict.fromkeys(classes, taken)}, lists.known)
    return replace(people, medications=added)
