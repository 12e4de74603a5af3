"""Each row exactly once, whatever happens to the worker."""

import itertools
import threading

import pytest
from django.db import connection
from django.utils import timezone

from healthcare.audit.models import AuditEvent
from healthcare.jobs import services as jobs
from healthcare.jobs.models import Job
from patients import signals
from patients.models import LabImport, Patient, PatientMerge, Result, ResultTask
from patients.services import lablatest, labs, labstore, labtables
from tests.factories import PatientFactory
from tests.patients.labfiles import (
    ADA,
    AT,
    DAY,
    NOW,
    counts,
    current_values,
    dump,
    import_file,
    import_lines,
    line,
    problem_codes,
    text,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker", "ada")]


def test_the_same_rows_in_another_file_change_nothing():
    import_lines(line("6"), line("7", "corrected"))
    before = dump()

    lab_import = import_lines("", line("6"), line("7", "corrected"), uploaded_at=NOW + DAY)

    assert counts(lab_import) == (0, 0, 2, 0)
    assert dump() == before


def test_running_an_import_again_changes_nothing():
    lab_import = import_lines(line("6"), line("x"))
    before = dump()

    labs.import_results(lab_import.pk, job=lab_import.job)

    lab_import.refresh_from_db()
    assert (dump(), counts(lab_import)) == (before, (1, 0, 0, 1))
    assert AuditEvent.objects.filter(action="lab_import.imported").count() == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_overlapping_files_end_as_their_union(order):
    first = [line(f"{4 + n / 10:.1f}", accession=f"A{n}") for n in range(30)]
    files = [first[:20], first[10:]]

    imports = [import_lines(*files[n], uploaded_at=NOW) for n in order]

    assert [counts(lab_import) for lab_import in imports] == [(20, 0, 0, 0), (10, 0, 10, 0)]
    assert len(current_values()) == 30


@pytest.mark.django_db(transaction=True)
def test_overlapping_files_at_once_leave_one_current_version_each():
    early = text(*(line("5", accession=f"A{n}") for n in range(200)))
    late = text(*(line("6", "corrected", accession=f"A{n}") for n in reversed(range(200))))

    def run(content):
        try:
            return import_file(content)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[content]) for content in (early, late)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert current_values() == [6] * 200


class Killed(BaseException):
    """The end of a worker: nothing catches it."""


@pytest.fixture
def small_blocks(monkeypatch):
    """Stretches of a few rows, so that a short file has many of them."""
    monkeypatch.setattr("patients.labcsv.lines.BLOCK", 400)
    monkeypatch.setattr("patients.labcsv.columns.STRETCH", 400)


def long_file():
    values = ["5", "x", "6", "55", "7"]
    rows = [line(values[n % 5], accession=f"A{n // 3}") for n in range(60)]
    return text(*rows, line("8", "corrected", accession="A0"))


def die_at(call, real):
    """A function that does its work until the n-th call, where its worker dies."""
    calls = itertools.count(1)

    def die_or_work(*args):
        if next(calls) == call:
            raise Killed
        return real(*args)

    return die_or_work


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("place", [(lablatest, "put"), (labstore, "store_problems")])
@pytest.mark.parametrize("stretch", [1, 2, 5, 8])
def test_a_worker_that_dies_leaves_the_same_table_as_one_that_lived(monkeypatch, place, stretch):
    undisturbed = import_file(long_file())
    expected = dump(), counts(undisturbed), problem_codes(undisturbed)
    Result.objects.all().delete()

    with monkeypatch.context() as patch:
        patch.setattr(*place, die_at(stretch, getattr(*place)))
        with pytest.raises(Killed):
            import_file(long_file())

    revived = LabImport.objects.latest("pk")
    assert revived.next_row > 2 or stretch == 1
    jobs.run(revived.job_id, now=timezone.now)
    revived.refresh_from_db()
    assert (dump(), counts(revived), problem_codes(revived)) == expected


@pytest.fixture
def heard():
    """What the floors above are told."""
    told = []

    def listen(sender, *, patient_ids, **kwargs):
        told.append(patient_ids)

    signals.results_arrived.connect(listen)
    yield told
    signals.results_arrived.disconnect(listen)


def test_rows_follow_a_record_that_is_merged_while_they_are_read(ada, lab_staff, monkeypatch):
    other, store = PatientFactory(mrn="CL-2"), labtables._store

    def merge_first(*args):
        PatientMerge.objects.create(
            survivor=ada, merged=other, by=lab_staff, at=NOW, reason="One person", moved={}
        )
        Patient.objects.filter(pk=other.pk).update(merged_into=ada)
        store(*args)

    monkeypatch.setattr(labtables, "_store", merge_first)
    import_lines(line("6").replace(ADA, "CL-2"))

    assert Result.objects.get().patient == ada


def test_the_floors_above_hear_whose_results_came(ada, heard):
    import_lines(line("6"), f"CL-999999,HBA1C,7.2,%,{AT},,,")

    assert heard == [[ada.pk]]


def test_a_floor_that_fails_to_listen_is_told_again(ada, heard, monkeypatch):
    def fail(**kwargs):
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(signals.results_arrived, "send", fail)
        lab_import = import_lines(line("6"))
    jobs.run(lab_import.job_id, now=timezone.now)

    assert heard == [[ada.pk]]


@pytest.mark.usefixtures("small_blocks")
def test_progress_never_goes_back_and_is_whole_only_at_the_end(monkeypatch):
    seen = []

    def note(job, *, progress, total):
        lab_import = LabImport.objects.get(job=job)
        seen.append((progress, lab_import.percent))

    monkeypatch.setattr(Job, "report", note)
    import_file(long_file())

    assert seen == sorted(seen)
    assert len(seen) > 3
    assert max(percent for _bytes, percent in seen) < 100


def test_an_import_that_is_tried_again_shows_the_job_that_is_at_work():
    lab_import = import_lines(line("6"))
    again = jobs.enqueue(
        labs.JOB, key="1", queue="imports", arguments={"lab_import_id": lab_import.pk}
    )

    jobs.run(again.pk, now=timezone.now)

    lab_import.refresh_from_db()
    assert lab_import.job == again


def test_the_clock_of_a_critical_result_begins_when_its_file_was_confirmed(ada):
    critical = f"{ADA},POTASSIUM,7.1,mmol/L,2026-03-01T08:00Z,,,A1"

    import_lines(critical, uploaded_at=NOW, confirmed_at=NOW + DAY)

    assert ResultTask.objects.get().created_at == NOW + DAY
