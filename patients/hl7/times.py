"""Times of HL7 (`20260301083000.25+0100`) as the ISO times of our rows."""

import re

STAMP = re.compile(
    r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(\.\d{1,6})?)?)?)?([+-]\d{4})?", re.ASCII
)


def iso(stamp: str, offset: str = "") -> str:
    """An HL7 time as ISO text; a day alone stays a day, what is no time stays as it is.

    `offset` is the sender's (`+0100`), for times that bring none. Without either the time is
    the reader's site's.
    """
    found = STAMP.fullmatch(stamp.strip())
    if not found:
        return stamp.strip()
    year, month, day, hour, minute, second, fraction, own = found.groups()
    date = f"{year}-{month}-{day}"
    if hour is None:
        return date
    zone = own or offset
    zone = f"{zone[:3]}:{zone[3:]}" if zone else ""
    return f"{date}T{hour}:{minute or '00'}:{second or '00'}{fraction or ''}{zone}"


def day(stamp: str) -> str:
    """The day of a time such as a date of birth, or "" when it is not known to the day."""
    found = STAMP.fullmatch(stamp.strip())
    return "-".join(found.groups()[:3]) if found else ""
