import time

import pytest

from patients.labcsv.encoding import UnreadableFile
from patients.labcsv.guess import guess
from tests.patients.corpus.files import CORPUS
from tests.patients.corpus.odd import NAMES, ODD, ROW, book
from tests.patients.labreading import read_guessed

LONGEST = 20  # seconds that any of these files may take


@pytest.mark.parametrize("sent", [*CORPUS, *ODD], ids=lambda sent: sent.name)
def test_every_row_of_a_malformed_file_is_read_or_refused_by_name(sent, tmp_path):
    path = tmp_path / "sent.csv"
    path.write_bytes(sent.build())
    begin = time.monotonic()
    if sent.unreadable:
        with pytest.raises(UnreadableFile, match=sent.unreadable):
            read_guessed(path)
    else:
        rows, problems = read_guessed(path)
        assert tuple(row.row for row in rows) == sent.good
        assert {problem.row: problem.code for problem in problems} == sent.refused
        assert all(problem.message and problem.repair for problem in problems)
    assert time.monotonic() - begin < LONGEST


@pytest.mark.parametrize("name", ["x" * 200 + ".csv", "\u202efdp.csv", "🩸.csv", "a b;c.csv"])
def test_the_name_of_a_file_does_not_matter(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(CORPUS[0].build())

    assert len(read_guessed(path)[0]) == 1


def test_sheets_that_are_not_read_are_named(tmp_path):
    path = tmp_path / "two.xlsx"
    sheets = [("Old", [NAMES, ROW]), ("New", [NAMES, ROW]), ("More", [NAMES, ROW])]
    path.write_bytes(book(*sheets, hidden=("Old",))())

    assert guess(path).ignored == ("Sheet “More”", "Hidden sheet “Old”")
