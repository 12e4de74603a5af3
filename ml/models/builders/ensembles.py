"""Trees: one, a forest, or one after the other."""

from typing import Any

from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ml.models import encoding
from ml.models.early import EarlyStopped
from ml.models.recipe import Parameters, Recipe
from ml.models.survival import ProportionalHazards, SignedTimes, SurvivalForest

BOOSTING = {
    "n_estimators": 300,
    "learning_rate": 0.04,
    "max_depth": 3,
    "subsample": 0.8,
    "colsample_bytree": 0.5,
    "min_child_weight": 5,
    "reg_lambda": 5,
    "tree_method": "hist",
    "max_bin": 128,
    "verbosity": 0,
}
LEAFWISE = {
    "n_estimators": 300,
    "learning_rate": 0.04,
    "num_leaves": 8,
    "min_child_samples": 20,
    "subsample": 0.8,
    "subsample_freq": 1,
    "colsample_bytree": 0.5,
    "reg_lambda": 5,
    "verbosity": -1,
    "deterministic": True,
    "force_row_wise": True,
}


def tree(recipe: Recipe, parameters: Parameters) -> Pipeline:
    """One decision tree."""
    return _on(
        recipe,
        DecisionTreeClassifier if recipe.classifies else DecisionTreeRegressor,
        {"max_depth": 4, "min_samples_leaf": 20, **parameters},
    )


def forest(recipe: Recipe, parameters: Parameters) -> Pipeline:
    """Random forest."""
    return _forest(recipe, RandomForestClassifier, RandomForestRegressor, parameters)


def extra_trees(recipe: Recipe, parameters: Parameters) -> Pipeline:
    """Extremely randomised trees."""
    return _forest(recipe, ExtraTreesClassifier, ExtraTreesRegressor, parameters)


def histogram(recipe: Recipe, parameters: Parameters) -> Pipeline:
    """scikit-learn's histogram boosting, monotone where the inputs are."""
    wrapper = HistGradientBoostingClassifier if recipe.classifies else HistGradientBoostingRegressor
    settings = {
        "max_iter": 200,
        "learning_rate": 0.05,
        "max_depth": 3,
        "l2_regularization": 5.0,
        "early_stopping": False,  # its own hold-out would split rows, not people
        "monotonic_cst": None if recipe.kind == "classes" else list(recipe.columns.signs),
    }
    return _on(recipe, wrapper, {**settings, **parameters})


def xgboost(recipe: Recipe, parameters: Parameters) -> Any:
    """XGBoost with native gaps; for survival its Cox loss with Breslow's baseline.

    `early_stopping=N` finds the number of trees on kept-back people.
    """
    import xgboost as xgb

    settings = {**BOOSTING, **parameters, "n_jobs": recipe.threads}
    patience = settings.pop("early_stopping", None)
    settings["monotone_constraints"] = recipe.columns.signs
    if recipe.kind == "survival":
        settings = {"objective": "survival:cox", **settings}
    made = _on(recipe, xgb.XGBClassifier if recipe.classifies else xgb.XGBRegressor, settings)
    if patience:
        made = EarlyStopped(made, patience)
    return ProportionalHazards(made, ratio=True) if recipe.kind == "survival" else made


def lightgbm(recipe: Recipe, parameters: Parameters) -> Any:
    """LightGBM, leaf by leaf."""
    import lightgbm as lgb

    settings = {**LEAFWISE, **parameters, "n_jobs": recipe.threads}
    patience = settings.pop("early_stopping", None)
    if recipe.kind != "classes":
        settings["monotone_constraints"] = list(recipe.columns.signs)
    made = _on(recipe, lgb.LGBMClassifier if recipe.classifies else lgb.LGBMRegressor, settings)
    return EarlyStopped(made, patience) if patience else made


def survival_forest(recipe: Recipe, parameters: Parameters) -> SurvivalForest:
    """Random survival forest of scikit-survival."""
    from sksurv.ensemble import RandomSurvivalForest

    settings = {"n_estimators": 100, "min_samples_leaf": 15, "max_features": "sqrt", **parameters}
    model = RandomSurvivalForest(
        **settings, random_state=recipe.random_state, n_jobs=recipe.threads
    )
    return SurvivalForest(encoding.for_linear(recipe.columns), model)


def survival_boosting(recipe: Recipe, parameters: Parameters) -> ProportionalHazards:
    """Gradient-boosted survival trees of scikit-survival under Cox's partial likelihood."""
    from sksurv.ensemble import GradientBoostingSurvivalAnalysis

    settings = {"n_estimators": 100, "max_depth": 2, "subsample": 0.8, **parameters}
    model = GradientBoostingSurvivalAnalysis(**settings, random_state=recipe.random_state)
    encode = encoding.for_linear(recipe.columns)
    return ProportionalHazards(Pipeline([("encode", encode), ("model", SignedTimes(model))]))


def _forest(recipe: Recipe, classifier: Any, regressor: Any, parameters: Parameters) -> Pipeline:
    settings = {
        "n_estimators": 200,
        "min_samples_leaf": 10 if recipe.classifies else 3,
        "max_features": "sqrt" if recipe.classifies else 0.5,
        "n_jobs": recipe.threads,
    }
    return _on(recipe, classifier if recipe.classifies else regressor, {**settings, **parameters})


def _on(recipe: Recipe, wrapper: Any, settings: Parameters) -> Pipeline:
    """`smooth` among the settings is the encoder's."""
    own = {name: value for name, value in settings.items() if name != "smooth"}
    seed, smooth = recipe.random_state, settings.get("smooth", encoding.SMOOTH)
    encode = encoding.for_trees(recipe.columns, recipe.kind, random_state=seed, smooth=smooth)
    return Pipeline([("encode", encode), ("model", wrapper(**own, random_state=seed))])
