"""Published scores in words: the number with its unit, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping

from healthcare.common import figures
from healthcare.portal.presenters.tiers import task
from ml.scores.result import NOT_APPLICABLE, ScoreResult
from recommendations.need import PUBLISHED

NAMES = {
    "PREVENT_CVD_10Y": "PREVENT, cardiovascular disease in 10 years",
    "PREVENT_CVD_30Y": "PREVENT, cardiovascular disease in 30 years",
    "PREVENT_ASCVD_10Y": "PREVENT, heart attack or stroke in 10 years",
    "PREVENT_HF_10Y": "PREVENT, heart failure in 10 years",
    "ASCVD_PCE": "Pooled cohort equations, heart attack or stroke in 10 years",
    "FRAMINGHAM_CVD_10Y": "Framingham 2008, cardiovascular disease in 10 years",
    "FINDRISC": "FINDRISC, diabetes in 10 years",
    "ADA_RISK_TEST": "ADA risk test, diabetes or prediabetes now",
    "CKD_EPI_2021": "CKD-EPI 2021, filtration rate",
    "KDIGO_STAGE": "KDIGO stage",
    "KFRE_5Y": "KFRE, kidney failure in 5 years",
    "CHARLSON": "Charlson comorbidity index",
    "FIB4": "FIB-4, liver fibrosis",
}
DECISIVE = "PREVENT_ASCVD_10Y"
MISSING_NAMED = 3
WORDS = {
    "KDIGO_STAGE": lambda values: (
        f"{values.get('g_stage', '')} {values.get('a_stage') or 'albumin not measured'}, "
        f"risk {(values.get('risk') or 'not known').replace('_', ' ')}"
    )
}


def rows(results: Mapping[str, ScoreResult]) -> list[dict]:
    """Every score of the patient page in the order of `NAMES`."""
    return [_row(name, results[name]) for name in NAMES if name in results]


def beside(task_name: str, results: Mapping[str, ScoreResult]) -> list[str]:
    """The published scores of one task as short lines for its card.

    Scores of one family that are refused for one reason share a line.
    """
    families: dict[tuple[str, str], list[str]] = {}
    for name in task(task_name).scores:
        if found := results.get(name):
            refused_or_own = "" if found.error else name
            families.setdefault((_brief(found), refused_or_own), []).append(NAMES[name])
    return [f"{_family(names)}: {text}" for (text, _), names in families.items()]


def higher(task_name: str, tier: str, results: Mapping[str, ScoreResult]) -> str:
    """Says so where the score whose tiers hold at any blood pressure is in a higher tier."""
    found = results.get(DECISIVE) if DECISIVE in task(task_name).scores else None
    if not found or found.error or PUBLISHED[DECISIVE].tier(float(found.value)) <= tier:
        return ""
    return f"{NAMES[DECISIVE]}, is {words(found)}: a higher tier. Act on the higher."


def _family(names: list[str]) -> str:
    """The name of a score, or what several of one family share before the comma."""
    return names[0] if len(names) == 1 else names[0].partition(",")[0]


def _brief(result: ScoreResult) -> str:
    more = len(result.missing) - MISSING_NAMED
    if more <= 0:
        return words(result)
    return f"not computed, needs {', '.join(result.missing[:MISSING_NAMED])} and {more} more"


def words(result: ScoreResult) -> str:
    """The number with its unit, or the reason why there is none."""
    if result.error:
        kind = "not applicable" if result.error == NOT_APPLICABLE else "not computed"
        return f"{kind} because {_lowered(result.reason)}"
    if result.score in WORDS:
        return WORDS[result.score](result.values)
    if result.unit == "fraction":
        return f"{figures.in_100(result.value)} in 100"
    if isinstance(result.value, int | float):
        unit = figures.unit(result.unit)
        unit = "point" if unit == "points" and result.value == 1 else unit
        return f"{figures.number(result.value)} {unit}".strip()
    return str(result.value)


def _row(name: str, result: ScoreResult) -> dict:
    return {
        "name": NAMES[name],
        "text": words(result),
        "has_value": not result.error,
        "as_of": figures.day(result.as_of),
        "notes": result.notes,
        "reference": result.reference,
        "given": result.source == "given",
    }


def _lowered(sentence: str) -> str:
    """A sentence inside a sentence; names in capitals stay as they are."""
    first = sentence.split(" ", 1)[0]
    return sentence if first.isupper() else sentence[:1].lower() + sentence[1:]
