"""Elements of a resource by their types. What has another type than FHIR says is a Fault:
the text "7.2" is no number here, and "true" is not true."""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
UCUM = "http://unitsofmeasure.org"
CVX = "http://hl7.org/fhir/sid/cvx"
CPT = "http://www.ama-assn.org/go/cpt"
# Our own words, so that what we send can be read back as what it was.
OURS = "urn:carelens:"
UNCLASSIFIED = "unclassified"
MOMENT = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)?)?", re.ASCII
)

Element = dict[str, Any]


class Fault(Exception):
    """A resource that does not say what it should; `message` and `repair` name no patient."""

    def __init__(self, path: str, message: str, repair: str, code: str = "not_fhir"):
        super().__init__(code)
        self.path, self.message, self.repair, self.code = path, message, repair, code


@dataclass(frozen=True, slots=True)
class Coding:
    system: str
    code: str
    display: str

    @property
    def as_sent(self) -> str:
        """`system|code`, as the tables of the record keep it; empty where it would not fit."""
        sent = f"{self.system}|{self.code}"
        return sent if self.code and len(sent) <= 150 else ""


@dataclass(frozen=True, slots=True)
class Concept:
    """A CodeableConcept."""

    codings: tuple[Coding, ...]
    text: str

    def code(self, *systems: str) -> str:
        """The first code of these systems; without systems, the first code."""
        return next(
            (c.code for c in self.codings if c.code and (not systems or c.system in systems)), ""
        )

    def own(self, kind: str) -> tuple[str, ...] | None:
        """What a site of ours calls it: none of its classes is (); None where it does not say."""
        code = self.code(f"{OURS}{kind}")
        return ((code,) if code != UNCLASSIFIED else ()) if code else None

    @property
    def label(self) -> str:
        """How people call it: the sender's own words, else the display, else the code."""
        displays = (coding.display for coding in self.codings if coding.display)
        return " ".join((self.text or next(displays, "") or self.code()).split())

    @property
    def as_sent(self) -> str:
        return next((coding.as_sent for coding in self.codings if coding.as_sent), "")


NOTHING = Concept((), "")


def text(element: Element, name: str) -> str:
    value = element.get(name, "")
    if not isinstance(value, str):
        raise _type(name, "a text")
    return value


def boolean(element: Element, name: str) -> bool | None:
    value = element.get(name)
    if value is not None and not isinstance(value, bool):
        raise _type(name, "true or false")
    return value


def number(element: Element, name: str) -> Decimal | None:
    value = element.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise _type(name, "a number")
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def child(element: Element, name: str) -> Element:
    """An element that is one object; empty when it is not there."""
    value = element.get(name, {})
    if not isinstance(value, dict):
        raise _type(name, "one object")
    return value


def children(element: Element, name: str) -> list[Element]:
    value = element.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _type(name, "a list of objects")
    return value


def texts(element: Element, name: str) -> list[str]:
    value = element.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str | None) for item in value):
        raise _type(name, "a list of texts")
    return [item for item in value if item]


def coding(element: Element) -> Coding:
    return Coding(text(element, "system"), text(element, "code"), text(element, "display"))


def concept(element: Element, name: str) -> Concept:
    return concept_of(child(element, name))


def concept_of(element: Element) -> Concept:
    codings = tuple(map(coding, children(element, "coding")))
    return Concept(codings, text(element, "text"))


def concepts(element: Element, name: str) -> list[Concept]:
    return [concept_of(item) for item in children(element, name)]


def status(element: Element, name: str = "status") -> str:
    """A required code."""
    if not (value := text(element, name)):
        raise Fault(name, f"It has no {name}.", f"Send the {name}, which FHIR requires.")
    return value


def choice(element: Element, stem: str) -> tuple[str, Any]:
    """Name and value of a choice such as `value[x]`; ("", None) when it is not there."""
    found = [
        name for name in element
        if name.startswith(stem) and name[len(stem) : len(stem) + 1].isupper()
    ]  # fmt: skip
    if len(found) > 1:
        raise Fault(f"{stem}[x]", f"It has more than one {stem}: {', '.join(sorted(found))}.",
                    "Send one of them.")  # fmt: skip
    return (found[0], element[found[0]]) if found else ("", None)


def extensions(element: Element, url: str) -> Iterator[Element]:
    return (item for item in children(element, "extension") if item.get("url") == url)


def moment_text(value: Any, path: str) -> str:
    """A date, dateTime or instant as ISO 8601, at most to the microsecond; "" for nothing.

    Raises Fault for what is no date, and for a time without its zone.
    """
    if value is None:
        return ""
    if not isinstance(value, str) or not (found := MOMENT.fullmatch(value)):
        raise Fault(path, "This is not a date or time of FHIR.",
                    "Write 2026-03-01 or 2026-03-01T08:30:00+01:00.", "bad_date")  # fmt: skip
    if not found[4]:
        _first_day(value, path)
        return value
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value)).isoformat()
    except ValueError:
        raise _no_day(path) from None


def moment(value: Any, path: str) -> datetime | None:
    """A moment with its time; None when there is none or only a day."""
    read = moment_text(value, path)
    return datetime.fromisoformat(read) if "T" in read else None


def day(value: Any, path: str) -> date | None:
    """The day as the sender wrote it; of a month or year alone, its middle."""
    return middle(value, path)[0]


def middle(value: Any, path: str) -> tuple[date | None, str]:
    """A day and how exact it is: "day", "month" or "year"; (None, "") for nothing."""
    read = moment_text(value, path)
    if not read:
        return None, ""
    first = _first_day(read, path)
    if len(read) == len("2026"):
        return first.replace(month=7), "year"
    if len(read) == len("2026-03"):
        return first.replace(day=15), "month"
    return first, "day"


def last_day(value: Any, path: str) -> date | None:
    """The last day that a date may mean: of a month or year, its end."""
    found, precision = middle(value, path)
    if found is None or precision == "day":
        return found
    month = 12 if precision == "year" else found.month
    return date(found.year, month, calendar.monthrange(found.year, month)[1])


def _first_day(value: str, path: str) -> date:
    year, month, first = f"{value[:10]}-01-01".split("-")[:3]
    try:
        return date(int(year), int(month), int(first))
    except ValueError:
        raise _no_day(path) from None


def _no_day(path: str) -> Fault:
    return Fault(path, "There is no such day or time.", "Correct the date.", "bad_date")


def _type(name: str, wanted: str) -> Fault:
    return Fault(name, f"{name} is not {wanted}, as FHIR says it must be.",
                 "Send the element with its own type of JSON.")  # fmt: skip
