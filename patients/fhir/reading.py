"""A file as its resources, one at a time: never more of it in memory than one resource.

FHIR R4 JSON (4.0.1, chapter 2.6.2), plain or gzip: one Bundle, one resource, or NDJSON with a
resource or a Bundle on each line. Numbers are `Decimal`, so that 7.10 stays 7.10.
"""

import codecs
import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any

CHUNK = 1 << 18
MOST_CHARACTERS = 16 * 1024 * 1024  # of one resource
MOST_BYTES = 4 * 1024**3  # of a file when unpacked
GZIP_MARK = b"\x1f\x8b"
NDJSON_LINES = re.compile(rb"\s*\{[^\n]*\}\s*\n\s*\{")


class UnreadableBundle(Exception):
    """The file as a whole is not FHIR in JSON; the text says why and what to do."""


class Doubled(dict):
    """An object that names one of its members twice."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource of a file: its number from 1, where it lives, and what it says.

    `fault` says why there is no resource; then `resource` is empty.
    """

    place: int
    full_url: str
    resource: dict[str, Any]
    fault: str = ""


def entries(file: IO[bytes]) -> Iterator[Entry]:
    """Every resource of a file in its order. Raises UnreadableBundle, perhaps at the end only."""
    source = _unpacked(file)
    found = _lines(source) if _is_ndjson(source) else _whole(source)
    for place, (full_url, resource, fault) in enumerate(found, start=1):
        yield Entry(place, full_url, resource, fault)


def looks_like_fhir(head: bytes) -> bool:
    """Whether a file that begins so is worth a try: an object of JSON with a resource type."""
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    return text.startswith(b"{") and (b'"resourceType"' in head or b'"entry"' in head)


class _Counted:
    """Bytes of a file, no more of them than MOST_BYTES: a gzip file may hold a thousand times
    what it weighs."""

    def __init__(self, file: IO[bytes]):
        self.file, self.left = file, MOST_BYTES

    def read(self, size: int) -> bytes:
        try:
            read = self.file.read(size)
        except (OSError, EOFError):  # gzip says both of a file that is cut or spoilt
            raise UnreadableBundle(
                "The compressed file is damaged or cut off. Send it again."
            ) from None
        self.left -= len(read)
        if self.left < 0:
            raise UnreadableBundle(
                f"The file unpacks to more than {MOST_BYTES // 1024**3} GB. Send it in parts."
            )
        return read


class _Source:
    """The bytes of a file and what has been looked at ahead."""

    def __init__(self, file: IO[bytes]):
        self.bytes = _Counted(file)
        self.head = self.bytes.read(MOST_CHARACTERS)

    def read(self, size: int) -> bytes:
        if self.head:
            read, self.head = self.head[:size], self.head[size:]
            return read
        return self.bytes.read(size)


def _unpacked(file: IO[bytes]) -> _Source:
    file.seek(0)
    is_packed = file.read(2) == GZIP_MARK
    file.seek(0)
    source = _Source(gzip.GzipFile(fileobj=file) if is_packed else file)  # type: ignore[arg-type]
    source.head = source.head.removeprefix(codecs.BOM_UTF8)
    return source


def _is_ndjson(source: _Source) -> bool:
    return bool(NDJSON_LINES.match(source.head))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    return made if len(made) == len(pairs) else Doubled(made)


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


DECODER = json.JSONDecoder(
    parse_float=Decimal, parse_constant=_constant, object_pairs_hook=_object
)  # strict=True by default: no control characters inside strings


def _lines(source: _Source) -> Iterator[tuple[str, dict, str]]:
    """NDJSON: a line that is no JSON spoils itself alone."""
    for line in _split(source):
        try:
            value = DECODER.decode(line.decode())
        except (ValueError, RecursionError):
            yield "", {}, "The line is not a JSON object."
            continue
        if not isinstance(value, dict):
            yield "", {}, "The line is not a JSON object."
        elif value.get("resourceType") == "Bundle" and isinstance(value.get("entry"), list):
            yield from map(_entry, value["entry"])
        else:
            yield "", value, ""


def _split(source: _Source) -> Iterator[bytes]:
    rest = b""
    while block := source.read(CHUNK):
        *lines, rest = (rest + block).split(b"\n")
        yield from (line for line in lines if line.strip())
        if len(rest) > MOST_CHARACTERS:
            raise UnreadableBundle("A line of the file is longer than 16 MB. Send it in parts.")
    if rest.strip():
        yield rest


def _entry(entry: Any) -> tuple[str, dict, str]:
    if not isinstance(entry, dict):
        return "", {}, "The entry is not an object."
    full_url, resource = entry.get("fullUrl", ""), entry.get("resource")
    if not isinstance(full_url, str):
        return "", {}, "The fullUrl of the entry is not a text."
    if not isinstance(resource, dict):
        # A deletion, a search or the answer to one: an entry that brings nothing.
        return full_url, {}, "The entry holds no resource."
    return full_url, resource, ""


def _whole(source: _Source) -> Iterator[tuple[str, dict, str]]:
    """One object: the entries of a Bundle as they come, or the one resource that it is."""
    text = _Text(source)
    text.expect("{")
    members: dict[str, Any] = {}
    is_bundle = False
    while not text.takes("}"):
        name = text.name()
        if name in members:
            members = Doubled(members)
        if name == "entry" and members.get("resourceType", "Bundle") == "Bundle":
            is_bundle = True
            yield from _entries(text)
        else:
            members[name] = text.value()
        if not text.takes(","):
            text.expect("}")
            break
    text.end()
    if members.get("resourceType") == "Bundle":
        return
    if is_bundle or not isinstance(members.get("resourceType"), str):
        raise UnreadableBundle("This is JSON, but no FHIR resource: it names no resourceType.")
    yield "", members, ""


def _entries(text: "_Text") -> Iterator[tuple[str, dict, str]]:
    text.expect("[")
    while not text.takes("]"):
        yield _entry(text.value())
        if not text.takes(","):
            text.expect("]")
            return


class _Text:
    """JSON read a value at a time from as much text as that value needs."""

    def __init__(self, source: _Source):
        self.source = source
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.text, self.at = "", 0

    def takes(self, sign: str) -> bool:
        if self._next() == sign:
            self.at += 1
            return True
        return False

    def expect(self, sign: str) -> None:
        if not self.takes(sign):
            raise _no_json()

    def end(self) -> None:
        if self._next():
            raise UnreadableBundle("Something follows the end of the Bundle. Send it alone.")

    def name(self) -> str:
        name = self.value()
        if not isinstance(name, str):
            raise _no_json()
        self.expect(":")
        return name

    def value(self) -> Any:
        self._next()
        while True:
            try:
                value, end = DECODER.raw_decode(self.text, self.at)
            except RecursionError:
                raise UnreadableBundle("The file is nested too deeply to be FHIR.") from None
            except ValueError:
                if not self._more():
                    raise _no_json() from None
            else:
                if end == len(self.text) and self._more():
                    continue  # 12 may be the beginning of 125
                self.at = end
                return value

    def _next(self) -> str:
        while True:
            while self.at < len(self.text) and self.text[self.at] in " \t\r\n":
                self.at += 1
            if self.at < len(self.text) or not self._more():
                return self.text[self.at : self.at + 1]

    def _more(self) -> bool:
        """Read on, twice as far each time, so that a large value is not begun too often."""
        pending = len(self.text) - self.at
        if pending > MOST_CHARACTERS:
            raise UnreadableBundle("A resource of the file is larger than 16 MB.")
        block = self.source.read(max(CHUNK, pending))
        try:
            read = self.decoder.decode(block, final=not block)
        except UnicodeDecodeError:
            raise UnreadableBundle("The file is not UTF-8, as FHIR in JSON has to be.") from None
        self.text, self.at = self.text[self.at :] + read, 0
        return bool(block)


def _no_json() -> UnreadableBundle:
    return UnreadableBundle(
        "The file is not whole JSON. It may have been cut off on its way: send it again."
    )
