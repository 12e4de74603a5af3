"""Margins, neighbours, Bayes, networks, additive curves."""

from typing import Any

from sklearn.calibration import CalibratedClassifierCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC, SVR

from ml.models import encoding
from ml.models.quiet import Quiet
from ml.models.recipe import Parameters, Recipe


def svm(recipe: Recipe, parameters: Parameters) -> Pipeline:
    """Support vectors with a radial kernel; probabilities by a sigmoid on cross-fitted margins."""
    settings = {"C": 1.0, **parameters}
    if not recipe.classifies:
        return _on(recipe, SVR(**settings))
    return _on(recipe, CalibratedClassifierCV(SVC(**settings), ensemble=False, cv=3))


def neighbours(recipe: Recipe, parameters: Parameters) -> Pipeline:
    """Mean outcome of the nearest rows."""
    settings = {"n_neighbors": 50, "algorithm": "brute", **parameters}
    wrapper = KNeighborsClassifier if recipe.classifies else KNeighborsRegressor
    return _on(recipe, wrapper(**settings, n_jobs=recipe.threads))


def bayes(recipe: Recipe, parameters: Parameters) -> Pipeline:
    """Naive Bayes with normal densities, its overconfidence tempered by a sigmoid."""
    return _on(recipe, CalibratedClassifierCV(GaussianNB(**parameters), ensemble=False, cv=3))


def network(recipe: Recipe, parameters: Parameters) -> Pipeline:
    """A small multilayer perceptron; `sparse` for thousands of categories."""
    settings = {
        "hidden_layer_sizes": (32,),
        "alpha": 1.0,
        "max_iter": 60,
        "early_stopping": True,
        **parameters,
    }
    sparse = settings.pop("sparse", False)
    wrapper = MLPClassifier if recipe.classifies else MLPRegressor
    model = Quiet(wrapper(**settings, random_state=recipe.random_state))
    return _on(recipe, model, sparse=sparse)


def additive(recipe: Recipe, parameters: Parameters) -> Pipeline:
    """Explainable boosting machine: one curve an input and a few pairs, gaps and text as found."""
    from interpret.glassbox import ExplainableBoostingClassifier, ExplainableBoostingRegressor

    wrapper: Any = ExplainableBoostingClassifier
    if not recipe.classifies:
        wrapper = ExplainableBoostingRegressor
    numbers = len(recipe.columns.numbers)
    settings = {
        "interactions": 0 if recipe.kind == "classes" else 5,
        "outer_bags": 4,
        "max_rounds": 2000,
        "feature_types": ["continuous"] * numbers + ["nominal"] * len(recipe.columns.categories),
        **parameters,
    }
    model = wrapper(**settings, random_state=recipe.random_state, n_jobs=recipe.threads)
    return Pipeline([("encode", FunctionTransformer()), ("model", Quiet(model))])


def _on(recipe: Recipe, model: Any, *, sparse: bool = False) -> Pipeline:
    encode = encoding.for_linear(recipe.columns, sparse=sparse)
    return Pipeline([("encode", encode), ("model", model)])
