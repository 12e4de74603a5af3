"""A laboratory file for the people of the stories, whose upload visibly changes their risks."""

import csv
import io
from datetime import date, datetime, time, timedelta

from healthcare.demo.stories import mrn

COLUMNS = ("mrn", "code", "value", "unit", "collected_at", "status", "issued_at", "accession")
COLLECTED, ISSUED, CORRECTED = time(8, 10), time(13, 30), time(17, 5)

# Person -> results; a fourth entry is the value as it was first told.
DAY: tuple[tuple[int, tuple[tuple[str, str, str, str], ...]], ...] = (
    # Rising cardiovascular risk: the values before treatment.
    (0, (("SBP", "164", "mm[Hg]", ""), ("2093-3", "262", "mg/dL", ""),
         ("2085-9", "37", "mg/dL", ""), ("13457-7", "181", "mg/dL", ""),
         ("2571-8", "221", "mg/dL", ""), ("2160-0", "1.18", "mg/dL", ""))),
    # Too little known: enough for the models to give a number. Some values in SI units.
    (1, (("SBP", "129", "mm[Hg]", ""), ("DBP", "82", "mm[Hg]", ""), ("HEIGHT", "164", "cm", ""),
         ("WEIGHT", "81.5", "kg", ""), ("WAIST", "98", "cm", ""), ("2160-0", "71", "umol/L", ""),
         ("2093-3", "5.6", "mmol/L", ""), ("2085-9", "1.3", "mmol/L", ""),
         ("718-7", "13.4", "g/dL", ""), ("6690-2", "7.2", "10*3/uL", ""),
         ("788-0", "13.6", "%", ""), ("787-2", "88.4", "fL", ""), ("1751-7", "4.2", "g/dL", ""),
         ("6768-6", "74", "U/L", ""), ("1742-6", "26", "U/L", ""), ("1920-8", "22", "U/L", ""),
         ("3084-1", "5.4", "mg/dL", ""), ("3094-0", "14", "mg/dL", ""),
         ("2951-2", "139", "mmol/L", ""), ("2823-3", "4.2", "mmol/L", ""),
         ("TG", "168", "mg/dL", ""), ("GGT", "31", "U/L", ""))),
    # Diabetes that nobody has looked for: now somebody has.
    (5, (("4548-4", "8.4", "%", ""), ("1558-6", "171", "mg/dL", ""))),
    # Kidney disease: the creatinine was corrected the same afternoon.
    (6, (("2160-0", "1.24", "mg/dL", "2.14"), ("9318-7", "96", "mg/g", ""))),
    # A critical value on the plain view's patient: the sample was fine, the person is called.
    (9, (("2823-3", "6.4", "mmol/L", ""), ("4548-4", "6.0", "%", ""))),
)  # fmt: skip


def text(today: date) -> str:
    """The file as of the day before `today`, so that no time in it lies ahead."""
    day = today - timedelta(days=1)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for person, results in DAY:
        accession = f"D{day:%y%m%d}-{person + 1:02d}"
        for code, value, unit, first_told in results:
            for said, status, issued in _versions(value, first_told):
                writer.writerow([
                    mrn(person), code, said, unit, _at(day, COLLECTED), status,
                    _at(day, issued), accession,
                ])  # fmt: skip
    return out.getvalue()


def _versions(value: str, first_told: str):
    if first_told:
        yield first_told, "final", ISSUED
        yield value, "corrected", CORRECTED
    else:
        yield value, "final", ISSUED


def _at(day: date, at: time) -> str:
    return datetime.combine(day, at).isoformat(timespec="minutes")
