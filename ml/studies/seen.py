"""Whether rows are those that a model was fitted on, without keeping any of them.

Each training row lights one of four times as many lamps as there are rows, by its digest. A row of
training always meets a lit lamp, a row never seen about one time in five: of a file the share of
lit lamps tells how much of it was in the training, of one person next to nothing.
"""

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.datasets import nhanes

KEY = "seen"  # in the manifest
LAMPS_PER_ROW = 4
LEAST_SHARE = 0.05  # of a file, below which nothing is said
STEPS = 4.0  # standard deviations above chance: a stranger is refused once in 30,000 files


def digests(rows: pd.DataFrame) -> NDArray[np.uint64]:
    """A number for each row of inputs; equal for equal values, whatever the index."""
    return pd.util.hash_pandas_object(rows, index=False).to_numpy()


def of_survey(frame: pd.DataFrame) -> NDArray[np.uint64]:
    """The same of people in the columns of the NHANES table."""
    columns = [*nhanes.FEATURE_COLUMNS, "age", "sex"]
    return digests(frame.reindex(columns=columns).astype(float))


def record(rows: NDArray[np.uint64]) -> dict[str, Any]:
    """What the manifest keeps of the digests of the training rows."""
    lamps = LAMPS_PER_ROW * len(rows)
    lit = np.zeros(lamps, bool)
    lit[(rows % np.uint64(lamps)).astype(int)] = True
    _, count = np.unique(rows, return_counts=True)
    return {
        "lamps": lamps,
        # The chance that a new person is like nobody of the training (Good, Biometrika 1953;40:237)
        "alone": float((count == 1).sum() / len(rows)),
        "lit": base64.b64encode(np.packbits(lit).tobytes()).decode(),
    }


def share(told: Mapping[str, Any] | None, rows: NDArray[np.uint64]) -> float:
    """Share of rows that were in the training, 0 where it is no more than chance may bring.

    `told` is what `record` gave; models of before kept none, and nothing is known of them.
    """
    if not told or not len(rows):
        return 0.0
    lamps = int(told["lamps"])
    lit = np.unpackbits(np.frombuffer(base64.b64decode(told["lit"]), np.uint8))[:lamps]
    hit = float(lit[(rows % np.uint64(lamps)).astype(int)].mean())
    chance = 1 - (1 - float(lit.mean())) * float(told["alone"])
    if chance >= 1:
        return 0.0
    doubt = STEPS * np.sqrt(chance * (1 - chance) / len(rows))
    found = (hit - chance) / (1 - chance)
    return found if hit > chance + doubt and found > LEAST_SHARE else 0.0
