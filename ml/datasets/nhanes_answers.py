"""Answers of the NHANES interview in the codes of `Facts`.

1 yes, 2 no, 3 borderline (diabetes), 7 refused, 9 unknown, NaN not asked. Only a plain 1 counts
as yes. A whole group is None only where the survey did not ask it in that cycle or no question of
it has an answer, because a list in `Facts` is read as complete.
"""

from collections.abc import Iterable
from typing import cast

from ml.facts import Ethnicity, Smoking

COLUMNS = (
    "pregnant",
    "ethnicity4",
    "ridreth3",
    "self_rated_health",
    "diq010_diabetes",
    "diq050_insulin",
    "diq070_pills",
    "diq160_prediabetes",
    "bpq020_hypertension",
    "bpq050a_now_rx",
    "bpq080_high_chol",
    "bpq100d_now_lipid_rx",
    "smq020_ever100",
    "smq040_now",
    "smd650_cigs_day",
    "kiq022_weak_kidneys",
    "mcq160b_chf",
    "mcq160c_chd",
    "mcq160d_angina",
    "mcq160e_mi",
    "mcq160f_stroke",
    "family_history_diabetes",
)
# Any one of the questions makes the condition. The survey does not tell diabetes types apart.
CONDITIONS = {
    "htn": ("bpq020_hypertension",),
    "dyslipidaemia": ("bpq080_high_chol",),
    "t2d": ("diq010_diabetes",),
    "prediabetes": ("diq160_prediabetes",),
    "mi": ("mcq160e_mi",),
    "cad": ("mcq160c_chd", "mcq160d_angina"),
    "stroke_tia": ("mcq160f_stroke",),
    "hf": ("mcq160b_chf",),
    "ckd": ("kiq022_weak_kidneys",),
}
# The survey asks for "tablets for ..." without the drug; the commonest class stands for it.
MEDICATIONS = {
    "acei": "bpq050a_now_rx",
    "statin": "bpq100d_now_lipid_rx",
    "insulin": "diq050_insulin",
    "metformin": "diq070_pills",
}
FIRST_FULL_CYCLE = 2001
ETHNICITIES = {
    1: "non_hispanic_white",
    2: "non_hispanic_black",
    3: "hispanic",
    4: "other",
}
ASIAN = 6  # code of RIDRETH3, asked from 2011
SMOKES_NOW = {1: "current", 2: "current", 3: "former"}
MOST_CIGARETTES_A_DAY = 95  # top code; 777 and 999 are refused and unknown


def ethnicity(row: dict[str, float]) -> Ethnicity | None:
    if row["ridreth3"] == ASIAN:
        return "non_hispanic_asian"
    return cast(Ethnicity | None, ETHNICITIES.get(_code(row["ethnicity4"])))


def conditions(row: dict[str, float]) -> frozenset[str] | None:
    if not _any_answer(row, (column for columns in CONDITIONS.values() for column in columns)):
        return None
    told = {
        code for code, columns in CONDITIONS.items() if any(row[column] == 1 for column in columns)
    }
    if row["diq010_diabetes"] == 3:  # "borderline" is the survey's older word for it
        told.add("prediabetes")
    return frozenset(told)


def medications(row: dict[str, float]) -> frozenset[str] | None:
    asked = _any_answer(row, MEDICATIONS.values())
    if row["cycle_start"] < FIRST_FULL_CYCLE or not asked:
        return None
    return frozenset(code for code, column in MEDICATIONS.items() if row[column] == 1)


def family_history(row: dict[str, float]) -> frozenset[str] | None:
    answer = row["family_history_diabetes"]
    if answer not in (1, 2):
        return None
    return frozenset({"diabetes"} if answer == 1 else ())


def smoking(row: dict[str, float]) -> Smoking | None:
    """Smoking status; in 1999-2000 the second question alone tells it.

    The table lacks "100 cigarettes ever" of that cycle, but "smokes now" was put only to those who
    said yes to it: blank means never (53 % of people, as in the next cycle).
    """
    now = _code(row["smq040_now"])
    skipped = row["cycle_start"] < FIRST_FULL_CYCLE and now == 0
    if row["smq020_ever100"] == 2 or skipped:
        return "never"
    return cast(Smoking | None, SMOKES_NOW.get(now))


def cigarettes_day(row: dict[str, float]) -> float | None:
    count = row["smd650_cigs_day"]
    return count if 0 <= count <= MOST_CIGARETTES_A_DAY else None


def self_rated_health(row: dict[str, float]) -> int | None:
    answer = _code(row["self_rated_health"])
    return answer if 1 <= answer <= 5 else None


def _any_answer(row: dict[str, float], columns: Iterable[str]) -> bool:
    return any(row[column] == row[column] for column in columns)


def _code(value: float) -> int:
    """An answer as an integer, 0 when it is missing."""
    return int(value) if value == value else 0
