"""One door to the methods that split a prediction: `explain(model, X)`.

`METHODS` says what each method can do; a method that does not fit a model is refused in words.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit

from ml.explanation.attributions import Attributions
from ml.explanation.coded import Coded, WrongMethod
from ml.explanation.kernel import kernel_shap
from ml.explanation.linear import linear_shap
from ml.trees import CompiledTrees, Forest, NotReadable, read

MOST_BACKGROUND = 100
MOST_CERTAIN = 1e-9  # keeps the logit of a probability of 0 or 1 finite


@dataclass(frozen=True, slots=True)
class Method:
    """What a method asks of a model and what it gives."""

    fits: str  # "trees", "linear" or "any"
    exact: bool
    missing_values: bool
    background: bool  # needs rows to compare with
    source: str


METHODS = {
    "trees": Method("trees", True, True, False, "Lundberg, Nat Mach Intell 2020;2:56"),
    "linear": Method("linear", True, False, True, "Lundberg & Lee, NeurIPS 2017, corollary 1"),
    "kernel": Method("any", False, True, True, "Lundberg & Lee, NeurIPS 2017"),
}


@dataclass(frozen=True, slots=True)
class Opened:
    """The learner inside a model and the steps that encode its columns, if there are any."""

    learner: Any
    steps: Any = None

    def encoded(self, X: Any) -> NDArray[np.float64]:
        rows = X if self.steps is None else self.steps.transform(_framed(self.steps, X))
        return np.asarray(rows, float)

    def names(self, X: Any) -> tuple[str, ...]:
        """Of the columns that the learner sees."""
        if self.steps is not None:
            return tuple(map(str, self.steps.get_feature_names_out()))
        width = np.shape(X)[1]
        return tuple(getattr(X, "columns", [f"x{number}" for number in range(width)]))


def opened(model: Any) -> Opened:
    """Look into a pipeline, and into the wrappers of `ml.models` that hold one."""
    pipeline = getattr(model, "pipeline_", model)
    if not hasattr(pipeline, "named_steps"):
        return Opened(getattr(pipeline, "learner_", pipeline))
    return Opened(getattr(pipeline[-1], "learner_", pipeline[-1]), pipeline[:-1])


def explain(
    model: Any,
    X: ArrayLike,
    *,
    method: str = "auto",
    names: Sequence[str] | None = None,
    background: ArrayLike | None = None,
    random_state: int = 0,
) -> Attributions:
    """Split the predictions of a fitted model among its inputs.

    "auto" takes the exact method where there is one (trees, linear) and kernel SHAP elsewhere.
    `background` are rows to compare with (of the training data); the linear and the kernel method
    need them, kernel SHAP at most 100 of them. In a pipeline the exact methods split among the
    columns that the learner sees after its encoders; kernel SHAP splits among the columns of X, of
    which a frame may hold words. Classifiers are explained on the logit of their second class,
    except forests of scikit-learn, whose trees add up to the probability itself.

    Raises WrongMethod when the method does not fit the model or lacks its background.
    """
    if method not in {"auto", *METHODS}:
        raise WrongMethod(f"No method is called {method}; there are {', '.join(METHODS)}.")
    inside = opened(model)
    forest = _forest(inside.learner)
    chosen = _chosen(inside.learner, forest) if method == "auto" else method
    if METHODS[chosen].background and background is None:
        raise WrongMethod(
            f"The {chosen} method needs background rows: pass some of the training rows as "
            "background=, or ask the fitted study, which has them: fitted.explain(rows)."
        )
    if chosen == "kernel":
        return _kernel(model, X, background, tuple(names or ()), random_state)
    labels = tuple(names or inside.names(X))
    if chosen == "trees":
        return _trees(inside, forest, X, labels)
    return _linear(inside, X, background, labels)


def method_of(model: Any) -> str:
    """The method that "auto" takes."""
    learner = opened(model).learner
    return _chosen(learner, _forest(learner))


def _forest(learner: Any) -> Forest | None:
    try:
        return read(learner)
    except NotReadable:
        return None


def _chosen(learner: Any, forest: Forest | None) -> str:
    if forest is not None:
        return "trees"
    return "linear" if _is_linear(learner) else "kernel"


def _is_linear(learner: Any) -> bool:
    """One output that is a sum of its inputs, by itself or behind the logistic curve."""
    one_output = np.ravel(getattr(learner, "intercept_", [])).size == 1
    return one_output and hasattr(learner, "coef_")


def _scale(model: Any) -> str:
    return "logit" if _tells_risk(model) else "prediction"


def _tells_risk(model: Any) -> bool:
    """Models of several models have `predict_proba` for any outcome, but classes for some."""
    return hasattr(model, "predict_proba") and hasattr(model, "classes_")


def _trees(inside: Opened, forest: Forest | None, X: Any, names: tuple[str, ...]) -> Attributions:
    if forest is None:
        name = type(inside.learner).__name__
        raise WrongMethod(f"{name} is not an ensemble of trees: use the kernel method.")
    split = CompiledTrees(forest).contributions(inside.encoded(X).astype(np.float32))
    return Attributions(
        method="TreeSHAP",
        scale="logit" if adds_logits(inside.learner) else "prediction",
        names=names,
        base=float(split[0, -1]) if len(split) else 0.0,
        contributions=split[:, :-1],
        exact=True,
        source=METHODS["trees"].source,
    )


def adds_logits(learner: Any) -> bool:
    """Whether the trees of a model add up to log-odds."""
    name = type(learner).__name__
    if name == "Booster" and hasattr(learner, "save_config"):
        return '"name":"binary:logistic"' in learner.save_config().replace(" ", "")
    if name == "Booster":
        return learner.dump_model().get("objective", "").startswith("binary")
    boosted = "Boost" in name or name in {"XGBClassifier", "LGBMClassifier"}
    return boosted and hasattr(learner, "predict_proba")


def _linear(inside: Opened, X: Any, background: Any, names: tuple[str, ...]) -> Attributions:
    learner = inside.learner
    if not _is_linear(learner):
        raise WrongMethod(f"{type(learner).__name__} is not linear: use the kernel method.")
    return linear_shap(
        learner.coef_, float(np.ravel(learner.intercept_)[0]), inside.encoded(X),
        inside.encoded(background), names=names, scale=_scale(learner),
    )  # fmt: skip


def _kernel(
    model: Any, X: Any, background: Any, names: tuple[str, ...], random_state: int
) -> Attributions:
    rng = np.random.default_rng(random_state)
    drawn = np.sort(rng.permutation(len(background))[:MOST_BACKGROUND])
    coded = Coded.of(X, background)
    asked = _predictor(model)
    return kernel_shap(
        lambda rows: asked(coded.decode(rows)), coded.rows, coded.background[drawn],
        names=names or Opened(model).names(X), random_state=random_state, scale=_scale(model),
    )  # fmt: skip


def _predictor(model: Any) -> Callable[[Any], NDArray[np.float64]]:
    if not _tells_risk(model):
        return lambda rows: np.asarray(model.predict(_framed(model, rows)), float)
    return lambda rows: logit(
        np.clip(model.predict_proba(_framed(model, rows))[:, 1], MOST_CERTAIN, 1 - MOST_CERTAIN)
    )


def _framed(model: Any, rows: Any) -> Any:
    """Rows as the model was fitted: a frame when it knows the names of its columns."""
    names = getattr(model, "feature_names_in_", None)
    if names is None or isinstance(rows, pd.DataFrame):
        return rows
    return pd.DataFrame(rows, columns=names)
