"""How often the served 90 % intervals of risk hold the true risk, where the truth is known.

    python benchmarks/interval_coverage.py TASK --data FOLDER_OF_NHANES --model ml/artifacts/TASK

The served model plays the truth: real people get outcomes drawn from its risks, the whole recipe
(model and refits) is fitted again on four fifths of them, and the intervals of the last fifth are
held against the risks that made the outcomes. One draw: the figure of a group of people shares the
luck of one training sample. Prints one JSON object.
"""

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.special import expit

sys.path.insert(0, str(Path(__file__).parents[1]))

from ml import persistence
from ml.datasets import nhanes
from ml.models import boosting, knowledge, refits
from ml.studies import cohort, crossfit, masking, mortality, registry, unfinished
from ml.uncertainty import stability

SHOWN = ("complete", "no_lists", "no_answers", "no_laboratory", "blood_count_only", "age_and_sex")
STRETCHES = [round(0.5 + 0.05 * step, 2) for step in range(60)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=registry.STUDIES)
    parser.add_argument("--data", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--refits", type=int, default=None)
    options = parser.parse_args()
    started = time.process_time()
    study, artifact = registry.get(options.task), persistence.load(options.model)
    people = cohort.make(study, nhanes.load(options.data))
    truth = boosting.margins(artifact.booster, people.X)
    drawn = draw(study, artifact, people, np.random.default_rng(options.seed))
    learned, last = drawn.part(drawn.fold != 0), drawn.fold == 0
    booster = crossfit.fit_booster(study, learned, random_state=options.seed, threads=1)
    bundle = refit(study, learned, options.seed, options.refits or study.refits)
    open_variance = artifact.manifest["serving"]["group_variance"]
    found = {
        case.name: scenario(
            study, case, booster, bundle, open_variance, people.X[last], truth[last]
        )
        for case in masking.scenarios(study.groups)
        if case.name in SHOWN
    }
    print(json.dumps({
        "task": options.task, "people": int(last.sum()), "events_drawn": int(drawn.y.sum()),
        "nominal": stability.COVERAGE, "stretch": study.stretch, "held": found,
        "cpu_seconds": round(time.process_time() - started),
    }))  # fmt: skip


def draw(study, artifact, people, rng):
    """The same people with outcomes drawn from the risks of the model.

    A drawn outcome has no measurement behind it and so no grade. Where people are followed, death
    comes at a constant hazard, and the unfinished are watched for as long as they were.
    """
    risk = expit(boosting.margins(artifact.booster, people.X))
    y = (rng.random(len(risk)) < risk).astype(float)
    if not len(people.unfinished):
        return replace(people, y=y, grade=y)
    horizon = 12.0 * study.horizon_years
    months = np.where(y == 1, time_of_death(risk, horizon, rng, within=True), -horizon - 1)
    late = people.unfinished
    alive = -late.months[late.months < 0]
    watched = np.where(late.months < 0, -late.months, rng.choice(alive, len(late)))
    risk = expit(boosting.margins(artifact.booster, late.X))
    death = time_of_death(risk, horizon, rng, within=False)
    seen = np.where(death <= watched, death, -watched)
    return replace(people, y=y, grade=y, months=months, unfinished=replace(late, months=seen))


def time_of_death(risk, horizon, rng, *, within: bool):
    """Months to death at a constant hazard; `within` among those who die by the horizon."""
    share = rng.random(len(risk)) * (risk if within else 1.0)
    return np.maximum(np.log1p(-share) / np.log1p(-risk) * horizon, mortality.LEAST_MONTHS)


def refit(study, people, seed: int, count: int) -> refits.Refits:
    """The refits of the study on these people, as training makes them."""
    known = unfinished.taught(study, people, random_state=seed, threads=1)
    rows = masking.augment(study, known.X, known.y, random_state=seed)
    signs = [study.monotone_signs.get(name, 0) for name in study.features]
    return refits.fit(
        rows.X, rows.y, rows.weight, rows.person,
        monotone=signs, count=count, random_state=seed, threads=1,
    )  # fmt: skip


def scenario(study, case, booster, bundle, open_variance, X, truth) -> dict:
    """Coverage over all people and by thirds of true risk, and the median width."""
    hidden = masking.hide(X, study.groups, case.hidden)
    margin = boosting.margins(booster, hidden).astype(float)
    spread = stability.deviations(bundle.margins(hidden))
    share = knowledge.unknown_share(hidden, study.groups)
    missing = np.sqrt(share @ [open_variance[group] for group in study.groups])

    def limits(stretch: float):
        return stability.limits(margin, stretch * spread, missing)

    def held(stretch: float):
        low, high = limits(stretch)
        return (low <= expit(truth)) & (expit(truth) <= high)

    now, (low, high) = held(study.stretch), limits(study.stretch)
    enough = (at for at in STRETCHES if held(at).mean() >= stability.COVERAGE)
    thirds = np.array_split(np.argsort(truth), 3)
    return {
        "all": round(float(now.mean()), 3),
        "by_third_of_risk": [round(float(now[part].mean()), 3) for part in thirds],
        "unstretched": round(float(held(1.0).mean()), 3),
        # What the spread of the refits must be multiplied by for the interval to hold its share.
        "stretch_needed": next(enough, None),
        "median_width": round(float(np.median(high - low)), 4),
    }


if __name__ == "__main__":
    main()
