"""Measures of prediction quality: plain functions on arrays, each with an interval.

`evaluate` answers for one set of predictions with everything that is worth knowing of it.
"""

from ml.evaluation.entry import UnknownKind, evaluate
from ml.evaluation.result import Evaluation
from ml.evaluation.sample import UnfitSample

__all__ = ["Evaluation", "UnfitSample", "UnknownKind", "evaluate"]
