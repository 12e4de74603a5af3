"""Numbers, days and units as people on a ward write them."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

# UCUM units whose print differs from their code. Curly braces are remarks and are dropped.
UNITS = {
    "a": "years",
    "mm[Hg]": "mmHg",
    "Cel": "°C",
    "kg/m2": "kg/m²",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
    "10*3/uL": "10³/µL",
    "10*6/uL": "10⁶/µL",
    "10*9/L": "10⁹/L",
    "10*12/L": "10¹²/L",
    "ug/L": "µg/L",
    "k[IU]/L": "kIU/L",
    "g/(24.h)": "g/24 h",
    "mg/(24.h)": "mg/24 h",
    "umol/L": "µmol/L",
    "ug/dL": "µg/dL",
    "m[IU]/L": "mIU/L",
    "u[IU]/mL": "µIU/mL",
    "[IU]/mL": "IU/mL",
    "{INR}": "",
    "{ratio}": "",
    "{score}": "",
    "{steps}/d": "steps a day",
    "min/wk": "min a week",
    "kcal/d": "kcal a day",
    "/min": "a minute",
}
DAYS_PER_MONTH = 30.4375


def in_100(risk: float) -> str:
    """A risk of 0 to 1 as people of 100: whole from ten up, one decimal below.

    >>> in_100(0.183), in_100(0.0312), in_100(0.0002), in_100(0.9999)
    ('18', '3.1', '<0.1', '>99')
    """
    percent = 100 * risk
    if percent > 99.5:
        return ">99"
    if 0 < percent < 0.05:
        return "<0.1"
    return f"{percent:.0f}" if percent >= 9.95 else f"{percent:.1f}"


def people_of_100(risk: float) -> str:
    """The same for a sentence about people, who are not cut up.

    >>> people_of_100(0.183), people_of_100(0.029), people_of_100(0.002)
    ('18', 'about 3', 'fewer than 1')
    """
    count = round(100 * risk)
    if count < 1:
        return "fewer than 1"
    return str(count) if count >= 10 else f"about {count}"


def span_in_100(low: float, high: float) -> str:
    """Both ends of an interval, such as "14–23"; the same number twice is written once."""
    ends = in_100(low), in_100(high)
    return ends[0] if ends[0] == ends[1] else "–".join(ends)


def points(value: float) -> str:
    """Percentage points with their sign, such as "+3.2" and "−0.4"."""
    return f"{value:+.1f}".replace("-", "−")


def number(value: float) -> str:
    """A measured value without false precision: 4.1, 158, 0.012, 12 400."""
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}".replace(",", "\u202f")
    decimals = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def unit(ucum: str) -> str:
    """A UCUM unit in print."""
    return UNITS.get(ucum, ucum)


def day(moment: dt.date | dt.datetime | None) -> str:
    """14-Jul-1964, in the site's time zone."""
    if moment is None:
        return ""
    if isinstance(moment, dt.datetime):
        moment = timezone.localtime(moment)
    return f"{moment:%d-%b-%Y}"


def clock(moment: dt.datetime) -> str:
    """14-Jul-1964 18:05, in the site's time zone."""
    return f"{timezone.localtime(moment):%d-%b-%Y %H:%M}"


def months_between(earlier: dt.date, later: dt.date) -> int:
    return int((later - earlier).days / DAYS_PER_MONTH)


def record_number(value: str) -> str:
    """Digits of a record number in threes: 004 812 77. Other numbers stay as they are."""
    if not value.isdigit():
        return value
    return " ".join(value[start : start + 3] for start in range(0, len(value), 3))


def listed(words: list[str]) -> str:
    """Words as an English list: "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
