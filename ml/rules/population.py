"""Many people as columns, ready for `setwise.Rules`.

A list (conditions, drugs, allergies) is a column of bits for each code that somebody has, and one
that says whose list is known. Codes are expanded by their hierarchy, and flags hold what follows
from them, as `FactsEnvironment` has it for one person.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ml.rules.environment import FactsEnvironment
from ml.rules.setwise import Numbers, Truths

TRUTHS = ("pregnant", "breastfeeding", "smoker")
SEXES = ("male", "female")


@dataclass(frozen=True, slots=True, eq=False)
class CodeLists:
    """One kind of list of many people: who has what, and whose list is known at all.

    `has` maps a code to a boolean column; a code that nobody has is absent. `known` is None where
    everybody's list is known (flags: nobody is asked for them).
    """

    people: int
    has: Mapping[str, NDArray[np.bool_]]
    known: NDArray[np.bool_] | None = None

    def ask(self, code: str) -> Truths:
        column = self.has.get(code)
        if column is None:
            column = np.zeros(self.people, bool)
        return Truths.of(column, ~column if self.known is None else ~column & self.known)


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Facts of many people; every column has the length `people`. Absent columns are unknown."""

    people: int
    numbers: Mapping[str, Numbers]
    scores: Mapping[str, Numbers]
    sex: NDArray[np.int8]  # place in SEXES, -1 unknown
    truths: Mapping[str, Truths]
    conditions: CodeLists
    medications: CodeLists
    allergies: CodeLists
    flags: CodeLists
    months_since: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)  # NaN never

    def __len__(self) -> int:
        return self.people

    def number(self, name: str) -> Numbers:
        return self.numbers.get(name) or self._unknown()

    def score(self, name: str) -> Numbers:
        return self.scores.get(name) or self._unknown()

    def text_is(self, name: str, text: str) -> Truths:
        if name != "sex":
            return self._nobody()
        is_text = self.sex == SEXES.index(text)
        return Truths.of(is_text, ~is_text & (self.sex >= 0))

    def truth(self, name: str) -> Truths:
        return self.truths.get(name) or self._nobody()

    def has(self, code: str) -> Truths:
        return self.conditions.ask(code)

    def on(self, code: str) -> Truths:
        return self.medications.ask(code)

    def allergy(self, code: str) -> Truths:
        return self.allergies.ask(code)

    def flag(self, code: str) -> Truths:
        return self.flags.ask(code)

    def due(self, item: str, months: float) -> Truths:
        since = self.months_since.get(item)
        if since is None:
            return ~Truths.of(np.zeros(self.people, bool), np.ones(self.people, bool))
        recent = since < months
        return Truths.of(~recent, recent)

    def _unknown(self) -> Numbers:
        return Numbers(np.full(self.people, np.nan))

    def _nobody(self) -> Truths:
        nobody = np.zeros(self.people, bool)
        return Truths.of(nobody, nobody)


def of(
    environments: Sequence[FactsEnvironment],
    *,
    numbers: Iterable[str],
    scores: Iterable[str],
    items: Iterable[str],
) -> People:
    """The same people as columns: of the named numbers, scores and items of `due`."""
    return People(
        people=len(environments),
        numbers={name: _numbers([env.number(name) for env in environments]) for name in numbers},
        scores={name: _numbers([env.score(name) for env in environments]) for name in scores},
        sex=np.array([_sex(env) for env in environments], np.int8),
        truths={name: _truths([env.truth(name) for env in environments]) for name in TRUTHS},
        conditions=_lists([env.conditions for env in environments]),
        medications=_lists([env.medications for env in environments]),
        allergies=_lists([env.allergies for env in environments]),
        flags=_lists([env.flags for env in environments]),
        months_since={item: _months(environments, item) for item in items},
    )


def _sex(env: FactsEnvironment) -> int:
    text = env.text("sex")
    return -1 if text is None else SEXES.index(text)


def _truths(answers: Sequence[bool | None]) -> Truths:
    return Truths.of(
        np.array([answer is True for answer in answers], bool),
        np.array([answer is False for answer in answers], bool),
    )


def _numbers(quantities: Sequence) -> Numbers:
    values = np.array([np.nan if q is None else q.value for q in quantities], float)
    limits = ["" if q is None else q.comparator for q in quantities]
    if not any(limits):
        return Numbers(values)
    return Numbers(
        values,
        below=np.array([limit.startswith("<") for limit in limits], bool),
        above=np.array([limit.startswith(">") for limit in limits], bool),
        reached=np.array([len(limit) == 2 for limit in limits], bool),
    )


def _lists(lists: Sequence[frozenset[str] | None]) -> CodeLists:
    codes = sorted({code for each in lists if each for code in each})
    places = {code: place for place, code in enumerate(codes)}
    table = np.zeros((len(codes), len(lists)), bool)
    for person, each in enumerate(lists):
        for code in each or ():
            table[places[code], person] = True
    known = np.array([each is not None for each in lists], bool)
    return CodeLists(len(lists), dict(zip(codes, table, strict=True)), known)


def _months(environments: Sequence[FactsEnvironment], item: str) -> NDArray[np.float64]:
    since = (env.months_since(item) for env in environments)
    return np.array([np.nan if months is None else months for months in since], float)
