"""The four tiers and the tasks in the words of the pages."""

from dataclasses import dataclass

from ml.types import TIER_LABELS, UNDECIDED, UNDECIDED_LABEL

# Tier of a model -> look of the chip (templates/_components/tier_chip.html).
LOOKS = {"T0": "low", "T1": "moderate", "T2": "high", "T3": "very_high"}


# The same labels where a table has no room for a sentence.
SHORT = {
    "T0": "No action",
    "T1": "Lifestyle",
    "T2": "Consult",
    "T3": "Urgent",
    UNDECIDED: "Not decided",
}


@dataclass(frozen=True)
class Task:
    """One served risk in words: what it is, when, and the sentence around its number."""

    title: str
    horizon: str
    meaning: str  # with {count} people of 100
    inputs: tuple[str, ...]  # analytes worth seeing beside it
    scores: tuple[str, ...]  # published scores that stand beside it


TASKS = {
    "cvd_death_10y": Task(
        "Cardiovascular death",
        "within 10 years",
        "Of 100 people like this, {count} would die of heart disease or stroke within 10 years.",
        ("SBP", "TC", "HDL", "EGFR", "UACR", "HBA1C"),
        ("PREVENT_CVD_10Y", "PREVENT_CVD_30Y", "PREVENT_ASCVD_10Y"),
    ),
    "undiagnosed_diabetes": Task(
        "Diabetes not yet known",
        "present now",
        "Of 100 people like this, {count} have diabetes now and were never told.",
        ("BMI", "WAIST", "TG", "HDL", "GLU_FAST", "HBA1C"),
        ("FINDRISC", "ADA_RISK_TEST"),
    ),
    "ckd": Task(
        "Kidney disease not yet known",
        "present now",
        "Of 100 people like this, {count} have chronic kidney disease now and were never told.",
        ("BUN", "URIC", "SBP", "HGB", "CREAT", "EGFR", "UACR"),
        ("CKD_EPI_2021", "KDIGO_STAGE"),
    ),
    "death_10y": Task(
        "Death from any cause",
        "within 10 years",
        "Of 100 people like this, {count} would die of any cause within 10 years.",
        ("ALB", "CRP", "RDW", "HGB"),
        ("CHARLSON",),
    ),
}


def look(tier: str) -> str:
    return LOOKS.get(tier, "none")


def word(tier: str) -> str:
    return (TIER_LABELS | {UNDECIDED: UNDECIDED_LABEL}).get(tier, "Not scored")


def short(tier: str) -> str:
    return SHORT.get(tier, "Not scored")


def task(name: str) -> Task:
    """The words of a task; an unknown one is named by its own code."""
    title = name.replace("_", " ").capitalize()
    return TASKS.get(name) or Task(title, "", "{count} of 100 people like this.", (), ())
