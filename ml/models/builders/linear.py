"""Regressions: least squares or logistic, penalised or not, straight or bent; Cox for times."""

from typing import Any

from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import Pipeline

from ml.models import encoding
from ml.models.recipe import Parameters, Recipe
from ml.models.survival import ProportionalHazards, SignedTimes

STEPS = 3000


def baseline(recipe: Recipe, parameters: Parameters) -> Any:
    """The prevalence, the mean, or the survival curve of all: what a model must beat."""
    if recipe.classifies:
        return _on(recipe, DummyClassifier(strategy="prior"))
    if recipe.kind == "survival":
        return ProportionalHazards(_on(recipe, DummyRegressor(strategy="constant", constant=0.0)))
    return _on(recipe, DummyRegressor())


def plain(recipe: Recipe, parameters: Parameters) -> Pipeline:
    """Logistic regression with a light ridge, or least squares."""
    return _on(recipe, _plain(recipe, parameters))


def spline(recipe: Recipe, parameters: Parameters) -> Pipeline:
    """The same on restricted cubic splines of every number."""
    return _on(recipe, _plain(recipe, parameters), splines=True)


def ridge(recipe: Recipe, parameters: Parameters) -> Pipeline:
    """Squared penalty of weight `alpha`; `sparse` for thousands of categories."""
    alpha = parameters.get("alpha", 10.0)
    model = LogisticRegression(C=1 / alpha, max_iter=STEPS) if recipe.classifies else Ridge(alpha)
    return _on(recipe, model, sparse=parameters.get("sparse", False))


def lasso(recipe: Recipe, parameters: Parameters) -> Pipeline:
    """Absolute penalty of weight `alpha`: drops inputs."""
    return _sparse(recipe, parameters.get("alpha"), 1.0)


def elastic_net(recipe: Recipe, parameters: Parameters) -> Pipeline:
    """Both penalties, `l1_ratio` of the absolute one."""
    return _sparse(recipe, parameters.get("alpha"), parameters.get("l1_ratio", 0.5))


def cox(recipe: Recipe, parameters: Parameters) -> ProportionalHazards:
    """Cox regression with a light ridge."""
    return _cox(recipe, parameters, splines=False)


def cox_spline(recipe: Recipe, parameters: Parameters) -> ProportionalHazards:
    """Cox regression on restricted cubic splines."""
    return _cox(recipe, parameters, splines=True)


def _on(recipe: Recipe, model: Any, *, splines: bool = False, sparse: bool = False) -> Pipeline:
    encode = encoding.for_linear(recipe.columns, splines=splines, sparse=sparse)
    return Pipeline([("encode", encode), ("model", model)])


def _plain(recipe: Recipe, parameters: Parameters) -> Any:
    if not recipe.classifies:
        return LinearRegression(**parameters)
    return LogisticRegression(**{"C": 0.1, "max_iter": STEPS, **parameters})


def _sparse(recipe: Recipe, alpha: float | None, l1_ratio: float) -> Pipeline:
    if not recipe.classifies:
        model: Any = Lasso(alpha or 0.01, max_iter=STEPS)
        if l1_ratio < 1:
            model = ElasticNet(alpha or 0.01, l1_ratio=l1_ratio, max_iter=STEPS)
        return _on(recipe, model)
    model = LogisticRegression(
        C=1 / (alpha or 10.0),
        l1_ratio=l1_ratio,
        solver="saga",
        max_iter=STEPS,
        tol=1e-3,
        random_state=recipe.random_state,
    )
    return _on(recipe, model)


def _cox(recipe: Recipe, parameters: Parameters, *, splines: bool) -> ProportionalHazards:
    from sksurv.linear_model import CoxPHSurvivalAnalysis

    model = CoxPHSurvivalAnalysis(alpha=parameters.get("alpha", 0.1))
    return ProportionalHazards(_on(recipe, SignedTimes(model), splines=splines))
