import datetime as dt

import pytest

from healthcare.interop.assess import parsing
from healthcare.interop.assess.problems import InvalidPerson

TODAY = dt.date(2026, 3, 1)


def parse(**data):
    return parsing.person({"sex": "female", "age": 61, **data}, today=TODAY)


def errors(**data):
    with pytest.raises(InvalidPerson) as refusal:
        parse(**data)
    return refusal.value.errors


def measured(**entry):
    return parse(measurements=[{"code": "CREAT", "value": 1.1, "unit": "mg/dL"} | entry])


def test_absent_null_and_empty_lists_are_kept_apart():
    assert parse().facts.conditions is None
    assert parse(conditions=None).facts.conditions is None
    assert parse(conditions=[]).facts.conditions == frozenset()


def test_unknown_keys_are_refused_by_name_at_every_level():
    found = errors(
        weight=80,
        lifestyle={"smokes": True},
        measurements=[{"code": "SBP", "value": 120, "unit": "mm[Hg]", "when": "now"}],
        done={"colonoscopy": {"years_ago": 3}},
    )

    assert sorted(found) == [
        "done.colonoscopy.years_ago", "lifestyle.smokes", "measurements[0].when", "weight",
    ]  # fmt: skip


def test_all_errors_are_named_at_once():
    assert sorted(errors(sex="f", age="old", pregnant=1)) == ["age", "pregnant", "sex"]


def test_age_follows_from_the_birth_date():
    facts = parse(age=None, birth_date="1964-07-14", as_of="2015-06-30").facts

    assert facts.age == 50


def test_an_age_that_contradicts_the_birth_date_is_refused():
    assert "age" in errors(age=20, birth_date="1964-07-14")


@pytest.mark.parametrize("data", [{"age": None}, {"age": 140}, {"age": float("nan")}])
def test_an_age_is_needed_and_must_be_possible(data):
    assert "age" in errors(**data)


def test_loinc_and_short_name_are_the_same_analyte():
    assert measured(code="2160-0").facts.value("CREAT") == 1.1


def test_units_are_converted():
    assert measured(value=97.2, unit="umol/L").facts.value("CREAT") == pytest.approx(1.1, abs=0.01)


def test_a_unit_is_required_and_never_guessed():
    assert "measurements[0].unit" in errors(measurements=[{"code": "CREAT", "value": 1.1}])
    assert "measurements[0].unit" in errors(
        measurements=[{"code": "CREAT", "value": 1.1, "unit": "furlong"}]
    )


@pytest.mark.parametrize("value", ["high", None, True, "1_000", "١٢"])
def test_what_is_not_a_number_is_refused(value):
    entry = {"code": "CREAT", "value": value, "unit": "mg/dL"}

    assert "measurements[0].value" in errors(measurements=[entry])


def test_a_comparator_is_kept():
    assert measured(value="<0.5").facts.measurements["CREAT"].comparator == "<"


def test_an_implausible_value_counts_as_not_measured_and_says_so():
    person = measured(value=500)

    assert person.facts.value("CREAT") is None
    assert "not plausible" in person.warnings[0]


def test_an_analyte_we_do_not_know_is_said():
    assert "'99999-9'" in measured(code="99999-9").warnings[0]


def test_the_newest_of_two_values_counts_in_any_order():
    old = {"code": "CREAT", "value": 1.0, "unit": "mg/dL", "collected": "2020-01-01"}
    new = old | {"value": 2.0, "collected": "2021-01-01"}

    for both in ([old, new], [new, old]):
        assert parse(measurements=both).facts.value("CREAT") == 2.0


def test_what_was_collected_after_the_day_is_refused():
    assert "measurements[0].collected" in errors(
        as_of="2015-06-30",
        measurements=[{"code": "CREAT", "value": 1, "unit": "mg/dL", "collected": "2015-07-01"}],
    )


@pytest.mark.parametrize("when", [{"months_ago": 12}, {"date": "2025-03-01"}, "2025-03-01"])
def test_done_takes_months_or_a_date(when):
    assert parse(done={"colonoscopy": when}).facts.done["colonoscopy"] == pytest.approx(12, abs=0.1)


def test_icd10_codes_and_drug_names_are_understood():
    facts = parse(conditions=["I10", "E11.9"], medications=["lisinopril"]).facts

    assert {"htn", "t2d"} <= facts.conditions
    assert "acei" in facts.medications


def test_a_code_we_do_not_know_is_kept_and_said():
    person = parse(conditions=["xyz"])

    assert "xyz" in person.facts.conditions
    assert "'xyz'" in person.warnings[0]


def test_a_person_must_be_an_object():
    with pytest.raises(InvalidPerson):
        parsing.person(["female", 61], today=TODAY)
