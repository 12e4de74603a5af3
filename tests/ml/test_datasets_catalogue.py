"""The catalogue: every set documented, every analyte unit convertible, every table loadable."""

from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from ml import analytes, units
from ml.datasets import DATASETS, DatasetAbsent, NotThisDataset, UnknownDataset, get, load, readme
from ml.datasets.command import main
from tests.ml.datafolder import needs

TABLES = [name for name, dataset in DATASETS.items() if dataset.kind == "table"]


@pytest.mark.parametrize("name", DATASETS)
def test_every_set_says_where_it_comes_from_and_on_what_terms(name):
    dataset = get(name)
    for fact in (dataset.title, dataset.licence, dataset.source, dataset.provenance):
        assert len(fact) > 2
    assert dataset.obtain
    assert not dataset.obtain.endswith(".")


@pytest.mark.parametrize("name", TABLES)
def test_every_column_of_a_table_has_a_meaning_and_a_known_type(name):
    types = {"number", "integer", "flag", "code", "category", "text", "date", "identifier"}
    columns = get(name).columns
    assert columns
    assert len({column.name for column in columns}) == len(columns)
    assert not [column.name for column in columns if not column.meaning]
    assert {column.type for column in columns} <= types


@pytest.mark.parametrize("name", TABLES)
def test_units_of_analytes_can_be_converted(name):
    for column in get(name).columns:
        if column.analyte:
            analyte = analytes.get(column.analyte)
            assert units.is_accepted(analyte.code, column.unit), column.name


@cache
def loaded(name):
    """A set is read once for all tests that look at it."""
    return load(name)


@pytest.mark.parametrize("name", TABLES)
def test_every_table_loads_with_the_columns_of_its_schema(name):
    needs(name)
    frame = loaded(name)
    known = {column.name for column in get(name).columns}
    assert len(frame) > 0
    assert set(frame.columns) <= known
    assert get(name).person is None or get(name).person in frame


@pytest.mark.parametrize("name", TABLES)
def test_values_of_categories_are_those_of_the_schema(name):
    needs(name)
    frame = loaded(name)
    for column in get(name).columns:
        if column.values and column.name in frame:
            found = pd.Series(frame[column.name].dropna().unique())
            text = found.map("{:g}".format) if column.is_numeric else found
            assert set(text) <= set(column.values), column.name


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UnknownDataset, match=r"No data set is called 'mimic'. Known: nhanes, "):
        load("mimic")


def test_an_absent_set_says_how_to_get_it(tmp_path):
    with pytest.raises(DatasetAbsent, match=r"python -m ml.datasets fetch diabetes130"):
        load("diabetes130", tmp_path / "nowhere.csv")


def test_none_is_a_value_and_a_question_mark_is_missing(tmp_path):
    frame = load("diabetes130", written(tmp_path, "diabetes130", A1Cresult="None", race="?"))
    assert frame["A1Cresult"].tolist() == ["None"]
    assert frame["race"].isna().all()


def test_zero_stands_for_missing_where_nobody_lives_with_it(tmp_path):
    pima = load("pima", written(tmp_path, "pima", Insulin="0", Pregnancies="0", Outcome="0"))
    heart = load("heart_uci", written(tmp_path, "heart_uci", chol="0", oldpeak="0"))
    assert pima[["Insulin", "Pregnancies", "Outcome"]].isna().to_numpy().tolist() == [
        [True, False, False]
    ]
    assert heart[["chol", "oldpeak"]].isna().to_numpy().tolist() == [[True, False]]


def test_bounds_and_thousands_are_numbers(tmp_path):
    cases = load("vitaldb", written(tmp_path, "vitaldb", age=">89"))
    failure = load("heart_failure", written(tmp_path, "heart_failure", platelets='"265,000"'))
    assert cases["age"].tolist() == [89.0]
    assert failure["platelets"].tolist() == [265000.0]


def test_what_is_no_number_is_missing_and_told(tmp_path, caplog):
    frame = load("framingham", written(tmp_path, "framingham", age="old"))
    assert frame["age"].isna().all()
    assert "1 values of age are no numbers (the first in row 1)" in caplog.text


def test_a_file_without_the_outcome_loads_for_scoring(tmp_path):
    names = [column.name for column in get("framingham").columns][:-1]
    path = tmp_path / "new.csv.gz"
    pd.DataFrame([[1] * len(names)], columns=names).to_csv(path, index=False)
    assert list(load("framingham", path)) == names


def test_another_table_is_refused_with_the_columns_it_lacks(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(NotThisDataset, match=r"does not look like pima: it lacks 9 of 9 columns"):
        load("pima", path)


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"", "is empty"), (b"Gr\xf6\xdfe\n1\n", "is not UTF-8")]
)
def test_an_unreadable_file_is_refused_with_a_sentence(tmp_path, content, sentence):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(NotThisDataset, match=sentence):
        load("pima", path)


def test_the_same_type_comes_back_whether_or_not_a_value_is_missing(tmp_path):
    full = load("pima", written(tmp_path, "pima", Age="50"))
    gaps = load("pima", written(tmp_path, "pima", Age=""))
    assert full["Age"].dtype == gaps["Age"].dtype == float


def test_a_folder_of_tables_lists_what_it_holds():
    needs("mimic4_demo")
    with pytest.raises(NotThisDataset, match="mimic4_demo/hosp/admissions"):
        load("mimic4_demo")
    assert len(load("mimic4_demo/hosp/patients")) == 100


def test_the_page_about_the_data_is_that_of_the_catalogue():
    page = (Path(__file__).parents[2] / "data" / "README.md").read_text(encoding="utf-8")
    assert page == readme.text(), "run `python -m ml.datasets readme > data/README.md`"


@pytest.mark.parametrize("arguments", [["list"], ["show", "diabetes130"], ["readme"]])
def test_the_commands_that_tell_print_the_terms(arguments, capsys):
    assert main(arguments) == 0
    assert "CC BY 4.0" in capsys.readouterr().out


def written(folder, name, **cells):
    """A one-row file of a set, all cells 1 but those given."""
    names = [column.name for column in get(name).columns]
    path = folder / f"{name}{len(list(folder.iterdir()))}.csv"
    row = ",".join(cells.get(column, "1") for column in names)
    path.write_text(",".join(names) + "\n" + row + "\n", encoding="utf-8")
    return path
