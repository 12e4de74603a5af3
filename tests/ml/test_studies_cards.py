"""Every delivered study says all that its card asks, and stands beside its published score."""

import importlib
import pkgutil

import numpy as np
import pytest

from ml import studies
from ml.evaluation import evaluate
from ml.reports import card
from ml.reports.study import Study
from ml.studies import disease_sets, facts, servedreport
from ml.studies.published import SCORES
from ml.studies.spec import Study as Served
from ml.studies.table import TableStudy


def delivered():
    """Every study of the package: served risks, studies of a table, the small disease sets."""
    names = [found.name for found in pkgutil.iter_modules(studies.__path__)]
    modules = [importlib.import_module(f"ml.studies.{name}") for name in names]
    found = [module.STUDY for module in modules if hasattr(module, "STUDY")]
    return {_task(one): one for one in [*found, *disease_sets.STUDIES.values()]}


def _task(study):
    return study.task if isinstance(study, Served) else study.problem.task


STUDIES = delivered()


def problem_of(study):
    return servedreport.problem(study) if isinstance(study, Served) else study.problem


def judged(problem):
    """Figures of sixty people, of the kind of the outcome."""
    risk = np.linspace(0.1, 0.9, 60)
    y = {"survival": np.tile([[1.0, 1.0], [99.0, 0.0]], (30, 1))}.get(
        problem.kind, np.arange(60.0) if problem.kind == "number" else np.tile([0, 1], 30)
    )
    horizon = {"horizons": [50.0]} if problem.kind == "survival" else {}
    told = risk[:, None] if problem.kind == "survival" else risk
    return evaluate(y, told, problem.kind, random_state=1, rounds=3, **horizon).to_json()


@pytest.mark.parametrize("task", sorted(STUDIES))
def test_the_card_of_a_delivered_study_has_no_empty_attribute(task):
    problem = problem_of(STUDIES[task])
    study = Study(problem, {"cross_fitted": judged(problem)}, facts=facts.of(task))

    assert card.empty(card.card(study)) == []


@pytest.mark.parametrize("task", sorted(STUDIES))
def test_what_people_know_is_said_of_this_study_and_not_of_all(task):
    assert task in facts.tasks()
    assert facts.of(task)["4.iv"]


@pytest.mark.parametrize("task", sorted(STUDIES))
def test_a_published_score_stands_beside_the_model_or_its_absence_is_said(task):
    study = STUDIES[task]
    if isinstance(study, Served):
        assert task in SCORES
    elif study.problem.published_score:
        assert study.beside
    else:
        assert any("No published score" in note for note in study.problem.notes)


def test_a_study_of_somebody_else_takes_no_facts_from_ours():
    assert facts.of("sepsis_of_a_user") == {}


def test_the_served_risks_and_the_tables_are_all_found():
    kinds = {type(study) for study in STUDIES.values()}

    assert kinds == {Served, TableStudy}
    assert len(STUDIES) > 20
