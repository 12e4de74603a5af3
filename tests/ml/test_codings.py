"""Coded concepts of other systems in the words of the rules."""

import pytest

from ml import codes, codings, reference

SNOMED, ICD10, RXNORM, ATC = codings.SNOMED, codings.ICD10, codings.RXNORM, codings.ATC


@pytest.mark.parametrize(
    ("pairs", "name", "found"),
    [
        ([(SNOMED, "38341003")], "", ("htn",)),
        ([(SNOMED, "157141000119108")], "Proteinuria due to type 2 diabetes", ("t2d",)),
        ([(f"{ICD10}-cm", "E11.22")], "", ("t2d", "ckd")),
        ([(SNOMED, "1"), (ICD10, "I10")], "", ("htn",)),
        ([(SNOMED, "1")], "Hypertension", ("htn",)),
        ([("urn:local", "38341003")], "", ()),
        ([], "Viral sinusitis", ()),
    ],
)
def test_conditions_are_found_by_code_and_then_by_name(pairs, name, found):
    assert codings.conditions(pairs, name) == found


@pytest.mark.parametrize(
    ("pairs", "name", "found"),
    [
        ([(RXNORM, "6809")], "", ("metformin",)),
        ([(RXNORM, "1")], "Amoxicillin 250 MG / Clavulanate 125 MG Oral Tablet", ("penicillin",)),
        ([(RXNORM, "1")], "Fluticasone / salmeterol Inhaler", ("ics", "laba_lama")),
        ([(RXNORM, "1")], "Clonazepam [Klonopin]", ("benzodiazepine",)),
        ([(RXNORM, "1")], "Hydrocortisone 10 MG/ML Topical Cream", ()),
        ([(ATC, "C10AA05")], "", ("atorvastatin",)),
        ([(ATC, "C10AA99")], "", ("statin",)),
        ([(ATC, "Z99")], "", ()),
        ([], "metformin 500 mg", ("metformin",)),
        ([], "stop metformin", ()),
    ],
)
def test_drugs_are_found_by_code_and_then_by_name(pairs, name, found):
    assert codings.medications(pairs, name) == found


@pytest.mark.parametrize(
    ("pairs", "name", "first"),
    [
        ([(SNOMED, "91935009")], "", "peanut"),
        ([], "Allergy to eggs", "egg"),
        ([], "Shellfish allergy", "shellfish"),
        ([(RXNORM, "36567")], "Simvastatin", "simvastatin"),
        ([], "Tree pollen", None),
    ],
)
def test_allergies_are_found_by_code_and_then_by_name(pairs, name, first):
    assert next(iter(codings.allergies(pairs, name)), None) == first


def test_an_allergy_to_a_drug_is_one_to_its_class_too():
    assert codings.allergies([(RXNORM, "36567")]) == ("simvastatin", "statin")


def test_a_relatives_heart_attack_is_a_family_history_of_its_kind():
    assert codings.family_history([(SNOMED, "22298006")]) == ("ascvd",)


@pytest.mark.parametrize(
    ("system", "code", "item"),
    [
        ("http://hl7.org/fhir/sid/cvx", "140", "flu_vaccine"),
        ("http://hl7.org/fhir/sid/cvx", "121", None),  # the live vaccine is not the one advised
        (SNOMED, "73761001", "colonoscopy"),
        ("http://loinc.org", "73761001", None),
    ],
)
def test_vaccines_and_procedures_answer_items_of_the_catalogue(system, code, item):
    assert next(iter(codings.preventive_care([(system, code)])), None) == item


@pytest.mark.parametrize(
    ("file", "kinds"),
    [
        ("condition_snomed.csv", ["condition"]),
        ("allergy_snomed.csv", ["allergy", "drug"]),
        ("medication_atc.csv", ["drug"]),
        ("preventive_codes.csv", ["done"]),
    ],
)
def test_every_table_speaks_our_words_only(file, kinds):
    known = {code for kind in kinds for code in codes.vocabulary(kind)}
    used = {code for row in reference.rows(file) for code in row["codes"].split("|")}
    assert used <= known
