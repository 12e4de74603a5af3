"""Readers: a fitted model of XGBoost, LightGBM or scikit-learn as a `Forest`."""

import ctypes
import json
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .forest import Forest, Tree

OBJECTIVES = {
    "binary:logistic", "binary:logitraw", "reg:logistic", "reg:squarederror", "reg:tweedie",
    "reg:absoluteerror", "reg:pseudohubererror", "reg:quantileerror", "reg:gamma",
    "count:poisson", "survival:cox",
}  # fmt: skip
BY_LOGARITHM = {"reg:tweedie", "reg:gamma", "count:poisson", "survival:cox"}


class NotReadable(ValueError):
    """A model that is not trees of one output; let the library that made it score."""


def read(model: Any) -> Forest:
    """The trees of a fitted model.

    Margins are on the scale that the trees add up to: log-odds for boosters of a yes-or-no
    outcome, the probability of the second class (or the mean) for forests of scikit-learn.

    Raises NotReadable for other models, several outputs and splits by categories.
    """
    booster = model.get_booster() if hasattr(model, "get_booster") else model
    name = type(booster).__name__
    module = type(booster).__module__.partition(".")[0]
    if module == "lightgbm":
        return _lightgbm(getattr(booster, "booster_", booster))
    if module == "xgboost":
        return pack(booster)
    if module == "sklearn":
        return _sklearn(booster, name)
    raise NotReadable(f"{name} is not an ensemble of trees that can be read.")


def pack(booster: Any) -> Forest:
    """An XGBoost booster as it is saved: saving rounds the base score to seven digits."""
    learner = json.loads(booster.save_raw("json"))["learner"]
    model, objective = learner["gradient_booster"], learner["objective"]["name"]
    parameters = learner["learner_model_param"]
    outputs = max(int(parameters.get(key, 1)) for key in ("num_class", "num_target"))
    if model["name"] != "gbtree" or objective not in OBJECTIVES or outputs > 1:
        raise NotReadable(f"Not one-output trees: {objective}.")
    trees = model["model"]["trees"]
    if any(any(tree["split_type"]) for tree in trees):
        raise NotReadable("Splits by categories cannot be read; encode them as numbers.")
    return Forest.of(
        map(_xgboost_tree, trees),
        features=int(parameters["num_feature"]),
        base=_base_margin(objective, np.float32(parameters["base_score"].strip("[]"))),
    )


def _xgboost_tree(tree: dict[str, Any]) -> Tree:
    conditions = np.array(tree["split_conditions"], np.float32)
    return Tree(
        left=np.array(tree["left_children"]),
        right=np.array(tree["right_children"]),
        feature=np.array(tree["split_indices"]),
        threshold=conditions,
        missing_right=np.array(tree["default_left"]) == 0,
        value=conditions,
        cover=np.array(tree["sum_hessian"], float),
    )


def _base_margin(objective: str, score: np.float32) -> float:
    """The base score on the scale that the trees add to, in single precision as XGBoost does."""
    if objective in {"binary:logistic", "reg:logistic", "binary:logitraw"}:
        return -_log(np.float32(1) / score - np.float32(1))
    if objective in BY_LOGARITHM:
        return _log(score)
    return float(score)


def _log(number: np.float32) -> float:
    """The single-precision logarithm of the C library, which XGBoost calls.

    Its last bit is not always that of the double-precision one rounded.
    """
    try:
        log = ctypes.CDLL(None).logf
    except (AttributeError, OSError, TypeError):  # no such library on this system
        return float(np.float32(math.log(number)))
    log.restype, log.argtypes = ctypes.c_float, [ctypes.c_float]
    return float(log(number))


def _lightgbm(booster: Any) -> Forest:
    model = booster.dump_model()
    if model["num_tree_per_iteration"] != 1:
        raise NotReadable("LightGBM models of several classes cannot be read.")
    averaged = len(model["tree_info"]) if model.get("average_output") else 1
    return Forest.of(
        (_lightgbm_tree(tree["tree_structure"], averaged) for tree in model["tree_info"]),
        features=model["max_feature_idx"] + 1,
        base=0.0,
        precision=np.float64,
    )


def _lightgbm_tree(root: dict[str, Any], averaged: int) -> Tree:
    nodes, rows = [root], []
    for node in nodes:  # grows while it is read: breadth first
        if "split_feature" not in node:
            rows.append((-1, -1, 0, 0.0, False, node["leaf_value"] / averaged, _count(node)))
            continue
        if node["decision_type"] != "<=":
            raise NotReadable("Splits by categories cannot be read; encode them as numbers.")
        nodes += (node["left_child"], node["right_child"])
        ends = (len(nodes) - 2, len(nodes) - 1)
        question = (node["split_feature"], node["threshold"], _lightgbm_missing_right(node))
        rows.append((*ends, *question, 0.0, _count(node)))
    left, right, feature, threshold, missing, value, cover = zip(*rows, strict=True)
    return Tree(
        left=np.array(left),
        right=np.array(right),
        feature=np.array(feature),
        threshold=above(np.array(threshold)),
        missing_right=np.array(missing),
        value=np.array(value),
        cover=np.array(cover, float),
    )


def _count(node: dict[str, Any]) -> float:
    return node.get("internal_count", node.get("leaf_count", 0))


def _lightgbm_missing_right(node: dict[str, Any]) -> bool:
    """LightGBM takes a missing value for zero unless it saw missing values in training."""
    if node["missing_type"] == "Zero":
        raise NotReadable("LightGBM models with zero_as_missing cannot be read.")
    if node["missing_type"] == "None":
        return node["threshold"] < 0
    return not node["default_left"]


def _sklearn(model: Any, name: str) -> Forest:
    if name.startswith("HistGradientBoosting"):
        return _histogram(model)
    if name.startswith("GradientBoosting"):
        return _gradient(model)
    if name.startswith(("RandomForest", "ExtraTrees")):
        return _averaged(model.estimators_, model)
    if name.startswith(("DecisionTree", "ExtraTree")):
        return _averaged([model], model)
    raise NotReadable(f"{name} is not an ensemble of trees that can be read.")


def _histogram(model: Any) -> Forest:
    if model.n_trees_per_iteration_ != 1 or model.is_categorical_ is not None:
        raise NotReadable("Histogram boosting with several classes or categories.")
    trees = (_histogram_tree(iteration[0].nodes) for iteration in model._predictors)
    base = float(np.ravel(model._baseline_prediction)[0])
    return Forest.of(trees, features=model.n_features_in_, base=base, precision=np.float64)


def _histogram_tree(nodes: NDArray[Any]) -> Tree:
    leaf = nodes["is_leaf"].astype(bool)
    return Tree(
        left=np.where(leaf, -1, nodes["left"].astype(int)),
        right=np.where(leaf, -1, nodes["right"].astype(int)),
        feature=nodes["feature_idx"].astype(int),
        threshold=above(nodes["num_threshold"]),
        missing_right=~nodes["missing_go_to_left"].astype(bool),
        value=nodes["value"],
        cover=nodes["count"].astype(float),
    )


def _gradient(model: Any) -> Forest:
    if model.estimators_.shape[1] != 1:
        raise NotReadable("Gradient boosting of several classes cannot be read.")
    first = model._raw_predict_init(np.zeros((1, model.n_features_in_), np.float32))
    trees = [
        _sklearn_tree(tree.tree_, model.learning_rate * tree.tree_.value[:, 0, 0])
        for tree in model.estimators_[:, 0]
    ]
    base = float(first[0, 0])
    return Forest.of(trees, features=model.n_features_in_, base=base, precision=np.float64)


def _averaged(estimators: Any, model: Any) -> Forest:
    values = [tree.tree_.value for tree in estimators]  # (nodes, outputs, classes)
    classes = values[0].shape[2]
    if values[0].shape[1] != 1 or classes > 2:
        raise NotReadable("Forests of several outputs cannot be read.")
    trees = [
        _sklearn_tree(tree.tree_, value[:, 0, -1] / value[:, 0].sum(axis=1) / len(values))
        if classes == 2
        else _sklearn_tree(tree.tree_, value[:, 0, 0] / len(values))
        for tree, value in zip(estimators, values, strict=True)
    ]
    return Forest.of(trees, features=model.n_features_in_, base=0.0, precision=np.float64)


def _sklearn_tree(tree: Any, value: NDArray[np.float64]) -> Tree:
    return Tree(
        left=tree.children_left,
        right=tree.children_right,
        feature=tree.feature,
        threshold=above(tree.threshold),
        missing_right=tree.missing_go_to_left == 0,
        value=value,
        cover=tree.weighted_n_node_samples,
    )


def above(threshold: NDArray[np.float64]) -> NDArray[np.float32]:
    """The least float32 above: `x <= t` in double precision is `x < above(t)` for a float32 x."""
    with np.errstate(over="ignore"):
        single = threshold.astype(np.float32)
    larger = single.astype(float) > threshold
    return np.where(larger, single, np.nextafter(single, np.float32(np.inf)))
