"""Inputs that give the outcome away."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from ml import datasets, leakage
from ml.leakage import __main__ as command
from ml.leakage import figures, lint, rows
from ml.studies import draft, table
from ml.studies.problem import Input, Split
from tests.ml.datafolder import needs
from tests.ml.wards import INPUTS, days, problem, stays, study


def codes(found, severity="block"):
    return {one.key for one in found if one.severity == severity}


def named(name, outcome, *, index_time="admission", **declared):
    """Codes for one input of a problem with this outcome."""
    asked = problem(
        inputs=(*INPUTS[:1], Input(name, **declared)),
        outcome_text=outcome,
        index_time=index_time,
    )
    return codes(lint(asked, pd.DataFrame({"age": [1], "person": [1], name: [1]})))


def test_honest_problem_has_no_finding():
    found = lint(problem(), stays(), fits=False)

    assert found == []


@pytest.mark.parametrize(
    ("name", "outcome", "code"),
    [
        ("discharged", "days in hospital", "DISCHARGE_ERA"),
        ("facid", "days in hospital", "DISCHARGE_ERA"),
        ("HbA1c (%)", "onset of diabetes", "LABEL_DEFINING"),
        ("glucose_serum_mg_dl", "diabetes", "LABEL_DEFINING"),
        ("creatinine_mg_dl", "chronic kidney disease", "LABEL_DEFINING"),
        ("eGFR", "chronic kidney disease", "LABEL_DEFINING"),
        ("UACR", "kidney failure", "LABEL_DEFINING"),
        ("sysBP", "hypertension", "LABEL_DEFINING"),
        ("mort_ucod_leading", "died within ten years", "LABEL_DEFINING"),
        ("charges", "died in hospital", "DISCHARGE_ERA"),
        ("hospice_referral", "died in hospital", "DISCHARGE_ERA"),
        ("palliative_consult", "died in hospital", "DISCHARGE_ERA"),
        ("kreatinin", "chronic kidney disease", "LABEL_DEFINING"),
        ("eid", "days in hospital", "IDENTIFIER"),
        ("patient_nbr", "came back within 30 days", "IDENTIFIER"),
        ("encounters_in_file", "came back within 30 days", "FUTURE"),
    ],
)
def test_known_leaks_are_refused_by_name(name, outcome, code):
    assert named(name, outcome) == {f"{code}:{name}"}


@pytest.mark.parametrize(
    "name",
    [
        "days_to_death",
        "time_to_event",
        "survival_months",
        "followup_days",
        "Follow up (days)",
        "length of follow-up",
        "OS_months",
        "last_contact_date",
        "date_of_last_visit",
    ],
)
def test_the_time_followed_is_refused_by_name(name):
    assert named(name, "died") == {f"LABEL_DEFINING:{name}"}


@pytest.mark.parametrize("name", ["prior_followup_visits", "age_at_event", "days_since_admission"])
def test_times_before_the_index_are_welcome(name):
    assert named(name, "died") == set()


@pytest.mark.parametrize(
    "name",
    [
        "LBXGH",  # NHANES
        "LBXGLU",
        "4548-4",  # LOINC
        "X4548.4",  # LOINC, as R writes it
        "ghb",
        "glycosylated_hb",
        "GlyHb",
        "hba1",
        "Glykohämoglobin",
        "FPG",
        "mean FPG",
        "blood_sugar",
    ],
)
def test_what_defines_diabetes_is_known_by_its_other_names(name):
    assert named(name, "onset of diabetes") == {f"LABEL_DEFINING:{name}"}
    assert named(name, "died within ten years") == set()


@pytest.mark.parametrize(
    ("name", "outcome"), [("ggt_u_l", "diabetes"), ("HbA1c", "anaemia"), ("mchc", "anaemia")]
)
def test_a_name_like_that_of_a_defining_measurement_is_no_finding(name, outcome):
    assert named(name, outcome) == set()


@pytest.mark.parametrize("name", ["HbA1c", "sysBP", "creatinine_mg_dl"])
def test_the_same_measurement_is_welcome_for_another_outcome(name):
    assert named(name, "died within ten years") == set()


def test_own_declaration_does_not_excuse_a_known_leak():
    declared = {"available": "before", "provenance": "history"}

    assert named("discharged", "days in hospital", **declared) == {"DISCHARGE_ERA:discharged"}


def test_what_is_known_at_discharge_may_predict_what_follows():
    assert named("charges", "came back within 30 days", index_time="discharge") == set()


def test_declared_time_after_the_index_is_refused():
    assert named("sodium", "died", available="stay") == {"FUTURE:sodium"}


def test_declared_label_and_identifier_are_refused():
    assert named("marker", "died", provenance="label_defining") == {"LABEL_DEFINING:marker"}
    assert named("bed", "died", provenance="identifier") == {"IDENTIFIER:bed"}


def with_extra(column, **more):
    frame = stays().assign(extra=column)
    return lint(problem(inputs=(*INPUTS, Input("extra", **more))), frame, fits=False)


def test_input_that_is_the_outcome_is_found():
    died = stays()["died"]
    noise = np.random.default_rng(0).normal(0, 0.1, len(died))

    assert codes(with_extra(died + noise)) == {"TOO_GOOD:extra"}


def test_category_that_is_the_outcome_is_found():
    died = stays()["died"].map({0.0: "home", 1.0: "morgue"})

    assert codes(with_extra(died, kind="category")) == {"TOO_GOOD:extra"}


def test_gap_that_tells_the_outcome_is_found():
    died = stays()["died"]

    assert codes(with_extra(pd.Series(1.0, died.index).where(died == 0))) == {"TELLTALE_GAP:extra"}


def test_category_of_many_names_is_no_false_alarm():
    names = pd.Series([f"n{i % 150}" for i in range(400)])

    assert "TOO_GOOD:extra" not in codes(with_extra(names, kind="category"))


def test_dates_whose_difference_is_the_stay_are_found():
    frame = stays()
    came = pd.Timestamp(2020, 1, 1) + pd.to_timedelta(frame["year"] * 3, "D")
    left = came + pd.to_timedelta(frame["days"], "D")
    frame = frame.assign(came=came.dt.strftime("%Y-%m-%d"), left=left.dt.strftime("%Y-%m-%d"))
    asked = days(inputs=(INPUTS[0], Input("came"), Input("left")))

    assert codes(lint(asked, frame, fits=False)) == {"ARITHMETIC:left"}


def test_sum_that_is_the_outcome_is_found():
    frame = stays()
    frame = frame.assign(first=frame["age"], second=frame["days"] - frame["age"])
    asked = days(inputs=(Input("first"), Input("second")))

    assert "ARITHMETIC:first" in codes(lint(asked, frame, fits=False))


def test_copies_are_counted_by_distinct_rows():
    frame = pd.concat([stays(100)] * 4, ignore_index=True)

    found = lint(problem(person=None, inputs=INPUTS[:3]), frame.drop(columns="person"), fits=False)

    assert codes(found) == {"COPIED_ROWS"}
    assert found[0].evidence == {"rows": 400, "distinct": 100}


def nearly_copied(share):
    """Stays of different people, and some of them again under new numbers, changed by a hair."""
    frame = stays(600).assign(
        person=range(600), sodium=np.random.default_rng(4).normal(140, 3, 600)
    )
    again = frame.head(int(600 * share)).assign(person=lambda rows: rows["person"] + 9000)
    again["creatinine"] += 0.01
    again["age"] += 1
    return pd.concat([frame, again], ignore_index=True)


@pytest.mark.parametrize(("share", "found"), [(0.4, {"NEAR_COPIES"}), (0.0, set())])
def test_people_copied_with_small_changes_are_told(share, found):
    asked = problem(inputs=(*INPUTS, Input("sodium")))

    assert codes(lint(asked, nearly_copied(share), fits=False), "warn") == found


def test_visits_of_one_person_may_resemble_each_other():
    asked = problem(inputs=(*INPUTS, Input("sodium")))
    frame = nearly_copied(0.4)

    found = lint(asked, frame.assign(person=frame["person"] % 9000), fits=False)

    assert codes(found, "warn") == set()


def test_gaps_filled_by_class_are_found():
    frame = stays()
    middle = frame.groupby("died")["albumin"].transform("median")
    frame["albumin"] = frame["albumin"].fillna(middle)

    assert codes(lint(problem(), frame, fits=False)) == {"FILLED_BY_CLASS:albumin"}


def test_a_value_of_one_outcome_only_is_not_called_a_filled_gap_for_sure():
    frame = stays(1500)
    sugar = np.random.default_rng(2).normal(5.5 + 2 * frame["died"], 0.4)
    frame = frame.assign(albumin=sugar.round(1))

    found = [one for one in lint(problem(), frame, fits=False) if one.code == "FILLED_BY_CLASS"]

    assert "with one outcome, of whose values it is the middle." in found[0].sentence
    assert "so does a value that defines the outcome" in found[0].sentence


def test_value_at_the_limit_of_detection_is_no_filled_gap():
    frame = stays()
    frame["albumin"] = frame["albumin"].fillna(40).clip(lower=30).where(frame["died"] == 1, 30.0)

    found = lint(problem(inputs=INPUTS[:2]), frame, fits=False)

    assert "FILLED_BY_CLASS:albumin" not in codes(found)


def test_split_by_row_of_people_with_several_rows_is_refused():
    assert codes(lint(problem(split=Split("row")), stays(), fits=False)) == {
        "PERSON_OVERLAP:person"
    }


def test_person_column_that_nobody_named_is_refused():
    frame = stays().rename(columns={"person": "patient_nbr"})

    assert codes(lint(problem(person=None), frame, fits=False)) == {"PERSON_OVERLAP:patient_nbr"}


def test_suspicious_input_is_weighed_with_and_without():
    died = stays()["died"]
    frame = stays().assign(charges=died * 3 + np.random.default_rng(1).normal(0, 1, len(died)))

    found = lint(problem(inputs=(*INPUTS, Input("charges"))), frame)
    weighed = next(one for one in found if one.code == "WITH_AND_WITHOUT")

    assert weighed.evidence["inputs"] == ["charges"]
    assert weighed.evidence["with"] > weighed.evidence["without"] + 0.03


def test_remembered_people_show_as_a_gap():
    frame = stays(300)
    frame = pd.concat([frame, frame, frame], ignore_index=True)
    # The three rows of a person differ by a hair, so that they are no copies.
    frame["age"] += np.random.default_rng(0).normal(0, 0.01, len(frame))
    frame["person"] = np.tile(np.arange(300), 3)

    found = lint(problem(inputs=INPUTS[:3]), frame)

    assert "GROUPED_GAP" in codes(found, "warn")


def test_training_with_a_leak_is_refused():
    leaky = study(inputs=(*INPUTS, Input("charges")))

    with pytest.raises(leakage.LeakFound, match="DISCHARGE_ERA:charges"):
        table.fit(leaky, stays().assign(charges=1.0))


def test_override_with_a_reason_is_kept_in_the_manifest():
    reason = "to show what it is worth"
    leaky = study(inputs=(*INPUTS, Input("charges")), overrides={"DISCHARGE_ERA:charges": reason})

    fitted = table.fit(leaky, stays().assign(charges=np.arange(400.0)))

    assert fitted.problem.overrides == {"DISCHARGE_ERA:charges": reason}
    assert fitted.manifest["leakage"][0]["code"] == "DISCHARGE_ERA"


def test_override_without_a_reason_is_none():
    asked = dataclasses.replace(problem(), overrides={"FUTURE:x": " "})

    assert leakage.blocked(asked, [leakage.Finding("block", "FUTURE", "x", "later")])


def test_rows_of_which_training_has_a_copy_are_counted():
    train, test = pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [2, 3, 2]})

    assert rows.shared_rows(train, test) == 2


def test_text_that_differs_in_every_row_is_told_in_a_small_table():
    frame = stays(80).assign(admitted=pd.date_range("2024-01-01", periods=80).astype(str))

    found = figures.identifiers(frame, ("admitted", "ward", "creatinine"))

    assert [one.input for one in found] == ["admitted"]


def test_command_names_the_leak_and_fails(tmp_path, capsys):
    stays().assign(discharge_date=1.0).to_csv(tmp_path / "stays.csv", index=False)

    asked = [str(tmp_path / "stays.csv"), "--outcome", "days", "--person", "person", "--quick"]
    code = command.main(asked)

    assert code == 1
    assert "DISCHARGE_ERA:discharge_date" in capsys.readouterr().out


def test_command_says_what_is_wrong_with_the_question(tmp_path, capsys):
    stays().to_csv(tmp_path / "stays.csv", index=False)

    assert command.main([str(tmp_path / "stays.csv"), "--outcome", "weight"]) == 2
    assert "no column weight" in capsys.readouterr().err


def test_the_blood_samples_are_sixty_five_rows():
    needs("blood_samples")
    frame = datasets.load("blood_samples")

    found = lint(draft.draft(frame, outcome="Disease"), frame, fits=False)
    copied = next(one for one in found if one.code == "COPIED_ROWS")

    assert copied.evidence == {"rows": 2351, "distinct": 65}
    assert "65 distinct rows" in copied.sentence


def test_the_stays_of_microsoft_name_their_discharge():
    needs("los_microsoft")
    frame = datasets.load("los_microsoft")

    found = lint(draft.draft(frame, outcome="lengthofstay"), frame, fits=False)

    assert {"DISCHARGE_ERA:discharged", "IDENTIFIER:eid", "DISCHARGE_ERA:facid"} <= codes(found)
