"""The catalogue of models: name, builder, search space, what each can do.

    estimator = zoo.build("xgboost", Recipe(columns, "binary"), {"max_depth": 2})

Every estimator takes the typed frame of `encoding.typed`; its encoders are fitted with it, on
training rows only.
"""

from collections.abc import Mapping
from typing import Any

from ml.models import published
from ml.models.blend import Blend
from ml.models.builders import ensembles, linear, others
from ml.models.logtarget import LogTarget
from ml.models.predicting import fitted as fit
from ml.models.recipe import Entry, Parameters, Recipe
from ml.models.stack import Stack
from ml.models.survival import ProportionalHazards

__all__ = ["ENTRIES", "ZOO", "Entry", "Recipe", "UnknownModel", "build", "fit", "get", "of_kind"]


class UnknownModel(ValueError):
    """No model has this name, or it cannot predict such an outcome."""


def blend(recipe: Recipe, parameters: Parameters) -> Any:
    """Mean of the models that `members` names, each with its own parameters.

    `parameters`: {"members": {"spline": {}, "xgboost": {"max_depth": 2}}, "weights": None}.
    For survival the log hazards are averaged and get a baseline of their own.
    """
    made = Blend(_members(recipe, parameters), parameters.get("weights"))
    return ProportionalHazards(made) if recipe.kind == "survival" else made


def stack(recipe: Recipe, parameters: Parameters) -> Stack:
    """The same members, weighted by cross-fitting and calibrated."""
    return Stack(_members(recipe, parameters), recipe.classifies, parameters.get("folds", 5))


def _members(recipe: Recipe, parameters: Parameters) -> list[tuple[str, Any]]:
    spline = "cox_spline" if recipe.kind == "survival" else "spline"
    members = parameters.get("members") or {spline: {}, "xgboost": {}}
    return [(name, build(name, recipe, own)) for name, own in members.items()]


NUMBER, BINARY, SURVIVAL = ("number",), ("binary",), ("survival",)
TOLD = ("binary", "classes")
FLAT = (*TOLD, *NUMBER)
EVERY = (*FLAT, *SURVIVAL)
STRENGTH = (0.01, 0.1, 1.0, 10.0, 100.0)
PENALTY = (0.1, 1.0, 10.0, 100.0, 1000.0)
DEEP = {
    "n_estimators": (100, 200, 400, 800),
    "learning_rate": (0.02, 0.04, 0.08),
    "max_depth": (2, 3, 4, 5),
    "min_child_weight": (1, 5, 20, 50),
    "subsample": (0.6, 0.8, 1.0),
    "colsample_bytree": (0.3, 0.5, 0.8),
    "reg_lambda": (1, 5, 20),
}
LEAFY = {
    "n_estimators": (100, 200, 400, 800),
    "learning_rate": (0.02, 0.04, 0.08),
    "num_leaves": (4, 8, 16, 31),
    "min_child_samples": (10, 20, 50, 100),
    "colsample_bytree": (0.3, 0.5, 0.8),
    "reg_lambda": (1, 5, 20),
}
FORESTS = {
    "min_samples_leaf": (2, 5, 10, 25, 50),
    "max_features": ("sqrt", 0.3, 0.6),
}
HISTOGRAM = {
    "max_iter": (100, 200, 400),
    "learning_rate": (0.02, 0.05, 0.1),
    "max_depth": (2, 3, 5),
    "l2_regularization": (0.0, 5.0, 50.0),
}

ENTRIES = (
    Entry("baseline", "Prevalence or mean", EVERY, linear.baseline, interpretable=True),
    Entry("linear", "Least squares", NUMBER, linear.plain, interpretable=True),
    Entry("logistic", "Logistic regression", TOLD, linear.plain, {"C": STRENGTH},
          interpretable=True),
    Entry("spline", "Regression on splines", FLAT, linear.spline, interpretable=True),
    Entry("ridge", "Ridge", FLAT, linear.ridge, {"alpha": PENALTY}, interpretable=True),
    Entry("lasso", "Lasso", FLAT, linear.lasso, {"alpha": (0.001, 0.01, 0.1, 1.0, 10.0)},
          interpretable=True),
    Entry("elastic_net", "Elastic net", FLAT, linear.elastic_net,
          {"alpha": (0.001, 0.01, 0.1, 1.0, 10.0), "l1_ratio": (0.2, 0.5, 0.8)},
          interpretable=True),
    Entry("tree", "Decision tree", FLAT, ensembles.tree,
          {"max_depth": (2, 3, 4, 6, 8), "min_samples_leaf": (10, 20, 50, 100)}, missing=True,
          interpretable=True),
    Entry("forest", "Random forest", FLAT, ensembles.forest, FORESTS, missing=True),
    Entry("extra_trees", "Extra trees", FLAT, ensembles.extra_trees, FORESTS, missing=True),
    Entry("histogram", "Histogram boosting", FLAT, ensembles.histogram, HISTOGRAM, missing=True),
    Entry("xgboost", "XGBoost", EVERY, ensembles.xgboost, DEEP, missing=True, artefact="ubj"),
    Entry("lightgbm", "LightGBM", FLAT, ensembles.lightgbm, LEAFY, missing=True,
          artefact="text"),
    Entry("svm", "Support vectors", FLAT, others.svm, {"C": (0.1, 1.0, 10.0)}, artefact="",
          most_rows=5000),
    Entry("neighbours", "k nearest neighbours", FLAT, others.neighbours,
          {"n_neighbors": (10, 25, 50, 100)}, artefact="", most_rows=20000),
    Entry("bayes", "Naive Bayes", TOLD, others.bayes),
    Entry("network", "Multilayer perceptron", FLAT, others.network,
          {"hidden_layer_sizes": ((16,), (32,), (64,), (32, 16)), "alpha": (0.1, 1.0, 10.0)}),
    Entry("additive", "Explainable boosting", FLAT, others.additive,
          {"interactions": (0, 5, 10), "max_rounds": (500, 2000)}, missing=True,
          interpretable=True, most_rows=50000),
    Entry("cox", "Cox regression", SURVIVAL, linear.cox, {"alpha": PENALTY},
          interpretable=True),
    Entry("cox_spline", "Cox on splines", SURVIVAL, linear.cox_spline, {"alpha": PENALTY},
          interpretable=True),
    Entry("survival_forest", "Random survival forest", SURVIVAL, ensembles.survival_forest,
          {"min_samples_leaf": (5, 15, 50)}, most_rows=5000),
    Entry("survival_boosting", "Boosted survival trees", SURVIVAL, ensembles.survival_boosting,
          {"n_estimators": (50, 100, 200), "max_depth": (1, 2, 3)}, most_rows=5000),
    Entry("published", "Published score", BINARY, published.build, interpretable=True),
    Entry("blend", "Mean of several models", EVERY, blend),
    Entry("stack", "Calibrated stack", FLAT, stack),
)  # fmt: skip
ZOO: Mapping[str, Entry] = {entry.name: entry for entry in ENTRIES}


def get(name: str) -> Entry:
    """Raises UnknownModel with the names that exist."""
    if name not in ZOO:
        raise UnknownModel(f"There is no model {name!r}; choose one of {', '.join(ZOO)}")
    return ZOO[name]


def keeps_rows(name: str, parameters: Parameters) -> bool:
    """Whether the fitted model, or a member of it, holds patients' rows and is not to be stored."""
    members = parameters.get("members") or {}
    return not get(name).artefact or any(keeps_rows(member, {}) for member in members)


def of_kind(kind: str) -> tuple[Entry, ...]:
    """The models that can predict such an outcome."""
    return tuple(entry for entry in ENTRIES if kind in entry.kinds)


def build(name: str, recipe: Recipe, parameters: Parameters | None = None) -> Any:
    """An unfitted estimator, of log(1 + y) where `target` is "log1p". Raises UnknownModel."""
    entry = get(name)
    if recipe.kind not in entry.kinds:
        fit_for = ", ".join(found.name for found in of_kind(recipe.kind))
        raise UnknownModel(f"{entry.title} predicts no {recipe.kind} outcome; choose of {fit_for}")
    own = dict(parameters or {})
    target = own.pop("target", None)
    made = entry.build(recipe, own)
    return LogTarget(made) if target == "log1p" else made
