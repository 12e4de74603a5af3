"""FHIR resources that change, come late, come again, or are taken back."""

import datetime as dt
import json

import pytest

from healthcare.jobs.services import PermanentFailure
from patients.models import (
    Condition,
    FhirResource,
    HeldResult,
    LabImport,
    LabSource,
    Notice,
    Patient,
    Result,
)
from patients.services import fhirin, fhirrepeats, labs, records
from tests.factories import LabImportFactory, PatientFactory
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

pytestmark = pytest.mark.django_db

LATER = dt.datetime(2026, 3, 5, 9, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def ready(analytes, broker):
    """The table of analytes, and no broker."""


def test_a_worker_that_comes_back_adds_nothing(team):
    lab_import = load(bundle(patient(), glucose(), condition()), team=team)
    fhirin.import_file(lab_import, lab_import.job)
    lab_import.refresh_from_db()
    assert counts(lab_import) == {"accepted": 3}
    assert Result.objects.count() == 1


def test_what_waited_is_stored_when_its_file_comes_again_with_a_care_team(team):
    load(bundle(patient(), condition()))
    load(bundle(patient(), condition(), kind="collection"), team=team)
    assert Condition.objects.count() == 1
    assert set(outcomes().values()) == {"fact"}


def test_a_changed_resource_ends_its_fact_and_adds_another(team):
    load(bundle(patient(), condition()), team=team)
    changed = load(bundle(patient(), condition(abatementDateTime="2026-01-01")), team=team)
    old, new = Condition.objects.order_by("pk")
    assert old.superseded_at is not None
    assert (new.resolved_on, new.superseded_at) == (dt.date(2026, 1, 1), None)
    assert counts(changed) == {"corrected": 1, "duplicate": 1}


def test_an_older_version_that_comes_late_changes_nothing(team):
    new, old = ({"lastUpdated": f"2026-01-0{day}T00:00:00Z"} for day in (2, 1))
    load(bundle(patient(), condition(meta=new)), team=team)
    load(bundle(condition(meta=old, abatementDateTime="2026-01-01")), team=team)
    assert Condition.objects.get().resolved_on is None


@pytest.mark.parametrize("status", ["entered-in-error", "refuted"])
def test_a_fact_that_was_an_error_ends(status, team):
    load(bundle(patient(), condition()), team=team)
    load(bundle(condition(verificationStatus={"coding": [{"code": status}]})))
    assert not Condition.objects.current().exists()
    assert Condition.objects.count() == 1


def test_what_two_resources_say_stands_once_and_outlives_one_of_them(team):
    error = {"coding": [{"code": "entered-in-error"}]}
    load(bundle(patient(), condition("one"), condition("two")), team=team)
    assert Condition.objects.count() == 1
    load(bundle(condition("one", verificationStatus=error)))
    assert Condition.objects.current().get().external_id.endswith("two")


def test_two_diagnoses_that_a_rule_reads_alike_stand_beside_each_other(team):
    codes = ("55822004", "302870006")  # hyperlipidaemia, hypertriglyceridaemia
    entries = [
        condition(code, code={"coding": [{"system": "http://snomed.info/sct", "code": code}]})
        for code in codes
    ]
    load(bundle(patient(), *entries), team=team)
    assert set(Condition.objects.values_list("code", flat=True)) == {
        "dyslipidaemia", "snomed:302870006"
    }  # fmt: skip


def test_a_corrected_observation_replaces_its_value(team):
    load(bundle(patient(), glucose(value=95)), team=team)
    load(bundle(glucose(value=105, status="corrected")))
    assert Result.objects.current().get().value == 105
    assert Result.objects.count() == 2


def test_an_observation_that_moves_in_time_leaves_nothing_behind(team):
    load(bundle(patient(), glucose()), team=team)
    load(bundle(glucose(effectiveDateTime="2026-02-02T08:00:00Z")))
    current = Result.objects.current().get()
    assert current.collected_at.day == 2


def test_an_observation_that_moves_to_another_patient_leaves_the_first(team):
    eve = patient(id="eve", identifier=[{"system": "s", "value": "9"}], name=[{"family": "Eve"}])
    load(bundle(patient(), eve, glucose()), team=team)
    load(bundle(glucose(subject={"reference": "Patient/eve"})))
    assert Result.objects.current().get().patient.family_name == "Eve"


def test_a_cut_off_file_stores_nothing(team):
    whole = json.dumps(bundle(patient(), condition())).encode()
    with pytest.raises(PermanentFailure, match="not whole JSON"):
        load(whole[:-40], team=team)
    assert not FhirResource.objects.exists()


def test_ndjson_loads_line_by_line_and_a_bad_line_spoils_itself(team):
    lines = [json.dumps(glucose()), "{broken", json.dumps(patient()), json.dumps(condition())]
    lab_import = load("\n".join(lines).encode(), team=team)
    assert counts(lab_import) == {"accepted": 3, "refused": 1}
    assert Result.objects.count() == 1


def test_a_withdrawn_file_takes_its_facts_back_and_lets_earlier_ones_stand(team):
    load(bundle(patient(), condition()), team=team)
    second = load(
        bundle(condition(abatementDateTime="2026-01-01"), condition("other", code={"text": "Gout"}))
    )
    fhirrepeats.take_back(second, now=LATER)
    assert Condition.objects.current().get().resolved_on is None
    assert fhirrepeats.take_back(second, now=LATER) == set()


def test_a_withdrawn_file_can_be_sent_again(team):
    load(bundle(patient()), team=team)
    first = load(bundle(condition()))
    fhirrepeats.take_back(first, now=LATER)
    load(bundle(condition()))
    assert Condition.objects.current().count() == 1


def test_what_waited_for_its_patient_is_stored_when_another_file_brings_them(team):
    PatientFactory(mrn="somebody")
    waiting = load(bundle(condition(), glucose()))
    assert counts(waiting) == {"unmatched": 2}
    load(bundle(patient()), team=team)
    waiting.refresh_from_db()
    assert counts(waiting) == {"accepted": 2}
    assert (Condition.objects.count(), Result.objects.count()) == (1, 1)
    assert HeldResult.objects.get().status == "released"


def test_an_observation_takes_person_and_time_from_its_report(team):
    silent = glucose()
    del silent["effectiveDateTime"], silent["subject"]
    report = of_ada(
        "DiagnosticReport", "r", status="final", code={"text": "Panel"},
        effectiveDateTime="2026-02-03T08:00:00Z", result=[{"reference": "Observation/glu"}],
    )  # fmt: skip
    load(bundle(patient(), silent, report), team=team)
    assert Result.objects.get().collected_at == dt.datetime(2026, 2, 3, 8, tzinfo=dt.UTC)


def test_observations_inside_a_report_are_results(team):
    inner = glucose("glu")
    del inner["effectiveDateTime"], inner["subject"]
    report = of_ada(
        "DiagnosticReport", "r", status="final", code={"text": "Panel"}, contained=[inner],
        effectiveDateTime="2026-02-03T08:00:00Z", result=[{"reference": "#glu"}],
    )  # fmt: skip
    load(bundle(patient(), report), team=team)
    assert Result.objects.get().value == 95


def test_files_of_one_named_sender_find_each_others_patients(team):
    source = LabSource.objects.create(name="North")
    nowhere = {"resourceType": "Bundle", "type": "collection"}
    load(nowhere | {"entry": [{"resource": patient()}]}, team=team, lab_source=source)
    load(nowhere | {"entry": [{"resource": condition()}]}, lab_source=source)
    assert Condition.objects.get().patient.family_name == "Lovelace"


def test_a_bare_id_of_an_unnamed_sender_is_nobody_elses(team):
    nowhere = {"resourceType": "Bundle", "type": "collection"}
    load(nowhere | {"entry": [{"resource": patient()}]}, team=team)
    load(nowhere | {"entry": [{"resource": condition()}]})
    assert outcomes()["Condition"] == "held"


def test_withdrawing_a_bundle_ends_its_results_and_its_facts(team, lab_staff):
    load(bundle(patient()), team=team)
    lab_import = load(bundle(condition(), glucose()))
    labs.withdraw(lab_import, by=lab_staff, now=LATER, reason="wrong hospital")
    assert not Condition.objects.current().exists()
    assert not Result.objects.current().exists()


class DyingJob:
    """A worker that dies after its first stretch, as seen by the import."""

    def __init__(self):
        self.stretches = 0

    def report(self, **progress):
        self.stretches += 1
        if self.stretches == 2:
            raise ConnectionError


def test_a_worker_that_dies_half_way_leaves_what_the_next_one_completes(team, monkeypatch):
    monkeypatch.setattr(fhirin, "STRETCH", 2)
    whole = bundle(patient(), *(condition(f"c{n}", code={"text": f"Ill {n}"}) for n in range(5)))
    file = json.dumps(whole).encode()
    lab_import = LabImportFactory(content=file, format="fhir", profile={"care_team": team.pk})
    with pytest.raises(ConnectionError):
        fhirin.import_file(lab_import, DyingJob())
    assert Condition.objects.count() == 0
    again = LabImport.objects.get()
    assert again.next_row == 1
    fhirin.import_file(again, again.job)
    assert (Condition.objects.count(), again.accepted_count) == (5, 6)


def correct_by_hand(clinician, **changes):
    fact = Condition.objects.current().get()
    return records.correct(fact, changes, by=clinician, now=LATER, reason="Wrong day")


def test_a_correction_by_hand_survives_a_sender_who_only_repeats(team, clinician):
    load(bundle(patient(), condition(onsetDateTime="2020-01-01")), team=team)
    mine = correct_by_hand(clinician, onset_on=dt.date(2019, 1, 1))

    again = condition(onsetDateTime="2020-01-01", meta={"lastUpdated": "2026-03-06T00:00:00Z"})
    load(bundle(again))

    assert Condition.objects.current().get() == mine
    assert not Notice.objects.exists()


def test_a_sender_who_says_something_new_of_what_was_corrected_by_hand_is_a_conflict(
    team, clinician
):
    load(bundle(patient(), condition(onsetDateTime="2020-01-01")), team=team)
    mine = correct_by_hand(clinician, onset_on=dt.date(2019, 1, 1))

    said = load(bundle(condition(onsetDateTime="2021-01-01")))

    assert Condition.objects.current().get() == mine
    assert [problem.code for problem in said.problems.all()] == ["corrected_here"]
    notice = Notice.objects.get()
    assert (notice.kind, notice.recipient, notice.patient) == ("conflict", clinician, mine.patient)


def test_a_sender_who_agrees_with_the_correction_brings_no_conflict(team, clinician):
    load(bundle(patient(), condition(onsetDateTime="2020-01-01")), team=team)
    mine = correct_by_hand(clinician, onset_on=dt.date(2019, 1, 1))

    load(bundle(condition(onsetDateTime="2019-01-01")))

    assert Condition.objects.current().get() == mine
    assert not Notice.objects.exists()


def test_what_a_person_has_corrected_outlives_the_file_it_came_from(team, clinician, lab_staff):
    file = load(bundle(patient(), condition(onsetDateTime="2020-01-01")), team=team)
    mine = correct_by_hand(clinician, onset_on=dt.date(2019, 1, 1))

    labs.withdraw(file, by=lab_staff, now=LATER, reason="Wrong hospital")

    assert Condition.objects.current().get() == mine


def test_what_a_person_has_removed_does_not_come_back_by_a_repeat(team, clinician):
    load(bundle(patient(), condition()), team=team)
    records.remove(Condition.objects.get(), by=clinician, now=LATER, reason="Another person's")

    load(bundle(condition(meta={"lastUpdated": "2026-03-06T00:00:00Z"})))

    assert not Condition.objects.current().exists()


def pregnancy_status(code, day="2026-02-01", **members):
    return of_ada(
        "Observation", f"preg-{code}", status="final", effectiveDateTime=day,
        code={"coding": [{"system": "http://loinc.org", "code": "82810-3"}]},
        valueCodeableConcept={"coding": [{"system": "http://snomed.info/sct", "code": code}]},
    ) | members  # fmt: skip


def since():
    return Patient.objects.get().pregnant_since


def test_a_pregnancy_comes_into_the_record_and_ends(team):
    delivery = {"code": {"coding": [{"system": "http://loinc.org", "code": "11778-8"}]},
                "valueDateTime": "2026-08-01"}  # fmt: skip
    load(bundle(patient(), pregnancy_status("77386006", component=[delivery])), team=team)
    assert since() == dt.date(2025, 10, 25)  # 280 days before the delivery that is expected

    load(bundle(pregnancy_status("60001007", day="2026-03-01")))
    assert since() is None


def test_a_pregnancy_without_a_beginning_is_taken_to_be_in_its_middle(team):
    load(bundle(patient(), pregnancy_status("77386006", day="2026-02-01")), team=team)
    assert since() == dt.date(2025, 9, 14)


def test_a_pregnancy_on_the_problem_list_lasts_until_it_is_over(team):
    code = {"coding": [{"system": "http://snomed.info/sct", "code": "72892002"}],
            "text": "Normal pregnancy"}  # fmt: skip
    load(bundle(patient(), condition(code=code, onsetDateTime="2025-11-01")), team=team)
    assert since() == dt.date(2025, 11, 1)

    over = condition(code=code, onsetDateTime="2025-11-01", abatementDateTime="2026-02-20")
    load(bundle(over))
    assert since() is None


def test_an_older_pregnancy_does_not_replace_the_present_one(team):
    load(bundle(patient(), pregnancy_status("77386006", day="2026-02-01")), team=team)
    load(bundle(pregnancy_status("77386006", day="2020-02-01") | {"id": "older"}))
    load(bundle(pregnancy_status("60001007", day="2021-02-01")))
    assert since() == dt.date(2025, 9, 14)
