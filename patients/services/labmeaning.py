"""What rows mean here: whose result, of which analyte, in our unit, how unusual. By columns."""

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import polars as pl
from django.utils import timezone

from ml import analytes
from patients import resultkeys
from patients.labcsv.memories import NOT_SAID
from patients.labcsv.readings import Readings
from patients.labcsv.refusal import Refusal
from patients.models import HeldResult, LabSource
from patients.services import labcolumns, labpeople, labrefusals
from patients.services.labcolumns import Judged
from patients.services.labflags import flags
from patients.services.laborigin import Origin
from patients.services.labpeople import EPOCH_ORDINAL, UNKNOWN, People
from patients.services.labtests import OLDEST, Codes, Conversion, Kind, Said, Test, Tests, limits_of

CLOCKS_DIFFER = timedelta(minutes=10)


@dataclass(frozen=True)
class Known:
    """What the database knew of the people and tests that rows name."""

    found: labpeople.Found
    said: Said
    merges: tuple


class Meant(NamedTuple):
    """What a stretch comes to. Places are those of `Readings`."""

    results: pl.DataFrame  # columns of Result, by name, and `import_row`
    refused: dict[int, Refusal]
    held: dict[int, tuple[str, str]]  # HeldResult.Reason and key


class Interpreter:
    """Reads the rows of one origin, stretch by stretch.

    `look_up` asks the database, `read` does not, so that it may run in another thread.
    """

    def __init__(self, origin: Origin):
        self.origin = origin
        self.tests = Tests(origin.lab_source)
        self.people = labpeople.Registry()
        self.merges: tuple = ()

    def look_up(self, readings: Readings) -> Known:
        """What is known here at this moment of the people and tests that rows name."""
        merges = labpeople.merges()
        if merges != self.merges:
            self.people.forget()
            self.merges = merges
        found = self.people.find(readings.system, readings.identifier)
        return Known(found, self.tests.said_by_people(), merges)

    def is_still_known(self, known: Known) -> bool:
        """Whether nobody was merged since, and no code given another meaning."""
        return known.merges == labpeople.merges() and known.said == self.tests.said_by_people()

    def read(self, readings: Readings, known: Known) -> Meant:
        codes = self.tests.named(known.said)
        return _Stretch(readings, self.origin, self.tests, known.found, codes).meant()


class _Stretch:
    """n rows on their way to results; `refused` grows from check to check.

    Rows that are refused go on through the sums with whatever numbers they have, and are left
    out at the end: that is cheaper than taking them out after every check.
    """

    def __init__(
        self,
        readings: Readings,
        origin: Origin,
        tests: Tests,
        found: labpeople.Found,
        named: Codes,
    ):
        self.readings = readings
        self.named = named
        self.found = found
        self.origin = origin
        self.tests = tests
        self.refused = dict(readings.refused)
        self.held: dict[int, tuple[str, str]] = {}
        self.day = readings.collected.day

    def meant(self) -> Meant:
        if not len(self.readings.rows):
            return Meant(pl.DataFrame(), self.refused, self.held)
        people, person = self._people()
        test, tests = self._tests()
        factor, offset, units = self._converted(test, tests)
        value = self.readings.value.each(_or_nan, "float64") * factor + offset
        self._check_plausible(value, test, tests)
        self._check_times(people, person)
        low, high = self._limits(people, person, test, tests, factor, offset)
        flag = self._flags(value, low, high, people, person, test, tests)
        kept = np.ones(len(person), bool)
        kept[list(self.refused)] = False
        analyte_ids = np.array([0 if t is None else t.analyte_id for t in tests], "int64")
        results = labcolumns.columns(
            self.readings, self.origin.said_at,
            Judged(people.patient_id[person], analyte_ids[test], units, value, low, high, flag),
        )  # fmt: skip
        return Meant(results.filter(pl.Series(kept)), self.refused, self.held)

    def _people(self) -> tuple[People, np.ndarray]:
        """The patient of each row; a stated birth date must be theirs."""
        readings = self.readings
        people, person = self.found.people, self.found.person
        for place in np.flatnonzero(person == UNKNOWN).tolist():
            self._wait(place, labrefusals.unknown_patient(readings.identifier.at(place)))
        stated = readings.birth_date.each(lambda day: day is not None, "bool")
        for place in np.flatnonzero(stated & (person != UNKNOWN)).tolist():
            day = readings.birth_date.at(place)
            if day and not labpeople.fits_birth_date(people, person[place], day):
                self._wait(place, labrefusals.PATIENT_MISMATCH)
        return people, person

    def _tests(self) -> tuple[np.ndarray, list[Test | None]]:
        """The place of each row's test among the distinct ones; None for one not known."""
        codes = self.readings.code
        found = self.named.find(codes)
        unknown = np.array([isinstance(test, Refusal) for test in found], bool)[codes.codes]
        for place in np.flatnonzero(unknown).tolist():
            self._wait(place, found[codes.codes[place]])
        return codes.codes, [test if isinstance(test, Test) else None for test in found]

    def _converted(
        self, test: np.ndarray, tests: list[Test | None]
    ) -> tuple[np.ndarray, np.ndarray, pl.Series]:
        """Factor, offset and unit as sent of each row."""
        unit, value = self.readings.unit, self.readings.value
        in_cell, cell_units = _numbered([said.unit for said in value.meanings])
        shape = (len(tests), len(unit.meanings), len(cell_units))
        key = np.ravel_multi_index((test, unit.codes, in_cell[value.codes]), shape)
        distinct, of_row = np.unique(key, return_inverse=True)
        found: list[Conversion | Refusal] = []
        for t, u, c in zip(*np.unravel_index(distinct, shape), strict=True):
            known = tests[t]
            found.append(NO_CONVERSION if known is None else self.tests.conversion(
                known, unit.meanings[u], cell_units[c]))  # fmt: skip
        refused = np.array([isinstance(one, Refusal) for one in found], bool)[of_row]
        for place in np.flatnonzero(refused).tolist():
            self._wait(place, found[of_row[place]])
        known = [NO_CONVERSION if isinstance(one, Refusal) else one for one in found]
        units = pl.Series([one.as_sent for one in known], dtype=pl.String).gather(of_row)
        return (np.array([one.factor for one in known])[of_row],
                np.array([one.offset for one in known])[of_row], units)  # fmt: skip

    def _check_plausible(
        self, value: np.ndarray, test: np.ndarray, tests: list[Test | None]
    ) -> None:
        low, high = limits_of([EVERYTHING if t is None else t.analyte.plausible for t in tests])
        # A comparison with NaN, no number, is False.
        outside = (value < low[test]) | (value > high[test])
        for place in np.flatnonzero(outside).tolist():
            if known := tests[test[place]]:
                seen = f"{self.readings.value.at(place).as_sent} {self.readings.unit.at(place)}"
                self._refuse(place, labrefusals.implausible(known.analyte, seen.strip()))

    def _check_times(self, people: People, person: np.ndarray) -> None:
        """Samples are taken between birth and the arrival of the file."""
        collected, issued = self.readings.collected, self.readings.issued
        latest = resultkeys.microseconds(self.origin.said_at + CLOCKS_DIFFER)
        today = timezone.localdate(self.origin.said_at).toordinal() - EPOCH_ORDINAL
        in_future = (collected.at > latest) & (collected.has_time | (self.day > today))
        late = (issued.at != NOT_SAID) & (issued.day > today + 1)
        unborn = self.day < people.born_earliest[person]
        for is_wrong, column, code, words in [
            (in_future, "collected_at", "collected_in_future", labrefusals.FUTURE),
            (late, "issued_at", "issued_in_future", labrefusals.LATE),
            (unborn, "collected_at", "collected_before_birth", labrefusals.UNBORN),
        ]:
            for place in np.flatnonzero(is_wrong).tolist():
                seen = self._text(column, place)
                self._refuse(place, Refusal(column, code, *words, seen))

    def _limits(self, people, person, test, tests, factor, offset):
        """The laboratory's own reference range where the row has one, else the usual one."""
        low, high = self.readings.low, self.readings.high
        for place in np.flatnonzero(low > high).tolist():
            self._refuse(place, labrefusals.reversed_range(low[place], high[place]))
        has_own = ~(np.isnan(low) & np.isnan(high))
        usual_low, usual_high = self._usual(people, person, test, tests)
        return (np.where(has_own, low * factor + offset, usual_low),
                np.where(has_own, high * factor + offset, usual_high))  # fmt: skip

    def _usual(self, people, person, test, tests) -> np.ndarray:
        age = np.clip(people.ages(person, self.day), 0, OLDEST)
        pregnant = people.are_pregnant(person, self.day)
        shape = (len(tests), 3, OLDEST + 1, 2)
        key = np.ravel_multi_index((test, people.sex[person], age, pregnant.astype(int)), shape)
        distinct, of_row = np.unique(key, return_inverse=True)
        kinds = zip(*np.unravel_index(distinct, shape), strict=True)
        limits = [
            NO_LIMITS if (known := tests[t]) is None
            else self.tests.usual(known, Kind(int(sex), int(years), bool(is_pregnant)))
            for t, sex, years, is_pregnant in kinds
        ]  # fmt: skip
        return limits_of(limits)[:, of_row]

    def _flags(self, value, low, high, people, person, test, tests) -> pl.Series:
        """LL, L, N, H or HH; what the laboratory says where we know no limit.

        A laboratory's critical flag stands unless the value lies on the other side: it may know
        of limits that we do not, and a lost alarm is worse than one too many.
        """
        critical_low, critical_high = limits_of(
            [NO_LIMITS if t is None else t.analyte.critical for t in tests]
        )
        from_age = np.array(
            [0 if t is None else analytes.critical_from_age(t.analyte.code) for t in tests]
        )
        is_covered = people.ages(person, self.day) >= from_age[test]
        comparator = self.readings.value.each(lambda said: said.comparator, "U2")
        ours = flags(
            value, comparator, low, high,
            np.where(is_covered, critical_low[test], np.nan),
            np.where(is_covered, critical_high[test], np.nan),
        )  # fmt: skip
        in_cell = self.readings.value.each(lambda said: said.flag, "U2")
        in_column = self.readings.flag.each(lambda said: said[0], "U2")
        theirs = np.where(in_cell != "", in_cell, in_column)
        has_limits = ~(np.isnan(low) & np.isnan(high))
        graver = ((theirs == "HH") & np.isin(ours, ("", "N", "H"))) | (
            (theirs == "LL") & np.isin(ours, ("", "N", "L"))
        )
        taken = graver | ((ours == "") & ~has_limits)
        return pl.Series(np.where(taken, theirs, ours), dtype=pl.String)

    def _refuse(self, place: int, refusal: Refusal) -> bool:
        """Note the first thing that is wrong with a row."""
        return self.refused.setdefault(place, refusal) is refusal

    def _wait(self, place: int, refusal: Refusal) -> None:
        """A row that somebody can settle is held, unless it is wrong in another way already."""
        if not self._refuse(place, refusal):
            return
        reason = labrefusals.WAITS_FOR.get(refusal.code)
        source = self.origin.lab_source
        if reason == HeldResult.Reason.PATIENT and _is_strict(source):
            return
        if reason:
            self.held[place] = reason, self._key(reason, place)[:MOST_KEY]

    def _key(self, reason: str, place: int) -> str:
        """What is not known, the same for all rows that one answer settles."""
        readings, source = self.readings, self.origin.lab_source
        if reason == HeldResult.Reason.PATIENT:
            return f"{readings.system.at(place)}|{readings.identifier.at(place)}"
        if reason == HeldResult.Reason.CODE:
            return f"{source.pk if source else ''}|{readings.code.at(place)}"
        return f"{readings.code.at(place)}|{readings.unit.at(place)}"

    def _text(self, column: str, place: int) -> str:
        return self.readings.texts[column][place].strip()


def _is_strict(source: LabSource | None) -> bool:
    return source is not None and source.unknown_patients == LabSource.UnknownPatients.REFUSE


def _or_nan(said) -> float:
    return np.nan if said.number is None else said.number


def _numbered(texts: list[str]) -> tuple[np.ndarray, list[str]]:
    """Texts as places in the list of distinct ones."""
    distinct = sorted(set(texts))
    places = {text: place for place, text in enumerate(distinct)}
    return np.array([places[text] for text in texts], "int64"), distinct


NO_CONVERSION = Conversion(1.0, 0.0, "")
NO_LIMITS = (None, None)
EVERYTHING = (-np.inf, np.inf)
MOST_KEY = 180
