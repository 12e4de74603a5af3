import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command

from healthcare.audit.models import AuditEvent
from patients.models import DuplicateCandidate, Patient
from patients.services import duplicates
from tests.factories import PatientFactory, PatientIdentifierFactory
from tests.patients import people

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
ANNE = {"family_name": "Quarrymead", "given_name": "Anneliese", "birth_date": dt.date(1971, 4, 9),
        "sex": "female", "phone": "0171 555 123 44", "postal_code": "20095"}  # fmt: skip


@pytest.fixture
def others(team):
    """A hundred people, so that names have frequencies."""
    return Patient.objects.bulk_create(people.site(5, 100, team))


def found():
    return {(row.first_id, row.second_id) for row in DuplicateCandidate.objects.all()}


def are_paired(one, other):
    duplicates.find(now=NOW)
    return tuple(sorted([one.pk, other.pk])) in found()


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_twenty_planted_duplicates_among_a_thousand_are_found(team, seed):
    originals = people.site(seed, 1_000, team)
    Patient.objects.bulk_create(originals)
    second = [
        people.again(person, people.ERRORS[place % len(people.ERRORS)], seed + place)
        for place, person in enumerate(originals[:20])
    ]
    Patient.objects.bulk_create(second)
    planted = {(one.pk, other.pk) for one, other in zip(originals, second, strict=False)}

    duplicates.find(now=NOW)

    assert len(planted & found()) >= 19
    assert len(found() - planted) <= 5


@pytest.mark.parametrize(
    "change",
    [
        {"family_name": "Quarymead"},
        {"family_name": "QUARRYMEAD", "given_name": "Annelièse"},
        {"given_name": "Quarrymead", "family_name": "Anneliese"},
        {"birth_date": dt.date(1971, 9, 4)},
        {"birth_date": dt.date(1971, 4, 8)},
        {"family_name": "Tamarisk"},
        {"phone": "", "postal_code": ""},
    ],
)
def test_a_second_record_with_one_mistake_is_found(others, change):
    assert are_paired(PatientFactory(**ANNE), PatientFactory(**ANNE | change))


@pytest.mark.parametrize(
    "relative",
    [
        {"given_name": "Bettina"},  # a twin
        {"birth_date": dt.date(1943, 11, 30)},  # mother of the same name
        {"given_name": "Anneliese Jr", "birth_date": dt.date(1998, 1, 5)},
        {"family_name": "Tamarisk", "birth_date": dt.date(1969, 8, 1)},  # who lives with her
    ],
)
def test_relatives_at_one_address_are_two_people(others, relative):
    assert not are_paired(PatientFactory(**ANNE), PatientFactory(**ANNE | relative))


def test_one_national_number_in_two_forms_of_its_namespace_is_found(others):
    one, other = PatientFactory(**ANNE), PatientFactory(
        **ANNE | {"family_name": "Tamarisk", "phone": "", "birth_date": dt.date(1971, 9, 14)}
    )  # fmt: skip
    PatientIdentifierFactory(patient=one, system="us-ssn", value="123-45-6789")
    PatientIdentifierFactory(
        patient=other, system="http://hl7.org/fhir/sid/us-ssn", value="123456789"
    )

    assert are_paired(one, other)


def test_the_same_number_of_two_laboratories_alone_says_nothing(others):
    one, other = others[:2]
    PatientIdentifierFactory(patient=one, system="lab-a", value="100234")
    PatientIdentifierFactory(patient=other, system="lab-b", value="100234")

    assert not are_paired(one, other)


def test_two_records_that_are_all_there_is_are_found_too(db):
    assert are_paired(
        PatientFactory(**ANNE), PatientFactory(**ANNE | {"family_name": "Quarrymeda"})
    )


def test_finding_twice_is_finding_once(others):
    one, other = PatientFactory(**ANNE), PatientFactory(**ANNE)

    assert [duplicates.find(now=NOW), duplicates.find(now=NOW)] == [1, 1]
    assert found() == {(one.pk, other.pk)}


def test_two_people_stay_two_people(others, administrator):
    PatientFactory(**ANNE), PatientFactory(**ANNE)
    duplicates.find(now=NOW)
    candidate = DuplicateCandidate.objects.get()

    duplicates.call_different(candidate, by=administrator, now=NOW)
    duplicates.find(now=NOW)

    candidate.refresh_from_db()
    assert candidate.status == "different"
    assert AuditEvent.objects.get(action="duplicate.two_people").patient_ids == [
        candidate.first_id, candidate.second_id]  # fmt: skip


def test_a_pair_is_decided_once(others, administrator):
    PatientFactory(**ANNE), PatientFactory(**ANNE)
    duplicates.find(now=NOW)
    candidate = DuplicateCandidate.objects.get()
    duplicates.call_different(candidate, by=administrator, now=NOW)

    with pytest.raises(duplicates.NotOpen, match="decided meanwhile"):
        duplicates.call_different(candidate, by=administrator, now=NOW)


def test_clinicians_decide_no_pairs(others, clinician):
    PatientFactory(**ANNE), PatientFactory(**ANNE)
    duplicates.find(now=NOW)

    with pytest.raises(PermissionDenied):
        duplicates.call_different(DuplicateCandidate.objects.get(), by=clinician, now=NOW)


def test_editing_demographics_looks_again(others, broker, run_jobs):
    anne = PatientFactory(**ANNE)
    other = PatientFactory(family_name="Wagtailby", given_name="Uma")
    Patient.objects.filter(pk=other.pk).update(**ANNE)

    duplicates.demographics_changed(other)
    run_jobs()

    assert found() == {(anne.pk, other.pk)}


def test_a_pair_that_an_edit_took_apart_leaves_the_list(others, broker, run_jobs):
    one, _other = PatientFactory(**ANNE), PatientFactory(**ANNE)
    duplicates.find(now=NOW)
    Patient.objects.filter(pk=one.pk).update(
        family_name="Wagtailby", given_name="Uma", birth_date=dt.date(1990, 1, 2)
    )

    duplicates.demographics_changed(one)
    run_jobs()

    assert found() == set()


def test_a_merged_record_is_nobodys_duplicate(others):
    one = PatientFactory(**ANNE)
    PatientFactory(**ANNE, merged_into=one)

    duplicates.find(now=NOW)

    assert found() == set()


def test_the_command_says_how_many_wait(others, capsys):
    PatientFactory(**ANNE), PatientFactory(**ANNE)

    call_command("find_duplicates")

    assert capsys.readouterr().out.startswith("Pairs on the work list: 1 ")
