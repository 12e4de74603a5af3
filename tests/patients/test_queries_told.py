"""What stands behind each fact that is known of a patient: since when, and who said so."""

import datetime as dt

import pytest

from patients import queries
from patients.models import (
    Allergy,
    Condition,
    FamilyHistory,
    Medication,
    PreventiveCare,
    SurveyAnswer,
    WearableDay,
)
from tests.factories import PatientFactory, ResultFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes")]
NOW = dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC)
KNOWN = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
KNOWN_ON, EARLIER = dt.date(2026, 3, 1), dt.date(2019, 5, 4)
SNOMED_DIABETIC_KIDNEY = "http://snomed.info/sct|127013003"


@pytest.fixture
def patient(db):
    return PatientFactory()


@pytest.fixture
def said(patient):
    """Write a fact of the patient down; by default it is known since March."""

    def write(model, **fact):
        given = {"patient": patient, "recorded_at": KNOWN, "source": "entered by hand"} | fact
        return model.objects.create(**given)

    return write


def told(patient, name):
    known = queries.facts_known_at(NOW, [patient])[patient.pk]
    return known.recorded.get(name), known.sources.get(name)


def test_a_result_names_its_source(patient):
    ResultFactory(patient=patient, source="lab file")

    assert told(patient, "number:HBA1C") == (None, "lab file")  # the day is the measurement's


def test_the_newest_version_of_a_result_is_the_one_that_is_named(patient):
    ResultFactory(patient=patient, source="lab file", collected_at=KNOWN - dt.timedelta(days=9))
    ResultFactory(patient=patient, source="HL7 message", collected_at=KNOWN)

    assert told(patient, "number:HBA1C")[1] == "HL7 message"


@pytest.mark.parametrize(
    ("model", "fact", "name", "since"),
    [
        (Condition, {"code": "gout", "label": "Gout", "onset_on": EARLIER}, "condition:gout",
         EARLIER),
        (Condition, {"code": "gout", "label": "Gout"}, "condition:gout", KNOWN_ON),
        (Medication, {"drug_class": "metformin", "name": "Metformin", "started_on": EARLIER},
         "medication:metformin", EARLIER),
        (Medication, {"name": "Snake oil"}, "medication:Snake oil", KNOWN_ON),
        (Allergy, {"code": "penicillin", "label": "Penicillin"}, "allergy:penicillin", KNOWN_ON),
        (FamilyHistory, {"code": "diabetes", "relation": "mother"}, "family:diabetes", KNOWN_ON),
        (PreventiveCare, {"item": "fit", "done_on": EARLIER}, "done:fit", EARLIER),
        (SurveyAnswer, {"instrument": "lifestyle", "item": "smoking", "text": "never",
                        "answered_on": EARLIER}, "lifestyle:smoking", EARLIER),
        (SurveyAnswer, {"instrument": "flags", "item": "strength_training", "number": 1,
                        "answered_on": EARLIER}, "flag:strength_training", EARLIER),
    ],
)  # fmt: skip
def test_a_fact_names_its_day_and_source(patient, said, model, fact, name, since):
    said(model, **fact)

    assert told(patient, name) == (since, "entered by hand")


def test_a_code_of_another_system_stands_behind_all_that_it_says(patient, said):
    said(Condition, code="ckd", label="Diabetic kidney disease", coding=SNOMED_DIABETIC_KIDNEY,
         onset_on=EARLIER, source="FHIR")  # fmt: skip
    known = queries.facts_known_at(NOW, [patient])[patient.pk]

    assert len(known.conditions) > 1
    assert {known.sources[f"condition:{code}"] for code in known.conditions} == {"FHIR"}
    assert {known.recorded[f"condition:{code}"] for code in known.conditions} == {EARLIER}


def test_of_two_entries_of_a_class_the_earlier_one_is_named(patient, said):
    for name, day, source in [("B", KNOWN_ON, "FHIR"), ("A", EARLIER, "letter")]:
        said(Medication, drug_class="statin", name=name, started_on=day, source=source)

    assert told(patient, "medication:statin") == (EARLIER, "letter")


def test_what_was_done_twice_is_told_by_the_last_time(patient, said):
    for day, source in [(EARLIER, "letter"), (KNOWN_ON, "registry")]:
        said(PreventiveCare, item="fit", done_on=day, source=source)

    assert told(patient, "done:fit") == (KNOWN_ON, "registry")


def test_a_mean_of_devices_is_dated_by_its_newest_day_and_names_those_that_counted_it(
    patient, said
):
    said(WearableDay, day=dt.date(2026, 3, 2), steps=4000, source="Watch (patient-generated)")
    said(WearableDay, day=dt.date(2026, 3, 5), steps=6000, source="Phone (patient-generated)")
    said(WearableDay, day=dt.date(2026, 3, 8), sleep_hours=7, source="Ring (patient-generated)")
    known = queries.facts_known_at(NOW, [patient])[patient.pk]

    steps = known.measurements["STEPS"]
    assert (steps.value, steps.collected) == (5000, dt.date(2026, 3, 5))
    assert known.sources["number:STEPS"] == (
        "Phone (patient-generated) and Watch (patient-generated), mean of the last 30 days"
    )
    assert known.sources["number:SLEEP"] == ("Ring (patient-generated), mean of the last 30 days")


def test_a_measured_value_goes_before_what_a_device_counted(patient, said):
    said(WearableDay, day=KNOWN_ON, resting_heart_rate=58, source="Watch (patient-generated)")
    ResultFactory(patient=patient, code="RHR", value=64, source="clinic")
    known = queries.facts_known_at(NOW, [patient])[patient.pk]

    assert (known.value("RHR"), known.sources["number:RHR"]) == (64, "clinic")


def test_who_said_so_costs_no_query_more(patient, django_assert_num_queries):
    both = [patient, PatientFactory()]
    with django_assert_num_queries(8):  # one a table
        queries.facts_known_at(NOW, both)
