"""FHIR bundles into the record: every resource becomes a fact, waits, is kept or is refused."""

import datetime as dt
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from healthcare.jobs import services as jobs
from patients.models import (
    Allergy,
    Condition,
    FamilyHistory,
    FhirResource,
    HeldResult,
    Medication,
    Patient,
    PatientIdentifier,
    Result,
    SurveyAnswer,
)
from patients.services import fhirresources, merging
from tests.factories import PatientFactory, PatientIdentifierFactory
from tests.patients.fhirfiles import (
    bundle,
    condition,
    counts,
    glucose,
    load,
    of_ada,
    outcomes,
    patient,
)
from tests.patients.labfiles import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ready(analytes, broker):
    """The table of analytes, and no broker."""


def test_a_bundle_becomes_a_record(team):
    lab_import = load(bundle(patient(), glucose(), condition()), team=team)
    ada = Patient.objects.get(care_team=team)
    assert (ada.family_name, ada.birth_date, ada.sex) == (
        "Lovelace",
        dt.date(1965, 12, 10),
        "female",
    )
    assert Result.objects.get(patient=ada).value == 95
    assert Condition.objects.get(patient=ada).code == "htn"
    assert counts(lab_import) == {"accepted": 3}


def test_the_same_bundle_in_another_file_adds_nothing(team):
    load(bundle(patient(), glucose(), condition()), team=team)
    again = load(bundle(patient(), condition(), glucose()), team=team)
    assert counts(again) == {"duplicate": 3}
    assert (Patient.objects.count(), Result.objects.count(), Condition.objects.count()) == (1, 1, 1)


@pytest.mark.parametrize(
    ("status", "found"), [("unknown", {"accepted": 2}), ("done", {"accepted": 1, "refused": 1})]
)
def test_a_status_that_fhir_does_not_have_is_refused_and_not_quietly_kept(status, found, team):
    lab_import = load(bundle(patient(), glucose(status=status)), team=team)
    assert counts(lab_import) == found
    assert lab_import.problems.filter(column="status").count() == found.get("refused", 0)
    assert not Result.objects.exists()


def test_a_patient_behind_their_resources_is_found(team):
    load(bundle(glucose(), condition(), patient()), team=team)
    assert set(outcomes().values()) == {"fact"}


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "Patient/ada"},
        {"reference": "Patient/ada/_history/3"},
        {"reference": "https://example.org/fhir/Patient/ada"},
        {"reference": "Patient?identifier=https://example.org/mrn|4711"},
        {"reference": "Patient?identifier=https%3A%2F%2Fexample.org%2Fmrn%7C4711"},
        {"identifier": {"system": "https://example.org/mrn", "value": "4711"}},
    ],
)
def test_every_kind_of_reference_finds_its_patient(reference, team):
    load(bundle(patient(), condition(subject=reference)), team=team)
    assert Condition.objects.get().patient.family_name == "Lovelace"


def test_a_contained_patient_is_found_by_number(team):
    load(bundle(patient()), team=team)
    inner = {"resourceType": "Patient", "id": "p", "identifier": patient()["identifier"]}
    load(bundle(condition(contained=[inner], subject={"reference": "#p"})))
    assert Condition.objects.get().patient.family_name == "Lovelace"


def test_a_uuid_is_one_resource_wherever_it_lives(team):
    own = "0b3c1a52-2d40-4a6b-9d0a-0123456789ab"
    entry = {"fullUrl": f"urn:uuid:{own}", "resource": patient(id=own)}
    load({"resourceType": "Bundle", "type": "transaction", "entry": [entry]}, team=team)
    load(bundle(condition(subject={"reference": f"Patient/{own}"})))
    assert Condition.objects.count() == 1


def test_without_a_care_team_nobody_is_registered_and_everything_waits():
    lab_import = load(bundle(patient(), glucose(), condition()))
    assert not Patient.objects.exists()
    assert set(outcomes().values()) == {"held"}
    assert counts(lab_import) == {"unmatched": 3}
    assert HeldResult.objects.get().reason == "unknown_patient"
    assert "unknown_patient" in set(lab_import.problems.values_list("code", flat=True))


def test_a_known_number_of_any_kind_finds_the_patient(team):
    known = PatientFactory(family_name="Lovelace", birth_date=dt.date(1965, 12, 10))
    PatientIdentifierFactory(patient=known, system="https://example.org/mrn", value="4711")
    load(bundle(patient(), condition()), team=team)
    assert Condition.objects.get().patient == known
    assert Patient.objects.count() == 1


def test_a_record_number_of_ours_is_believed_only_with_the_birth_date(team):
    PatientFactory(mrn="4711", birth_date=dt.date(1990, 1, 1))
    number = {"type": {"coding": [{"code": "MR"}]}, "system": "https://b.org", "value": "4711"}
    load(bundle(patient(identifier=[number])), team=team)
    assert Patient.objects.count() == 2


def test_two_numbers_of_two_patients_are_refused_by_name(team):
    for value in ("1", "2"):
        PatientIdentifierFactory(system="s", value=value, patient__birth_date=dt.date(1965, 12, 10))
    both = [{"system": "s", "value": "1"}, {"system": "s", "value": "2"}]
    lab_import = load(bundle(patient(identifier=both), condition()), team=team)
    assert lab_import.problems.filter(code="two_patients").count() == 1
    assert not Condition.objects.exists()


def test_demographics_fill_what_is_empty_and_overwrite_nothing(team):
    load(bundle(patient()), team=team)
    phone = [{"system": "phone", "value": "555-1"}]
    changed = patient(telecom=phone, name=[{"family": "King", "given": ["Ada"]}])
    lab_import = load(bundle(changed), team=team)
    ada = Patient.objects.get()
    assert (ada.family_name, ada.phone) == ("Lovelace", "555-1")
    assert lab_import.problems.get().code == "differs"


def test_own_record_numbers_are_kept_as_ours_where_the_caller_says_so(team):
    load(bundle(patient()), team=team, mrn_system="https://example.org/mrn")
    assert PatientIdentifier.objects.filter(system="mrn", value="4711").count() == 1


def test_a_patient_without_any_number_is_known_again(team):
    nameless = patient()
    del nameless["identifier"]
    load(bundle(nameless, glucose()), team=team)
    load(bundle(nameless | {"gender": "female", "active": True}, condition()), team=team)
    assert Patient.objects.count() == 1
    assert Result.objects.count() == 1


def test_an_unknown_test_waits_by_its_code_and_a_bad_unit_by_its_unit(team):
    unknown = glucose("x", code={"coding": [{"system": "http://loinc.org", "code": "99999-9"}]})
    strange = glucose("y", valueQuantity={"value": 5, "unit": "furlong"})
    lab_import = load(bundle(patient(), unknown, strange, glucose()), team=team)
    assert set(HeldResult.objects.values_list("reason", flat=True)) == {
        "unknown_code", "unknown_unit"
    }  # fmt: skip
    assert counts(lab_import) == {"accepted": 2, "refused": 2}
    assert Result.objects.count() == 1


def test_a_blood_pressure_is_two_results(team):
    def part(code, value):
        return {"code": {"coding": [{"system": "http://loinc.org", "code": code}]},
                "valueQuantity": {"value": value, "unit": "mm[Hg]"}}  # fmt: skip

    panel = glucose("bp", code={"text": "Blood pressure"})
    del panel["valueQuantity"]
    load(
        bundle(patient(), panel | {"component": [part("8480-6", 121), part("8462-4", 79)]}),
        team=team,
    )
    assert set(Result.objects.values_list("analyte__code", "value")) == {("SBP", 121), ("DBP", 79)}


def test_smoking_is_an_answer_and_not_a_result(team):
    status = {"coding": [{"system": "http://snomed.info/sct", "code": "8517006"}]}
    said = of_ada(
        "Observation", "s", status="final", effectiveDateTime="2026-01-01",
        code={"coding": [{"system": "http://loinc.org", "code": "72166-2"}]},
        valueCodeableConcept=status,
    )  # fmt: skip
    load(bundle(patient(), said), team=team)
    answer = SurveyAnswer.objects.get()
    assert (answer.instrument, answer.item, answer.text) == ("lifestyle", "smoking", "former")


def test_no_known_allergies_marks_the_list_as_gone_through(team):
    nka = {"coding": [{"system": "http://snomed.info/sct", "code": "716186003"}]}
    load(
        bundle(patient(), of_ada("AllergyIntolerance", code=nka, recordedDate="2026-01-02")),
        team=team,
    )
    assert Patient.objects.get().allergies_reviewed_on == dt.date(2026, 1, 2)
    assert not Allergy.objects.exists()


def test_a_drug_is_found_through_its_reference(team):
    drug = {"resourceType": "Medication", "id": "m", "code": {"text": "Metformin 500 mg"}}
    order = of_ada(
        "MedicationRequest", status="active", intent="order", authoredOn="2026-01-01",
        medicationReference={"reference": "Medication/m"},
    )  # fmt: skip
    load(bundle(patient(), order, drug), team=team)
    assert Medication.objects.get().drug_class == "metformin"


def test_each_other_kind_of_resource_becomes_its_fact(team):
    taken = of_ada(
        "MedicationStatement", "taken", status="active",
        medicationCodeableConcept={"text": "Metformin 500 mg"},
    )  # fmt: skip
    mother = of_ada(
        "FamilyMemberHistory", "mother", status="completed", relationship={"text": "Mother"},
        condition=[{"code": {"coding": [{"system": "http://snomed.info/sct", "code": "73211009"}],
                             "text": "Diabetes mellitus"}}],
    )  # fmt: skip
    answers = of_ada(
        "QuestionnaireResponse", "answers", status="completed", authored="2026-02-01",
        questionnaire="https://example.org/Questionnaire/phq-9",
        item=[{"linkId": "q1", "answer": [{"valueInteger": 2}]}],
    )  # fmt: skip

    lab_import = load(bundle(patient(), taken, mother, answers), team=team)

    assert counts(lab_import) == {"accepted": 4}
    assert Medication.objects.get().drug_class == "metformin"
    relative = FamilyHistory.objects.get()
    assert (relative.relation, relative.code) == ("mother", "diabetes")
    told = SurveyAnswer.objects.get()
    assert (told.instrument, told.item, told.number) == ("phq-9", "q1", 2)


def test_many_resources_cost_the_same_queries_as_few(team):
    def told(prefix, resources):
        return bundle(*(
            condition(f"{prefix}{n}", code={"text": f"Problem {prefix} {n}"})
            for n in range(resources)
        ))  # fmt: skip

    load(bundle(patient()), team=team)
    with CaptureQueriesContext(connection) as few:
        load(told("a", 2))
    with CaptureQueriesContext(connection) as many:
        load(told("b", 40))

    assert Condition.objects.count() == 42
    assert len(many) == len(few)


def test_a_bad_resource_does_not_stop_a_good_one(team):
    bad = [
        condition("null", onsetDateTime=None),
        condition("text", code="Hypertension"),
        glucose("coerced", valueQuantity={"value": "7.2", "unit": "mg/dL"}),
        glucose("twice", valueString="7"),
        condition("nobody", subject=[]),
    ]
    lab_import = load(bundle(patient(), *bad, condition()), team=team)
    assert counts(lab_import) == {"accepted": 2, "refused": 5}
    assert Condition.objects.count() == 1
    assert lab_import.problems.count() == 5


def test_every_resource_ends_with_an_outcome(team):
    kept = {"resourceType": "Organization", "id": "o", "name": "Hospital"}
    lab_import = load(
        bundle(patient(), kept, condition("c", subject={"display": "who?"})), team=team
    )
    assert FhirResource.objects.count() == lab_import.row_count == 3
    assert outcomes()["Organization"] == "kept"


def test_numbers_are_kept_as_they_were_sent(team):
    load(
        json.dumps(bundle(patient(), glucose())).replace('"value": 95', '"value": 95.10').encode(),
        team=team,
    )
    result = Result.objects.get()
    assert (result.value, result.value_as_sent) == (95.1, "95.10")


def test_words_that_are_no_result_are_kept_as_sent(team):
    words = glucose("w", code={"text": "Eye colour"}, valueString="blue")
    del words["valueQuantity"]
    load(bundle(patient(), words), team=team)
    assert outcomes()["Observation"] == "kept"


def test_what_follows_goes_to_the_record_that_its_patient_was_merged_into(
    team, administrator, monkeypatch
):
    kept = PatientFactory(care_team=team)
    store = fhirresources.others

    def merged_before(entries, context):
        ada = Patient.objects.get(family_name="Lovelace")
        merging.merge(survivor=kept, merged=ada, by=administrator, now=NOW, reason="Same person")
        return store(entries, context)

    monkeypatch.setattr(fhirresources, "others", merged_before)
    load(bundle(patient(), glucose(), condition()), team=team)

    assert (Condition.objects.get().patient, Result.objects.get().patient) == (kept, kept)


def test_a_file_that_would_not_fit_into_memory_is_refused_with_what_to_do(monkeypatch):
    monkeypatch.setattr("patients.services.fhirindex.MOST_NAMES", 2)
    silent = [glucose(f"o{number}") for number in range(3)]

    with pytest.raises(jobs.PermanentFailure, match="Send it in parts"):
        load(bundle(*silent))

    assert not FhirResource.objects.exists()
