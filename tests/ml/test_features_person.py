"""What models read of a person."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.facts import Facts, Lifestyle
from ml.features import person
from ml.features.kidney import egfr_ckd_epi_2021
from ml.features.limits import implausible_codes
from ml.scores import ckd_epi_2021
from tests.ml.people import DAY, ORDINARY, measured, somebody, stranger

NAMES = tuple(person.FEATURES)
LISTS = st.none() | st.frozensets(
    st.sampled_from(["t2d", "htn", "mi", "statin", "acei", "diabetes"])
)


@st.composite
def people(draw):
    codes = draw(st.frozensets(st.sampled_from(sorted(ORDINARY))))
    values = {code: draw(st.floats(0.01, 400)) for code in codes}
    return Facts(
        as_of=DAY,
        sex=draw(st.sampled_from(["female", "male", None])),
        age=draw(st.floats(0, 110)),
        ethnicity=draw(st.sampled_from([None, "hispanic", "other", "non_hispanic_asian"])),
        conditions=draw(LISTS),
        medications=draw(LISTS),
        family_history=draw(LISTS),
        lifestyle=Lifestyle(smoking=draw(st.sampled_from([None, "never", "current"]))),
        measurements=measured(**values),
    )


@given(st.lists(people(), max_size=4))
def test_many_people_read_like_each_alone(group):
    many = person.matrix(group, NAMES)

    for facts, found in zip(group, many, strict=True):
        alone = [person.row(facts, NAMES)[name] for name in NAMES]
        expected = np.array([np.nan if v is None else v for v in alone], np.float32)
        np.testing.assert_array_equal(found, expected)


def test_unknown_list_differs_from_empty_list():
    unknown = person.row(stranger(conditions=None), ["htn"])
    nothing = person.row(stranger(conditions=frozenset()), ["htn"])

    assert (unknown, nothing) == ({"htn": None}, {"htn": 0.0})


@pytest.mark.parametrize(
    ("feature", "list_name", "code"),
    [
        ("hf", "conditions", "hfref"),
        ("diabetes", "conditions", "t1d"),
        ("bp_drug", "medications", "ccb_dhp"),
        ("lipid_drug", "medications", "atorvastatin"),
        ("family_diabetes", "family_history", "diabetes"),
    ],
)
def test_narrow_code_counts_for_the_wider_feature(feature, list_name, code):
    facts = stranger(**{list_name: frozenset({code})})

    assert person.row(facts, [feature]) == {feature: 1.0}


@pytest.mark.parametrize(
    ("feature", "values", "expected"),
    [
        ("bmi", {"WEIGHT": 81, "HEIGHT": 180}, 25.0),
        ("non_hdl", {"TC": 200, "HDL": 50}, 150),
        ("pulse_pressure", {"SBP": 130, "DBP": 80}, 50),
        ("globulin", {"TP": 7.0, "ALB": 4.0}, 3.0),
        ("lymphocytes", {"LYMPH_ABS": 2.0, "WBC": 8.0}, 25.0),
        ("uacr", {"UALB": 30, "UCREAT": 100}, 30.0),
        ("crp", {"HSCRP": 3.2}, 3.2),
        ("egfr", {"EGFR": 71}, 71),
    ],
)
def test_derived_feature_is_calculated_from_what_was_measured(feature, values, expected):
    facts = stranger(measurements=measured(**values))

    assert person.row(facts, [feature])[feature] == pytest.approx(expected)


@pytest.mark.parametrize(
    "feature", ["bmi", "non_hdl", "globulin", "uacr", "pulse_pressure", "egfr"]
)
def test_derived_feature_is_unknown_without_its_parts(feature):
    assert person.row(stranger(), [feature]) == {feature: None}


def test_impossible_value_is_unknown_and_named():
    facts = somebody(values={"POTASSIUM": 40})

    assert person.row(facts, ["potassium"]) == {"potassium": None}
    assert implausible_codes(facts) == ("POTASSIUM",)


@pytest.mark.parametrize("sex", ["female", "male"])
@pytest.mark.parametrize("creatinine", [0.4, 0.7, 0.9, 1.3, 6.0])
def test_egfr_feature_equals_the_published_score(sex, creatinine):
    assert egfr_ckd_epi_2021(creatinine, 63, sex) == pytest.approx(
        ckd_epi_2021(creatinine, 63, sex)
    )


def test_unnamed_feature_is_refused_by_name():
    with pytest.raises(person.UnknownFeature, match="shoe_size"):
        person.get("shoe_size")


def test_every_feature_code_is_an_analyte_with_the_same_unit():
    from ml import analytes

    for feature in person.FEATURES.values():
        if feature.codes and feature.name not in ("bmi", "globulin", "uacr", "egfr"):
            assert analytes.get(feature.codes[0]).unit == feature.unit, feature.name


def test_collected_is_the_newest_day_behind_a_feature():
    assert person.get("bmi").collected(somebody()) == DAY
    assert person.get("bmi").collected(stranger()) is None
