"""A number that says what is one version of a result.

What is one result is in its columns: patient, analyte, time of collection, accession number.
The same statement about it, sent again by whatever way, must be the same version; the file
import, messages, forms, the demonstration hospital and the survey loader all ask here.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
NOT_SAID = np.int64(np.iinfo(np.int64).min)
# Stored numbers depend on these: append, never change.
STATUSES = {"registered": 1, "preliminary": 2, "final": 3, "corrected": 4, "amended": 5,
            "cancelled": 6, "entered-in-error": 7}  # fmt: skip
COMPARATORS = {"": 0, "<": 1, "<=": 2, ">=": 3, ">": 4}


def version(
    status: str, comparator: str, value: float | None, text: str, issued_at: datetime | None
) -> int:
    """The version of one statement. `issued_at` is None where the sender did not give it."""
    issued = NOT_SAID if issued_at is None else microseconds(issued_at)
    number = np.nan if value is None else value
    return int(
        versions(
            np.array([STATUSES[status]]), np.array([COMPARATORS[comparator]]),
            np.array([number]), np.array([text_digest(text)]), np.array([issued], "int64"),
        )[0]
    )  # fmt: skip


def versions(
    statuses: np.ndarray, comparators: np.ndarray, values: np.ndarray, texts: np.ndarray,
    issued: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """`version` for columns of length n, as int64.

    `statuses` and `comparators` are the numbers of STATUSES and COMPARATORS, `values` float64
    with NaN for none, `texts` numbers of `text_digest`, `issued` microseconds or NOT_SAID.
    """
    values = np.where(np.isnan(values), np.nan, values + 0.0)  # one NaN, one zero
    said = statuses.astype("uint64") | (comparators.astype("uint64") << np.uint64(8))
    for part in (values.astype("float64"), issued.astype("int64"), texts.astype("int64")):
        said = _mixed(said) ^ part.view("uint64")
    return _mixed(said).view("int64")


@lru_cache(maxsize=10_000)
def text_digest(text: str) -> int:
    if not text:
        return 0
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


def text_digests(texts: Sequence[Any]) -> np.ndarray:
    return np.fromiter((text_digest(text) for text in texts), "int64", len(texts))


def microseconds(at: datetime) -> int:
    """Microseconds since 1970, the same for one moment in every time zone."""
    return (at - EPOCH) // MICROSECOND


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """splitmix64 (Steele, Lea, Flood 2014): every bit of the input changes half of the output."""
    numbers = numbers + np.uint64(0x9E3779B97F4A7C15)
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
