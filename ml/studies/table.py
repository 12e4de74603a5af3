"""Studies of a table: prepare, lint, cross-fit, fit on everybody, predict, store.

fitted = fit(TableStudy(problem, prepare), frame, random_state=1, threads=1)
fitted.predict(new_rows)
fitted.save("model")
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import pandas as pd
from numpy.typing import NDArray

from ml import leakage, samples
from ml.explanation.attributions import Attributions
from ml.models import encoding
from ml.studies import (
    beside,
    extras,
    figures,
    learning,
    quantiles,
    reasons,
    seen,
    tablecohort,
    tablefiles,
    tableparts,
)
from ml.studies.beside import Beside
from ml.studies.problem import Problem
from ml.studies.tablecohort import TableCohort

Prepare = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class TableStudy:
    """A problem and the code that makes its cohort, outcome and derived inputs from raw rows.

    `prepare` keeps the index of the rows it keeps, and works without the outcome's columns, too.
    It may say why a row is outside the population in a column `excluded`. `dataset` names the
    table for `ml.datasets.load`. `beside` are answers of others on the same prepared rows, such
    as a published score, that report and card set beside the model; `variants` are other problems
    (inputs, models) with the same rows and outcome, cross-fitted for the same purpose: never
    linted, never served. One called "simplest" takes the place of the plain regression.
    """

    problem: Problem
    prepare: Prepare
    dataset: str = ""
    beside: Mapping[str, Beside] = field(default_factory=dict)
    variants: Mapping[str, Problem] = field(default_factory=dict)

    def cohort(self, frame: pd.DataFrame) -> TableCohort:
        """The rows to learn from or to validate on."""
        return tablecohort.cohort(self.problem, self.prepare(frame.reset_index(drop=True)))


@dataclass(frozen=True)
class FittedTable:
    """A fitted study: parts of one prediction by name, and the manifest with its figures.

    `parts["model"]` predicts; `tableparts` tells of the other parts and of `serving`, the numbers
    that intervals and warnings are made of. `background` are training rows for `explain`: in
    memory only, since they are patients' data; a loaded study has none.
    """

    problem: Problem
    parts: Mapping[str, Any]
    serving: Mapping[str, Any]
    manifest: Mapping[str, Any]
    prepare: Prepare
    background: pd.DataFrame | None = field(default=None, repr=False, compare=False)

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """One row per row of `frame`, in order.

        Columns: `risk` (or `expected`, or `predicted` and a `risk_` column a class), `low`, `high`,
        further quantiles, `abstained`, `reason`, `warning`. A row outside the population gets no
        number; `warning` tells how a person is unlike those the model has learned from.
        """
        rows = frame.reset_index(drop=True)
        prepared = self.prepare(rows)
        reason = self._reasons(prepared).reindex(rows.index)
        reason[~rows.index.isin(prepared.index)] = (
            f"Outside the population: {self.problem.population}"
        )
        told = reason[reason == ""].index
        X = encoding.typed(prepared.loc[told], tablecohort.columns_of(self.problem))
        warning = pd.Series("", rows.index, dtype=object)
        warning[told], reason[told] = tableparts.strange(self.serving, X)
        warning = warning.where(reason == "", "")
        if self.problem.abstain_outside:
            reason, warning = reason.where(reason != "", warning), ""
        found = tableparts.assemble(self.problem, self.parts, self.serving, X)
        found = found.loc[reason[found.index] == ""].reindex(rows.index)
        abstained = (reason != "").to_numpy()
        return found.assign(abstained=abstained, reason=reason, warning=warning)

    def inputs(self, frame: pd.DataFrame) -> pd.DataFrame:
        """What the model reads of the rows of the population, for those who explain it."""
        prepared = self.prepare(frame.reset_index(drop=True))
        columns = tablecohort.columns_of(self.problem)
        return encoding.typed(prepared[tablecohort.inside(prepared)], columns)

    def explain(
        self, frame: pd.DataFrame, *, background: pd.DataFrame | None = None, random_state: int = 0
    ) -> Attributions:
        """The prediction of each row of the population split among its inputs.

        By the exact method where there is one, else by kernel SHAP. Training rows to compare with
        are at hand after `fit`; after `load` give rows of the table as `background`, unless the
        method is that of trees. Raises WrongMethod without them, and for several classes.
        """
        others = self.background if background is None else self.inputs(background)
        X, model = self.inputs(frame), self.parts["model"]
        return reasons.attributions(
            self.problem, model, self.serving, X, others, random_state=random_state
        )

    def _reasons(self, prepared: pd.DataFrame) -> pd.Series:
        """Why no number is given, "" where one is; indexed as the prepared rows."""
        names = list(self.problem.names)
        if absent := [name for name in names if name not in prepared]:
            raise KeyError(f"The table lacks {', '.join(absent)}")
        share = prepared[names].isna().mean(axis=1)
        reason = pd.Series("", prepared.index, dtype=object)
        reason[share > self.problem.most_missing] = "Too many inputs are unknown for a prediction"
        outside = ~tablecohort.inside(prepared)
        if outside.any():
            reason[outside] = prepared.loc[outside, tablecohort.EXCLUDED].astype(str)
        return reason

    def save(self, folder: str | Path) -> Path:
        """Write files and manifest; the manifest names the SHA-256 of each file."""
        return tablefiles.write(folder, self.problem, self.parts, self.serving, self.manifest)

    @classmethod
    def load(cls, folder: str | Path, prepare: Prepare) -> Self:
        """Raises ArtifactAbsent, DigestMismatch, storage.UnknownParts."""
        problem, parts, manifest = tablefiles.read(folder)
        return cls(problem, parts, manifest["serving"], manifest, prepare)


def fit(
    study: TableStudy,
    frame: pd.DataFrame,
    *,
    random_state: int | None = None,
    threads: int = 1,
    source: Mapping[str, Any] | None = None,
    thorough: bool = False,
    progress: Callable[[str], None] | None = None,
) -> FittedTable:
    """Cross-fit for the figures, then fit every part on everybody.

    `source` describes where the rows come from, for the record. `thorough` lets the linter fit
    quick models to say what its suspicions are worth, and draws the learning curve and, of fewer
    than 5,000 rows, the optimism by bootstrap. Raises leakage.LeakFound when an input gives the
    outcome away and the problem has no override for it.
    """
    seed = study.problem.seed if random_state is None else random_state
    how = {"random_state": seed, "threads": threads}
    prepared = study.prepare(frame.reset_index(drop=True))
    leaks = leakage.lint(study.problem, prepared, fits=thorough, random_state=seed)
    leakage.refuse_blocked(study.problem, leaks)
    found = tablecohort.cohort(study.problem, prepared)
    size = samples.of(study.problem.kind, found.y, len(study.problem.inputs))
    samples.refuse_hopeless(size, study.problem.overrides.get("SAMPLE_SIZE", ""))
    tested = learning.cross_fitted(study.problem, found, **how, progress=progress)
    problem = learning.settled(study.problem, found, **how, progress=progress)
    model = learning.fit(problem, found, **how)
    parts = tableparts.fit_parts(problem, found, model, **how)
    others = figures.Others(
        study.beside,
        beside.of_rows(study.beside, prepared.loc[found.X.index]),
        _variants(study, prepared, found, how),
    )
    offer, after = extras.repair(problem, found, tested, random_state=seed)
    told = quantiles.cross_fitted(problem, found, **how) if problem.quantiles else None
    manifest = {
        **_identity(study, seed),
        "data": {**(source or {}), **_extent(frame, found)},
        "figures": figures.of(problem, found, tested, others, **how),
        seen.KEY: seen.record(seen.digests(found.X)),
        "sample_size": {"enough": size.enough, "sentence": size.sentence},
        "leakage": [asdict(one) for one in leaks],
        "libraries": tablefiles.libraries(),
        **extras.told(offer),
    }
    if offer and after is not tested:
        after = figures.judge(problem, found, after, random_state=seed)
        manifest["figures"]["recalibrated"] = after.to_json()
    if told is not None:
        manifest["quantiles"] = quantiles.coverage(problem, found, told)
    if thorough:
        manifest |= _thorough(problem, found, model, how, progress)
    serving = tableparts.serving(problem, found, tested, told)
    kept = reasons.background(found.X, random_state=seed)
    return FittedTable(problem, parts, serving, manifest, study.prepare, kept)


def _thorough(
    problem: Problem,
    found: TableCohort,
    model: Any,
    how: Mapping[str, int],
    progress: Callable[[str], None] | None,
) -> dict[str, Any]:
    """What is worth its minutes in a report and not in a quick look."""
    if progress:
        progress("learning curve and optimism")
    return {
        "learning_curve": extras.learning_curve(problem, found, **how),
        "optimism": extras.optimism(problem, found, **how),
        "explanation": extras.explanation(problem, found, model, random_state=how["random_state"]),
    }


def _variants(
    study: TableStudy, prepared: pd.DataFrame, found: TableCohort, how: Mapping[str, int]
) -> dict[str, NDArray]:
    """What variants of the problem say of the same rows."""
    return {
        name: learning.cross_fitted(variant, tablecohort.cohort(variant, prepared), **how)
        for name, variant in study.variants.items()
    }


def _identity(study: TableStudy, seed: int) -> dict[str, Any]:
    return {
        "task": study.problem.task,
        "title": study.problem.title,
        "specification": study.problem.digest(),
        "search": asdict(study.problem.search),
        "seed": seed,
    }


def _extent(frame: pd.DataFrame, found: TableCohort) -> dict[str, Any]:
    digest = tablecohort.data_digest(found)
    return {"rows": len(frame), "cohort": len(found), "digest": digest}
