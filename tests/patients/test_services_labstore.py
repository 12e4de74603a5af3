import itertools

import pytest

from patients.models import Result
from tests.patients.labfiles import DAY, NOW, counts, current_values, import_lines, line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker", "ada")]

SEQUENCE = [("5", "preliminary"), ("6", "final"), ("7", "corrected")]


@pytest.mark.parametrize("order", list(itertools.permutations(SEQUENCE)))
def test_the_correction_stands_in_any_order_of_arrival(order):
    for number, (value, status) in enumerate(order):
        import_lines(line(value, status), uploaded_at=NOW + number * DAY)

    assert current_values() == [7]
    assert Result.objects.count() == 3


@pytest.mark.parametrize("order", list(itertools.permutations(SEQUENCE)))
def test_the_correction_stands_in_any_order_of_lines_and_with_equal_times(order):
    issued = "2026-03-01T10:00Z"

    lab_import = import_lines(*(line(value, status, issued) for value, status in order))

    assert current_values() == [7]
    assert counts(lab_import) == (1, 2, 0, 0)


def test_an_older_statement_that_comes_late_does_not_replace_a_newer_one():
    import_lines(line("6", issued="2026-03-01T12:00Z"), uploaded_at=NOW)
    import_lines(line("5", issued="2026-03-01T10:00Z"), uploaded_at=NOW + DAY)

    assert current_values() == [6]


def test_a_late_preliminary_value_never_replaces_a_final_one():
    import_lines(line("6", issued="2026-03-01T10:00Z"))
    import_lines(line("5", "preliminary", "2026-03-01T12:00Z"), uploaded_at=NOW + DAY)

    assert current_values() == [6]


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error"])
def test_a_withdrawn_result_does_not_count_and_is_kept(status):
    import_lines(line("6"))
    import_lines(line("", status), uploaded_at=NOW + DAY)

    assert current_values() == []
    assert Result.objects.count() == 2


def test_what_was_known_before_a_correction_stays_known():
    import_lines(line("6"), uploaded_at=NOW)
    import_lines(line("7", "corrected"), uploaded_at=NOW + 2 * DAY)

    as_known = [Result.objects.as_known_at(NOW + day * DAY).get().value for day in (0, 1, 2)]
    assert as_known == [6, 6, 7]


def test_a_second_final_value_of_one_sample_counts_as_a_correction():
    import_lines(line("6"), uploaded_at=NOW)
    lab_import = import_lines(line("7"), uploaded_at=NOW + DAY)

    assert counts(lab_import) == (0, 1, 0, 0)
    assert current_values() == [7]
