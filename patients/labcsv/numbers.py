"""What a number says. One that may be read in two ways is refused, not guessed."""

import re
from typing import NamedTuple

from .refusal import Reason, Refusal

SPACES = " \u00a0\u202f"
GROUP_SIGNS = f".,'’{SPACES}"
MINUS = "−"  # U+2212, as word processors and laboratories print it
COMPARATOR = r"(?P<comparator><=|>=|<|>|≤|≥)?\s*"
BODY = rf"(?P<digits>[.,]?\d(?:[\d{GROUP_SIGNS}]*\d)?)"
EXPONENT = r"(?:[eE](?P<exponent>[+-]?\d{1,2}))?"
NUMBER = re.compile(rf"{COMPARATOR}(?P<sign>[+{MINUS}-]?){BODY}{EXPONENT}", re.ASCII)
SIMPLE = re.compile(r"\d*[.,]\d+", re.ASCII)
GROUPED = re.compile(
    rf"[1-9]\d{{0,2}}(?:(?P<group>[{GROUP_SIGNS}])\d{{3}})(?:(?P=group)\d{{3}})*"
    r"(?:(?P<decimal>(?!(?P=group))[.,])\d+)?",
    re.ASCII,
)
# 1,234 is a thousand in one country and one and a bit in another; 0,234 is not in doubt, for no
# thousand begins with a zero.
EITHER_WAY = re.compile(r"[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
COMPARATORS = {None: "", "≤": "<=", "≥": ">="}
MOST_DIGITS = 15  # what a double holds exactly; more would be cut off silently
LONGEST = 40
COMMA = Reason(
    "decimal_comma",
    "A comma in a number may be a decimal comma or part of a thousand.",
    "Write the number with a decimal point and without separators, such as 1234.5, or say "
    "that the file has decimal commas.",
)
AMBIGUOUS = Reason(
    "ambiguous_number",
    "This may be a thousand or a number with three decimals.",
    "Say how the file writes decimals, or write the number without a thousands separator "
    "and with another number of decimals.",
)
SEPARATED = Reason(
    "thousands_separator",
    "The number has a thousands separator, or a point and a comma that do not go together.",
    "Write it without one, such as 1234.5, or say how the file separates thousands.",
)
NO_NUMBER = Reason(
    "not_a_number",
    "This is not a number.",
    "Write digits with a decimal point, if need be after < or >; remove units and remarks.",
)
TOO_MANY_DIGITS = Reason(
    "too_many_digits",
    f"The number has more than {MOST_DIGITS} digits.",
    "Round it as the laboratory reports it.",
)


class Numbers(NamedTuple):
    """How one file writes numbers.

    Without a decimal sign either is read, in cells that leave one reading only. Thousands are
    joined only when their sign is stated, or when a decimal comma leaves no other reading.
    """

    decimal: str = ""  # "." or ","
    thousands: str = ""  # "," "." " " "'"


def number(text: str, *, field: str, numbers: Numbers) -> tuple[str, float, str]:
    """Comparator, number, and the cell as sent. `<0.5` keeps its sign; `1_000` is refused."""
    cell = text.strip()
    found = NUMBER.fullmatch(cell)
    if not found:
        raise NO_NUMBER.of(cell, field)
    plain = _plain(found["digits"], numbers, cell, field)
    if len(plain.replace(".", "").strip("0")) > MOST_DIGITS or len(cell) > LONGEST:
        raise TOO_MANY_DIGITS.of(cell, field)
    comparator = COMPARATORS.get(found["comparator"], found["comparator"] or "")
    return (
        comparator,
        float(f"{found['sign'].replace(MINUS, '-')}{plain}e{found['exponent'] or 0}") + 0.0,
        cell,
    )


def _plain(digits: str, numbers: Numbers, cell: str, field: str) -> str:
    """The digits with a decimal point and nothing else between them."""
    if digits.isdecimal():
        return digits
    if grouped := GROUPED.fullmatch(digits):
        return _joined(grouped, digits, numbers, cell, field)
    if not SIMPLE.fullmatch(digits):
        raise NO_NUMBER.of(cell, field)
    sign = "," if "," in digits else "."
    if sign == numbers.thousands:
        raise SEPARATED.of(cell, field)
    if sign == "," and numbers.decimal == ".":
        raise COMMA.of(cell, field)
    return digits.replace(",", ".")


def _joined(grouped: re.Match, digits: str, numbers: Numbers, cell: str, field: str) -> str:
    """Digits in groups of three: thousands where the file says so, or three decimals."""
    group, decimal = grouped["group"], grouped["decimal"]
    if _same(group, numbers.thousands) and decimal in {None, numbers.decimal or decimal}:
        whole, _sign, rest = digits.partition(decimal or "\0")
        joined = whole.replace(group, "")
        return f"{joined}.{rest}" if rest else joined
    if numbers.decimal == "," and not numbers.thousands and is_clear_with_comma(grouped):
        whole, _sign, rest = digits.partition(",")
        return f"{whole.replace(group, '')}.{rest or 0}"
    if not EITHER_WAY.fullmatch(digits):
        raise SEPARATED.of(cell, field)
    if group == numbers.decimal:
        return digits.replace(",", ".")
    if group == "," and numbers.decimal == ".":
        raise COMMA.of(cell, field)
    raise AMBIGUOUS.of(cell, field)


def is_clear_with_comma(grouped: re.Match) -> bool:
    """Whether a number in groups, as GROUPED finds it, means one thing where the comma is the
    decimal sign: `1.234,5` and `1.234.567` do, `1.234` and `1 234` alone do not."""
    group, decimal = grouped["group"], grouped["decimal"]
    is_repeated = group == "." and grouped[0].count(group) > 1
    return group != "," and (decimal == "," or (decimal is None and is_repeated))


def _same(group: str, thousands: str) -> bool:
    if thousands == " ":
        return group in SPACES
    if thousands == "'":
        return group in "'’"
    return group == thousands


class Range(NamedTuple):
    """Reference limits in the row's own unit; what was not understood is a remark."""

    low: float | None = None
    high: float | None = None
    remark: str = ""


ONE = rf"[+{MINUS}-]?[.,]?\d(?:[\d.,'’]*\d)?"
BETWEEN = re.compile(
    rf"[(\[]?\s*({ONE})\s*(?:-|–|—|−|\.\.\.?|…|;|to|bis|à|a|tot)\s*({ONE})\s*[)\]]?", re.ASCII
)
ONE_SIDED = re.compile(rf"[(\[]?\s*(<=|>=|<|>|≤|≥|up to|bis|jusqu'à|hasta|tot)\s*({ONE})\s*[)\]]?")
LONGEST_REMARK = 100


def reference_range(text: str, *, numbers: Numbers) -> Range:
    """`4.0-5.6`, `<5`, `>=60`, `(3,5 – 5,1)`. A range in words never costs the result."""
    cell = " ".join(text.split())
    try:
        low, high = _limits(cell.casefold(), numbers)
    except Refusal:
        low = high = None
    if (low is None and high is None) or (low is not None and high is not None and low > high):
        return Range(remark=shortened(cell))
    return Range(low, high)


def shortened(cell: str) -> str:
    """A cell as a remark: printable, and visibly cut if it is long."""
    line = "".join(filter(str.isprintable, " ".join(cell.split())))
    return line if len(line) <= LONGEST_REMARK else f"{line[: LONGEST_REMARK - 1]}…"


def _limits(cell: str, numbers: Numbers) -> tuple[float | None, float | None]:
    def limit(digits: str) -> float:
        return number(digits, field="reference_range", numbers=numbers)[1]

    if between := BETWEEN.fullmatch(cell):
        return limit(between[1]), limit(between[2])
    if one_sided := ONE_SIDED.fullmatch(cell):
        value = limit(one_sided[2])
        return (value, None) if one_sided[1] in {">", ">=", "≥"} else (None, value)
    return None, None
