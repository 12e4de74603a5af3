import datetime as dt
import io

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction

from healthcare.audit import chain, services
from healthcare.audit.models import AuditEvent, AuditSeal

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def anchor_in_tmp(settings, tmp_path, monkeypatch):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def events(clinician, django_capture_on_commit_callbacks):
    """Five reads, the first three sealed together and the others after them."""
    with django_capture_on_commit_callbacks(execute=True):
        for patient in range(3):
            services.read("patient.read", patient_ids=[patient], by=clinician, page=patient / 3)
        chain.seal(now=NOW)
        for patient in range(3, 5):
            services.read("patient.read", patient_ids=[patient], by=clinician)
        chain.seal(now=NOW)
    return list(AuditEvent.objects.order_by("pk"))


def behind_its_back(statement, *values):
    """What somebody does who owns the database."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("SET session_replication_role = DEFAULT")


def verified():
    out, err = io.StringIO(), io.StringIO()
    call_command("audit_verify", stdout=out, stderr=err)
    return out.getvalue()


def faults():
    return [fault.sentence for fault in chain.verify()]


def test_an_untouched_trail_verifies(events):
    assert verified() == "5 rows in 2 seals, 0 not yet sealed, 0 faults\n"


def test_nothing_new_makes_no_seal(events):
    assert chain.seal(now=NOW) == 0
    assert AuditSeal.objects.count() == 2


def test_a_changed_row_is_named_and_the_command_fails(events):
    behind_its_back("UPDATE audit_auditevent SET actor = 'nobody' WHERE id = %s", events[1].pk)
    err = io.StringIO()

    with pytest.raises(CommandError):
        call_command("audit_verify", stdout=io.StringIO(), stderr=err)
    assert err.getvalue().strip() == f"Audit row {events[1].pk} was changed."


@pytest.mark.parametrize("column", ["at = now()", "details = '{}'", "patient_ids = '{9}'",
                                    "action = 'x'", "role = 'x'"])  # fmt: skip
def test_a_change_of_any_column_shows(events, column):
    behind_its_back(f"UPDATE audit_auditevent SET {column} WHERE id = %s", events[2].pk)

    assert faults() == [f"Audit row {events[2].pk} was changed."]


def test_a_deleted_row_is_named(events):
    behind_its_back("DELETE FROM audit_auditevent WHERE id = %s", events[4].pk)

    assert faults() == [f"Audit row {events[4].pk} was deleted."]


def test_a_seal_made_to_fit_a_changed_row_breaks_the_chain(events):
    first, second = AuditSeal.objects.order_by("pk")
    behind_its_back("UPDATE audit_auditseal SET row_digests = %s WHERE id = %s",
                    bytes(second.row_digests).ljust(48, b"x")[:48], first.pk)  # fmt: skip

    assert f"Seal {first.pk} does not follow from the one before." in faults()


def test_a_chain_that_lost_its_end_is_found_by_the_file_outside(events):
    last = AuditSeal.objects.latest("pk")
    behind_its_back("DELETE FROM audit_auditseal WHERE id = %s", last.pk)

    assert faults() == [f"Seal {last.pk} is in audit-seals.log but not in the database."]


def test_a_row_whose_transaction_lasted_is_sealed_with_later_ones(events, clinician):
    late = AuditEvent.objects.create(actor="x", role="", action="late", patient_ids=[])
    behind_its_back("UPDATE audit_auditevent SET id = -1 WHERE id = %s", late.pk)

    assert chain.seal(now=NOW) == 1
    assert faults() == []


def test_a_row_slipped_in_long_after_its_neighbours_is_named(events, monkeypatch):
    late = AuditEvent.objects.create(actor="x", role="", action="late", patient_ids=[])
    behind_its_back("UPDATE audit_auditevent SET id = -1 WHERE id = %s", late.pk)
    monkeypatch.setattr(chain, "LATE", 1)

    assert chain.seal(now=NOW) == 0
    assert faults() == ["Audit row -1 was added long after its neighbours."]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_auditevent SET actor = 'x'", "DELETE FROM audit_auditevent",
     "UPDATE audit_auditseal SET digest = ''", "DELETE FROM audit_auditseal"],
)  # fmt: skip
def test_the_database_refuses_to_rewrite_the_trail(events, statement):
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)


def test_the_database_refuses_to_empty_the_trail(events):
    cursor = connection.cursor()
    cursor.execute("ALTER TABLE audit_auditevent ENABLE TRIGGER audit_event_is_not_emptied")
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        cursor.execute("TRUNCATE audit_auditevent")


def test_many_rows_are_sealed_in_pieces(clinician, monkeypatch):
    monkeypatch.setattr(chain, "AT_ONCE", 2)
    for patient in range(5):
        services.read("patient.read", patient_ids=[patient], by=clinician)

    assert chain.seal(now=NOW) == 5
    assert [len(seal.ids) for seal in AuditSeal.objects.order_by("pk")] == [2, 2, 1]
    assert faults() == []
