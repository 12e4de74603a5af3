"""What JSON allows and FHIR does not (R4, chapter 2.6.2), and what PostgreSQL cannot keep."""

import hashlib
import json
import re
from decimal import Decimal
from typing import Any

from .elements import Fault
from .reading import Doubled

DEEPEST = 50
WIDEST_EXPONENT = 400
TYPE = re.compile(r"[A-Z][A-Za-z]{1,39}")
IDENTIFIER = re.compile(r"[A-Za-z0-9\-.]{1,64}")
NUMBER = re.compile(r'"\\u0000([-+0-9.eE]+)\\u0000"')


def check(resource: dict[str, Any]) -> None:
    """Raise Fault at the first member that is null, empty, doubled or cannot be kept."""
    kind, own_id = resource.get("resourceType"), resource.get("id")
    if not isinstance(kind, str) or not TYPE.fullmatch(kind):
        raise Fault("resourceType", "It does not say what kind of resource it is.",
                    "Name a resource type of FHIR R4.")  # fmt: skip
    if own_id is not None and not (isinstance(own_id, str) and IDENTIFIER.fullmatch(own_id)):
        raise Fault("id", "The id is not one of FHIR: up to 64 letters, digits, dots and hyphens.",
                    "Give the resource a valid id.")  # fmt: skip
    _object(resource, kind, 0)


def digest(resource: dict[str, Any]) -> str:
    """SHA-256 of what a resource says, the same for every order of its members."""
    return hashlib.sha256(dumps(resource).encode()).hexdigest()


def dumps(resource: Any) -> str:
    """JSON in which a Decimal is written as it was read. Strings hold no NUL: see `check`."""
    text = json.dumps(
        resource, default=lambda number: f"\0{number}\0", sort_keys=True, separators=(",", ":")
    )
    return NUMBER.sub(r"\1", text)


def _object(value: dict[str, Any], path: str, depth: int) -> None:
    if not value:
        raise _empty(path, "an empty object")
    if depth > DEEPEST:
        raise Fault(path, "It is nested too deeply.", "Send a resource of FHIR R4.")
    if isinstance(value, Doubled):
        raise Fault(path, "A member is named twice; which one counts is not clear.",
                    "Name each member once; several values go into a list.")  # fmt: skip
    for name, inner in value.items():
        _text(name, path)
        _value(inner, f"{path}.{name}", depth, is_paired=name[:1] == "_" or f"_{name}" in value)


def _value(value: Any, path: str, depth: int, *, is_paired: bool) -> None:
    kind = type(value)
    if kind is str:
        _text(value, path)
    elif kind is list:
        _list(value, path, depth, is_paired=is_paired)
    elif isinstance(value, dict):
        _object(value, path, depth + 1)
    elif value is None:
        raise _empty(path, "null")
    elif isinstance(value, int | Decimal) and abs(Decimal(value).adjusted()) > WIDEST_EXPONENT:
        raise Fault(path, "The number is beyond all measure.", "Send the value as measured.")


def _list(values: list, path: str, depth: int, *, is_paired: bool) -> None:
    if not values:
        raise _empty(path, "an empty list")
    for value in values:
        # A list of primitives may have gaps where only an extension says something.
        if value is not None or not is_paired:
            _value(value, path, depth + 1, is_paired=False)


def _text(text: str, path: str) -> None:
    if not text:
        raise _empty(path, "an empty text")
    if "\0" in text or not _is_text(text):
        raise Fault(path, "The text holds a character that is none (NUL or half of a pair).",
                    "Send the text in UTF-8.")  # fmt: skip


def _is_text(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _empty(path: str, what: str) -> Fault:
    return Fault(path, f"It holds {what}, which FHIR forbids.", "Leave out what is not known.")
