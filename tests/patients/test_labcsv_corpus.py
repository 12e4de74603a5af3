import time

import pytest

from patients.labcsv.encoding import UnreadableFile
from tests.patients.corpus.files import CORPUS
from tests.patients.labreading import read_guessed

LONGEST = 20  # seconds that any of these files may take


@pytest.mark.parametrize("sent", CORPUS, ids=lambda sent: sent.name)
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
