"""Files of HL7 messages into results, message by message, from where the last run stopped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO

from django.db import transaction

from healthcare.jobs import services as jobs
from healthcare.jobs.models import Job
from patients import hl7, labcsv
from patients.hl7 import answers, files
from patients.models import LabImport
from patients.services import hl7rows, intake, labstore, labtables

SOURCE = "HL7 file"
MOST_ROWS = 2_000  # of a stretch, which is stored in one transaction
MOST_MESSAGES = 500
COLUMNS = ("mrn", "identifier_system", "birth_date", "code", "test_name", "value", "unit",
           "collected_at", "issued_at", "status", "accession", "reference_range", "flag",
           "note")  # fmt: skip
# Whoever uploads a file has chosen it: training messages too are read from one.
ANY_PROCESSING = frozenset({"P", "T", "D"})


@dataclass
class Stretch:
    """Messages that are stored together, as rows and as what is no row.

    `observations` come to be rows when the stretch is whole: whose they are is asked for all of
    them at once.
    """

    observations: list[hl7.Observation] = field(default_factory=list)
    rows: list[hl7rows.Row] = field(default_factory=list)
    problems: list[labcsv.Problem] = field(default_factory=list)
    messages: int = 0
    next_byte: int = 0
    next_row: int = 1

    @property
    def is_full(self) -> bool:
        return self.messages >= MOST_MESSAGES or len(self.observations) >= MOST_ROWS


def import_file(lab_import: LabImport, *, job: Job) -> None:
    """Store what is left of a file. The cursor moves with the rows: a second run adds nothing."""
    try:
        stored = lab_import.file.open("rb")
    except FileNotFoundError:
        raise jobs.PermanentFailure("The uploaded file is no longer on the disk.") from None
    with stored:
        for stretch in stretches(
            _opened(stored), at_byte=lab_import.next_byte, at_row=lab_import.next_row
        ):
            _store(lab_import, stretch, job)


def stretches(file: IO[bytes], *, at_byte: int = 0, at_row: int = 1) -> Iterator[Stretch]:
    """The file from the end of a message on, as rows named by `labcsv.layout.FIELDS`.

    `source_row` is the line of the file. Raises PermanentFailure for a file without a message.
    """
    stretch = Stretch()
    is_empty = at_byte == 0
    for piece in files.messages(file, at_byte=at_byte, at_row=max(at_row, 1)):
        _read(piece, stretch)
        stretch.next_byte, stretch.next_row = piece.next_byte, piece.next_row
        is_empty = is_empty and not stretch.messages
        if stretch.is_full:
            yield _whole(stretch)
            stretch = Stretch()
    if is_empty:
        raise jobs.PermanentFailure("The file holds no HL7 message: none begins with MSH.")
    if stretch.next_byte:
        yield _whole(stretch)


def refused_table(lab_import: LabImport) -> Iterator[list[str]]:
    """Rows of the file that were refused, as a table to be put right and sent again as one.

    Headings first. Documents and messages of other kinds are left out: no cell would help.
    """
    problems = lab_import.problems.order_by("row", "column").values_list("row", "message", "repair")
    why = {row: (message, repair) for row, message, repair in problems.iterator(2000)}
    yield [*COLUMNS, "problem", "repair"]
    with lab_import.file.open("rb") as stored:
        for stretch in stretches(_opened(stored)):
            for row in stretch.rows:
                reason = why.get(int(row["source_row"]))
                if reason is not None:
                    yield [*(row[column] for column in COLUMNS), *reason]


def _opened(stored: IO[bytes]) -> IO[bytes]:
    try:
        return files.open_messages(stored)
    except hl7.Unreadable as refusal:
        raise jobs.PermanentFailure(str(refusal)) from None


def _whole(stretch: Stretch) -> Stretch:
    rows, problems = hl7rows.rows(stretch.observations)
    stretch.rows += rows
    stretch.problems += problems
    return stretch


def _read(piece: files.Piece, stretch: Stretch) -> None:
    if piece.raw is not None and not piece.raw:
        return  # only what wraps a batch
    stretch.messages += 1
    try:
        message = _message(piece)
    except hl7.Unreadable as refusal:
        stretch.problems.append(_unread(piece, str(refusal)))
        return
    if refused := answers.rejection(message, processing_ids=ANY_PROCESSING, needs_id=False):
        stretch.problems.append(_unread(piece, refused.remark.sentence, code="not_results"))
        return
    stretch.observations += [
        observation.at_line(piece.row - 1 + observation.number)
        for observation in hl7.observations(message)
    ]


def _message(piece: files.Piece) -> hl7.Message:
    if piece.raw is None:
        raise hl7.Unreadable("The message is longer than 16 MB.")
    return hl7.parse(hl7.decode(piece.raw))


def _unread(piece: files.Piece, sentence: str, code: str = "unreadable_message") -> labcsv.Problem:
    return labcsv.Problem(
        piece.row,
        "MSH",
        code,
        sentence,
        "Send results as ORU^R01 messages; the rest of this file was read.",
        "",
    )


@transaction.atomic
def _store(lab_import: LabImport, stretch: Stretch, job: Job) -> None:
    origin = intake.Origin(
        lab_import=lab_import,
        message=None,
        lab_source=lab_import.lab_source,
        received_at=lab_import.confirmed_at or lab_import.uploaded_at,
        source=SOURCE,
    )
    taken = intake.take(stretch.rows, origin)
    labstore.store_problems(lab_import, _once(stretch.problems))
    place = LabImport.objects.filter(pk=lab_import.pk, next_byte=lab_import.next_byte)
    lab_import.next_byte, lab_import.next_row = stretch.next_byte, stretch.next_row
    lab_import.accepted_count += taken.accepted
    lab_import.corrected_count += taken.corrected
    lab_import.duplicate_count += taken.duplicate
    lab_import.unmatched_count += taken.unmatched
    lab_import.refused_count += taken.refused + len(stretch.problems)
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
        raise _reason(lab_import)
    job.report(progress=min(stretch.next_byte, lab_import.size), total=lab_import.size)


def _reason(lab_import: LabImport) -> Exception:
    """Why the cursor was not where this run had left it."""
    withdrawn = LabImport.objects.filter(pk=lab_import.pk, withdrawn_at__isnull=False)
    return labtables.Withdrawn() if withdrawn.exists() else labtables.Overtaken()


def _once(problems: Sequence[labcsv.Problem]) -> list[labcsv.Problem]:
    """One problem a line and column, which is what the table holds."""
    return list({(problem.row, problem.column): problem for problem in problems}.values())
