"""A file taken back leaves what the other files say, and the past as it was believed."""

import pytest
from django.core.exceptions import PermissionDenied
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.jobs.models import Job
from patients import signals
from patients.models import HeldResult, LabImport, LatestResult, RepeatedResults, Result, ResultTask
from patients.services import intake, labs
from tests.factories import LabImportFactory, UserFactory
from tests.patients.labfiles import (
    ADA,
    AT,
    DAY,
    NOW,
    counts,
    current_values,
    import_lines,
    line,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker", "ada")]


def withdraw(lab_import, by, after=1):
    return labs.withdraw(lab_import, by=by, now=NOW + after * DAY, reason="Wrong file")


def as_known(days):
    return list(Result.objects.as_known_at(NOW + days * DAY).values_list("value", flat=True))


def test_a_withdrawn_file_counts_no_more_and_its_results_are_kept(lab_staff):
    lab_import = withdraw(import_lines(line("6")), lab_staff)

    assert current_values() == []
    assert not LatestResult.objects.exists()
    assert Result.objects.get().withdrawn_at == NOW + DAY
    assert (lab_import.withdrawn_by, lab_import.withdrawal_reason) == (lab_staff, "Wrong file")


def test_what_a_withdrawn_correction_replaced_counts_again(lab_staff):
    import_lines(line("6"), uploaded_at=NOW)
    correction = import_lines(line("7", "corrected"), uploaded_at=NOW + 2 * DAY)

    withdraw(correction, lab_staff, after=4)

    assert current_values() == [6]
    assert LatestResult.objects.get().value == 6
    assert [as_known(days) for days in (1, 3, 5)] == [[6], [7], [6]]


def test_withdrawing_twice_is_withdrawing_once(lab_staff):
    lab_import = import_lines(line("6"))
    withdraw(lab_import, lab_staff)

    again = withdraw(lab_import, UserFactory(role=User.Role.LAB_STAFF), after=2)

    assert (again.withdrawn_at, again.withdrawn_by) == (NOW + DAY, lab_staff)
    assert AuditEvent.objects.filter(action="lab_import.withdrawn").count() == 1


def test_the_same_rows_are_accepted_anew_after_a_withdrawal(lab_staff):
    withdraw(import_lines(line("6")), lab_staff)

    again = import_lines(line("6"), uploaded_at=NOW + 2 * DAY)

    assert counts(again) == (1, 0, 0, 0)
    assert Result.objects.current().get().restatement == 1
    assert [as_known(days) for days in (0, 1, 2)] == [[6], [], [6]]


def test_what_another_file_has_said_as_well_still_stands(lab_staff):
    first = import_lines(line("6"), uploaded_at=NOW)
    second = import_lines(line("6"), uploaded_at=NOW + DAY)

    withdraw(first, lab_staff, after=2)

    assert current_values() == [6]
    assert Result.objects.current().get().lab_import == second


def test_what_a_message_has_said_as_well_still_stands(lab_staff):
    lab_import = import_lines(line("6"))
    row = {"mrn": ADA, "code": "HBA1C", "value": "6", "unit": "%", "collected_at": AT,
           "accession": "A1"}  # fmt: skip
    intake.take([row], intake.Origin(received_at=NOW + DAY, source="message"))

    withdraw(lab_import, lab_staff, after=2)

    assert Result.objects.current().get().source == "message"


def test_a_late_row_of_an_ended_thread_counts_once_what_hid_it_is_withdrawn(lab_staff):
    import_lines(line("5", issued="2026-03-01T09:00Z"), uploaded_at=NOW)
    best = import_lines(line("7", issued="2026-03-01T11:00Z"), uploaded_at=NOW + DAY)
    withdraw(best, lab_staff, after=3)

    # Uploaded before the withdrawal, read after it.
    import_lines(line("6", issued="2026-03-01T10:00Z"), uploaded_at=NOW + 2 * DAY)

    assert current_values() == [6]


def test_held_rows_of_a_withdrawn_file_wait_no_longer(lab_staff):
    lab_import = import_lines(line("6").replace(ADA, "CL-999999"))

    withdraw(lab_import, lab_staff)

    assert HeldResult.objects.get().status == HeldResult.Status.WITHDRAWN


def test_tasks_of_a_withdrawn_result_are_closed(lab_staff):
    lab_import = import_lines(f"{ADA},POTASSIUM,7.1,mmol/L,{AT},,,")
    assert ResultTask.objects.open().exists()

    withdraw(lab_import, lab_staff)

    assert not ResultTask.objects.open().exists()


def test_the_floors_above_hear_of_a_withdrawal(ada, lab_staff):
    lab_import = import_lines(line("6"))
    heard = []

    def listen(sender, *, patient_ids, **kwargs):
        heard.append(patient_ids)

    signals.results_arrived.connect(listen)
    withdraw(lab_import, lab_staff)
    signals.results_arrived.disconnect(listen)

    assert heard == [[ada.pk]]


def test_a_file_that_nobody_has_confirmed_cannot_be_withdrawn(lab_staff):
    with pytest.raises(labs.NotImported, match="has not been imported"):
        withdraw(LabImportFactory(job=None), lab_staff)


def test_withdrawing_is_for_those_who_may_upload():
    lab_import = import_lines(line("6"))

    with pytest.raises(PermissionDenied):
        withdraw(lab_import, UserFactory(role=User.Role.CLINICIAN))


def test_a_file_that_is_withdrawn_while_it_waits_is_not_read(lab_staff):
    lab_import = LabImportFactory(text="mrn,code,value,unit,collected_at\n")
    withdraw(lab_import, lab_staff)

    labs.import_results(lab_import.pk, job=lab_import.job)

    assert not Result.objects.exists()
    assert lab_import.job.status == Job.Status.WAITING


STATEMENTS = st.lists(
    st.tuples(
        st.sampled_from(["5", "6", "7"]),
        st.sampled_from(["preliminary", "final", "corrected", "cancelled"]),
        st.sampled_from(["", "2026-03-01T10:00Z", "2026-03-01T11:00Z"]),
    ),
    min_size=1, max_size=3,
)  # fmt: skip
HISTORIES = st.lists(STATEMENTS, min_size=2, max_size=4).flatmap(
    lambda files: st.tuples(
        st.just(files), st.permutations(range(len(files))), st.integers(1, len(files))
    )
)


def forget_everything():
    RepeatedResults.objects.all().delete()
    Result.objects.all().delete()
    LabImport.objects.all().delete()


def state():
    current = Result.objects.current().order_by("accession")
    rows = current.values_list("value", "status", "issued_at")
    return list(rows), list(LatestResult.objects.values_list("value", "collected_at"))


def run(files, wanted):
    """Import these of the files, each a day later; return the imports by their number."""
    return {
        number: import_lines(*(line(*said) for said in files[number]),
                             uploaded_at=NOW + number * DAY)
        for number in wanted
    }  # fmt: skip


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
@given(HISTORIES)
def test_withdrawing_leaves_what_the_other_files_alone_would_have_said(lab_staff, history):
    files, order, kept = history
    imports = run(files, range(len(files)))
    for step, number in enumerate(order[kept:]):
        withdraw(imports[number], lab_staff, after=10 + step)
    left = state()
    forget_everything()

    run(files, sorted(order[:kept]))

    assert left == state()
    forget_everything()


def test_a_day_in_the_past_stays_as_it_was_believed(lab_staff):
    """Whatever is withdrawn and said again later."""
    first = import_lines(line("5"), uploaded_at=NOW)
    import_lines(line("6"), uploaded_at=NOW + DAY)
    before = [as_known(days) for days in (0, 1)]

    withdraw(first, lab_staff, after=2)
    import_lines(line("5"), uploaded_at=NOW + 3 * DAY)

    assert [as_known(days) for days in (0, 1)] == before == [[5], [6]]
    assert current_values() == [5]
