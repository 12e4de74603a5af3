"""A `Forest` as ONNX: one operator for all its trees, the same questions in single precision."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .forest import Forest

INPUT = "inputs"
OPSETS = {"": 21, "ai.onnx.ml": 3}  # versions of the operators, old enough for runtimes in use
LESS_THAN, LEAF = "BRANCH_LT", "LEAF"


def graph(forest: Forest, *, logits: bool) -> Any:
    """A model with the output `margin`, and `probability` when the margin is a logit.

    A question is `value < threshold`, true to the left; `Forest` asks it the same way.
    """
    from onnx import TensorProto, checker, helper

    rows = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [None, forest.features])
    names = ["margin", "probability"] if logits else ["margin"]
    outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None, 1]) for n in names]
    nodes = [
        helper.make_node(
            "TreeEnsembleRegressor", [INPUT], ["margin"], domain="ai.onnx.ml", **_attributes(forest)
        )
    ]
    if logits:
        nodes.append(helper.make_node("Sigmoid", ["margin"], ["probability"]))
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
    model = helper.make_model(
        helper.make_graph(nodes, "trees", [rows], outputs), opset_imports=opsets, ir_version=10
    )
    checker.check_model(model)
    return model


def _attributes(forest: Forest) -> dict[str, Any]:
    """Questions of a tree are numbered first, its leaves after them.

    The base is a first tree of one leaf: a runtime that adds the trees in their order (one
    thread) then has the bits of XGBoost, which begins with the base.
    """
    forest = _with_base_as_tree(forest)
    questions, leaves = np.diff(forest.first_question), np.diff(forest.first_leaf)
    trees = np.arange(len(forest.root))
    asked_by, held_by = np.repeat(trees, questions), np.repeat(trees, leaves)
    asked = np.arange(len(asked_by)) - forest.first_question[asked_by]
    held = np.arange(len(held_by)) - forest.first_leaf[held_by] + questions[held_by]
    child = _children(forest, asked_by, questions)
    nothing = np.zeros(len(held), np.int64)
    order = np.lexsort((np.concatenate([asked, held]), np.concatenate([asked_by, held_by])))

    def both(of_questions: NDArray, of_leaves: NDArray) -> list[Any]:
        return np.concatenate([of_questions, of_leaves])[order].tolist()

    return {
        "n_targets": 1,
        "aggregate_function": "SUM",
        "post_transform": "NONE",
        "nodes_treeids": both(asked_by, held_by),
        "nodes_nodeids": both(asked, held),
        "nodes_featureids": both(forest.feature, nothing),
        "nodes_values": both(forest.threshold, nothing.astype(np.float32)),
        "nodes_modes": both(np.full(len(asked), LESS_THAN), np.full(len(held), LEAF)),
        "nodes_truenodeids": both(child[:, 0], nothing),
        "nodes_falsenodeids": both(child[:, 1], nothing),
        "nodes_missing_value_tracks_true": both((~forest.missing_right).astype(int), nothing),
        "target_treeids": held_by.tolist(),
        "target_nodeids": held.tolist(),
        "target_ids": nothing.tolist(),
        "target_weights": forest.value.astype(np.float32).tolist(),
    }


def _with_base_as_tree(forest: Forest) -> Forest:
    return replace(
        forest,
        root=np.concatenate([[0], forest.root]),
        first_question=np.concatenate([[0], forest.first_question]),
        first_leaf=np.concatenate([[0], forest.first_leaf + 1]),
        child=np.where(forest.child < 0, forest.child - 1, forest.child),
        value=np.concatenate([[forest.base], forest.value]),
    )


def _children(
    forest: Forest, asked_by: NDArray[np.int64], questions: NDArray[np.int64]
) -> NDArray[np.int64]:
    tree = asked_by[:, None]
    as_leaf = ~forest.child - forest.first_leaf[tree] + questions[tree]
    return np.where(forest.child < 0, as_leaf, forest.child - forest.first_question[tree])
