"""Tables of results into the database, stretch by stretch, from where the last run stopped.

One transaction stores the results and the refused rows of a stretch and moves `next_byte`, so
that a worker may die anywhere: the next one goes on at the first record that is not stored.
Nothing here reads a clock: whatever a result needs to know of time comes from the file or from
the moment of its upload, and a second run gives the same rows.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from healthcare.jobs import services as jobs
from healthcare.jobs.models import Job
from patients import labcsv
from patients.labcsv.layout import from_profile
from patients.labcsv.profile import BadProfile, Profile
from patients.labcsv.readings import Readings
from patients.models import LabImport
from patients.services import intake, labcopies, labstore, labversions
from patients.services.labmeaning import Interpreter, Known, Meant
from patients.services.labnews import News, Written
from patients.services.laborigin import of_import


class Overtaken(Exception):
    """Another worker has stored this stretch of the file meanwhile."""


class Withdrawn(Exception):
    """Somebody has withdrawn the file while it was read."""


def import_file(lab_import: LabImport, *, job: Job) -> None:
    """Store what is left of a file. The cursor moves with the rows: a second run adds nothing."""
    interpreter = Interpreter(of_import(lab_import))
    news = News(interpreter.origin)
    with opened(lab_import) as (file, layout, size):
        batches = read(file, layout, at_byte=lab_import.next_byte, at_row=lab_import.next_row)
        for stretch in ahead(batches, interpreter, news):
            _store(lab_import, stretch, interpreter, news, job, size)
    labcopies.remove(lab_import)


def read(
    file: IO[bytes], layout: labcsv.Layout, *, at_byte: int = 0, at_row: int = 0
) -> Iterator[labcsv.Batch]:
    zone = timezone.get_default_timezone()
    return labcsv.batches(file, layout, zone=zone, at_byte=at_byte, at_row=at_row)


@contextmanager
def opened(lab_import: LabImport) -> Iterator[tuple[IO[bytes], labcsv.Layout, int]]:
    """The table as plain text, how it is read, and its size in bytes.

    Raises PermanentFailure with a sentence for a file that is gone or cannot be read as it was
    said to be.
    """
    try:
        profile = Profile.from_json(lab_import.profile) if lab_import.profile else None
        path, profile = labcopies.plain(lab_import, profile)
        with path.open("rb") as file:
            layout = labcsv.inspect(file) if profile is None else from_profile(file, profile)
            yield file, layout, path.stat().st_size
    except FileNotFoundError:
        raise jobs.PermanentFailure("The uploaded file is no longer on the disk.") from None
    except (labcsv.UnreadableFile, BadProfile) as refusal:
        raise jobs.PermanentFailure(str(refusal)) from None


class Ready(NamedTuple):
    meant: Meant
    written: Written | None


@dataclass(frozen=True)
class Stretch:
    """Rows, what was known here when they were interpreted, and what they came to mean."""

    batch: labcsv.Batch
    known: Known
    ready: Future[Ready]


def ahead(
    batches: Iterator[labcsv.Batch], interpreter: Interpreter, news: News
) -> Iterator[Stretch]:
    """Stretches, the next ones read and interpreted in a thread while one is stored."""
    with ThreadPoolExecutor(1, "read-ahead") as thread:
        reading = thread.submit(next, batches, None)
        waiting: Stretch | None = None
        while (batch := reading.result()) is not None:
            known = interpreter.look_up(batch.readings)
            ready = thread.submit(_prepare, interpreter, batch.readings, known, news)
            reading = thread.submit(next, batches, None)
            if waiting is not None:
                yield waiting
            waiting = Stretch(batch, known, ready)
        if waiting is not None:
            yield waiting


def _prepare(interpreter: Interpreter, readings: Readings, known: Known, news: News) -> Ready:
    """What rows mean, in the order in which they are stored, and as they are stored if new."""
    meant = interpreter.read(readings, known)
    meant = meant._replace(results=labstore.numbered(meant.results))
    return Ready(meant, news.write(meant.results))


@transaction.atomic
def _store(
    lab_import: LabImport,
    stretch: Stretch,
    interpreter: Interpreter,
    news: News,
    job: Job,
    size: int,
) -> None:
    labversions.take_turns()
    with connection.cursor() as cursor:
        # Nobody waits for the disk: should the database die, rows and cursor are lost together,
        # and the next run reads them again. The end of the job makes all of it durable.
        cursor.execute("SET LOCAL synchronous_commit = off")
    batch, (meant, written) = stretch.batch, stretch.ready.result()
    # Whoever merges records takes turns with us: from here on nobody does.
    if not interpreter.is_still_known(stretch.known):
        meant = interpreter.read(batch.readings, interpreter.look_up(batch.readings))
        written = None
    taken = intake.keep(
        batch.readings,
        meant,
        interpreter.origin,
        layout=batch.layout,
        malformed=batch.malformed,
        counts=None if written is None else news.store(written),
    )
    place = LabImport.objects.filter(pk=lab_import.pk, next_byte=lab_import.next_byte)
    lab_import.next_byte, lab_import.next_row = batch.next_byte, batch.next_row
    lab_import.accepted_count += taken.accepted
    lab_import.corrected_count += taken.corrected
    lab_import.duplicate_count += taken.duplicate
    lab_import.unmatched_count += taken.unmatched
    lab_import.refused_count += taken.refused
    moved = place.filter(withdrawn_at=None).update(
        next_byte=lab_import.next_byte,
        next_row=lab_import.next_row,
        accepted_count=lab_import.accepted_count,
        corrected_count=lab_import.corrected_count,
        duplicate_count=lab_import.duplicate_count,
        unmatched_count=lab_import.unmatched_count,
        refused_count=lab_import.refused_count,
    )
    if not moved:
        raise (
            Withdrawn
            if LabImport.objects.filter(pk=lab_import.pk, withdrawn_at__isnull=False).exists()
            else Overtaken
        )
    job.report(progress=batch.next_byte, total=size)
