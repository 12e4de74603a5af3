"""Why a model says what it says, and how far to believe it.

`explain` splits predictions (facade). Beside it: `effects` (partial dependence, ICE, accumulated
local effects, interactions), `importance` (permutation), `surrogate` (LIME-style),
`counterfactual` (what-if), `quality` (faithfulness, stability), `cohort` (patient among peers),
`points` (percentage points of risk) and `text` (sentences that point to facts).
"""

from typing import Any


def __getattr__(name: str) -> Any:
    """`explain` on demand: serving needs `points` alone and should load no more."""
    if name != "explain":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ml.explanation.facade import explain

    return explain
