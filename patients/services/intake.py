"""Rows of results, by whatever way they come, into the record: read, checked, stored or held.

Files, messages, bundles and rows that a person has released all end here, so that the same
statement means the same by every way.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl
from django.db import transaction
from django.utils import timezone

from patients import labcsv
from patients.labcsv import columns
from patients.labcsv.fields import PROVENANCE
from patients.labcsv.layout import Layout
from patients.labcsv.profile import Profile
from patients.labcsv.readings import Reader, Readings
from patients.labcsv.refusal import Refusal
from patients.labcsv.rows import problems, source_columns
from patients.models import HeldResult, LabImport
from patients.services import labstore, labversions
from patients.services.copying import copy_new
from patients.services.labmeaning import Interpreter, Meant
from patients.services.laborigin import Origin

__all__ = ["Origin", "Taken", "keep", "take"]


@dataclass(frozen=True)
class Taken:
    """What became of rows: accepted + corrected + duplicate + refused + unmatched are all."""

    accepted: int = 0
    corrected: int = 0
    duplicate: int = 0
    refused: int = 0
    unmatched: int = 0
    problems: list[labcsv.Problem] = field(default_factory=list)
    patient_ids: set[int] = field(default_factory=set)


@transaction.atomic
def take(rows: Sequence[Mapping[str, str]], origin: Origin) -> Taken:
    """Store rows keyed by the names of FIELDS, inside the caller's transaction.

    Texts as in the canonical form (decimal point, ISO times); rows of a table that were held
    are read as their file was. The caller tells the floors above (`signals.results_arrived`).
    """
    labversions.take_turns()
    reader = Reader(_profile(origin), zone=timezone.get_default_timezone())
    readings = reader.read(columns.of_rows(rows))
    interpreter = Interpreter(origin)
    return keep(readings, interpreter.read(readings, interpreter.look_up(readings)), origin)


def keep(
    readings: Readings,
    meant: Meant,
    origin: Origin,
    *,
    layout: Layout | None = None,
    malformed: Sequence[tuple[int, Refusal]] = (),
    counts: labstore.Counts | None = None,
) -> Taken:
    """Store what a stretch of rows means, and the reasons why some of them were not taken.

    With `counts` of what became of the results, they are stored already.
    """
    counts = counts or labstore.store(meant.results, origin)
    told = problems(readings, meant.refused, layout, _places(origin))
    refused = sorted([*told, *labcsv.problems_of_lines(malformed)])
    if origin.lab_import is not None:
        labstore.store_problems(origin.lab_import, refused)
    _hold(readings, meant, origin)
    unmatched = sum(reason == HeldResult.Reason.PATIENT for reason, _key in meant.held.values())
    return Taken(
        accepted=counts.accepted,
        corrected=counts.corrected,
        duplicate=counts.duplicate,
        refused=len(refused) - unmatched,
        unmatched=unmatched,
        problems=refused,
        patient_ids=set(meant.results["patient_id"].unique()) if counts.accepted
        or counts.corrected else set(),
    )  # fmt: skip


def _places(origin: Origin) -> Mapping[str, str]:
    """Where a message says what a table says in a column; nothing for a table."""
    file = origin.lab_import
    if origin.message is None and (file is None or file.format != LabImport.Format.HL7):
        return {}
    from patients import hl7  # its library is not loaded to read tables

    return hl7.PLACES


def _profile(origin: Origin) -> Profile:
    """How rows are written: as in their file when it was a table, else canonically."""
    lab_import = origin.lab_import
    tables = {LabImport.Format.TABLE, LabImport.Format.WORKBOOK}
    if lab_import is None or lab_import.format not in tables or not lab_import.profile:
        return Profile.CANONICAL
    return Profile.from_json(lab_import.profile)


def _hold(readings: Readings, meant: Meant, origin: Origin) -> None:
    """Keep the rows that wait for a person, with all that they say."""
    if not meant.held:
        return
    cells = _cells(readings, list(meant.held))
    decided = _rejected_before(cells.values(), meant, origin)
    cells = {place: said for place, said in cells.items() if _statement(said) not in decided}
    if not cells:
        return
    places = list(cells)
    sourced = source_columns(readings)
    held = pl.DataFrame(
        {
            "row": readings.rows[places],
            "column": [sourced[place][:60] for place in places] if sourced else "",
            "reason": [meant.held[place][0] for place in places],
            "key": [meant.held[place][1] for place in places],
            "cells": [json.dumps(said) for said in cells.values()],
        }
    ).with_columns(
        lab_import_id=pl.lit(origin.import_id, pl.Int64),
        message_id=pl.lit(None if origin.message is None else origin.message.pk, pl.Int64),
        lab_source_id=pl.lit(None if origin.lab_source is None else origin.lab_source.pk, pl.Int64),
        received_at=pl.lit(origin.received_at),
        status=pl.lit(HeldResult.Status.WAITING.value),
        comment=pl.lit(""),
    )
    copy_new(HeldResult, held)


def _cells(readings: Readings, places: list[int]) -> dict[int, dict[str, str]]:
    """What the rows at these places say, but those that say nothing."""
    rows = readings.texts[places].iter_rows(named=True)
    said = ({name: text.strip() for name, text in row.items() if text and text.strip()}
            for row in rows)  # fmt: skip
    return {place: cells for place, cells in zip(places, said, strict=True) if cells}


def _rejected_before(
    rows: Iterable[Mapping[str, str]], meant: Meant, origin: Origin
) -> set[frozenset]:
    """Those of these rows that a person has rejected of this source: said again, they ask
    nobody again.

    Of the many that may have been rejected only those of the same times are looked at, and only
    these rows are remembered.
    """
    said = {_statement(cells) for cells in rows}
    rejected = HeldResult.objects.filter(
        status=HeldResult.Status.REJECTED,
        lab_source=origin.lab_source,
        reason__in={reason for reason, _key in meant.held.values()},
        key__in={key for _reason, key in meant.held.values()},
    )
    times = {dict(cells).get("collected_at") for cells in said}
    if None not in times:
        rejected = rejected.filter(cells__collected_at__in=times)
    known = rejected.values_list("cells", flat=True).iterator(chunk_size=2000)
    return said & {_statement(cells) for cells in known}


def _statement(cells: Mapping[str, str]) -> frozenset:
    """What a row says, wherever it stands."""
    return frozenset(item for item in cells.items() if item[0] not in PROVENANCE)
