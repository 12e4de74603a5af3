"""Ask for scores. Light on purpose: the workers of the intake ask and never score themselves."""

import hashlib

from healthcare.jobs import services as jobs

CHUNK = 250  # patients a job: seconds of work, so that a death costs seconds


def request(*, patient_ids: list[int]) -> None:
    """Queue the scoring of these patients, in jobs that are short."""
    ids = sorted(set(patient_ids))
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        key = hashlib.sha256(repr(chunk).encode()).hexdigest()[:32]
        jobs.enqueue(
            "predictions.score", key=key, queue="inference", arguments={"patient_ids": chunk}
        )
