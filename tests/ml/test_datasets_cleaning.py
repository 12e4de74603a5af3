"""Cleaning: every change and dropped row is logged with its reason; suspicions only told."""

import numpy as np
import pandas as pd
import pytest

from ml.datasets import cleaning, dictionary, privacy
from ml.datasets.command import main
from ml.datasets.dataset import Column
from ml.datasets.opening import Table, describe, open_table
from tests.ml.datafolder import needs

HGB = Column("HGB", "number", "g/dL", "Haemoglobin", analyte="HGB")
SEX = Column("sex", "category", values=("female", "male"))
KEY = Column("key", "identifier")


def cleaned(columns, **values):
    return cleaning.clean(Table("t", "t", pd.DataFrame(values), tuple(columns)))


def test_an_impossible_value_is_removed_and_its_limits_are_the_reason():
    result = cleaned([HGB], HGB=[13.5, -10.0, 14.0])
    assert result.frame["HGB"].isna().tolist() == [False, True, False]
    line = result.log.iloc[0]
    assert (line["row"], line["column"], line["action"], line["before"]) == (
        2, "HGB", "value removed", -10.0,
    )  # fmt: skip
    assert line["reason"] == "outside 2 to 25 g/dL"


def test_a_slipped_decimal_point_is_told_but_not_repaired():
    result = cleaned([HGB], HGB=[13.5, 135.0])
    assert np.isnan(result.frame["HGB"].iloc[1])
    assert result.log["reason"].tolist() == [
        "outside 2 to 25 g/dL; a slipped decimal point would make it 13.5"
    ]


def test_a_column_in_another_unit_is_told_and_left_alone():
    values = [131.0, 142.0, 155.0, 128.0]
    result = cleaned([HGB], HGB=values)
    assert result.frame["HGB"].tolist() == values
    line = result.log.iloc[0]
    assert (line["row"], line["action"], line["before"], line["after"]) == (
        0, "suspicion", "g/dL", "g/L",
    )  # fmt: skip


def counts(*repeated):
    """Three blood values of ten people; `repeated` are copied to the end."""
    rng = np.random.default_rng(1)
    values = pd.DataFrame(rng.normal(14, 1, (10, 3)), columns=["HGB", "b", "c"])
    return pd.concat([values, values.iloc[list(repeated)]], ignore_index=True)


def test_rows_equal_but_for_their_key_are_dropped_once_with_the_row_they_repeat():
    values = counts(0, 4).assign(key=[f"k{i}" for i in range(12)])
    result = cleaned([KEY, HGB], **values)
    assert result.frame.index.tolist() == list(range(1, 11))
    assert result.log[["row", "action", "reason"]].to_numpy().tolist() == [
        [11, "row dropped", "equal to row 1"],
        [12, "row dropped", "equal to row 5"],
    ]


def test_people_who_agree_in_a_few_coarse_columns_are_not_dropped():
    result = cleaned([SEX], sex=["female", "male", "female", "male"])
    assert len(result.frame) == 4
    assert result.log["action"].unique().tolist() == ["suspicion"]


def test_rows_of_one_person_that_differ_are_kept():
    values = counts(0).assign(person=[7, 7, *range(8, 17)])
    result = cleaned([Column("person", "integer"), HGB], **values)
    assert len(result.frame) == 11
    assert result.log.empty


def test_spellings_of_a_category_become_one():
    result = cleaned([SEX], sex=["female", " Female", "MALE", None])
    changes = result.log[result.log["action"] == "value changed"]
    assert result.frame["sex"].iloc[:3].tolist() == ["female", "female", "male"]
    assert changes["row"].tolist() == [2, 3]
    assert changes["before"].tolist() == [" Female", "MALE"]


def test_without_a_schema_the_commonest_spelling_wins():
    column = Column("ward", "category")
    result = cleaned([column], ward=["Surgery", "surgery ", "Surgery", "Medicine"])
    assert result.frame["ward"].unique().tolist() == ["Surgery", "Medicine"]


def test_a_code_outside_the_schema_is_removed():
    result = cleaned([Column("arm", "category", values=("a", "b"))], arm=["a", "x"])
    assert result.frame["arm"].isna().tolist() == [False, True]
    assert result.log["reason"].tolist() == ["not one of a, b"]


def test_values_that_contradict_each_other_are_told_with_both():
    columns = [
        Column("sys", "number", "mm[Hg]", analyte="SBP"),
        Column("dia", "number", "mm[Hg]", analyte="DBP"),
    ]
    result = cleaned(columns, sys=[120.0, 80.0], dia=[80.0, 120.0])
    line = result.log.iloc[0]
    assert line["reason"] == "diastolic is not below systolic pressure"
    assert (line["row"], line["column"], line["before"]) == (2, "dia, sys", "120, 80")
    assert result.frame["sys"].tolist() == [120.0, 80.0]


def test_cleaning_a_clean_table_again_changes_nothing():
    first = cleaned([HGB], **counts(0, 1).assign(HGB=lambda f: f["HGB"].where(f.index != 3, 99)))
    again = cleaning.clean(Table("t", "t", first.frame, (HGB,)))
    assert again.log.empty
    pd.testing.assert_frame_equal(again.frame, first.frame.set_axis(range(1, 11), axis=0))


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(),
        pd.DataFrame({"a": []}),
        pd.DataFrame({"a": [None, None], "b": [np.nan, np.nan]}),
        pd.DataFrame({"a": [1], "b": ["x"]}),
        pd.DataFrame({"a": [1, "x", None], "b": [[1], {}, 2]}),
    ],
    ids=["nothing", "no rows", "all missing", "one row", "mixed"],
)
def test_an_odd_table_is_cleaned_without_an_error(frame):
    result = cleaning.clean(describe(frame))
    assert len(result.frame) <= len(frame)
    assert len(dictionary.dictionary(result)) == frame.shape[1]


def test_the_anaemia_set_loses_its_impossible_values_and_its_duplicates():
    needs("cbc_anemia")
    result = cleaning.clean(open_table("cbc_anemia"))
    dropped = result.log[result.log["action"] == "row dropped"]
    removed = result.log[result.log["action"] == "value removed"]
    assert len(dropped) == 40  # of the 49 duplicates, those in the public part
    found = {(line.column, line.before) for line in removed.itertuples()}
    assert {("HGB", -10.0), ("MCV", -79.3), ("RBC", 90.8)} <= found
    assert result.frame["HGB"].min() >= 2
    filled = result.log[result.log["reason"].str.contains("gaps filled")]
    assert "LYMn" in set(filled["column"])


def test_the_blood_samples_set_has_65_distinct_rows():
    needs("blood_samples")
    result = cleaning.clean(open_table("blood_samples"))
    assert len(result.frame) == 65
    assert (result.log["action"] == "row dropped").sum() == 2351 - 65


def test_every_row_of_a_set_is_either_kept_or_in_the_log():
    needs("ilpd")
    table = open_table("ilpd")
    result = cleaning.clean(table)
    dropped = result.log.loc[result.log["action"] == "row dropped", "row"]
    assert sorted([*result.frame.index, *dropped]) == list(range(1, len(table.frame) + 1))


def test_the_command_writes_table_log_and_dictionary(tmp_path, capsys):
    path = tmp_path / "lab.csv"
    path.write_text(
        "hgb,wbc,plt,na\n13,5,250,140\n13,5,250,140\n14,6,260,141\n15,7,210,139\n12,8,200,142\n",
        encoding="utf-8",
    )
    assert main(["clean", str(path), "--out", str(tmp_path / "out")]) == 0
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "lab.cleaned.csv", "lab.dictionary.csv", "lab.dictionary.html", "lab.log.csv",
    ]  # fmt: skip
    assert capsys.readouterr().out == "5 rows in, 4 out; 1 × row dropped.\n"
    page = (tmp_path / "out" / "lab.dictionary.html").read_text(encoding="utf-8")
    assert "<h1>Data dictionary: lab</h1>" in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_dictionary_never_lists_keys_or_free_text():
    table = Table("t", "t", pd.DataFrame({"key": ["Ada", "Bo"]}), (KEY,))
    entry = dictionary.dictionary(cleaning.clean(table)).iloc[0]
    assert entry["content"] == "not listed: may identify a person"


def people(sizes):
    ages = np.repeat(np.arange(len(sizes)) * 10.0 + 20, sizes)
    frame = pd.DataFrame({"key": [f"p{i}" for i in range(len(ages))], "age": ages, "HGB": 14.0})
    return Table("t", "t", frame, (KEY, Column("age", "number", "a"), HGB))


def test_rows_in_groups_smaller_than_five_are_left_out():
    copy = privacy.deidentify(people([5, 4, 6]), ["age"])
    assert copy.frame["age"].value_counts().to_dict() == {"40-49": 6, "20-29": 5}
    assert (copy.smallest_group, copy.dropped_rows, copy.dropped_columns) == (5, 4, ("key",))


def test_the_check_counts_every_row_of_a_group_of_missing_values_too():
    frame = pd.DataFrame({"a": [None, None, "x"]})
    assert privacy.groups(frame, ["a"]).tolist() == [2, 2, 1]


def test_dates_become_years_and_the_oldest_share_a_band():
    columns = (Column("seen", "date"), Column("age", "number", "a"))
    frame = pd.DataFrame({"seen": pd.to_datetime(["2026-01-02"] * 6), "age": [91.0, 99, 104] * 2})
    copy = privacy.deidentify(Table("t", "t", frame, columns), ["seen", "age"])
    assert copy.frame.drop_duplicates().to_numpy().tolist() == [[2026, "90+"]]


def test_an_unknown_quasi_identifier_is_refused_with_the_columns_there_are(tmp_path, capsys):
    path = tmp_path / "a.csv"
    path.write_text("age,hgb\n50,13\n60,14\n", encoding="utf-8")
    assert main(["deidentify", str(path), "--quasi", "postcode", "--out", str(tmp_path / "o")]) == 2
    assert "has no column postcode. Name quasi-identifiers among: age, hgb" in (
        capsys.readouterr().err
    )


def test_an_unknown_file_is_refused_with_the_names_there_are(tmp_path, capsys):
    assert main(["clean", "nowhere.csv", "--out", str(tmp_path)]) == 2
    assert "There is no file nowhere.csv" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("days", "content"),
    [
        (("2021-01-04", "2021-03-01", "2021-02-05"), "2021-01-04 to 2021-03-01"),
        # Summer time and a day without an hour, as exports have them.
        (
            ("2021-01-04T10:00:00+01:00", "2021-06-05T10:00:00+02:00", "2021-03-01"),
            "2021-01-04 to 2021-06-05",
        ),
    ],
)
def test_dates_of_a_table_that_nobody_described_are_in_its_dictionary(tmp_path, days, content):
    rows = "".join(f"{i},{day},{i / 2}\n" for i, day in enumerate(days, 1))
    (tmp_path / "stays.csv").write_text(f"pid,admitted,x\n{rows}")

    assert main(["clean", str(tmp_path / "stays.csv"), "--out", str(tmp_path / "out")]) == 0

    told = pd.read_csv(next((tmp_path / "out").glob("*dictionary*.csv"))).set_index("column")
    assert told.loc["admitted", ["type", "content"]].tolist() == ["date", content]
