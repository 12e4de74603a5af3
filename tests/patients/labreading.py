"""Short ways to read a laboratory file in a test, without a database."""

import datetime as dt
import io
from pathlib import Path

from patients import labcsv
from patients.labcsv import canonical, layout
from patients.labcsv.guess import guess


def read(content, zone=dt.UTC, **place):
    """Rows and problems of a plain file that is read when nobody is asked."""
    content = content.encode() if isinstance(content, str) else content
    file = io.BytesIO(content)
    return _outcome(labcsv.batches(file, labcsv.inspect(file), zone=zone, **place))


def read_guessed(path: Path, zone=dt.UTC, **settled):
    """Rows and problems of any file, read by its guess and what a person settled of it."""
    found = guess(path)
    return read_as(path, _with(found.profile, settled), found.format, zone)


def read_as(path: Path, profile, format_name="table", zone=dt.UTC):
    if canonical.is_needed(profile, format_name):
        copy = path.with_name(path.name + ".copy")
        canonical.write(path, copy, profile, format_name)
        path, profile = copy, profile.of_copy()
    with path.open("rb") as file:
        found = layout.from_profile(file, profile)
        return _outcome(labcsv.batches(file, found, zone=zone))


def _with(profile, settled):
    return type(profile).from_json({**profile.to_json(), **settled})


def _outcome(batches):
    batches = list(batches)
    return (
        [row for batch in batches for row in batch.rows],
        sorted(problem for batch in batches for problem in batch.problems),
    )
