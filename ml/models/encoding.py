"""From a table of inputs to numbers, fitted inside the training rows only.

Trees take numbers as they are (an unknown value stays unknown) and categories as the cross-fitted
mean outcome of their rows, shrunk towards the overall mean. Linear and distance models take
medians with an indicator of absence, scaled, and one column a category.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

from ml.models.splines import RestrictedCubicSpline

UNKNOWN = "(unknown)"
SMOOTH = 50  # rows that the overall mean weighs against a category's own
RARE = 10  # categories with fewer rows share one column


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns are numbers (flags among them) and which are categories."""

    numbers: tuple[str, ...]
    categories: tuple[str, ...] = ()
    monotone: Mapping[str, int] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.numbers, *self.categories)

    @property
    def signs(self) -> tuple[int, ...]:
        """Monotone constraint of each encoded column of `for_trees`; categories have none."""
        return (
            *(self.monotone.get(name, 0) for name in self.numbers),
            *(0,) * len(self.categories),
        )


class NotANumber(ValueError):
    """A column of numbers holds text."""


def typed(frame: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """The columns in order: float64 with NaN, and text with `(unknown)`.

    Raises KeyError for an absent column and NotANumber for text in a column of numbers.
    """
    if absent := [name for name in columns.names if name not in frame.columns]:
        raise KeyError(f"The table lacks {', '.join(absent)}")
    numbers = {name: _number(frame[name]) for name in columns.numbers}
    categories = {name: _text(frame[name]) for name in columns.categories}
    return pd.DataFrame({**numbers, **categories}, index=frame.index)


def _number(column: pd.Series) -> pd.Series:
    try:
        values = pd.to_numeric(column).astype(float)
    except (ValueError, TypeError) as problem:
        raise NotANumber(f"Column {column.name!r} must hold numbers: {problem}") from problem
    return values.mask(np.isinf(values))  # a division by zero is no measurement


def _text(column: pd.Series) -> pd.Series:
    known = column.notna()
    return column.astype(object).where(known, UNKNOWN).map(name_of).astype(object)


def name_of(value: object) -> str:
    """A category as text. Whole numbers read as 1.0 because of a gap are the same category as 1."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def for_trees(
    columns: Columns, target: str, *, random_state: int, smooth: float = SMOOTH
) -> ColumnTransformer:
    """Numbers as they are; categories by cross-fitted means of the outcome of this kind.

    `smooth` rows of the overall mean are added to each category.

    A censored time has no mean: for survival a category gets whole numbers instead.
    """
    if target == "survival":
        ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        return _beside(columns, "passthrough", ordinal)
    return _beside(columns, "passthrough", _target_encoder(target, random_state, smooth))


def for_linear(
    columns: Columns, *, splines: bool = False, sparse: bool = False
) -> ColumnTransformer:
    """Median and indicator, restricted cubic splines if asked, scaled; one column a category.

    `sparse` suits models that take sparse matrices, when there are thousands of categories.
    """
    steps = [RestrictedCubicSpline()] if splines else []
    imputer = SimpleImputer(strategy="median", add_indicator=not splines, keep_empty_features=True)
    numbers = make_pipeline(imputer, *steps, StandardScaler())
    one_hot = OneHotEncoder(
        min_frequency=RARE, handle_unknown="infrequent_if_exist", sparse_output=sparse
    )
    return _beside(columns, numbers, one_hot)


def _beside(columns: Columns, numbers: object, categories: object) -> ColumnTransformer:
    parts = [("numbers", numbers, list(columns.numbers))]
    parts += [("categories", categories, list(columns.categories))] if columns.categories else []
    return ColumnTransformer(parts, verbose_feature_names_out=False)


def _target_encoder(target: str, random_state: int, smooth: float) -> TargetEncoder:
    kinds = {"binary": "binary", "classes": "multiclass"}
    fold = StratifiedKFold if target in kinds else KFold
    cv = fold(5, shuffle=True, random_state=random_state)
    return TargetEncoder(smooth=smooth, target_type=kinds.get(target, "continuous"), cv=cv)


def encoded_names(pipeline: Pipeline) -> Sequence[str]:
    """Names of the columns that the last step of a fitted pipeline sees."""
    return [str(name) for name in pipeline[:-1].get_feature_names_out()]


def encode(pipeline: Pipeline, frame: pd.DataFrame) -> np.ndarray:
    """What the last step of a fitted pipeline sees, float32, shape (rows, columns)."""
    return np.asarray(pipeline[:-1].transform(frame), np.float32)
