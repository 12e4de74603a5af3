"""What a value cell says: a number, a text result, or that there is no result."""

import re
from typing import NamedTuple

from . import words
from .numbers import LONGEST, NO_NUMBER, NUMBER, Numbers, number, shortened
from .refusal import Refusal

# Letters are flags only in capitals: 5.2 H is high, 7.5 h are hours. HL7 table 0078.
FLAGS = {
    "H": "H", "HIGH": "H", "HOCH": "H", "↑": "H", "H*": "H", "+H": "H", ">": "H",
    "L": "L", "LOW": "L", "TIEF": "L", "↓": "L", "L*": "L", "<": "L",
    "HH": "HH", "CH": "HH", "PH": "HH", "H!": "HH", "HIGH CRITICAL": "HH", "CRITICAL HIGH": "HH",
    "LL": "LL", "CL": "LL", "PL": "LL", "L!": "LL", "LOW CRITICAL": "LL", "CRITICAL LOW": "LL",
    "↑↑": "HH", "↓↓": "LL",
    "N": "N", "NORMAL": "N",
    "A": "A", "AA": "A", "*": "A", "**": "A", "!": "A", "!!": "A", "ABNORMAL": "A", "ABN": "A",
}  # fmt: skip
WORD_FLAG = r"HH|LL|H!|L!|H\*|L\*|AA|[HLNA]"
SIGN_FLAG = r"\*{1,2}|!{1,2}|[↑↓]{1,2}"
FLAG_BEHIND = re.compile(
    rf"(?P<rest>.*?)(?:(?:\s+|(?<=[\d%]))[(\[]?(?P<word>{WORD_FLAG})[)\]]?"
    rf"|\s*[(\[]?(?P<sign>{SIGN_FLAG})[)\]]?)",
    re.DOTALL,
)
FLAG_BEFORE = re.compile(r"(?P<flag>HH|LL|[HL]|\*{1,2})\s+(?P<rest>[<>≤≥]?=?\s*\d.*)", re.DOTALL)
LETTER = r"[A-Za-zµμ°%‰\[\]{}()*^²³._0-9]"
# A unit begins with no number but a power of ten: `5 10*9/L`, but not `5 5/L`.
UNIT = re.compile(
    rf"%|‰|(?!(?!10[*^eE])[0-9.])(?=.*[A-Za-zµμ%]){LETTER}*(?:/{LETTER}+)+(?: m(?:2|²))?"
)
SIMPLE_UNITS = frozenset(
    {"g", "mg", "ug", "µg", "μg", "mcg", "ng", "pg", "kg", "fl", "fL", "pL", "nL", "uL", "µL",
     "μL", "mL", "dL", "ml", "dl", "l", "U", "IU", "mIU", "uIU", "UI", "kU", "IE", "mIE", "mol",
     "mmol", "umol", "µmol", "μmol", "nmol", "pmol", "mEq", "meq", "Eq", "mmHg", "mm[Hg]", "kPa",
     "mm", "cm", "m", "in", "lb", "lbs", "bpm", "s", "sec", "sek", "min", "h", "hr", "hrs", "ms",
     "Cel", "°C", "°F", "[degF]", "mOsm", "mosm", "ratio", "index", "score", "INR", "{INR}",
     "{ratio}", "{score}", "copies", "cells", "steps", "kcal", "kJ", "pH", "[pH]", "vol%"}
)  # fmt: skip
ALIKE = str.maketrans("µμ²³", "uu23")
TITRE = re.compile(r"((?:<=|>=|<|>|≤|≥)?)\s*1\s*:\s*(\d{1,6})", re.ASCII)
SPAN = re.compile(
    r"(\d{1,4})\s*(?:[-–]|(?<=\s)(?:to|TO|bis|à|tot)(?=\s))\s*(\d{1,4})(?:\s*(/\s?[A-Za-z]{2,6}))?",
    re.ASCII,
)
# A comparator in words; what stands behind it begins with a digit.
LESS = (
    r"less than|below|under|kleiner(?: als)?|weniger als|unter|inférieur à|moins de|"
    r"menor (?:de|que)|menos de|kleiner dan|minder dan|onder|inferiore a|minore di|meno di"
)
MORE = (
    r"(?:greater|more|higher) than|above|over|(?:größer|grösser|groesser)(?: als)?|mehr als|"
    r"über|supérieur à|plus de|mayor (?:de|que)|más de|groter dan|meer dan|boven|superiore a|"
    r"maggiore di|più di"
)
COMPARED = re.compile(
    rf"(?:(?P<less>{LESS})|(?P<more>{MORE}))\s+(?P<rest>[\d.,].*)", re.IGNORECASE | re.DOTALL
)
NUMBER_FIRST = re.compile(
    r"((?:<=|>=|<|>|≤|≥)?\s*[+−-]?[\d.,'’]*\d(?:[eE][+-]?\d{1,2})?)(.*)", re.ASCII | re.DOTALL
)


class Value(NamedTuple):
    """What one cell says of a result. A number is in the unit of its cell or column."""

    comparator: str  # "" < <= > >=
    number: float | None
    text: str  # canonical words, when there is no number
    flag: str  # LL L N H HH A, as the laboratory gave it
    note: str
    unit: str  # a unit that stands in the cell
    as_sent: str
    status: str = ""  # cancelled or registered, when the cell says so


def value(text: str, *, numbers: Numbers, field: str = "value") -> Value:
    """Read a value cell, or raise Refusal for whatever is not surely one."""
    cell = text.strip()
    if compared := COMPARED.fullmatch(cell):
        cell = f"{'<' if compared['less'] else '>'}{compared['rest']}"
        return value(cell, numbers=numbers, field=field)._replace(as_sent=text.strip()[:LONGEST])
    if NUMBER.fullmatch(cell):
        comparator, figure, as_sent = number(cell, field=field, numbers=numbers)
        return Value(comparator, figure, "", "", "", "", as_sent)
    if said := _in_words(cell):
        return said
    if cell[:1] not in "=@#":
        body, flag = _without_flag(cell)
        if said := _with_unit(body, flag, cell, numbers, field) or _in_words(body):
            return said._replace(flag=flag or said.flag, as_sent=cell)
    raise _refusal(cell, field)


def is_unit(text: str) -> bool:
    """Whether a text is written as a unit; what it means is not known here."""
    return text in SIMPLE_UNITS or (len(text) <= 30 and bool(UNIT.fullmatch(text)))


def one_unit(in_cell: str, in_column: str) -> str:
    """The unit of a row that may give it twice; a contradiction is refused."""
    if not in_cell or not in_column or _bare(in_cell) == _bare(in_column):
        return in_column or in_cell
    raise Refusal(
        "unit",
        "unit_contradiction",
        "The cell of the value gives another unit than the column of units.",
        "Keep the unit that is right and remove the other.",
        f"{in_cell} and {in_column}"[:LONGEST],
    )


def state(of_value: str, of_column: str) -> str:
    """The status that counts when value cell and status column both say something."""
    if not of_value or of_column in {"cancelled", "entered-in-error"}:
        return of_column
    return of_value


def flag(text: str) -> tuple[str, str]:
    """A flag column in our words; what has no counterpart is a remark, never a refusal."""
    cell = " ".join(text.split())
    known = FLAGS.get(cell.upper(), "")
    if known or not cell:
        return known, ""
    return "", f"Flag as sent: {shortened(cell)}"


def _in_words(cell: str) -> Value | None:
    for word in words.spellings(cell):
        if word in words.RESULT_OF:
            return _text(words.RESULT_OF[word], cell)
        if word in words.NO_RESULT_OF:
            return Value(
                "", None, "", "", words.NO_RESULT_OF[word], "", cell[:LONGEST], "cancelled"
            )
        if word in words.PENDING:
            return Value("", None, "", "", "", "", cell[:LONGEST], "registered")
    if titre := TITRE.fullmatch(cell):
        sign = {"≤": "<=", "≥": ">="}.get(titre[1], titre[1])
        return _text(f"{sign}1:{titre[2]}", cell)
    span = SPAN.fullmatch(cell)
    if span and int(span[1]) < int(span[2]):
        return _text(f"{span[1]}-{span[2]}", cell, (span[3] or "").replace(" ", ""))
    return None


def _text(canonical: str, cell: str, unit: str = "") -> Value:
    return Value("", None, canonical, "", "", unit, cell[:LONGEST])


def _without_flag(cell: str) -> tuple[str, str]:
    if found := FLAG_BEHIND.fullmatch(cell):
        return found["rest"].strip(), FLAGS[found["word"] or found["sign"]]
    if found := FLAG_BEFORE.fullmatch(cell):
        return found["rest"].strip(), FLAGS[found["flag"]]
    return cell, ""


def _with_unit(body: str, flagged: str, cell: str, numbers: Numbers, field: str) -> Value | None:
    """A number with a unit, a flag or a remark on the sample; None if it is not one."""
    found = None if NUMBER.fullmatch(body) else NUMBER_FIRST.fullmatch(body)
    digits, rest = (found[1], found[2]) if found else (body, "")
    unit, note = _unit_and_remark(rest)
    is_apart = rest[:1].isspace() or unit.startswith(("%", "‰", "/")) or "/" in unit
    if not NUMBER.fullmatch(digits) or (rest and not ((unit or note) and is_apart)):
        return None
    if len(cell) > LONGEST:
        return None
    comparator, figure, _digits = number(digits, field=field, numbers=numbers)
    return Value(comparator, figure, "", flagged, note, unit, cell)


def _unit_and_remark(rest: str) -> tuple[str, str]:
    """What stands behind a number: a unit, a remark, both, or ("", "") for anything else."""
    unit, note = rest.strip(), ""
    head, _space, last = unit.rpartition(" ")
    remark = words.NO_RESULT_OF.get(last.strip("()").casefold(), "")
    if remark in words.SAMPLE_REMARKS:
        unit, note = head.strip(" ,;"), remark
    if unit and not is_unit(unit):
        return "", ""
    return unit, note


def _bare(unit: str) -> str:
    folded = unit.casefold().translate(ALIKE)
    return re.sub(r"[\s\[\]{}]", "", folded).replace("mcg", "ug").replace("^", "*")


def _refusal(cell: str, field: str) -> Refusal:
    if not cell:
        return Refusal(field, "missing_value", "There is no value.",
                       "Fill in the value, or give the status cancelled.")  # fmt: skip
    if words.SPREADSHEET_ERROR.fullmatch(cell.upper()):
        return Refusal(field, "spreadsheet_error", "A spreadsheet could not compute this cell.",
                       "Repair the formula or type the value.", cell)  # fmt: skip
    if cell[0] in "=@" or re.match(r"[+-][A-Za-z(]", cell):
        return Refusal(field, "formula", "This cell is a formula, not a value.",
                       "Paste the value itself.", cell)  # fmt: skip
    if cell.casefold() in words.PLACEHOLDERS:
        return Refusal(field, "missing_value", "This stands for a missing value.",
                       "Fill in the value or write why there is none, such as “not done”.",
                       cell)  # fmt: skip
    return NO_NUMBER.of(cell, field)
