import pytest

from healthcare.accounts.models import User
from healthcare.demo import services
from healthcare.demo.stories import STORIES
from ml import codes
from patients.models import Patient, Result
from patients.queries import facts_known_at
from tests.demo.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def facts(patient):
    def known(number):
        person = patient(number)
        return facts_known_at(NOW, [person])[person.pk]

    return known


def values(person, code):
    """(value, status, flag) of every version, oldest first."""
    rows = Result.objects.filter(patient=person, analyte__code=code)
    return list(rows.order_by("collected_at", "issued_at").values_list("value", "status", "flag"))


def test_ten_people_have_the_names_and_teams_of_their_stories(patient):
    for number, story in enumerate(STORIES, start=1):
        person = patient(number)

        assert (person.family_name, person.care_team.name) == (story.family_name, story.team)
        assert person.age_on(NOW.date()) == story.age


def test_cardiovascular_risk_rises_over_the_years(patient, facts):
    pressures = [value for value, _, _ in values(patient(1), "SBP")]

    assert pressures == sorted(pressures)
    assert len(pressures) == 7
    assert facts(1).lifestyle.smoking == "current"


def test_of_the_second_person_next_to_nothing_is_known(facts):
    known = facts(2)

    assert set(known.measurements) == {"HR", "TEMP"}
    assert (known.conditions, known.medications, known.allergies) == (None, None, None)
    assert known.lifestyle.smoking is None


def test_a_corrected_potassium_keeps_what_was_told_first(patient, facts):
    *_, first, corrected = values(patient(3), "POTASSIUM")

    assert (first, corrected) == ((6.1, "final", "H"), (4.5, "corrected", "N"))
    assert facts(3).value("POTASSIUM") == 4.5


def test_what_was_told_first_is_what_was_known_then(patient):
    person = patient(3)
    first = Result.objects.get(patient=person, analyte__code="POTASSIUM", value=6.1)

    then = facts_known_at(first.issued_at, [person])[person.pk]

    assert then.value("POTASSIUM") == 6.1


def test_a_critical_value_is_flagged(patient):
    assert values(patient(4), "POTASSIUM")[-1] == (6.7, "final", "HH")


def test_another_teams_patient_is_invisible_to_the_clinician(patient):
    osei = User.objects.get(username=services.CLINICIAN)

    assert patient(1) in Patient.objects.visible_to(osei)
    assert patient(8) in Patient.objects.visible_to(osei)
    assert patient(5) not in Patient.objects.visible_to(osei)


def test_nobody_looked_for_the_diabetes(facts):
    known = facts(6)

    assert not {"GLU", "GLU_FAST", "HBA1C"} & set(known.measurements)
    assert known.value("BMI") > 35
    assert known.conditions == frozenset()


def test_kidney_disease_shows_in_the_values_but_on_no_list(patient, facts):
    low = [value for value, _, _ in values(patient(7), "EGFR") if value < 60]

    assert len(low) == 3
    assert "ckd" not in codes.expand_conditions(facts(7).conditions)


def test_the_statin_is_barred_by_allergy_and_by_another_drug(facts):
    known = facts(8)

    assert known.value("LDL") > 160
    assert "statin" in known.allergies
    assert "gemfibrozil" in known.medications


def test_a_pregnant_woman_has_high_pressure(facts):
    known = facts(9)

    assert known.pregnant
    assert known.gestation_weeks == 27
    assert known.value("SBP") >= 140


@pytest.mark.parametrize("kind", ["conditions", "medications", "allergies", "family"])
def test_stories_use_words_that_the_rules_know(kind):
    words = {
        "conditions": "condition", "medications": "drug", "allergies": "allergy",
        "family": "family_history",
    }  # fmt: skip
    used = {code for story in STORIES for code in getattr(story, kind)}

    assert used <= set(codes.vocabulary(words[kind]))
