"""The rule language of the catalogue: text in, a tree, then True, False or unknown.

>>> from ml import rules
>>> tree = rules.parse("has('t2d') and EGFR<30 or not smoker")
>>> str(tree)
"has('t2d') and EGFR<30 or not smoker"
"""

from ml.rules.environment import FactsEnvironment
from ml.rules.evaluation import Environment, Quantity, Truth, evaluate
from ml.rules.explanation import Reason, explain
from ml.rules.labels import label, readable
from ml.rules.parser import UnreadableRule, parse
from ml.rules.syntax import And, Call, Comparison, Expression, Name, Not, Or, leaves
from ml.rules.wording import Need, need, sentence

__all__ = [
    "And",
    "Call",
    "Comparison",
    "Environment",
    "Expression",
    "FactsEnvironment",
    "Name",
    "Need",
    "Not",
    "Or",
    "Quantity",
    "Reason",
    "Truth",
    "UnreadableRule",
    "evaluate",
    "explain",
    "label",
    "leaves",
    "need",
    "parse",
    "readable",
    "sentence",
]
