"""Apple Health's export: every sample of every device, in one XML file inside a zip.

Records are read one at a time and forgotten; what stays is a day's sums, and four numbers for
each record of steps and exercise, because phone and watch count the same minutes.
"""

from __future__ import annotations

import zipfile
import zlib
from array import array
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException, ElementTree

from .days import METRICS, Day, Problem, Reading, Unreadable, accepted, implausible
from .overlaps import packed, total
from .sleep import Sleep

SOURCE = "Apple Health"
MOST_UNPACKED = 8 * 1024**3
MOST_RATIO = 200  # XML of samples packs twenty- to fortyfold
MOST_SHOWN = 60

QUANTITY, CATEGORY = "HKQuantityTypeIdentifier", "HKCategoryTypeIdentifier"
SUMMED = {f"{QUANTITY}StepCount": "steps", f"{QUANTITY}AppleExerciseTime": "active_minutes"}
AVERAGED = {
    f"{QUANTITY}RestingHeartRate": "resting_heart_rate",
    f"{QUANTITY}HeartRateVariabilitySDNN": "heart_rate_variability",
    f"{QUANTITY}OxygenSaturation": "oxygen_saturation",
}
SLEEP = f"{CATEGORY}SleepAnalysis"
UNITS = {
    "steps": {"count": 1.0},
    "active_minutes": {"min": 1.0, "hr": 60.0, "s": 1 / 60},
    "resting_heart_rate": {"count/min": 1.0, "count/s": 60.0},
    "heart_rate_variability": {"ms": 1.0, "s": 1000.0},
    "oxygen_saturation": {"%": 100.0},  # a share: 0.97 %
}
WATCH, OTHER, PHONE = 0, 1, 2  # whom to believe first
DEVICES_A_CLASS = 10_000


def read_archive(file: IO[bytes]) -> Reading:
    """The days of an export.zip. Raises Unreadable."""
    try:
        with zipfile.ZipFile(file) as archive:
            member = _export(archive)
            with archive.open(member) as export:
                return read(export)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError):
        raise Unreadable(
            "The archive is damaged or locked. Export the data from Apple Health again."
        ) from None


def read(file: IO[bytes]) -> Reading:
    """The days of an export.xml. Raises Unreadable; then nothing of it was taken."""
    collector = _Collector()
    try:
        # The export brings a DTD of its own; entities, its dangerous part, are refused.
        events = ElementTree.iterparse(file, events=("start", "end"), forbid_dtd=False)
        _collect(events, collector)
    except ParseError as damage:
        line = damage.position[0]
        raise Unreadable(
            f"The file is damaged at line {line}. Export the data from Apple Health again."
        ) from None
    except DefusedXmlException:
        raise Unreadable(
            "The file defines XML entities, which an export of Apple Health does not."
        ) from None
    return collector.reading()


def _collect(events: Any, collector: _Collector) -> None:
    """Hand over each element directly below the root, then free it."""
    root: Any = None
    depth = number = 0
    for event, element in events:
        if event == "start":
            depth += 1
            if root is None:
                root = element
                if element.tag != "HealthData":
                    raise Unreadable("This XML is not an export of Apple Health.")
            continue
        depth -= 1
        if depth == 1:
            number += 1
            collector.take(element, number)
            root.clear()


def _export(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The export itself: its name is in the phone's language, so that the largest XML is it."""
    found = [
        member
        for member in archive.infolist()
        if member.filename.lower().endswith(".xml")
        and not member.filename.lower().endswith("_cda.xml")
    ]
    if not found:
        raise Unreadable(
            "The archive holds no export.xml. Send the export.zip that Apple Health made."
        )
    member = max(found, key=lambda member: member.file_size)
    if member.file_size > MOST_UNPACKED or (
        member.file_size > MOST_RATIO * max(1, member.compress_size)
    ):
        raise Unreadable("The archive unpacks to far more than an export of Apple Health has.")
    return member


class _Collector:
    """What the records seen so far come to."""

    def __init__(self) -> None:
        self.said = Reading()
        self.ranks: dict[tuple[str, str], int] = {}
        self.sums: dict[tuple[str, date], array] = defaultdict(lambda: array("d"))
        self.means: dict[tuple[str, date], dict[int, list[float]]] = defaultdict(dict)
        self.sleep = Sleep()

    def take(self, element: Any, number: int) -> None:
        if element.tag != "Record":
            if element.tag not in {"ExportDate", "Me"}:
                self.said.ignore(element.tag)
            return
        kind = element.get("type") or ""
        try:
            if kind in SUMMED:
                self._sum(SUMMED[kind], element)
            elif kind in AVERAGED:
                self._average(AVERAGED[kind], element, number)
            elif kind == SLEEP:
                self._sleep(element)
            else:
                self.said.ignore(kind or "Record without a type")
        except (ValueError, OverflowError):
            self.said.refuse(_malformed(kind, number))

    def _sum(self, name: str, element: Any) -> None:
        start, end = _moments(element)
        amount = _amount(name, element)
        if not 0 <= amount <= METRICS[name].high:  # nan is neither
            raise ValueError
        record = (start.timestamp(), end.timestamp(), amount, self._rank(element))
        self.sums[name, start.date()].extend(record)

    def _average(self, name: str, element: Any, number: int) -> None:
        start, _end = _moments(element)
        value = _amount(name, element)
        if accepted(name, value) is None:
            self.said.refuse(implausible(name, element.get("value", ""), row=number, column=name))
            return
        mean = self.means[name, start.date()].setdefault(self._rank(element), [0.0, 0.0])
        mean[0] += value
        mean[1] += 1

    def _sleep(self, element: Any) -> None:
        start, end = _moments(element)
        state = (element.get("value") or "").removeprefix("HKCategoryValueSleepAnalysis")
        if state.startswith("Asleep"):
            self.sleep.add(start, end, self._rank(element))
        elif state not in {"InBed", "Awake"}:
            self.said.ignore(f"Sleep: {state}")

    def _rank(self, element: Any) -> int:
        """Watches before other wearables before phones; within each, in order of appearance."""
        key = (element.get("sourceName") or "", element.get("device") or "")
        if key not in self.ranks:
            same = [rank for name, rank in self.ranks.items() if name[0] == key[0]]
            place = DEVICES_A_CLASS * _class(*key) + len(self.ranks)
            # One source keeps its rank although its device was updated meanwhile.
            is_known = same and same[0] // DEVICES_A_CLASS == place // DEVICES_A_CLASS
            self.ranks[key] = same[0] if is_known else place
        return self.ranks[key]

    def reading(self) -> Reading:
        values: dict[date, dict[str, float]] = defaultdict(dict)
        for (name, day), records in self.sums.items():
            values[day][name] = total(packed(records))
        for (name, day), means in self.means.items():
            amount, count = means[min(means)]
            values[day][name] = amount / count
        for day, hours in self.sleep.hours().items():
            values[day]["sleep_hours"] = hours
        for day in sorted(values):
            self._add(day, values[day])
        return self.said

    def _add(self, day: date, values: dict[str, float]) -> None:
        good: dict[str, Any] = {}
        for name, value in values.items():
            good[name] = accepted(name, value)
            if good[name] is None:
                self.said.refuse(implausible(name, f"{value:g} on {day}", row=0, column=name))
        if any(value is not None for value in good.values()):
            self.said.days.append(Day(day, SOURCE, **good))


def _class(source: str, device: str) -> int:
    words = f"{source} {device}".casefold()
    if "watch" in words:
        return WATCH
    return PHONE if "phone" in words or "ipad" in words or "ipod" in words else OTHER


def _moments(element: Any) -> tuple[datetime, datetime]:
    """Start and end with the offset in which the device was. Raises ValueError."""
    start, end = _moment(element.get("startDate")), _moment(element.get("endDate"))
    if end < start or end - start > timedelta(days=2):
        raise ValueError
    return start, end


def _moment(text: str | None) -> datetime:
    """`2026-03-01 08:30:00 -0500`, the only form that exports have."""
    at = datetime.fromisoformat(f"{text[:19]}{text[20:]}") if text else None
    if at is None or at.tzinfo is None or at < datetime(2000, 1, 1, tzinfo=UTC):
        raise ValueError
    return at


def _amount(name: str, element: Any) -> float:
    factor = UNITS[name].get(element.get("unit") or "")
    if factor is None:
        raise ValueError
    value = float(element.get("value") or "x")
    return value if name == "oxygen_saturation" and value > 1 else value * factor


def _malformed(kind: str, number: int) -> Problem:
    return Problem(
        number,
        kind.removeprefix(QUANTITY).removeprefix(CATEGORY)[:60],
        "malformed_record",
        "This record has no date, value or unit that can be read.",
        "Export the data from Apple Health again; the other records were read.",
    )
