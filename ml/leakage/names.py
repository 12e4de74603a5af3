"""What an input's name gives away, whatever its own declaration says."""

import re
import unicodedata
from functools import cache

from ml import analytes, reference
from ml.datasets import nhanes_xpt
from ml.leakage.findings import BLOCK, WARN, Finding
from ml.studies.problem import AVAILABLE, Input, Problem

Row = dict[str, str]
LOINC = re.compile(r"(?<!\d)(\d{3,5})[-_.](\d)(?!\d)")  # R and SQL have no hyphen in a name


def findings(problem: Problem) -> list[Finding]:
    """Findings by name, by declared availability and by declared provenance."""
    found = [finding for entry in problem.inputs for finding in _of_input(problem, entry)]
    # One sentence an input: the gravest, the table of names before the declaration.
    best: dict[str, Finding] = {}
    for finding in sorted(found, key=lambda one: one.severity != BLOCK):
        best.setdefault(finding.input, finding)
    return [best[name] for name in problem.names if name in best]


def _of_input(problem: Problem, entry: Input) -> list[Finding]:
    text = f"{problem.outcome} {problem.outcome_text}".lower()
    by_name = [_by_row(problem, entry, row) for row in _rows() if _speaks_of(row, entry, text)]
    return [one for one in (*by_name, *_declared(problem, entry)) if one]


def _speaks_of(row: Row, entry: Input, outcome: str) -> bool:
    if row["outcome"] and not re.search(row["outcome"], outcome):
        return False
    return any(re.fullmatch(row["name"], name) for name in _names_of(entry.name))


def _by_row(problem: Problem, entry: Input, row: Row) -> Finding | None:
    sentence = f"{entry.title}: {row['reason']}"
    if row["provenance"] == "identifier":
        return Finding(row["severity"], "IDENTIFIER", entry.name, sentence)
    late = bool(row["available"]) and _later(row["available"], problem.index_time)
    if row["provenance"] == "label_defining" and (late or not row["available"]):
        return Finding(row["severity"], "LABEL_DEFINING", entry.name, sentence)
    if not late:
        return None
    code = "DISCHARGE_ERA" if row["available"] in ("stay", "discharge") else "FUTURE"
    evidence = {"known_from": row["available"], "index_time": problem.index_time}
    return Finding(row["severity"], code, entry.name, sentence, evidence)


def _declared(problem: Problem, entry: Input) -> list[Finding]:
    found = []
    if _later(entry.available, problem.index_time):
        sentence = f"{entry.title} is known from {entry.available!r}, after {problem.index_time!r}"
        found.append(Finding(BLOCK, "FUTURE", entry.name, sentence))
    if entry.provenance == "label_defining":
        found.append(Finding(BLOCK, "LABEL_DEFINING", entry.name, f"{entry.title} defines it"))
    if entry.provenance == "identifier":
        found.append(Finding(BLOCK, "IDENTIFIER", entry.name, f"{entry.title} names somebody"))
    if entry.provenance == "care_process":
        sentence = f"{entry.title} shows what clinicians suspected, which changes with practice"
        found.append(Finding(WARN, "CARE_PROCESS", entry.name, sentence))
    return found


def plain(name: str) -> str:
    """A name in small letters and digits, without accents.

    >>> plain("HbA1c (%)"), plain("Discharge_Disposition-ID")
    ('hba1c', 'dischargedispositionid')
    """
    return re.sub(r"[^a-z0-9]", "", _unaccented(name).lower())


def _unaccented(name: str) -> str:
    apart = unicodedata.normalize("NFKD", name)
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


@cache
def _names_of(name: str) -> frozenset[str]:
    """The name, what NHANES means by it, and the analytes that it or a word of it goes by."""
    words = re.findall(r"[a-z0-9]+", _unaccented(name).lower())
    codes = ["-".join(parts) for parts in LOINC.findall(name)]
    known = [analytes.resolve(said) for said in (" ".join(words), *words, *codes)]
    told = [said for one in known if one for said in (one.code, one.display)]
    return frozenset(plain(said) for said in (name, _of_nhanes().get(name.upper(), ""), *told))


@cache
def _of_nhanes() -> dict[str, str]:
    """Variable of NHANES -> column of the prepared table."""
    table = nhanes_xpt.variables().items()
    return {variable: column for column, (_, variables) in table for variable in variables}


def _later(moment: str, index_time: str) -> bool:
    return AVAILABLE.index(moment) > AVAILABLE.index(index_time)


@cache
def _rows() -> tuple[Row, ...]:
    return tuple(reference.rows("leaks.csv"))
