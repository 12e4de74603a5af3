"""What OBX-5 says, by the type in OBX-2, as one text that a cell of a table could hold."""

import re

from .message import NULL, Part, Segment
from .times import iso

CODED = {"CE", "CWE", "CNE", "CF"}
NUMERIC = {"NM", "SN", "MO", "CQ"}
TIMES = {"DT", "TS", "DTM"}
# Documents, pointers to documents and wave forms: kept in the message, never a value.
NOT_SCORED = {
    "ED": "a document or picture",
    "RP": "a link to a document",
    "NA": "a series of numbers",
    "MA": "a wave form",
}
PLAIN_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)", re.ASCII)
SIGNS = {"<", ">", "<=", ">="}


def values(obx: Segment, offset: str) -> list[str]:
    """The values of one observation. Words said in several repetitions are one text."""
    kind = obx.text(2).upper()
    said = [_value(kind, part, offset) for part in obx.repetitions(5) if part.raw.strip() != NULL]
    said = [text for text in said if text]
    if len(said) > 1 and kind not in NUMERIC and not all(map(PLAIN_NUMBER.fullmatch, said)):
        return ["; ".join(dict.fromkeys(said))]
    return said


def _value(kind: str, part: Part, offset: str) -> str:
    if kind == "SN":
        return structured(*(part.component(number) for number in range(1, 5)))
    if kind in CODED:
        return _coded(part)
    if kind in TIMES:
        return iso(part.component(1), offset)
    if kind == "NM":
        return _number(part)
    return str(part)


def structured(sign: str, first: str, between: str, second: str) -> str:
    """SN: `<^5` is <5, `^1^:^128` is 1:128, `^3^-^5` is 3-5, `^2^+` is 2+."""
    if not first:
        return f"{sign}{second}"
    sign = "" if sign == "=" else sign
    # Senders put the number with its sign into one component, or a name for the sign.
    sign = {"≤": "<=", "≥": ">="}.get(sign, sign)
    number = _canonical(first)
    if not between and not second:
        return f"{sign}{number}" if sign in SIGNS or not sign else f"{sign} {number}"
    return f"{sign}{number}{between}{_canonical(second)}"


def _coded(part: Part) -> str:
    """What a coded answer is called: its text, else the text it was chosen from, else its code."""
    for component in (2, 5, 9, 1, 4):
        if text := part.component(component):
            return text
    return ""


def _number(part: Part) -> str:
    return _canonical(part.component(1)) if not part.component(2) else str(part)


def _canonical(text: str) -> str:
    """`+5.` and `.5` are good HL7 numbers; written as any reader of tables takes them."""
    if not PLAIN_NUMBER.fullmatch(text):
        return text
    sign = "-" if text.startswith("-") else ""
    whole, point, fraction = text.lstrip("+-").partition(".")
    return f"{sign}{whole or '0'}{point if fraction else ''}{fraction}"
