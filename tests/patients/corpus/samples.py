"""The files in samples/ that show what laboratories send.

`python -m tests.patients.corpus.samples` writes them anew.
"""

from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "samples"


def german() -> bytes:
    """A laboratory system in Germany: titles, semicolons, decimal commas, 1252, CRLF."""
    return _lines(
        "Labor am Markt;;;;;;;",
        "Kumulativbefund, gedruckt am 16.11.2026;;;;;;;",
        "",
        "Patientennummer;Untersuchung;Ergebnis;Einheit;Normbereich;Entnahmedatum;Uhrzeit;Auftrag",
        "CL-000001;HbA1c;6,4;%;4,0 - 5,6;13.11.2026;07:45;M-501",
        "CL-000001;CREAT;83,5;µmol/l;;13.11.2026;07:45;M-501",
        "CL-000002;LDL;3,05;mmol/l;< 3,0;13.11.2026;08:10;M-502",
        "CL-000002;CRP;<5;mg/l;< 5;13.11.2026;08:10;M-502",
        "CL-000003;Kalium;hämolytisch;mmol/l;3,5 - 5,1;14.11.2026;08:30;M-503",
        "CL-000003;TSH;2,1 (H);mU/l;0,4 - 4,0;14.11.2026;08:30;M-503",
        encoding="cp1252",
        end="\r\n",
    )


def wide() -> bytes:
    """An analyser's table: a sample a line, tests across, units and ranges below the header."""
    return _lines(
        "MRN,Collected,Sample ID,HGB,WBC,PLT,CRP,Analyser",
        ",,,g/dL,10*3/uL,10*3/uL,mg/L,",
        "Reference,,,12-16,4.0-11.0,150-400,<5,",
        "CL-000001,2026-11-12 08:00,W-1,13.9,6.1,251,<0.5,A2",
        "CL-000002,2026-11-12 08:05,W-2,11.2 L,12.4 H,408 H,18,A2",
        "CL-000003,2026-11-12 08:10,W-3,QNS,NA,212,,A2",
        "CL-000004,2026-11-12 08:15,W-4,14..1,5.5,198,2.2,A2",
        "CL-000005,2026-11-12,W-5,#N/A,7.0,PENDING,NEG,A2",
    )


def american() -> bytes:
    """A US hospital: tabs, month first, times with AM and PM, flags and units in the cell."""
    return _lines(
        "Patient ID\tTest Name\tResult\tUnits\tReference Range\tCollection Date\tCollection Time",
        "CL-000001\tGlucose, random\t118 H\tmg/dL\t70-99\t11/13/2026\t8:15 AM",
        "CL-000001\tSodium\t139\tmmol/L\t136-145\t11/13/2026\t8:15 AM",
        "CL-000002\tCreatinine\t1.1 mg/dL\t\t0.7-1.3\t11/13/2026\t1:40 PM",
        "CL-000002\tPotassium\tHEMOLYZED\tmmol/L\t3.5-5.1\t11/13/2026\t1:40 PM",
        "CL-000003\tHemoglobin\t13.1 mmol/L\tg/dL\t12-16\t11/04/2026\t9:05 AM",
        "CL-000004\tCreatinine\t1_1\tmg/dL\t0.7-1.3\t11/04/2026\t9:20 AM",
    )


def doubtful() -> bytes:
    """What only a person can settle: what 1,234 is, and whether 04/11 is in April."""
    return _lines(
        "mrn;code;value;unit;collected_at",
        "CL-000001;PLT;1,234;10*9/L;04/11/2026",
        "CL-000001;HBA1C;6.2;%;04/11/2026",
        "CL-000002;PLT;221;10*9/L;05/11/2026",
    )


def _lines(*lines: str, encoding: str = "utf-8", end: str = "\n") -> bytes:
    return end.join([*lines, ""]).encode(encoding)


SAMPLES = {
    "lab_german_cp1252.csv": german,
    "lab_wide.csv": wide,
    "lab_us.tsv": american,
    "lab_doubtful.csv": doubtful,
}


def write(names: Sequence[str] = tuple(SAMPLES)) -> None:
    for name in names:
        (FOLDER / name).write_bytes(SAMPLES[name]())


if __name__ == "__main__":
    write()
