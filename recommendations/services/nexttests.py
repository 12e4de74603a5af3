"""The one test that would settle most of what is open about a person, as an item of the list.

Decisions come from `ml.uncertainty.next_tests`. A test that serves several risks counts for each
of them; one that brings a number where there is none comes first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from healthcare.common import figures
from ml.facts import Facts
from ml.studies.registry import STUDIES
from ml.types import NextTest, OpenDecision
from ml.uncertainty import ageing
from predictions import artifacts
from predictions.models import Prediction
from recommendations.catalogue import Catalogue
from recommendations.outcome import ASK_CLINICIAN, Fact, Item, Outcome, after_urgent
from recommendations.services.consequences import asked_for

PREFIX = "test-"
CATEGORY = "next_test"
LEAST_CHANCE = 0.01  # own choice: where fewer of the answers change anything, nothing is said
SOURCE = "Expected value of information (Raiffa and Schlaifer, 1961) on the served risk models"
GRADE = "calculated for this person"
# What the catalogue calls done when the group was measured.
DUE = {
    "glycaemia": {"hba1c_or_fpg"},
    "kidney": {"egfr"},
    "urine": {"uacr"},
    "lipids": {"lipid_panel"},
    "pressure": {"bp_check"},
}
QUESTIONS = {
    "undiagnosed_diabetes": "whether diabetes is present",
    "ckd": "whether kidney disease is present",
}
BLOOD, ASK = "A small blood test", "A short talk"
PLAIN = {  # how a patient hears of it
    "body": "Your weight and height",
    "waist": "The size of your waist",
    "pressure": "A blood pressure check",
    "urine": "A urine test and a blood test",
    **dict.fromkeys(["ethnicity", "conditions", "family", "smoking", "health"], ASK),
    "medications": "A list of your pills",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One group of measurements, and what it would do for each open decision."""

    group: str
    uses: tuple[tuple[OpenDecision, NextTest], ...]

    @property
    def worth(self) -> tuple[int, float, float]:
        """Risks that get a number, expected net benefit, doubt that it takes away."""
        tests = [test for _, test in self.uses]
        ended = [each for each, test in self.uses if each.risk is None and test.changes_tier]
        return (
            len(ended),
            sum(test.value for test in tests),
            sum(test.share_of_doubt for test in tests),
        )

    @property
    def chance(self) -> float:
        """The largest chance that its answer changes what is advised of a risk."""
        return max(test.changes_tier for _, test in self.uses)

    @property
    def first(self) -> NextTest:
        """The test of the use that gains most: it gives the name."""
        return max((test for _, test in self.uses), key=lambda test: (test.settles, test.value))


def open_decisions(facts: Facts, predictions: Iterable[Prediction]) -> list[OpenDecision]:
    """What the stored risks of one person leave open, by the models that serve now."""
    models = artifacts.serving_models()
    return of_models(facts, predictions, models)


def of_models(
    facts: Facts, predictions: Iterable[Prediction], models: Mapping
) -> list[OpenDecision]:
    """The same with the models at hand."""
    found = [
        models[each.task].open_decision(facts, _told(each))
        for each in predictions
        if each.task in models
    ]
    return [each for each in found if each is not None]


def _told(prediction: Prediction) -> tuple[float, float, float] | None:
    risk, low, high = prediction.risk, prediction.low, prediction.high
    return None if risk is None or low is None or high is None else (risk, low, high)


def candidates(decisions: Iterable[OpenDecision]) -> list[Candidate]:
    """Every test worth making, the best first."""
    uses: dict[str, dict[str, tuple[OpenDecision, NextTest]]] = defaultdict(dict)
    for each in decisions:
        for test in each.tests:  # the best first: one use a decision
            uses[test.group].setdefault(each.task, (each, test))
    found = [Candidate(group, tuple(by_task.values())) for group, by_task in uses.items()]
    useful = [each for each in found if each.chance >= LEAST_CHANCE]
    return sorted(useful, key=lambda each: (each.worth, each.group), reverse=True)


def add(outcome: Outcome, decisions: Sequence[OpenDecision], whole: Catalogue) -> Outcome:
    """The list with the best test in it: as an item of its own, or said of the item of the
    catalogue that asks for the same measurement."""
    best = next(iter(candidates(decisions)), None)
    if best is None:
        return outcome
    twin = next((one for one in outcome.recommended if _asks_for(best, one, whole)), None)
    if twin is None:
        rank = len(outcome.items) + 1
        return replace(outcome, items=after_urgent((*outcome.items, _item(best, rank))))
    same = replace(twin, decides=decides(best), reasons=(*reasons(best), *twin.reasons))
    items = tuple(same if one is twin else one for one in outcome.items)
    return replace(outcome, items=items)


def _asks_for(best: Candidate, item: Item, whole: Catalogue) -> bool:
    return not DUE.get(best.group, set()).isdisjoint(asked_for(whole.by_id.get(item.id)))


def decides(best: Candidate) -> tuple[str, ...]:
    """What the answer would do, with its figure: for the decision that gains most, and then for
    the others in one sentence."""
    used = [use for use in best.uses if use[1].changes_tier >= LEAST_CHANCE]
    (decision, test), *others = sorted(used, key=_gain, reverse=True)
    also = [f"{_title(each)} ({_chance(use)})" for each, use in others]
    first = _decides(decision, test)
    return (first, f"It tells of {figures.listed(also)}, too.") if also else (first,)


def _gain(use: tuple[OpenDecision, NextTest]) -> tuple[bool, bool, float, float]:
    decision, test = use
    return decision.risk is None, test.settles, test.value, test.share_of_doubt


def _decides(decision: OpenDecision, test: NextTest) -> str:
    if decision.risk is None:
        return f"It alone would bring a figure for {_title(decision)}, which has none now."
    what = (
        f"It would decide {QUESTIONS[decision.task]}"
        if test.settles
        else f"It may move {_title(decision)} over its limit of {figures.in_100(decision.cut or 0)}"
        " in 100"
    )
    return f"{what}: the answer changes what is advised in {_chance(test)} such people."


def _title(decision: OpenDecision) -> str:
    return STUDIES[decision.task].title.lower()


def _chance(test: NextTest) -> str:
    return f"{figures.in_100(test.changes_tier)} of 100"


def reasons(best: Candidate) -> tuple[Fact, ...]:
    """Why it is open: the risk on both sides of a limit, and what is missing or old."""
    decision, test = max(best.uses, key=_gain)
    return (_open(decision), Fact(_lack(test, best.group), "next_test", test.code))


def _open(decision: OpenDecision) -> Fact:
    title = STUDIES[decision.task].title
    if decision.risk is None:
        return Fact(f"{title}: no figure, too little is known", "risk", decision.task)
    cut = figures.in_100(decision.cut or 0)
    span = f"{figures.in_100(decision.low or 0)} to {figures.in_100(decision.high or 0)}"
    text = (
        f"{title}: {figures.in_100(decision.risk)} in 100 ({span}), on both sides of {cut} in 100"
    )
    return Fact(text, "risk", decision.task, decision.risk)


def _lack(test: NextTest, group: str) -> str:
    if test.months_old is None:
        return "Not measured or asked so far"
    holds = 12 if test.settles else ageing.valid_months()[group]
    return f"The last value is {test.months_old} months old and holds for {holds}"


def _item(best: Candidate, rank: int) -> Item:
    plain = PLAIN.get(best.group, BLOOD)
    return Item(
        id=f"{PREFIX}{best.group}",
        name=best.first.label,
        category=CATEGORY,
        status="recommended",
        urgency="routine",
        rank=rank,
        score=0.0,
        components={},
        evidence_grade=GRADE,
        source=SOURCE,
        verified=True,
        verification="",
        patient_text=f"{plain} would tell us more about your risks. {ASK_CLINICIAN}",
        clinician_text=" ".join(decides(best)),
        needs_clinician=True,
        clinician_only=False,
        drug_classes=(),
        reasons=reasons(best),
        decides=decides(best),
    )


def name_of(item: str) -> str:
    """What an item of this kind is called where only its code is known; "" of any other."""
    group = item.removeprefix(PREFIX)
    if group == item:
        return ""
    return f"Next test: {group.replace('_', ' ')}"
