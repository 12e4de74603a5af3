"""The whole catalogue over many people says what the one-person engine says of each."""

import json
import random
from pathlib import Path

import numpy as np
import pytest

from ml import rules
from ml.recommenders.ranking import NO_PREFERENCES, Preferences
from ml.scores import person as published
from ml.scores.derived import derived
from recommendations import catalogue, engine, need, setwise
from recommendations.setwise import columns, weighing
from tests.recommendations.people import PLANTED, person
from tests.recommendations.test_benefits import SMOKER
from tests.recommendations.test_engine_safety import anybody as anyone

SCENARIOS = json.loads((Path(__file__).parent / "data/catalogue_scenarios.json").read_text())
CONDITIONS = ["t2d", "prediabetes", "htn", "ckd", "hfref", "afib", "ascvd", "gout", "osteoporosis",
              "dyslipidaemia", "mi", "copd", "asthma", "depression", "cirrhosis"]  # fmt: skip
DRUGS = ["metformin", "acei", "arb", "statin", "simvastatin", "doac", "warfarin", "nsaid", "mra",
         "thiazide", "aspirin", "beta_blocker", "insulin", "sulfonylurea"]  # fmt: skip
ALLERGIES = ["statin", "acei", "penicillin", "sulfonamide"]
RANGES = {
    "SBP": (95, 190), "DBP": (55, 115), "LDL": (40, 220), "TC": (120, 300), "HDL": (25, 90),
    "TG": (50, 700), "HBA1C": (4.8, 11), "EGFR": (12, 110), "UACR": (3, 600), "BMI": (18, 45),
    "POTASSIUM": (3.2, 6.4), "SODIUM": (128, 146), "ALT": (8, 160), "HGB": (8, 17),
    "FERR": (5, 300), "HR": (50, 130), "PHQ9": (0, 25), "ACTIVE_MIN": (0, 300),
}  # fmt: skip


def anybody(rng):
    """Somebody made at random, with gaps; what goes together in people need not go together."""
    known = {
        name: round(float(rng.uniform(low, high)), 1)
        for name, (low, high) in RANGES.items()
        if rng.random() < 0.7
    }
    pick = lambda values, share: [v for v in values if rng.random() < share]  # noqa: E731
    return person(
        **known,
        sex=str(rng.choice(["male", "female"])),
        age=int(rng.integers(19, 95)),
        smoker=[None, True, False][rng.integers(3)],
        pregnant=[None, True, False, False][rng.integers(4)],
        has=None if rng.random() < 0.1 else pick(CONDITIONS, 0.15),
        on=None if rng.random() < 0.1 else pick(DRUGS, 0.12),
        allergy=None if rng.random() < 0.1 else pick(ALLERGIES, 0.1),
    )


def scored(facts):
    """Facts with what follows from them, and the published scores of the rules."""
    return derived(facts).facts, published.rule_values(published.from_facts(facts))


def without_smoking(people):
    """PREVENT of the smokers had they stopped, by score."""
    from dataclasses import replace

    names = ("PREVENT_CVD_10Y", "PREVENT_ASCVD_10Y")
    changed = [
        published.rule_values(
            published.from_facts(
                replace(facts, lifestyle=replace(facts.lifestyle, smoking="former"))
            )
        )
        for facts in people
    ]
    return {name: np.array([each.get(name, np.nan) for each in changed]) for name in names}


def both(people, preferences=None, habits=None):
    """(answers one by one, answers of all at once)."""
    known = [scored(facts) for facts in people]
    whole = catalogue.load()
    ids = [item.id for item in whole.interventions]
    one_by_one = [
        engine.recommend(
            facts, whole, numbers,
            preferences=preferences[place] if preferences else NO_PREFERENCES,
            habits=None if habits is None else dict(zip(ids, habits[place], strict=True)),
        )
        for place, (facts, numbers) in enumerate(known)
    ]  # fmt: skip
    environments = [rules.FactsEnvironment(facts, numbers) for facts, numbers in known]
    predictions = setwise.Predictions(without_smoking=without_smoking([f for f, _ in known]))
    at_once = setwise.weigh(
        columns.of(environments, whole), whole, predictions,
        preferences=preferences, habits=habits,
    )  # fmt: skip
    return one_by_one, at_once


@pytest.fixture(scope="module")
def answers():
    rng = np.random.default_rng(20261122)
    hand_written = [person(**scenario["patient"]) for scenario in SCENARIOS]
    return both([*hand_written, person(**SMOKER), *(anybody(rng) for _ in range(150))])


@pytest.mark.parametrize("status", ["recommended", "check_first", "blocked"])
def test_everybody_gets_the_same_items_with_the_same_status(answers, status):
    one_by_one, at_once = answers
    for number, outcome in enumerate(one_by_one):
        expected = {item.id for item in outcome.with_status(status)}
        assert set(at_once.listed(number, status)) == expected, number


def test_everybody_gets_the_same_scores_and_the_same_order(answers):
    same_order(answers)


def test_wishes_and_habits_move_both_alike():
    rng = np.random.default_rng(7)
    people = [anybody(rng) for _ in range(60)]
    wishes = sorted(need.preferable(catalogue.load()))
    preferences = [
        Preferences(frozenset(rng.choice(wishes, 8)), frozenset(rng.choice(wishes, 8)))
        for _ in people
    ]
    habits = rng.uniform(-1, 1, (len(people), len(catalogue.load().interventions)))
    moved = both(people, preferences, habits)
    same_order(moved)
    plain = both(people)
    assert (moved[1].rank != plain[1].rank).any()
    for place in range(len(people)):
        for status in ("recommended", "check_first"):
            # Which of several alternatives is offered may change; what is unsafe never returns.
            unsafe = set(plain[1].ids) - {i.id for i in plain[0][place].items if not _forbidden(i)}
            assert not unsafe & set(moved[1].listed(place, status))


def _forbidden(item):
    return any(not block.better for block in item.blocked_by)


def same_order(answers):
    one_by_one, at_once = answers
    places = {id_: place for place, id_ in enumerate(at_once.ids)}
    for number, outcome in enumerate(one_by_one):
        for item in outcome.items:
            found = at_once.score[number, places[item.id]]
            assert found == pytest.approx(item.score, abs=1e-6), (number, item.id)
            assert at_once.rank[number, places[item.id]] == item.rank, (number, item.id)


def test_a_popular_contraindicated_item_never_appears_in_10000_people(with_favourite):
    dice = random.Random(12)
    environments = [
        rules.FactsEnvironment(anyone(dice, EGFR=round(dice.uniform(5, 29.9), 1)))
        for _ in range(10_000)
    ]
    planted = [item.id for item in with_favourite.interventions].index(PLANTED)
    habits = np.zeros((10_000, len(with_favourite.interventions)))
    habits[:, planted] = 1.0  # what everybody here takes
    found = setwise.weigh(columns.of(environments, with_favourite), with_favourite, habits=habits)
    assert set(found.status[:, planted]) == {weighing.STATUSES.index("blocked")}
    assert (found.rank[:, planted] <= 3).any()  # popular enough to lead, were it not blocked


def test_what_is_not_indicated_has_no_rank(answers):
    _, at_once = answers
    assert (at_once.rank[at_once.status == 0] == 0).all()
    assert (at_once.rank[at_once.status > 0] > 0).all()


def test_one_person_alone_is_answered_as_among_many(answers):
    _, at_once = answers
    _, alone = both([person(**SMOKER)])
    assert alone.listed(0, "recommended") == at_once.listed(len(SCENARIOS), "recommended")
