"""What the cells of a whole file say about how it writes numbers and dates.

One cell never decides how it is read itself; all cells together may. What they leave open is a
Doubt for a person, and until it is settled the rows concerned are refused.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from .moments import FIRST_SERIAL, LAST_SERIAL, SERIAL, orders_of
from .numbers import COMPARATOR, EITHER_WAY, GROUPED, MINUS, SIMPLE, is_clear_with_comma

LEADING_NUMBER = re.compile(
    rf"{COMPARATOR}[+{MINUS}-]?(?P<digits>[\d.,'’ \u00a0\u202f]*\d)", re.ASCII
)


class Doubt(NamedTuple):
    """Something about a file that a person must settle; `choices` are possible answers."""

    field: str  # of the profile, or one of FIELDS whose column is in doubt
    code: str
    message: str
    repair: str
    choices: tuple[str, ...] = ()


class Writing(NamedTuple):
    """How a file writes something, as far as is known."""

    choice: str
    doubt: Doubt | None = None


class NumberSigns(NamedTuple):
    """How many cells write numbers in each way."""

    commas: int  # 7,2 and nothing else it could be
    points: int  # 7.2
    thousand_commas: int  # 1,234: three digits behind a comma
    thousand_points: int
    grouped: tuple[str, ...]  # separators seen in 1'234 or 1,234.5
    before_comma: tuple[str, ...]  # and in 1.234,5, clear where a comma is the decimal sign


def decimal_sign(cells: Iterable[str], *, delimiter: str, is_whole: bool) -> Writing:
    """ "," or "." where the cells leave no doubt, else "".

    `is_whole`: these are all cells of the file; else nothing is known of those not seen, and a
    decimal comma is not settled for them.
    """
    signs = number_signs(cells)
    points_in_doubt = signs.thousand_points and (signs.commas or delimiter == ";")
    in_doubt = signs.thousand_commas or points_in_doubt
    if delimiter == "," and not signs.commas:
        return Writing(".")
    if delimiter == ",":
        return Writing(".", _decimal_doubt("Some numbers have a comma, such as 7,2."))
    if signs.points and not signs.commas:
        return Writing(".")
    if signs.commas and not signs.points and not signs.thousand_commas:
        return Writing("," if is_whole else "")
    if in_doubt:
        return Writing("", _decimal_doubt(_EITHER_WAY))
    return Writing("" if delimiter == ";" or signs.commas else ".")


def decimal_sign_of_sheet(cells: Iterable[str]) -> Writing:
    """ "," where cells of a workbook that are text say so; its typed numbers are sure anyway."""
    signs = number_signs(cells)
    if signs.thousand_commas:
        return Writing(".", _decimal_doubt(_EITHER_WAY))
    return Writing("," if signs.commas else ".")


def thousands_sign(cells: Iterable[str], *, decimal: str = "") -> Writing:
    """Always "": whether 1'234 or 1.234,5 is one number is for a person to say.

    So is 1,234 in a file that has decimal points elsewhere. Nobody is asked about 1.234,5 where
    `decimal`, the sign of the file, is a comma: it can mean nothing else.
    """
    signs = number_signs(cells)
    seen = set(signs.grouped)
    if decimal != ",":
        seen |= set(signs.before_comma)
    if signs.thousand_commas and signs.points and not signs.commas:
        seen.add(",")
    if signs.thousand_points and signs.commas and not signs.points:
        seen.add(".")
    if not seen:
        return Writing("")
    return Writing("", Doubt(
        "thousands", "thousands_separator", "Some numbers seem to have a thousands separator.",
        "Say which sign separates thousands; until then these rows are refused.",
        tuple(sorted(seen)),
    ))  # fmt: skip


def number_signs(cells: Iterable[str]) -> NumberSigns:
    counts: Counter[str] = Counter()
    grouped: Counter[tuple[str, bool]] = Counter()
    for cell in cells:
        found = LEADING_NUMBER.match(cell.strip())
        digits = found["digits"] if found else ""
        if EITHER_WAY.fullmatch(digits):
            counts["thousand," if "," in digits else "thousand."] += 1
        elif SIMPLE.fullmatch(digits):
            counts["," if "," in digits else "."] += 1
        elif group := GROUPED.fullmatch(digits):
            grouped[_as_choice(group["group"]), is_clear_with_comma(group)] += 1
    signs = [tuple(sorted(sign for sign, is_clear in grouped if is_clear is clear))
             for clear in (False, True)]  # fmt: skip
    return NumberSigns(counts[","], counts["."], counts["thousand,"], counts["thousand."], *signs)


def date_order(cells: Iterable[str]) -> Writing:
    """Day or month first, for the whole file: any number above twelve settles it."""
    settled: Counter[str] = Counter()
    seen = False
    for cell in cells:
        if (orders := orders_of(cell)) is not None:
            seen = True
            if len(orders) == 1:
                settled.update(orders)
    if not seen:
        return Writing("ymd")
    if len(settled) == 1:
        return Writing(next(iter(settled)))
    what = (
        "Some dates can only have the day first, others only the month."
        if settled
        else "No date shows whether the day or the month comes first."
    )
    return Writing("ymd", Doubt(
        "date_order", "date_order", what,
        "Say which comes first; until then these rows are refused.", ("dmy", "mdy"),
    ))  # fmt: skip


def serial_dates(cells: Iterable[str]) -> Doubt | None:
    """Days counted by a spreadsheet, such as 46082, where nearly all cells are such numbers."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    serials = [cell for cell in filled if SERIAL.fullmatch(cell) and _is_serial(cell)]
    if not filled or len(serials) < 0.5 * len(filled):
        return None
    return Doubt(
        "dates_as_serials", "dates_as_serials",
        "The dates seem to be days counted by a spreadsheet, such as 46082.",
        "Say so, or format the column as a date and save the file again.", ("true", "false"),
    )  # fmt: skip


def _is_serial(cell: str) -> bool:
    return FIRST_SERIAL <= float(cell.replace(",", ".")) < LAST_SERIAL


def _as_choice(sign: str) -> str:
    return {"’": "'", "\u00a0": " ", "\u202f": " "}.get(sign, sign)


def _decimal_doubt(what: str) -> Doubt:
    return Doubt("decimal", "decimal", what,
                 "Say how this file writes decimals; until then these rows are refused.",
                 (".", ","))  # fmt: skip


_EITHER_WAY = "Some numbers, such as 1,234, may be thousands or have three decimals."
