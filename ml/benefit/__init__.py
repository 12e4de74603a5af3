"""What an intervention would take off one person's risk, with its doubt.

A calibrated baseline risk meets the relative effect that trials measured. Both are uncertain;
both uncertainties are sampled together. Nothing here says what a model would predict under
changed inputs: that is `ml.explanation`, and no effect.
"""

from .absolute import Benefit, Reductions, benefit, needed, reductions
from .baseline import Baseline
from .combine import together
from .effects import Effect
from .ties import ties

__all__ = [
    "Baseline",
    "Benefit",
    "Effect",
    "Reductions",
    "benefit",
    "needed",
    "reductions",
    "ties",
    "together",
]
