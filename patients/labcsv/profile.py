"""How the files of one source are read: what a person has confirmed, as JSON in the database."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from .fields import EXTRA_FIELDS, FIELDS
from .numbers import Numbers

# What may be chosen, with the words for it; the first is what nobody has said.
CHOICES = {
    "encoding": {"utf-8": "UTF-8", "cp1252": "Windows, Western Europe (1252)",
                 "latin-1": "ISO 8859-1", "iso8859-15": "ISO 8859-15",
                 "cp1250": "Windows, Central Europe (1250)",
                 "cp1251": "Windows, Cyrillic (1251)", "cp1253": "Windows, Greek (1253)",
                 "utf-16-le": "UTF-16", "utf-16-be": "UTF-16, big-endian"},
    "delimiter": {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Vertical bar"},
    "decimal": {"": "Either, where only one reading is possible", ".": "Point (7.2)",
                ",": "Comma (7,2)"},
    "thousands": {"": "None", ",": "Comma (1,234)", ".": "Point (1.234)", " ": "Space (1 234)",
                  "'": "Apostrophe (1'234)"},
    "date_order": {"ymd": "Year first (2026-03-01)", "dmy": "Day first (01/03/2026)",
                   "mdy": "Month first (03/01/2026)"},
    "layout": {"long": "One result a line", "wide": "One sample a line, tests side by side"},
    "compression": {"": "None", "gzip": "gzip"},
}  # fmt: skip
ROW_FIELDS = {"header_row": 10_000, "units_row": 10_000, "reference_row": 10_000}
TEXT_FIELDS = {"identifier_system": 100, "default_unit": 30, "sheet": 100, "zone": 60}
LONGEST_HEADING = 200
MOST_TESTS = 5000
Tests = Mapping[str, Mapping[str, str]]


class BadProfile(ValueError):
    """A profile that says something impossible; the sentence is for people."""


@dataclass(frozen=True)
class Profile:
    """How to read a table. Whatever is left open makes rows be refused, never guessed."""

    encoding: str = "utf-8"
    delimiter: str = ","
    decimal: str = ""
    thousands: str = ""
    date_order: str = "ymd"
    dates_as_serials: bool = False
    zone: str = ""  # IANA name; "" is the site's
    layout: str = "long"
    header_row: int = 1  # line of the file or row of the sheet; 0: there is none
    units_row: int = 0  # wide: a line of units under the header
    reference_row: int = 0  # wide: a line of reference ranges under the header
    columns: Mapping[str, str] = field(default_factory=dict)  # our field: their heading
    tests: Tests = field(default_factory=dict)  # wide: heading: {"code", "unit"}
    identifier_system: str = ""  # where a row names none; "" is the site's own
    default_unit: str = ""  # where a row gives none
    sheet: str = ""
    compression: str = ""
    # In a canonical copy: what the file itself calls our fields, for the problem list.
    sources: Mapping[str, str] = field(default_factory=dict)

    CANONICAL: ClassVar["Profile"]

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise BadProfile(f"“{name}” must be one of {', '.join(map(repr, known))}.")
        if self.thousands and self.thousands == self.decimal:
            raise BadProfile("The same sign cannot be decimal sign and thousands separator.")
        if self.zone and self.zone not in available_timezones():
            raise BadProfile("“zone” must be a name such as Europe/Berlin.")
        _check_limits(self)
        _check_columns(self.columns)
        _check_tests(self.tests)

    @property
    def numbers(self) -> Numbers:
        return Numbers(self.decimal, self.thousands)

    def zone_or(self, site: Any) -> Any:
        """The time zone of this source, else the site's."""
        return ZoneInfo(self.zone) if self.zone else site

    def of_copy(self) -> "Profile":
        """How to read the canonical copy of a file that has this profile."""
        return replace(
            self.CANONICAL,
            decimal=self.decimal,
            thousands=self.thousands,
            date_order=self.date_order,
            dates_as_serials=self.dates_as_serials,
            zone=self.zone,
            identifier_system=self.identifier_system,
            default_unit=self.default_unit,
            sources=dict(self.columns),
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Profile":
        """Raises BadProfile; missing keys have their defaults, unknown ones are refused."""
        if not isinstance(stored, Mapping):
            raise BadProfile("A profile is an object of names and values.")
        kinds: dict[str, type] = {name: type(value) for name, value in asdict(cls()).items()}
        for name, value in stored.items():
            if name not in kinds:
                raise BadProfile(f"A profile has no “{str(name)[:60]}”.")
            if type(value) is not kinds[name]:
                raise BadProfile(f"“{name}” of a profile must be of type {kinds[name].__name__}.")
        return cls(**stored)


def _check_limits(profile: Profile) -> None:
    for name, most in ROW_FIELDS.items():
        if not 0 <= getattr(profile, name) <= most:
            raise BadProfile(f"“{name}” must lie between 0 and {most}.")
    for name, longest in TEXT_FIELDS.items():
        if not _is_line(getattr(profile, name), longest):
            raise BadProfile(f"“{name}” must be one line of at most {longest} characters.")


def _check_columns(columns: Mapping[str, str]) -> None:
    for name, heading in columns.items():
        if name not in FIELDS and name not in EXTRA_FIELDS:
            raise BadProfile(f"There is no field “{str(name)[:60]}”.")
        if not isinstance(heading, str) or not heading or len(heading) > LONGEST_HEADING:
            raise BadProfile(f"The column of “{name}” must be the heading of one.")
    headings = [heading for name, heading in columns.items() if name != "test_name"]
    if len(set(headings)) < len(headings):
        raise BadProfile("One column cannot be two of our fields.")


def _check_tests(tests: Tests) -> None:
    if len(tests) > MOST_TESTS:
        raise BadProfile(f"A table has at most {MOST_TESTS} tests.")
    for heading, test in tests.items():
        if not isinstance(test, Mapping) or not {"code"} <= test.keys() <= {"code", "unit"}:
            raise BadProfile("Each test is given as {“code”: …, “unit”: …}.")
        if not test["code"] or not all(_is_line(part, 100) for part in test.values()):
            raise BadProfile(f"The test of “{str(heading)[:60]}” needs a short code.")


def _is_line(text: Any, longest: int) -> bool:
    return isinstance(text, str) and len(text) <= longest and not re.search(r"[\x00-\x1f]", text)


Profile.CANONICAL = Profile(decimal=".", columns={name: name for name in FIELDS}, header_row=1)
