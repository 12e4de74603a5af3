"""People whose ten years are not over teach by what is to be expected of them."""

import dataclasses

import numpy as np
import pytest

from ml.models.survival import hazard_slope
from ml.studies import cohort, crossfit, registry, unfinished
from tests.ml.people import survey

STUDY = registry.get("death_10y")
YEARS = 10


def followed(people, *, seed=0, better=1.0):
    """A survey with hazards by age, the cycle of 2013 watched for five years only; who will die.

    Hazards of that cycle are `better` times those of the ones before.
    """
    rng = np.random.default_rng([seed, 1])  # of its own: `survey` draws ages from the seed
    frame = survey(people, seed=seed)
    risk = 1 / (1 + np.exp(-0.09 * (frame["age"].to_numpy() - 68)))
    cycle = rng.choice([1999, 2003, 2013], people)
    hazard = -np.log1p(-risk) * np.where(cycle == 2013, better, 1.0) / (12 * YEARS)
    months = rng.exponential(1 / hazard)
    watched = np.where(cycle == 2013, 60, 150)
    seen = np.minimum(months, watched)
    dead = (months <= watched).astype(int)
    made = frame.assign(cycle_start=cycle, mort_permth_exm=seen, mort_status=dead)
    return made, months <= 12 * YEARS


def taught(frame, study=STUDY):
    people = cohort.make(study, frame)
    found = unfinished.taught(study, people, random_state=1, threads=1)
    return people, found.y[len(people.y) :]


def test_only_people_without_an_outcome_who_were_followed_are_unfinished():
    frame, _ = followed(600)
    frame.loc[frame["cycle_start"] == 2013, "pregnant"] = frame["SEQN"] % 2
    late = (frame["cycle_start"] == 2013) & (frame["pregnant"] == 0)

    people = cohort.make(STUDY, frame)

    assert len(people.unfinished) == late.sum() > 50
    assert len(people.y) == (frame["cycle_start"] < 2013).sum()


def test_a_death_counts_one_and_who_lived_on_between_nothing_and_one():
    people, y = taught(followed(1500)[0])
    months = people.unfinished.months

    assert set(y[months > 0]) == {1.0}
    assert ((y[months < 0] > 0) & (y[months < 0] < 1)).all()


def test_who_was_seen_alive_beyond_the_horizon_counts_as_alive():
    frame, _ = followed(900)
    late = frame["cycle_start"] == 2013
    frame.loc[late, ["mort_permth_exm", "mort_status"]] = [130, 0]

    assert set(taught(frame)[1]) == {0.0}


def test_the_longer_somebody_was_seen_alive_the_less_is_left():
    frame, _ = followed(1500)
    late, sooner = (frame["cycle_start"] == 2013) & (frame["mort_status"] == 0), frame.copy()
    sooner.loc[late, "mort_permth_exm"] = 30
    frame.loc[late, "mort_permth_exm"] = 110

    assert taught(frame)[1].mean() < taught(sooner)[1].mean()


@pytest.mark.parametrize("better", [1.0, 0.8])
def test_the_outcomes_to_be_expected_are_neither_too_many_nor_too_few(better):
    """Also where mortality has fallen since; judged on those alone who were alive at the end."""
    true = told = 0.0
    for seed in range(4):
        frame, will_die = followed(12000, seed=seed, better=better)
        people, y = taught(frame)
        open_still = people.unfinished.months < 0
        true += will_die[(frame["cycle_start"] == 2013).to_numpy()][open_still].sum()
        told += y[open_still].sum()

    assert true > 600  # to take them for survivors would be wrong
    assert told == pytest.approx(true, rel=0.05)


def test_a_cut_in_time_keeps_later_people_out_of_what_comes_before(monkeypatch):
    seen = []

    def told(study, people, **how):
        seen.append(len(people.unfinished))
        raise StopIteration

    monkeypatch.setattr(crossfit.unfinished, "taught", told)
    with pytest.raises(StopIteration):
        crossfit.temporal(STUDY, cohort.make(STUDY, followed(400)[0]), random_state=1)

    assert seen == [0]


def test_a_study_that_follows_nobody_is_taught_by_its_cohort_alone():
    people = cohort.make(dataclasses.replace(STUDY, months=None), followed(400)[0])

    found = unfinished.taught(STUDY, people, random_state=1)

    assert len(people.unfinished) == 0
    assert found.y is people.y


def test_they_teach_and_are_not_judged():
    quick = dataclasses.replace(STUDY, trees=10)
    people = cohort.make(quick, followed(900)[0])

    fits = crossfit.cross_fit(quick, people, random_state=1, threads=1)

    assert fits.risks["complete"].shape == people.y.shape


def test_the_slope_of_a_hazard_is_that_of_a_cox_model():
    linear_model = pytest.importorskip("sksurv.linear_model")
    from sksurv.util import Surv

    rng = np.random.default_rng(1)
    score = rng.normal(size=800)
    months = np.ceil(rng.exponential(np.exp(-0.6 * score)) * 20)  # with many ties
    watched = np.ceil(rng.uniform(1, 60, 800))
    event, time = months <= watched, np.minimum(months, watched)
    cox = linear_model.CoxPHSurvivalAnalysis(ties="breslow")
    cox.fit(score[:, None], Surv.from_arrays(event, time))

    assert hazard_slope(time, event, score) == pytest.approx(cox.coef_[0], rel=1e-6)
