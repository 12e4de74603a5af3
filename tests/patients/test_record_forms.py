import datetime as dt

import pytest

from ml import codes
from patients.forms.record import AllergyForm, ConditionForm, MedicationForm

TODAY = dt.date(2026, 3, 3)


def content(form_class, **typed):
    """What a form makes of what was typed."""
    form = form_class(typed, today=TODAY)
    assert form.is_valid(), form.errors
    (said,) = form.contents()
    return said


@pytest.mark.parametrize(
    ("typed", "code", "label"),
    [
        ("Type 2 diabetes", "t2d", "Type 2 diabetes"),
        ("E11.9", "t2d", "Type 2 diabetes"),
        ("44054006", "t2d", "Type 2 diabetes"),
        ("Hiccups for years", "text:hiccups_for_years", "Hiccups for years"),
        ("x" * 200, "text:" + "x" * 55, "x" * 200),
    ],
)
def test_a_problem_is_understood_by_name_or_code_and_else_kept_as_typed(typed, code, label):
    said = content(ConditionForm, label=typed)

    assert (said["code"], said["label"]) == (code, label)


@pytest.mark.parametrize(
    ("name", "dose", "drug_class"),
    [
        ("Simvastatin", "20 mg", "simvastatin"),
        ("Atorvastatin", "80 mg", "high_intensity_statin"),
        ("Metformin", "twice a day, sometimes", "metformin"),
        ("Clarithromycin", "500 mg", "macrolide"),
        ("Insulin glargine", "", "insulin"),
        ("Something new", "", ""),
    ],
)
def test_a_medicine_gets_the_class_that_the_rules_know(name, dose, drug_class):
    assert content(MedicationForm, name=name, dose=dose)["drug_class"] == drug_class


@pytest.mark.parametrize("text", ["Amlodipine / benazepril", "amlodipine 5 mg benazepril 10 mg"])
@pytest.mark.parametrize(
    ("form_class", "field"), [(MedicationForm, "name"), (AllergyForm, "label")]
)
def test_a_combination_is_refused_with_what_to_do(form_class, field, text):
    form = form_class({field: text}, today=TODAY)

    assert "by itself" in form.errors[field][0]


@pytest.mark.parametrize(
    ("substance", "code"),
    [
        ("Penicillin", "penicillin"),
        ("latex", "latex"),
        ("Amoxicillin", "penicillin"),
        ("Simvastatin", "simvastatin"),
        ("Green paint", ""),
    ],
)
def test_an_allergy_is_understood_as_the_substance_or_the_class_of_a_medicine(substance, code):
    said = content(AllergyForm, label=substance)

    assert (said["code"], said["label"]) == (code, substance)


@pytest.mark.parametrize("form_class", [MedicationForm, AllergyForm])
@pytest.mark.parametrize("words", sorted(codes.vocabulary("drug").values()))
def test_every_suggested_medicine_is_taken_as_its_own_class(form_class, words):
    field = "name" if form_class is MedicationForm else "label"

    said = content(form_class, **{field: words})

    code = said.get("drug_class") or said.get("code")
    kind = "drug" if code in codes.vocabulary("drug") else "allergy"
    assert codes.display(kind, code).casefold() == words.casefold()
