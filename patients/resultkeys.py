"""Digests that say what is one result and what is one version of it.

The importer, the demonstration hospital and the survey loader all store results; each takes
the keys from here, so that a result that arrives by two ways is one result.
"""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SIZE = 16  # bytes; as wide as a UUID, so collisions are not a concern


def thread(patient_id: int, analyte_id: int, collected_at: datetime, accession: str) -> bytes:
    """What is one result: one analyte of one patient in one sample."""
    return thread_at(patient_id, analyte_id, microseconds(collected_at), accession)


def version(
    thread: bytes,
    status: str,
    comparator: str,
    value: float | None,
    issued_at: datetime | None,
) -> bytes:
    """What is one version of a result: the same statement sent again is the same version.

    The value is None where a result was cancelled before there was one, the time of issue
    where the laboratory did not say it.
    """
    issued = None if issued_at is None else microseconds(issued_at)
    return version_at(thread, status, comparator, value, issued)


def thread_at(patient_id: int, analyte_id: int, collected_at: int, accession: str) -> bytes:
    """`thread` for a moment given in `microseconds`, for those who have columns of them."""
    return _digest(f"{patient_id}|{analyte_id}|{collected_at}|{accession}".encode())


def version_at(
    thread: bytes, status: str, comparator: str, value: float | None, issued_at: int | None
) -> bytes:
    """`version` for a moment given in `microseconds`."""
    # repr of a float is the shortest text that reads back to it: 5.0 and "5.00" are one value.
    number = "" if value is None else repr(float(value))
    issued = "" if issued_at is None else issued_at
    said = f"{status}|{comparator}|{number}|{issued}"
    return _digest(thread + said.encode())


def microseconds(at: datetime) -> int:
    """Microseconds since 1970, the same for one moment in every time zone."""
    return (at - EPOCH) // MICROSECOND


def _digest(text: bytes) -> bytes:
    return blake2b(text, digest_size=SIZE).digest()
