"""From ICD-10, SNOMED, RxNorm and names to the words of the rules."""

import pytest

from ml import codes, reference


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("htn", ("htn",)),
        ("HTN", ("htn",)),
        ("Hypertension", ("htn",)),
        ("I10", ("htn",)),
        ("e11.9", ("t2d",)),
        ("E1122", ("t2d", "ckd")),
        ("I13.0", ("htn", "hf", "ckd")),
        ("N18.6", ("dialysis",)),
        ("Z99.2", ("dialysis",)),
        ("I25.2", ("mi",)),
        ("I25.10", ("cad",)),
        ("R73.03", ("prediabetes",)),
        ("38341003", ("htn",)),
        ("T2DM", ("t2d",)),
        ("Crohn's disease", ("ibd",)),
        ("heart attack", ("mi",)),
    ],
)
def test_conditions_are_understood(text, expected):
    assert codes.resolve_conditions(text) == expected
    assert codes.resolve_condition(text) == expected[0]


@pytest.mark.parametrize("text", ["", "foo", "G45.4", "C44.9", "Z00.0", "12345"])
def test_what_is_no_condition_of_ours_gives_none(text):
    assert codes.resolve_condition(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acei", ("acei",)),
        ("metformin", ("metformin",)),
        ("6809", ("metformin",)),
        ("Lisinopril 10 MG Oral Tablet", ("acei",)),
        ("lisinopril/hydrochlorothiazide", ("acei", "thiazide")),
        ("Atorvastatin 80mg", ("high_intensity_statin", "atorvastatin")),
        ("Atorvastatin 10 mg", ("atorvastatin",)),
        ("amlodipine 5 mg / atorvastatin 80 mg", ("ccb_dhp", "atorvastatin")),
        ("clarithromycin", ("macrolide", "cyp3a4_inhibitor_strong")),
        ("sacubitril/valsartan", ("arni",)),
        ("St. John's wort", ("st_johns_wort",)),
    ],
)
def test_medications_are_understood(text, expected):
    assert codes.resolve_medications(text) == expected
    assert codes.resolve_medication(text) == expected[0]


@pytest.mark.parametrize("text", ["", "foo", "stop metformin", "20 mg"])
def test_a_drug_with_an_unknown_word_beside_it_is_not_assumed(text):
    assert codes.resolve_medication(text) is None


def test_lists_are_expanded_and_the_unknown_is_kept_and_named():
    found = codes.conditions(["I21.4", "childpugh_c", "weird"])

    assert found.codes == {
        "mi", "ascvd", "childpugh_c", "decompensated_cirrhosis", "cirrhosis", "weird",
    }  # fmt: skip
    assert found.unknown == ("weird",)


def test_medication_lists_are_expanded():
    found = codes.medications(["simvastatin", "rivaroxaban", "Zyx"])

    assert found.codes == {"simvastatin", "statin", "rivaroxaban", "doac", "Zyx"}
    assert found.unknown == ("Zyx",)


def test_an_allergy_to_a_drug_is_one_to_its_class():
    found = codes.allergies(["simvastatin", "Amoxicillin", "latex", "dust"])

    assert found.codes == {"simvastatin", "statin", "penicillin", "latex", "dust"}
    assert found.unknown == ("dust",)


def test_family_history_takes_codes_of_conditions():
    found = codes.family_history(["diabetes", "E11.9", "I21", "stroke", "x"])

    assert found.codes == {"diabetes", "ascvd", "stroke", "x"}
    assert found.unknown == ("x",)


def test_unknown_flags_are_named():
    assert codes.unknown("flag", ["snoring", "sings"]) == ("sings",)


def test_display_has_words_for_known_and_unknown_codes():
    assert codes.display("condition", "t2d") == "Type 2 diabetes"
    assert codes.display("condition", "some_thing") == "some thing"


@pytest.mark.parametrize("kind", ["condition", "drug"])
def test_the_hierarchy_stays_inside_the_vocabulary(kind):
    known = codes.vocabulary(kind).keys()
    expand = codes.expand_conditions if kind == "condition" else codes.expand_medications

    assert expand(known) == known


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("condition_icd10.csv", "condition"),
        ("condition_snomed.csv", "condition"),
        ("condition_names.csv", "condition"),
        ("medication_names.csv", "drug"),
    ],
)
def test_maps_lead_to_known_codes_only(file, kind):
    used = {code for row in reference.rows(file) for code in row["codes"].split("|") if code}

    assert used <= codes.vocabulary(kind).keys()


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        ("done", "bp_check", "Blood-pressure check"),
        ("done", "egfr", "eGFR"),
        ("allergy", "acei", "ACE inhibitor"),
        ("allergy", "sulfonamide_nonantibiotic_severe",
         "Severe reaction to a sulfonamide that is not an antibiotic"),
        ("flag", "lvef_le_40", "Ejection fraction ≤ 40 %"),
    ],
)  # fmt: skip
def test_codes_are_shown_in_plain_words(kind, code, words):
    assert codes.display(kind, code) == words
