"""The whole catalogue over many people at once, with the answers of the one-person engine.

For cohorts: nightly weighing, quality pages, simulations. What is shown to one person, with its
sentences, comes from `recommendations.engine`; tests hold the two to the same statuses and order.
"""

from recommendations.setwise.scoring import Predicted, Predictions
from recommendations.setwise.weighing import Weighed, weigh

__all__ = ["Predicted", "Predictions", "Weighed", "weigh"]
