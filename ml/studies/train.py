"""Fit a study and write its artefact.

    python -m ml.studies.train all --data FOLDER_OF_NHANES --out ml/artifacts

The figures of the manifest come from cross-fitting and from training on earlier years only; the
model that is written is then fitted on everybody. The same data give the same model digest.
"""

import argparse
import hashlib
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml import persistence
from ml.datasets import nhanes
from ml.features import person
from ml.models import boosting, refits
from ml.persistence import Artifact
from ml.studies import cohort, crossfit, masking, registry, seen, servedreport, unfinished
from ml.studies.published import beside
from ml.studies.report import few, report
from ml.studies.spec import Study
from ml.uncertainty import domain

FORMAT = 1
FittedStudy = Artifact  # what `fit` returns is what `save` writes and serving opens


def fit(
    study: Study,
    frame: pd.DataFrame,
    random_state: int | None = None,
    *,
    source: str = "",
    threads: int = 2,
) -> FittedStudy:
    """Cross-fit, report and fit on everybody. `source` is the digest of the data file.

    Takes about two minutes a study on two cores; the frame is that of `nhanes.load`.
    """
    return trained(study, frame, random_state, source=source, threads=threads).artifact


@dataclass(frozen=True, slots=True)
class Trained:
    """A fitted study with the risks that its report is made of.

    `risk` is cross-fitted, one of each of the people.
    """

    artifact: FittedStudy
    people: cohort.Cohort
    risk: NDArray[np.float64]
    told: servedreport.Told


def trained(
    study: Study,
    frame: pd.DataFrame,
    random_state: int | None = None,
    *,
    source: str = "",
    threads: int = 2,
) -> Trained:
    """What `fit` does, with the risks."""
    seed = study.seed if random_state is None else random_state
    people = cohort.make(study, frame)
    fits = crossfit.cross_fit(study, people, random_state=seed, threads=threads)
    booster = crossfit.fit_booster(study, people, random_state=seed, threads=threads)
    metrics = report(study, people, fits, random_state=seed)
    how = {"random_state": seed, "threads": threads}
    first_late, y, late_risk = crossfit.temporal(study, people, **how)
    metrics["temporal"] = {
        "trained_before": first_late, "people": len(y), "events": int(y.sum()), **few(y, late_risk)
    }  # fmt: skip
    metrics["published"] = beside(study, frame, fits.risks["complete"])
    manifest = {
        "format": FORMAT,
        "task": study.task,
        "title": study.title,
        "features": list(study.features),
        "inputs": [_described(name) for name in study.features],
        "serving": _serving(study, people, booster, fits),
        "study": describe(study),
        "data": _provenance(frame, people, source),
        "metrics": metrics,
        "seed": seed,
        "libraries": _libraries(),
        seen.KEY: seen.record(seen.of_survey(frame)),
    }
    late = np.flatnonzero(people.cycle >= first_late)
    risk = fits.risks["complete"]
    told = servedreport.judged(study, frame, people, risk, (late, late_risk))
    manifest["card"] = servedreport.attributes(study, told, manifest)
    artifact = FittedStudy(booster, _refit(study, people, seed, threads), manifest)
    return Trained(artifact, people, risk, told)


def save(fitted: FittedStudy, folder: str | Path, *, created_on: date) -> Path:
    """Write the artefact with the day on which it was made."""
    dated = fitted.manifest | {"created_on": created_on.isoformat()}
    return persistence.save(Artifact(fitted.booster, fitted.refits, dated), folder)


def describe(study: Study) -> dict[str, Any]:
    """The study in words and numbers, as it stands in the manifest."""
    return {
        "digest": study.digest(),
        "population": study.population,
        "outcome": study.outcome_text,
        "horizon_years": study.horizon_years,
        "banned": dict(study.banned),
        "monotone": {name: list(sign) for name, sign in study.monotone.items()},
        "tiers": [
            {"tier": tier.code, "from": tier.low, "advice": tier.advice, "source": tier.source}
            for tier in study.tiers
        ],
        "published_score": study.published_score,
        "notes": [*study.notes, *NOTES],
        "parameters": {
            **boosting.BASE,
            **study.parameters,
            "trees": study.trees,
            "graded_trees": study.graded_trees,
            "settling_trees": study.settling_trees,
            "as_surveyed": study.as_surveyed,
        },
    }


NOTES = (
    "Fitted and scored without survey weights: the figures are of the people examined.",
    "RDW rose from 13.0 to 13.7 in 2013 with new analysers; newer blood counts shift the risk.",
    "Each person is also seen with groups of inputs hidden, so that gaps do not bend the risk.",
    (
        "People examined in a survey: stable adults outside hospitals and homes. Not for acute "
        "illness, dialysis or a transplant, palliative care, or where pregnancy is not ruled out; "
        "cancer, lung disease, dementia, cirrhosis and frailty are not read."
    ),
    (
        "The public table lacks the gravest values (creatinine over 3.5 mg/dL, urea nitrogen over "
        "45, glucose over 305, HbA1c over 11.3 %, CRP over 50 mg/L): they were removed before we "
        "got it, so that nobody with an eGFR under 17 taught this model."
    ),
)


def _refit(study: Study, people: cohort.Cohort, seed: int, threads: int) -> refits.Refits:
    known = unfinished.taught(study, people, random_state=seed, threads=threads)
    rows = masking.augment(study, known.X, known.y, random_state=seed)
    return refits.fit(
        rows.X,
        rows.y,
        rows.weight,
        rows.person,
        monotone=[study.monotone_signs.get(name, 0) for name in study.features],
        count=study.refits,
        random_state=seed,
        threads=threads,
    )


def _serving(
    study: Study, people: cohort.Cohort, booster: Any, fits: crossfit.CrossFit
) -> dict[str, Any]:
    """The numbers beside the trees that an assessment reads."""
    base = boosting.base_value(booster)
    total = sum(fits.group_variance.values())
    scale = fits.all_variance / total if total else 0.0
    return {
        "ages": [study.age_min, study.age_cap],
        "base_logit": base,
        "stretch": study.stretch,
        "group_variance": {group: v * scale for group, v in fits.group_variance.items()},
        "group_gain": dict(fits.group_gain),
        "ranges": _ranges(study, people),
    }


def _ranges(study: Study, people: cohort.Cohort) -> dict[str, list[float]]:
    """Lowest and highest value of each measured input that the model may be asked about."""
    low, high = domain.ranges(np.concatenate([people.X, people.unfinished.X]))
    return {
        name: [float(first), float(last)]
        for name, first, last in zip(study.features, low, high, strict=True)
        if person.get(name).codes and np.isfinite(first)
    }


def _provenance(frame: pd.DataFrame, people: cohort.Cohort, source: str) -> dict[str, Any]:
    cycles = np.unique(people.cycle)
    return {
        "name": nhanes.NAME,
        "licence": nhanes.LICENCE,
        "sha256": source,
        "rows": len(frame),
        "cohort": len(people.y),
        "unfinished": len(people.unfinished),
        "cycles": [f"{cycle}-{cycle + 1}" for cycle in cycles],
    }


def _described(name: str) -> dict[str, Any]:
    feature = person.get(name)
    return {
        "name": name,
        "label": feature.label,
        "unit": feature.unit,
        "group": feature.group,
        "codes": list(feature.codes),
    }


def _libraries() -> dict[str, str]:
    import xgboost

    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "pandas": pd.__version__,
        "xgboost": xgboost.__version__,
        "code": code_version(),
    }


def code_version() -> str:
    """Digest of the code that makes features and models, for the record of a prediction."""
    root = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for folder in ("features", "models", "explanation", "studies"):
        for path in sorted((root / folder).glob("*.py")):
            digest.update(path.read_bytes())
    for name in ("refusals.py", "serving.py"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()[:12]


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.studies.train", description=__doc__)
    parser.add_argument("task", choices=["all", *registry.STUDIES])
    parser.add_argument("--data", required=True, help="the NHANES table or its folder")
    parser.add_argument("--out", required=True, help="folder that gets one folder a task")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    frame, source = nhanes.load(options.data), nhanes.source_digest(options.data)
    tasks = list(registry.STUDIES) if options.task == "all" else [options.task]
    for task in tasks:
        fitted = fit(registry.get(task), frame, source=source, threads=options.threads)
        save(fitted, Path(options.out) / task, created_on=datetime.now(UTC).date())


if __name__ == "__main__":
    main()
