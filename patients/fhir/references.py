"""Whose a resource is, and by what name it is known again when it is sent once more."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

from .elements import Element, child, children, text
from .strict import digest

UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
RESTFUL = re.compile(r"(?:(.*)/)?([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[^/]+)?")
LONGEST = 100
# Where resources of R4 say whose they are, the most telling first.
OWNERS = ("subject", "patient", "beneficiary", "individual", "for", "candidate", "subscriber")


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a resource is about: names of a Patient resource, and identifiers of the person.

    `seen` is the reference for people to read, without what may name the person.
    """

    names: tuple[str, ...] = ()
    identifiers: tuple[tuple[str, str], ...] = ()
    seen: str = ""

    def __bool__(self) -> bool:
        return bool(self.names or self.identifiers)


def identity(resource: Element, full_url: str, namespace: str) -> str:
    """By what a resource is known: its UUID wherever it lives, its full URL, or type and id.

    `namespace` is the sender's, for ids that only they keep apart. What has neither URL nor id
    is known by what it says.
    """
    own_id = text(resource, "id")
    kind = resource.get("resourceType", "")
    if full_url:
        return canonical(full_url)
    if own_id:
        return canonical(f"{kind}/{own_id}", namespace)
    return f"sha256:{digest(resource)}"


def canonical(address: str, namespace: str = "") -> str:
    """One form of an address: without version, a UUID by itself, none longer than the column."""
    found = RESTFUL.fullmatch(address)
    last = (found[3] if found else address.removeprefix("urn:uuid:")).lower()
    if UUID.fullmatch(last):
        return f"urn:uuid:{last}"
    if found:
        base = found[1] or namespace
        address = f"{base}/{found[2]}/{found[3]}" if base else f"{found[2]}/{found[3]}"
    return address if len(address) <= LONGEST else f"sha256:{digest({'address': address})}"


def is_global(name: str) -> bool:
    """Whether a name means one resource everywhere: `Patient/1` is somebody else elsewhere."""
    return name.startswith("urn:") or name.count("/") > 1


def names(resource: Element, full_url: str, namespace: str) -> set[str]:
    """Everything by which other resources of the file may refer to this one."""
    known = {identity(resource, full_url, namespace)}
    if own_id := text(resource, "id"):
        known.add(canonical(f"{resource['resourceType']}/{own_id}", namespace))
    return known


def short_id(resource: Element, full_url: str) -> str:
    """The sender's number of a resource, for the place of an accession number; at most 64."""
    last = text(resource, "id") or canonical(full_url).rsplit("/", 1)[-1]
    return last.removeprefix("urn:uuid:").removeprefix("sha256:")[:64]


def owner(resource: Element, full_url: str, namespace: str) -> Owner | None:
    """Whom a resource is about; None for those that are about nobody.

    A subject that is a group, a device or a place is nobody, too.
    """
    for name in OWNERS:
        reference = resource.get(name)
        if isinstance(reference, dict) and (
            found := _owner(reference, resource, full_url, namespace)
        ):
            return found
    return None


def _owner(reference: Element, resource: Element, full_url: str, namespace: str) -> Owner | None:
    address = text(reference, "reference")
    logical = tuple(_identifier(child(reference, "identifier")))
    if address.startswith("#"):
        return _contained(address[1:], resource)
    if not address:
        kind = text(reference, "type")
        is_person = kind.rsplit("/", 1)[-1] in {"", "Patient"}
        return Owner(identifiers=logical, seen="an identifier") if is_person and logical else None
    if "?" in address:
        return _conditional(address)
    found = RESTFUL.fullmatch(address)
    if found and found[2] != "Patient":
        return None
    kind = text(reference, "type")
    if not found and kind and kind != "Patient":
        return None
    named = meant(address, full_url, namespace)
    return Owner(tuple(sorted(named)), logical, f"Patient/{found[3]}" if found else address[:60])


def meant(address: str, full_url: str, namespace: str) -> set[str]:
    """What a reference may mean, for a resource that lives at `full_url`."""
    found = RESTFUL.fullmatch(address)
    named = {canonical(address, namespace)}
    if found and not found[1] and (base := _base(full_url)):
        named.add(canonical(f"{base}/{address}", namespace))
    return named


def _base(full_url: str) -> str:
    found = RESTFUL.fullmatch(full_url)
    return (found[1] or "") if found else ""


def _contained(own_id: str, resource: Element) -> Owner | None:
    for inner in children(resource, "contained"):
        if inner.get("id") == own_id:
            if inner.get("resourceType") != "Patient":
                return None
            found = [pair for item in children(inner, "identifier") for pair in _identifier(item)]
            # Who is contained without a number is somebody, but nobody can say who.
            return Owner((f"#{own_id}",), tuple(found), "a contained patient")
    return Owner((f"#{own_id}",), (), "a contained resource that is not there")


def _conditional(address: str) -> Owner | None:
    kind, query = address.split("?", 1)
    if kind.rsplit("/", 1)[-1] != "Patient":
        return None
    asked = parse_qs(query)
    tokens = [unquote(value) for value in asked.get("identifier", [])]
    pairs = [tuple(token.split("|", 1)) for token in tokens if "|" in token]
    return Owner((f"?{digest({'query': query})}",), tuple(pairs), "a search for the patient")  # type: ignore[arg-type]


def _identifier(element: Any) -> list[tuple[str, str]]:
    system, value = text(element, "system"), text(element, "value")
    return [(system, value)] if value else []
