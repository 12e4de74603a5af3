"""Choice of parameters inside the training rows."""

import pytest

from ml.models import tuning, zoo
from ml.studies import learning, tablecohort
from ml.studies.problem import Search
from tests.ml.wards import problem, stays

SPACE = {"C": (0.0001, 0.1, 1.0)}
FOUND = tablecohort.cohort(problem(), stays(300))


def searched(method, trials=3, seed=1, progress=None):
    asked = problem(search=Search(method, trials, 2, SPACE))
    return learning.tuned(asked, FOUND, random_state=seed, progress=progress)


@pytest.mark.parametrize("method", tuning.METHODS)
def test_search_is_the_same_with_the_same_seed(method):
    assert searched(method) == searched(method)


@pytest.mark.parametrize("method", ["grid", "random"])
def test_best_parameters_have_the_smallest_loss(method):
    found = searched(method)
    best = min(found.trials, key=lambda trial: trial.loss)

    assert found.parameters == best.parameters
    assert best.parameters["C"] > 0.0001  # so strong a penalty forgets the inputs


def test_halving_asks_fewer_questions_of_more_people():
    shares = [trial.share for trial in searched("halving").trials]

    assert shares == [1 / 9] * 3 + [1 / 3] + [1.0]


def test_progress_is_told():
    said = []

    searched("random", progress=said.append)

    assert len(said) == 3
    assert said[-1].startswith("3/3")


def test_unknown_search_is_refused():
    with pytest.raises(tuning.UnknownSearch, match="grid, random, halving, optuna"):
        tuning.search(None, SPACE, None, method="luck", trials=1, random_state=0)


def test_inner_folds_keep_people_apart():
    for train, test in tuning.person_pairs(FOUND.person, 3, 1):
        assert not set(FOUND.person[train]) & set(FOUND.person[test])


def test_search_is_nested_in_the_folds(monkeypatch):
    """No row that is tested in the outer fold is seen by that fold's search."""
    seen = []
    monkeypatch.setattr(
        learning.tuning,
        "search",
        lambda make, space, rows, **how: seen.append(set(rows.X.index)) or tuning.Tuned({"C": 1.0}),
    )
    asked = problem(search=Search("grid", space=SPACE))

    learning.cross_fitted(asked, FOUND, random_state=1)

    tests = [set(FOUND.X.index[test]) for _, test in tablecohort.folds(asked, FOUND)]
    assert len(seen) == len(tests) == 5
    assert not any(rows & tested for rows, tested in zip(seen, tests, strict=True))


def test_no_transformer_sees_test_rows(monkeypatch):
    """Medians, scales and target means are fitted on the training rows of the fold alone."""
    from sklearn.compose import ColumnTransformer

    fitted_on = []
    real = ColumnTransformer.fit_transform
    monkeypatch.setattr(
        ColumnTransformer,
        "fit_transform",
        lambda self, X, *rest, **more: (
            fitted_on.append(set(X.index)) or real(self, X, *rest, **more)
        ),
    )
    asked = problem(model="blend", parameters={"members": {"logistic": {}, "tree": {}}})

    learning.cross_fitted(asked, FOUND, random_state=1)

    folds = [set(FOUND.X.index[train]) for train, _ in tablecohort.folds(asked, FOUND)]
    assert len(fitted_on) == 10
    assert all(rows in folds for rows in fitted_on)


@pytest.mark.parametrize("name", ["logistic", "xgboost"])
def test_every_space_of_the_zoo_can_be_sampled(name):
    found = tuning._sample(zoo.get(name).space, 4, 1)

    assert len(found) == 4
