"""The files that people try first do what the manual says of them."""

import re

import pytest

from patients.labcsv import words
from patients.labcsv.guess import guess
from patients.labcsv.template import HEADER, ROWS
from tests.patients.corpus.samples import FOLDER, SAMPLES
from tests.patients.labfiles import text
from tests.patients.labreading import read, read_guessed


@pytest.fixture
def sample(tmp_path):
    """A copy of a file of samples/: reading may put another beside it."""

    def take(name):
        path = tmp_path / name
        path.write_bytes((FOLDER / name).read_bytes())
        return path

    return take


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_as_their_script_builds_them(name):
    assert (FOLDER / name).read_bytes() == SAMPLES[name]()


@pytest.mark.parametrize(
    ("name", "good", "refused"),
    [("lab_german_cp1252.csv", 6, []),
     ("lab_wide.csv", 16, [(7, "HGB", "not_a_number"), (8, "HGB", "spreadsheet_error")]),
     ("lab_us.tsv", 5, [(7, "Result", "not_a_number")]),
     ("lab_doubtful.csv", 0, [(2, "value", "decimal_comma"),
                              (3, "collected_at", "ambiguous_date"),
                              (4, "collected_at", "ambiguous_date")])],
)  # fmt: skip
def test_a_sample_is_read_as_far_as_it_is_beyond_doubt(sample, name, good, refused):
    rows, problems = read_guessed(sample(name))

    assert len(rows) == good
    assert [(problem.row, problem.column, problem.code) for problem in problems] == refused


def test_a_person_settles_the_doubtful_sample(sample):
    path = sample("lab_doubtful.csv")

    rows, problems = read_guessed(path, date_order="dmy", thousands=",")

    assert [doubt.field for doubt in guess(path).doubts] == ["thousands", "date_order"]
    assert [(row.value, row.collected_at.month) for row in rows] == [
        (1234, 11), (6.2, 11), (221, 11)]  # fmt: skip
    assert problems == []


def test_the_template_is_read_without_a_problem():
    rows, problems = read(text(*map(",".join, ROWS), header=",".join(HEADER)))

    assert (len(rows), problems) == (len(ROWS), [])


def test_the_manual_lists_every_word_that_is_read_as_a_result():
    page = (FOLDER.parent / "docs" / "reference" / "lab-files.md").read_text(encoding="utf-8")
    listed = page.split("<!-- words")[1].split("<!-- end of words")[0]

    assert set(re.findall(r"`([^`]+)`", listed)) == {*words.RESULTS, *words.NO_RESULT}
