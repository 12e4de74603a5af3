"""How scores answer, refuse and name what they lack; columns and single people alike."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import scores
from ml.scores import UnknownScore, compute

PERSON = {
    "age": 50,
    "sex": "female",
    "sbp": 160,
    "bp_treated": 1,
    "tc_mg_dl": 200,
    "hdl_mg_dl": 45,
    "statin": 0,
    "diabetes": 1,
    "smoker": 0,
    "egfr": 90,
    "bmi": 35,
}


def test_missing_inputs_are_named_and_nothing_is_computed():
    result = compute("BMI", {"weight_kg": 80})

    assert (result.error, result.values) == ("missing_input", {})
    assert result.missing == ("height",)
    assert result.reason == "Needs height"


@pytest.mark.parametrize("name", sorted(scores.SCORES))
def test_a_score_of_nothing_is_unknown_unless_it_reads_a_problem_list(name):
    error = compute(name, {}).error

    assert error == (None if name == "CHARLSON" else "missing_input")


def test_an_empty_value_is_unknown_even_where_absence_means_no():
    absent = compute("CHARLSON", {"mi": True})
    empty = compute("CHARLSON", {"mi": True, "chf": None})

    assert absent.values == {"points": 1}
    assert (empty.error, empty.reason) == ("missing_input", "Needs the list of conditions")


@pytest.mark.parametrize(
    ("age", "error"), [(29, "out_of_range"), (30, None), (79, None), (80, "out_of_range")]
)
def test_prevent_refuses_ages_outside_its_range(age, error):
    assert compute("PREVENT", PERSON | {"age": age}).error == error


def test_refusal_says_the_valid_range():
    result = compute("PREVENT", PERSON | {"bmi": 40, "hdl_mg_dl": 19})

    assert (
        result.reason
        == "PREVENT needs HDL cholesterol 20 to 100 and body mass index 18.5 or more and below 40"
    )


def test_thirty_year_risk_ends_at_59():
    at_59 = compute("PREVENT", PERSON | {"age": 59}).values
    at_60 = compute("PREVENT", PERSON | {"age": 60}).values

    assert "ascvd_30y" in at_59
    assert sorted(at_60) == ["ascvd_10y", "heart_failure_10y", "total_cvd_10y"]


def test_unknown_inputs_are_refused_by_name():
    result = compute("BMI", {"weight": 80, "height_cm": 180})

    assert (result.error, result.reason) == ("unknown_input", "BMI has no input called weight")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sex": "woman"}, "sex must be female or male"),
        ({"smoker": 2}, "smoker must be yes or no"),
        ({"sbp": float("inf")}, "sbp must be a finite number"),
        ({"sbp": "160"}, "sbp must be a finite number"),
        ({"sbp": True}, "sbp must be a finite number"),
        ({"sbp": {"value": 160}}, "sbp must be a finite number"),
        ({"sbp": 160 + 1j}, "sbp must be a finite number"),
        ({"sbp": np.datetime64("2026-01-01")}, "sbp must be a finite number"),
        ({"sex": 1}, "sex must be female or male"),
    ],
)
def test_unreadable_inputs_are_refused_in_words(change, words):
    result = compute("PREVENT", PERSON | change)

    assert result.error == "invalid_input"
    assert words in result.reason


def test_a_column_with_one_unreadable_value_refuses_that_row_only():
    result = compute("BMI", {"weight_kg": [80, "eighty", None, -1, np.inf], "height_cm": 200})

    assert result.error.tolist() == [
        None, "invalid_input", "missing_input", "out_of_range", "invalid_input",
    ]  # fmt: skip
    assert result.values["bmi"][0] == 20
    assert np.isnan(result.values["bmi"][1:]).all()


@pytest.mark.parametrize("odd", ["<0.5", "twelve", True, pytest.param(10**400, id="huge")])
def test_a_plain_list_with_one_odd_value_refuses_that_row_only(odd):
    result = compute("CKD_EPI_2021", {"creatinine_mg_dl": [1.0, odd], "age": 60, "sex": "female"})

    assert result.error.tolist() == [None, "invalid_input"]
    assert result.values["egfr"][0] == pytest.approx(64.495, abs=1e-3)


def test_an_empty_value_in_a_plain_list_of_words_is_missing():
    result = compute(
        "CKD_EPI_2021", {"creatinine_mg_dl": 1.0, "age": 60, "sex": ["male", np.nan, "woman"]}
    )

    assert result.error.tolist() == [None, "missing_input", "invalid_input"]


@pytest.mark.parametrize(
    "huge", [10**400, Fraction(10**400), -(10**400)], ids=["whole", "fraction", "negative"]
)
def test_a_number_longer_than_any_float_is_refused(huge):
    result = compute("BMI", {"weight_kg": huge, "height_cm": 180})

    assert (result.error, result.reason) == (
        "invalid_input",
        "BMI: weight_kg must be a finite number",
    )


@pytest.mark.parametrize("nothing", [Decimal("NaN"), Decimal("sNaN"), pd.NA, pd.NaT, np.nan])
def test_every_kind_of_nothing_is_missing(nothing):
    assert compute("BMI", {"weight_kg": nothing, "height_cm": 180}).error == "missing_input"
    assert compute("BMI", {"weight_kg": [nothing, 80], "height_cm": 180}).error.tolist() == [
        "missing_input", None,
    ]  # fmt: skip


def test_columns_of_two_lengths_are_refused_in_a_sentence():
    result = compute("BMI", {"weight_kg": [80, 70], "height_cm": [180, 170, 160]})

    assert result.error == "invalid_input"
    assert result.reason == "Columns must be of one length, not 2 and 3 rows"


@pytest.mark.parametrize("inputs", [None, [80, 180], "BMI", 5])
def test_inputs_without_names_are_refused(inputs):
    assert compute("BMI", inputs).reason == "BMI needs its inputs by name"


def test_counts_must_be_whole():
    stay = {"length_of_stay_days": 2.5, "acute_admission": True, "charlson_points": 1}

    assert compute("LACE", stay | {"ed_visits_6m": 1}).values == {"points": 7}
    half = compute("LACE", stay | {"ed_visits_6m": 0.5})
    assert (half.error, half.reason) == (
        "invalid_input",
        "LACE: ed_visits_6m must be a whole number",
    )


ODD = {"number": [None, -1, 0, 1e9, np.inf, "x", True], "flag": [None, True, 0, 2, "yes"],
       "choice": [None, "x", "", 3]}  # fmt: skip


@pytest.mark.parametrize("name", sorted(scores.SCORES))
def test_a_column_answers_like_its_rows_one_by_one(name):
    rng = np.random.default_rng(5)
    rows = [_somebody(scores.SCORES[name], rng) for _ in range(40)]

    together = compute(name, pd.DataFrame(rows, dtype=object))

    for number, row in enumerate(rows):
        alone = compute(name, row)
        assert (alone.error, alone.reason) == (together.error[number], together.reason[number])
        assert _present({key: column[number] for key, column in together.values.items()}) == {
            key: float(value) if isinstance(value, int) else value
            for key, value in alone.values.items()
        }


def _somebody(score, rng):
    """Mostly valid inputs, some odd; what can be given in two units is given once."""
    once = {name for group in score.either for name in group[1:]}
    return {
        spec.name: rng.choice(np.array(ODD[spec.kind], object))
        if rng.random() < 0.03
        else _valid(spec, rng)
        for spec in score.inputs
        if spec.name not in once
    }


def _valid(spec, rng):
    if spec.kind == "choice":
        return str(rng.choice(spec.choices))
    if spec.kind == "flag":
        return bool(rng.random() < 0.4)
    low, high = spec.low or 0, spec.high or 300
    return int(rng.integers(low, high + 1)) if spec.whole else float(rng.uniform(low, high))


def _present(values):
    return {
        key: float(value) if isinstance(value, (bool, int, np.bool_, np.number)) else str(value)
        for key, value in values.items()
        if value is not None and value == value
    }


def test_unknown_score_is_an_error_of_the_caller():
    with pytest.raises(UnknownScore, match="FRAX"):
        compute("FRAX", {})


@pytest.mark.parametrize(
    ("typed", "meant"), [("prevent", "PREVENT"), ("SCORE_2", "SCORE2"), ("fib-4", "FIB4")]
)
def test_unknown_score_names_what_may_be_meant(typed, meant):
    with pytest.raises(UnknownScore, match=f"{typed}.*did you mean.*{meant}"):
        compute(typed, {})


def test_columns_answer_row_by_row():
    result = compute(
        "CKD_EPI_2021",
        {"creatinine_mg_dl": [1.0, np.nan, 1.0], "age": [60, 60, 12], "sex": "female"},
    )

    assert result.error.tolist() == [None, "missing_input", "out_of_range"]
    assert result.reason.tolist() == ["", "Needs creatinine", "CKD_EPI_2021 needs age 18 to 120"]
    np.testing.assert_allclose(result.values["egfr"], [64.495, np.nan, np.nan], atol=1e-3)


def test_columns_of_pandas_with_missing_values_are_read():
    frame = pd.DataFrame({"sex": ["male", None], "creatinine_mg_dl": [1.0, 1.0], "age": [60, 60]})
    frame["age"] = frame["age"].astype("Int64").mask([True, False])

    assert compute("CKD_EPI_2021", frame).reason.tolist() == ["Needs age", "Needs sex"]


def test_numbers_among_words_are_read_one_by_one():
    result = compute("BMI", {"weight_kg": [None, 80], "height_cm": 200})

    assert result.error.tolist() == ["missing_input", None]
    assert result.values["bmi"].tolist()[1] == 20


def test_words_of_refused_rows_are_none():
    result = compute("KDIGO_STAGE", {"egfr": [50, -1], "acr_mg_g": 10})

    assert result.values["g_stage"].tolist() == ["G3a", None]


def test_empty_columns_give_empty_answers():
    result = compute("BMI", {"weight_kg": np.array([]), "height_cm": np.array([])})

    assert result.values["bmi"].shape == result.error.shape == (0,)


def test_tables_are_no_columns():
    result = compute("BMI", {"weight_kg": [[80.0]], "height_cm": 180})

    assert (result.error, result.reason) == (
        "invalid_input",
        "Inputs must be single values or columns",
    )


def test_one_person_and_a_column_give_the_same_bits():
    ages = np.arange(30, 80)

    column = compute("PREVENT", PERSON | {"age": ages}).values["ascvd_10y"]

    assert column.tolist() == [
        compute("PREVENT", PERSON | {"age": age}).values["ascvd_10y"] for age in ages
    ]


def test_named_functions_give_the_bare_value():
    assert scores.ckd_epi_2021(1.0, 60, "female") == pytest.approx(64.495, abs=1e-3)
    assert np.isnan(scores.ckd_epi_2021(creatinine_mg_dl=1.0, age=17, sex="female"))
    assert scores.kfre(65, "male", 19, 30, region="north_america").keys() == {"risk_2y", "risk_5y"}


def test_points_are_whole_numbers():
    points = compute("CURB65", {"age": 70, "confusion": False, "urea_mmol_l": 8, "resp_rate": 20,
                                "sbp": 120, "dbp": 80}).values["points"]  # fmt: skip

    assert (points, type(points)) == (2, int)


def test_every_score_names_its_paper():
    assert all(score.reference for score in scores.SCORES.values())
    assert all(score.__doc__ for score in scores.SCORES.values())


@given(st.floats(90, 199), st.floats(0.1, 1))
def test_prevent_rises_with_blood_pressure(pressure, step):
    lower, higher = compute(
        "PREVENT", PERSON | {"bp_treated": 0, "sbp": np.array([pressure, pressure + step])}
    ).values["total_cvd_10y"]

    # Below 110 mmHg the printed curve falls slightly, above it rises.
    assert higher > lower or pressure < 110


@given(st.floats(18, 100), st.floats(0.2, 15))
def test_filtration_falls_with_creatinine_and_age(age, creatinine):
    rate = scores.ckd_epi_2021(
        [creatinine, creatinine + 0.1, creatinine], [age, age, age + 1], "male"
    )

    assert rate[0] > rate[1] > 0
    assert rate[0] > rate[2]
