import contextlib
import datetime as dt
import io
import tracemalloc
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients import wearables
from patients.wearables import apple
from patients.wearables.overlaps import Covered, total

WATCH = 'sourceName="Ada’s Apple Watch" device="&lt;HKDevice: name:Apple Watch&gt;"'
PHONE = 'sourceName="Ada’s iPhone"'
RING = 'sourceName="Ring"'
DTD = "<!DOCTYPE HealthData [<!ELEMENT HealthData (Record*)><!ATTLIST Record type CDATA #IMPLIED>]>"
STEPS, RATE = "HKQuantityTypeIdentifierStepCount", "HKQuantityTypeIdentifierRestingHeartRate"
SLEEP = "HKCategoryTypeIdentifierSleepAnalysis"
DAY = dt.date(2026, 3, 1)


def record(kind, start, end, value, unit="count", who=WATCH, day="2026-03-01", zone="-0500"):
    """One sample; `start` and `end` are times of the day."""
    return (
        f'<Record type="{kind}" {who} unit="{unit}" value="{value}" '
        f'startDate="{day} {start}:00 {zone}" endDate="{day} {end}:00 {zone}"/>'
    )


def asleep(stage, start, end, who=WATCH):
    """A stage of sleep; `start` and `end` are whole moments."""
    value = f"HKCategoryValueSleepAnalysis{stage}"
    return (f'<Record type="{SLEEP}" {who} value="{value}" '
            f'startDate="{start}:00 +0100" endDate="{end}:00 +0100"/>')  # fmt: skip


def export(*records, dtd=DTD):
    body = "".join(records)
    return f'<?xml version="1.0" encoding="UTF-8"?>{dtd}<HealthData>{body}</HealthData>'.encode()


def read(content):
    return wearables.read(io.BytesIO(content))


def zipped(content, name="apple_health_export/export.xml"):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
        archive.writestr("apple_health_export/export_cda.xml", "<ClinicalDocument/>")
    return target.getvalue()


def only_day(content):
    (day,) = read(content).days
    return day


def test_samples_of_a_day_are_one_day():
    day = only_day(
        export(
            record(STEPS, "08:00", "08:10", 700),
            record(STEPS, "09:00", "09:10", 300),
            record("HKQuantityTypeIdentifierAppleExerciseTime", "08:00", "08:30", 30, "min"),
            record(RATE, "08:00", "08:00", 58, "count/min"),
            record("HKQuantityTypeIdentifierHeartRateVariabilitySDNN", "03:00", "03:01", 40, "ms"),
            record("HKQuantityTypeIdentifierHeartRateVariabilitySDNN", "04:00", "04:01", 50, "ms"),
            record("HKQuantityTypeIdentifierOxygenSaturation", "03:00", "03:00", 0.97, "%"),
        )
    )
    assert (day.day, day.source) == (DAY, "Apple Health")
    assert list(day.values().values()) == [1000, 30, 58, None, 45, 97]


def test_steps_that_watch_and_phone_both_counted_count_once():
    day = only_day(
        export(
            record(STEPS, "08:00", "08:20", 1000, who=PHONE),
            record(STEPS, "08:10", "08:20", 600, who=WATCH),
        )
    )
    assert day.steps == 600 + 500  # the phone's first ten minutes, when the watch was off


def test_another_wearable_is_believed_before_the_phone():
    day = only_day(
        export(
            record(STEPS, "08:00", "08:20", 1000, who=PHONE),
            record(STEPS, "08:00", "08:20", 800, who=RING),
        )
    )
    assert day.steps == 800


@pytest.mark.parametrize("zone", ["-1000", "+1400", "+0000"])
def test_the_offset_of_a_record_says_on_which_day_it_was(zone):
    assert only_day(export(record(STEPS, "23:50", "23:59", 5, zone=zone))).day == DAY


def test_a_night_belongs_to_the_day_of_waking():
    day = only_day(
        export(
            asleep("InBed", "2026-02-28 22:30", "2026-03-01 07:00"),
            asleep("AsleepCore", "2026-02-28 23:00", "2026-03-01 02:00"),
            asleep("Awake", "2026-03-01 02:00", "2026-03-01 02:30"),
            asleep("AsleepDeep", "2026-03-01 02:30", "2026-03-01 06:30"),
        )
    )
    assert (day.day, day.sleep_hours) == (DAY, 7.0)


def test_a_night_that_two_devices_saw_counts_once():
    day = only_day(
        export(
            asleep("AsleepUnspecified", "2026-02-28 22:00", "2026-03-01 07:00", who=PHONE),
            asleep("AsleepREM", "2026-02-28 23:00", "2026-03-01 06:00", who=WATCH),
        )
    )
    assert day.sleep_hours == 7.0


def test_types_that_are_not_read_are_named_and_counted():
    said = read(
        export(
            record("HKQuantityTypeIdentifierBodyMass", "08:00", "08:00", 80, "kg"),
            record("HKQuantityTypeIdentifierBodyMass", "09:00", "09:00", 81, "kg"),
            '<Workout workoutActivityType="Running"><Record type="x"/></Workout>',
        )
    )
    assert said.ignored_types == {"HKQuantityTypeIdentifierBodyMass": 2, "Workout": 1}
    assert said.days == []


@pytest.mark.parametrize(
    "bad",
    [
        record(STEPS, "08:00", "08:10", "many"),
        record(STEPS, "08:00", "08:10", 5, unit="km"),
        record(STEPS, "08:10", "08:00", 5),
        record(STEPS, "08:00", "08:10", 5, day="2026-02-30"),
        record(STEPS, "08:00", "08:10", 5, zone=""),
        record(STEPS, "08:00", "08:10", -5),
        record(STEPS, "08:00", "08:10", "nan"),
        record(RATE, "08:00", "08:10", 900, "count/min"),
        f'<Record type="{STEPS}"/>',
    ],
)
def test_a_record_that_cannot_be_read_costs_itself_alone(bad):
    said = read(export(bad, record(STEPS, "09:00", "09:10", 300)))
    assert (said.refused, [day.steps for day in said.days]) == (1, [300])
    assert said.problems[0].message.endswith(".")


def test_an_archive_in_any_language_is_found():
    content = zipped(export(record(STEPS, "08:00", "08:10", 5)), "apple_health_export/导出.xml")
    assert only_day(content).steps == 5


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (export(record(STEPS, "08:00", "08:10", 5))[:-20], "damaged"),
        (b"<html></html>", "not an export"),
        (zipped(b"<x/>"), "not an export"),
        (zipped(b"\0" * 5_000_000), "unpacks"),
        (b"PK\x03\x04 and nothing", "damaged"),
        (export(dtd='<!DOCTYPE x [<!ENTITY a "boom">]>'), "entities"),
        (export(dtd='<!DOCTYPE x SYSTEM "file:///etc/passwd">'), ""),
        (b'{"data": 1}', "Health Auto Export"),
        (b"[" * 100_000, "Health Auto Export"),
        (b"a,b\n1,2\n", "must name the columns"),
        (b"", "must name the columns"),
        (b"\x89PNG\0\0", "no table"),
    ],
)
def test_what_is_no_export_is_unreadable(content, word):
    if word:
        with pytest.raises(wearables.Unreadable, match=word):
            read(content)
    else:
        assert read(content).days == []


def test_an_archive_without_an_export_is_unreadable():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("photo.jpg", "x")
    with pytest.raises(wearables.Unreadable, match=r"no export\.xml"):
        read(target.getvalue())


def test_memory_stays_flat_over_a_long_export():
    lines = [
        record("HKQuantityTypeIdentifierHeartRate", "08:00", "08:01", 70, "count/min")
    ] * 60_000
    content = io.BytesIO(export(*lines))
    tracemalloc.start()
    said = apple.read(content)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert said.ignored_types.total() == 60_000
    assert peak < 3_000_000


TABLE = "day,steps,sleep_hours,source\n"


def test_a_table_of_days_is_read():
    said = read((TABLE + "2026-03-01,5000,7.5,Band\n2026-02-28,,8,\n").encode())
    assert [(day.day.day, day.steps, day.sleep_hours, day.source) for day in said.days] == [
        (28, None, 8, "Wearable table"), (1, 5000, 7.5, "Band"),
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_a_table_from_a_spreadsheet_is_read(encoding):
    text = "Date;Steps;Sleep hours;Stimmung\r\n2026-03-01;5000;7,5;müde\r\n"
    said = read(text.encode(encoding))
    assert (said.days[0].steps, said.days[0].sleep_hours) == (5000, 7.5)
    assert said.ignored_types == {"stimmung": 1}


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ("01.03.2026,5000,7,", "day", "bad_day"), ("2026-02-30,1,1,", "day", "bad_day"),
        ("2026-03-01,many,7,", "steps", "not_a_number"), ("2026-03-01,5_000,7,", "steps",
         "not_a_number"), ("2026-03-01,-5,7,", "steps", "implausible_value"),
        ("2026-03-01,5,25,", "sleep_hours", "implausible_value"),
        ("2026-03-01,nan,7,", "steps", "implausible_value"), ("2026-03-01,,,", "", "empty_row"),
        ("2026-03-02,5,7,", "day", "repeated_day"),
        ("2026-03-01,5,7," + "x" * 40, "source", "bad_source"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_read_has_a_reason(line, column, code):
    said = read((TABLE + f"2026-03-02,1000,7,\n{line}\n").encode())
    assert [(p.row, p.column, p.code) for p in said.problems] == [(3, column, code)]
    assert [day.steps for day in said.days] == [1000]


def test_the_json_of_health_auto_export_is_read():
    content = b"""{"data": {"metrics": [
      {"name": "step_count", "units": "count", "data": [
        {"date": "2026-03-01 00:00:00 -0500", "qty": 5000.4}, {"date": "soon", "qty": 1}]},
      {"name": "sleep_analysis", "data": [
        {"date": "2026-02-28", "sleepEnd": "2026-03-01 06:00:00 -0500", "totalSleep": 7.25}]},
      {"name": "body_mass", "data": [{"date": "2026-03-01", "qty": 80}]}]}}"""
    said = read(content)
    assert [(day.steps, day.sleep_hours) for day in said.days] == [(5000, 7.25)]
    assert (said.refused, said.ignored_types) == (1, {"body_mass": 1})


times = st.tuples(st.integers(0, 50), st.integers(0, 50)).map(sorted)


@given(st.lists(times, max_size=12))
def test_covered_time_is_the_union_of_intervals(intervals):
    covered = Covered()
    new = sum(covered.add(start, end) for start, end in intervals)
    minutes = {minute for start, end in intervals for minute in range(start, end)}
    assert new == len(minutes)
    assert all(covered.has(minute) for minute in minutes)


@given(st.lists(st.tuples(times, st.integers(1, 100), st.integers(0, 3)), max_size=8))
def test_less_is_counted_than_all_and_at_least_the_best_device(samples):
    records = [(*interval, amount, rank) for interval, amount, rank in samples]
    counted = total(records)
    best = min((rank for *_rest, rank in records), default=0)
    assert counted <= sum(amount for *_interval, amount, _rank in records) + 1e-6
    assert counted >= sum(amount for *_i, amount, rank in records if rank == best) - 1e-6


@given(st.binary(max_size=200), st.sampled_from([b"", b"<", b"{", b"PK\x03\x04", b"day,steps\n"]))
def test_any_bytes_are_read_or_unreadable(content, beginning):
    with contextlib.suppress(wearables.Unreadable):
        assert read(beginning + content).refused >= 0
