"""Who a Patient resource is."""

from dataclasses import dataclass, field
from datetime import date

from .elements import (
    Concept,
    Element,
    boolean,
    child,
    children,
    coding,
    concept,
    extensions,
    last_day,
    middle,
    text,
    texts,
)

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
SYNTHEA = "https://github.com/synthetichealth/synthea"
SEXES = {"male": "male", "female": "female", "M": "male", "F": "female"}
# The categories of the United States' Office of Management and Budget.
RACES = {
    "2106-3": "non_hispanic_white",
    "2054-5": "non_hispanic_black",
    "2028-9": "non_hispanic_asian",
}
HISPANIC, NOT_HISPANIC = "2135-2", "2186-5"
# A name is no way to call somebody today when it is one of these.
FORMER_NAMES = {"old", "maiden", "anonymous", "temp"}
BEST_NAMES = ("official", "usual", "")
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Number:
    """An identifier; `is_record_number` marks the medical record number of a hospital."""

    system: str
    value: str
    is_record_number: bool


@dataclass(frozen=True, slots=True)
class Person:
    """What a Patient resource says, by the columns of our table; empty is not said."""

    numbers: tuple[Number, ...]
    family_name: str = ""
    given_name: str = ""
    sex: str = "unknown"
    birth_date: date | None = None
    birth_date_precision: str = ""
    died_on: date | None = None
    ethnicity: str = ""
    phone: str = ""
    postal_code: str = ""
    is_synthetic: bool = False
    remarks: tuple[str, ...] = field(default=())


def read(resource: Element) -> Person:
    """Raise Fault where an element has not the type or form that FHIR gives it."""
    family, given = _name(children(resource, "name"))
    born, precision = middle(resource.get("birthDate"), "birthDate")
    died, remarks = _death(resource, born)
    numbers, unusable = _numbers(resource)
    return Person(
        numbers=numbers,
        family_name=family,
        given_name=given,
        sex=_sex(resource),
        birth_date=born,
        birth_date_precision=precision,
        died_on=died,
        ethnicity=_ethnicity(resource),
        phone=_phone(resource),
        postal_code=_postal_code(resource),
        is_synthetic=any(number.system == SYNTHEA for number in numbers),
        remarks=(*remarks, *unusable),
    )


def _numbers(resource: Element) -> tuple[tuple[Number, ...], list[str]]:
    numbers, unusable = [], []
    for identifier in children(resource, "identifier"):
        system, value = text(identifier, "system"), text(identifier, "value")
        if not value or text(identifier, "use") == "old":
            continue
        if len(value) > 64 or len(system) > 100:
            unusable.append("An identifier is too long to be kept (64 characters, its system 100).")
        else:
            kind = concept(identifier, "type")
            numbers.append(Number(system, value, _is_record_number(kind)))
    return tuple(dict.fromkeys(numbers)), unusable


def _is_record_number(kind: Concept) -> bool:
    return any(coding.code == "MR" for coding in kind.codings)


def _name(names: list[Element]) -> tuple[str, str]:
    usable = [name for name in names if text(name, "use") not in FORMER_NAMES] or names
    for use in BEST_NAMES:
        for name in usable:
            if text(name, "use") == use:
                return _parts(name)
    return _parts(usable[0]) if usable else ("", "")


def _parts(name: Element) -> tuple[str, str]:
    family, given = text(name, "family"), " ".join(texts(name, "given"))
    if not family and not given:
        *first, family = text(name, "text").split() or [""]
        given = " ".join(first)
    return family[:LONGEST_NAME], given[:LONGEST_NAME]


def _sex(resource: Element) -> str:
    """Sex at birth where it is said, else the administrative gender; other is not recorded."""
    for extension in extensions(resource, f"{US_CORE}us-core-birthsex"):
        return SEXES.get(text(extension, "valueCode"), "unknown")
    return SEXES.get(text(resource, "gender"), "unknown")


def _death(resource: Element, born: date | None) -> tuple[date | None, list[str]]:
    if boolean(resource, "deceasedBoolean"):
        return None, ["The patient has died, but the day is not given: enter it by hand."]
    died = last_day(resource.get("deceasedDateTime"), "deceasedDateTime")
    if died and born and died < born:
        return None, ["The day of death lies before the birth and was left out: correct it."]
    return died, []


def _ethnicity(resource: Element) -> str:
    origin = _categories(resource, "us-core-ethnicity")
    if HISPANIC in origin:
        return "hispanic"
    races = _categories(resource, "us-core-race")
    if NOT_HISPANIC not in origin or not races:
        return ""
    return RACES.get(races[0], "other") if len(races) == 1 else "other"


def _categories(resource: Element, name: str) -> list[str]:
    return [
        coding(child(part, "valueCoding")).code
        for extension in extensions(resource, f"{US_CORE}{name}")
        for part in extensions(extension, "ombCategory")
    ]


def _phone(resource: Element) -> str:
    phones = [
        text(contact, "value")
        for contact in children(resource, "telecom")
        if text(contact, "system") == "phone" and text(contact, "use") != "old"
    ]
    return next((phone for phone in phones if 0 < len(phone) <= 30), "")


def _postal_code(resource: Element) -> str:
    codes = [
        text(address, "postalCode")
        for address in children(resource, "address")
        if text(address, "use") not in {"old", "billing"}
    ]
    return next((code for code in codes if 0 < len(code) <= 12), "")
