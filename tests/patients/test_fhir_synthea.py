"""Real bundles: 80 invented people of Synthea, counted by hand in the files themselves."""

import datetime as dt
from collections import Counter

import pytest

from patients.models import (
    Allergy,
    Condition,
    Encounter,
    FhirResource,
    HeldResult,
    ImportProblem,
    LatestResult,
    Medication,
    Patient,
    PatientIdentifier,
    Result,
    SurveyAnswer,
)
from tests.patients.fhirfiles import bundles, load

pytestmark = [pytest.mark.django_db, bundles.needed]
SAMPLE = range(0, 80, 8)
SMOKING = "72166-2"


@pytest.fixture
def files():
    return [bundles.read(number) for number in SAMPLE]


@pytest.fixture
def imports(analytes, broker, team):
    return [load(bundles.paths()[number].read_bytes(), team=team) for number in SAMPLE]


def resources(files, *kinds):
    found = (entry["resource"] for file in files for entry in file["entry"])
    return [one for one in found if one["resourceType"] in kinds]


def code(resource):
    return resource["code"]["coding"][0]["code"]


def test_every_resource_of_every_file_is_accounted_for(files, imports):
    assert [one.row_count for one in imports] == [len(file["entry"]) for file in files]
    shared = sum(one.duplicate_count for one in imports)  # hospitals and doctors in common
    sent = sum(len(file["entry"]) for file in files)
    assert FhirResource.objects.count() == sent - shared
    assert not any(one.unmatched_count for one in imports)


def test_people_problems_visits_drugs_and_allergies_are_all_there(files, imports):
    for model, kind in [
        (Patient, "Patient"), (Condition, "Condition"), (Encounter, "Encounter"),
        (Medication, "MedicationRequest"), (Allergy, "AllergyIntolerance"),
    ]:  # fmt: skip
        assert model.objects.count() == len(resources(files, kind)), kind


def test_every_number_of_every_person_is_kept(files, imports):
    sent = {
        (number["system"], number["value"])
        for person in resources(files, "Patient")
        for number in person["identifier"]
    }
    assert set(PatientIdentifier.objects.values_list("system", "value")) == sent


def test_every_measured_value_is_stored_waits_is_refused_or_kept(files, imports):
    values = sum(
        1
        for one in resources(files, "Observation")
        for part in [one, *one.get("component", [])]
        if any(name.startswith("value") for name in part) and code(one) != SMOKING
    )
    kept = FhirResource.objects.filter(resource_type="Observation", outcome="kept").count()
    waiting = HeldResult.objects.count()
    refused = ImportProblem.objects.exclude(code__startswith="unknown").count()
    assert Result.objects.count() + waiting + refused + kept == values


def test_values_are_those_of_the_files(files, imports):
    sent = Counter(
        round(float(one["valueQuantity"]["value"]), 9)
        for one in resources(files, "Observation")
        if code(one) == "4548-4"
    )
    stored = Result.objects.filter(analyte__code="HBA1C").values_list("value", flat=True)
    assert Counter(round(value, 9) for value in stored) == sent


def test_the_smoking_status_is_the_answer_of_its_day(files, imports):
    days = {
        (one["subject"]["reference"], one["effectiveDateTime"][:10])
        for one in resources(files, "Observation")
        if code(one) == SMOKING
    }
    assert SurveyAnswer.objects.filter(item="smoking").count() == len(days)


def test_nothing_is_orphaned(files, imports):
    kinds = {"Organization", "Practitioner"}
    orphans = FhirResource.objects.exclude(resource_type__in=kinds).filter(patient=None)
    assert not orphans.exists()
    newest = LatestResult.objects.filter(result__superseded_at=None)
    assert (
        newest.count() == Result.objects.current().values("patient", "analyte").distinct().count()
    )


def test_the_dead_are_dead_since_their_day(files, imports):
    died = {
        dt.date.fromisoformat(person["deceasedDateTime"][:10])
        for person in resources(files, "Patient")
        if "deceasedDateTime" in person
    }
    assert set(Patient.objects.exclude(died_on=None).values_list("died_on", flat=True)) == died


def test_all_of_it_again_in_other_files_adds_nothing(imports, team):
    before = Result.objects.count(), Condition.objects.count(), FhirResource.objects.count()
    for number in list(SAMPLE)[:3]:
        again = load(bundles.paths()[number].read_bytes(), team=team)
        # What was refused is looked at again, and refused again.
        assert again.duplicate_count + again.refused_count == again.row_count
    assert (
        Result.objects.count(),
        Condition.objects.count(),
        FhirResource.objects.count(),
    ) == before
