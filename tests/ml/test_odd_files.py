"""Files as people have them: a table that cannot be used is told in one sentence."""

import gzip
import zipfile

import numpy as np
import pandas as pd
import pytest

from ml.datasets import command as datasets
from ml.datasets import tables
from ml.datasets.dataset import NotThisDataset
from ml.eda import command as eda
from ml.leakage import __main__ as leakage
from ml.models import __main__ as models
from ml.studies import draft
from ml.studies.problem import BadProblem

RNG = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {
        "person": range(80),
        "age": RNG.normal(60, 10, 80).round(1),
        "ward": RNG.choice(["A", "B"], 80),
        "died": RNG.integers(0, 2, 80),
    }
)
UNREADABLE = {
    "empty": b"",
    "latin": "person,größe,died\nMüller,1,0\n".encode("latin-1"),
    "noise": bytes(range(128, 256)),
    "ragged": b"person,age,died\n1,2,0\n2,3,4,5\n",
    "shifted": b"person,age,died\n1,2,0,9\n2,3,4,5\n",
    "semicolons": b"person;age;died\n1;60,5;0\n2;61,5;1\n",
    "tabs": b"person\tage\tdied\n1\t2\t0\n",
    "gzip": gzip.compress(b"person,age\n" * 99)[:30],
    "parquet": b"PAR1 no table PAR1",
}
UNFIT = {
    "no outcome": TABLE.drop(columns="died"),
    "one class": TABLE.assign(died=1),
    "unknown outcome": TABLE.assign(died=np.nan),
    "header only": TABLE.head(0),
    "words": TABLE.assign(died=TABLE["died"].map({0: "left", 1: "right"})),
}
SUFFIX = {"gzip": ".csv.gz", "parquet": ".parquet"}


def commands(file, out):
    roles = ["--outcome", "died", "--person", "person"]
    return {
        "compare": lambda: models.main(["compare", file, *roles, "--models", "logistic"]),
        "leakage": lambda: leakage.main([file, *roles]),
        "report": lambda: eda.main(["report", file, "--out", out, *roles]),
        "clean": lambda: datasets.main(["clean", file, "--out", out]),
    }


@pytest.mark.parametrize("command", ["compare", "leakage", "report", "clean"])
@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_file_that_is_no_table_is_refused_by_name(command, kind, tmp_path, capsys):
    file = tmp_path / f"mine{SUFFIX.get(kind, '.csv')}"
    file.write_bytes(UNREADABLE[kind])

    assert commands(str(file), str(tmp_path / "out"))[command]() == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert str(file) in said


@pytest.mark.parametrize("command", ["compare", "leakage"])
@pytest.mark.parametrize("kind", UNFIT)
def test_a_table_that_cannot_teach_is_refused_in_one_sentence(command, kind, tmp_path, capsys):
    UNFIT[kind].to_csv(tmp_path / "mine.csv", index=False)

    assert commands(str(tmp_path / "mine.csv"), str(tmp_path))[command]() == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "died" in said


@pytest.mark.parametrize("command", ["compare", "leakage"])
def test_a_file_that_is_not_there_is_named(command, tmp_path, capsys):
    assert commands("nowhere.csv", str(tmp_path))[command]() == 2
    assert "There is no file nowhere.csv" in capsys.readouterr().err


def test_infinity_and_words_for_nothing_are_unknown_numbers():
    read = tables.inferred(pd.Series(["1.5", "inf", "NA", "?", ""]))

    assert read.dtype == float
    assert read.notna().sum() == 1


def test_a_category_that_is_called_none_stays_a_category():
    assert tables.inferred(pd.Series(["None", "oral", "None"])).tolist() == ["None", "oral", "None"]


@pytest.mark.parametrize(
    ("values", "event"),
    [
        (("yes", "no"), "yes"),
        (("ja", "nein"), "ja"),
        (("alive", "Died"), "Died"),
        (("no", "relapse"), "relapse"),
        (("True", "False"), "True"),
    ],
)
def test_the_event_is_what_happened_and_not_the_last_word(values, event):
    frame = TABLE.assign(died=np.where(TABLE["died"] == 1, event, *(set(values) - {event})))

    study = draft.study(frame, outcome="died", person="person")

    assert study.cohort(frame).y.tolist() == TABLE["died"].tolist()
    assert study.problem.notes == (f"The event is died = {event}",)


def test_two_words_of_which_none_is_an_event_are_asked_about():
    with pytest.raises(BadProblem, match="say which is the event"):
        draft.study(UNFIT["words"], outcome="died", person="person")


@pytest.mark.parametrize("kind", ["number", "survival"])
def test_words_are_no_outcome_that_is_a_number(kind):
    with pytest.raises(BadProblem, match="'died' holds words"):
        draft.study(UNFIT["words"], outcome="died", kind=kind, horizon=5.0)


def test_a_named_event_is_taken():
    frame = TABLE.assign(died=TABLE["died"] + 1.0)

    study = draft.study(frame, outcome="died", person="person", event="2")

    assert study.cohort(frame).y.tolist() == TABLE["died"].tolist()


def test_a_baseline_is_not_said_to_rank_people(tmp_path, capsys):
    TABLE.to_csv(tmp_path / "mine.csv", index=False)
    asked = ["compare", str(tmp_path / "mine.csv"), "--outcome", "died", "--person", "person"]

    assert models.main([*asked, "--models", "baseline"]) == 0
    said = capsys.readouterr().out
    assert "brier" in said
    assert "auroc" not in said


def test_a_packed_table_is_read_whatever_its_name_says(tmp_path):
    TABLE.to_csv(tmp_path / "mine.csv.gz", index=False)
    plain = tables.read_text(tmp_path / "mine.csv.gz")

    (tmp_path / "mine.csv.gz").rename(tmp_path / "mine.csv")

    pd.testing.assert_frame_equal(tables.read_text(tmp_path / "mine.csv"), plain)


def test_a_workbook_is_called_one(tmp_path):
    with zipfile.ZipFile(tmp_path / "mine.xlsx", "w") as book:
        book.writestr("xl/workbook.xml", "<workbook/>")

    with pytest.raises(NotThisDataset, match=r"is a workbook, not text\. Save its sheet as CSV"):
        tables.read_text(tmp_path / "mine.xlsx")
