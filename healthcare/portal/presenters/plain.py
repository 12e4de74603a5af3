"""The patient's own view: plain words, natural frequencies, nothing that only clinicians read.

Risks of dying are not shown as a number here. A number of that kind helps only in a talk in
which somebody can answer; heart and circulation appear as advice instead. What is shown as a
number is the chance that a test would find something that can be treated.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from healthcare.common import figures
from healthcare.portal.presenters import courses, plain_benefit, trends
from healthcare.portal.queries import Record
from ml.uncertainty.next_tests import is_settled
from recommendations.models import Feedback
from recommendations.queries import Line

RESULTS_SHOWN = 12
CHANGES_SHOWN = 3
CRITICAL_WINDOW = timedelta(days=30)
DOING = {"lifestyle", "education"}  # what a person can start without anybody's order
NAMES = {
    "SBP": "Blood pressure, upper number",
    "DBP": "Blood pressure, lower number",
    "HR": "Heart rate",
    "BMI": "Weight for your height (BMI)",
    "WEIGHT": "Weight",
    "HEIGHT": "Height",
    "WAIST": "Waist",
    "TC": "Cholesterol, all kinds",
    "LDL": "“Bad” cholesterol (LDL)",
    "HDL": "“Good” cholesterol (HDL)",
    "NONHDL": "Cholesterol, all but the good kind",
    "TG": "Blood fats (triglycerides)",
    "HBA1C": "Blood sugar over 3 months (HbA1c)",
    "GLU": "Blood sugar",
    "GLU_FAST": "Blood sugar before breakfast",
    "EGFR": "How well your kidneys filter",
    "CREAT": "Kidney test (creatinine)",
    "UACR": "Protein in urine",
    "BUN": "Kidney test (urea)",
    "HGB": "Red blood (hemoglobin)",
    "WBC": "White blood cells",
    "PLT": "Blood cells that help clotting",
    "POTASSIUM": "Potassium, a body salt",
    "SODIUM": "Sodium, a body salt",
    "ALT": "Liver test (ALT)",
    "AST": "Liver test (AST)",
    "GGT": "Liver test (GGT)",
    "TSH": "Thyroid test",
    "URIC": "Uric acid",
    "CRP": "Sign of swelling in the body (CRP)",
}
MEANINGS = {
    "": "",
    "N": "as usual",
    "L": "lower than usual",
    "H": "higher than usual",
    "A": "not as usual",
    "LL": "much lower than usual",
    "HH": "much higher than usual",
}
HEART = "PREVENT_CVD_10Y"  # events, not deaths; a published score for people without disease
HEART_WORDS = (
    "Your heart and blood flow",
    (
        "Out of 100 people like you, {count} may have a heart attack, a stroke or a weak heart "
        "in the next 10 years. {others} will not. The number is not exact: for you it may be too "
        "high or too low."
    ),
    "What you do in the next 10 years can change this.",
)
CHECKS = {
    "undiagnosed_diabetes": (
        "Diabetes: who should have a test?",
        "Out of 100 people like you, {count} would have a test that points to diabetes.",
        "A small blood test shows whether you are one of them. If you are, it can be treated.",
    ),
    "ckd": (
        "Kidneys: who should have a test?",
        "Out of 100 people like you, {count} would have a test that points to a kidney problem.",
        "A blood test and a urine test show it. Found early, kidneys can be protected.",
    ),
}


def page(record: Record) -> dict:
    """Context of `portal/my_health.html`."""
    lines = suitable(record.advice)
    doing = [_step(line) for line in lines if _category(line) in DOING][:CHANGES_SHOWN]
    asking = [_step(line) for line in lines if _category(line) not in DOING][:CHANGES_SHOWN]
    found = [_heart(record), *(_check(risk.prediction, record) for risk in record.risks)]
    checks = [check for check in found if check]
    message = _message(record, checks, doing)
    return {
        "patient": record.patient,
        "today": figures.day(record.now),
        "team": record.patient.care_team.name,
        "message": message,
        "checks": checks,
        "doing": [step for step in doing if step["text"] != message["text"]],
        "asking": asking,
        "results": _results(record),
        "demo": record.patient.is_synthetic,
    }


def suitable(advice: Any) -> list[Line]:
    """Open or accepted recommendations without marks that are for clinicians only."""
    test = [advice.next_test] if advice.next_test else []
    lines: Iterable[Line] = [*advice.shown, *test, *advice.folded, *advice.answered]
    return [
        line
        for line in lines
        if not line.recommendation.content.get("clinician_only", True)
        and (line.answer is None or line.answer.answer == Feedback.Answer.ACCEPT)
        and line.recommendation.status == line.recommendation.Status.RECOMMENDED
    ]


def _message(record: Record, checks: list[dict], doing: list[dict]) -> dict:
    """The one thing to take away, most urgent first."""
    since = record.now - CRITICAL_WINDOW
    newest = [row for row, _ in record.latest.values()]
    if any(row.flag in {"LL", "HH"} and row.collected_at >= since for row in newest):
        return {
            "title": "Please call your care team today",
            "text": "One of your new results is far from usual. It may be nothing, but it "
            "should be looked at soon.",
        }
    for check in checks:
        if check["should_test"]:
            return {
                "title": f"Ask about a test for {check['should_test']}",
                "text": "It is quick, and it shows something that can be treated.",
            }
    if doing:
        return {"title": "One thing you can start with", **doing[0]}
    return {
        "title": "There is nothing new to do today",
        "text": "Keep up your usual checks. New results appear here when they arrive.",
    }


def _heart(record: Record) -> dict | None:
    score = record.scores.get(HEART)
    if score is None or score.value is None:
        return None
    return _picture("heart", HEART_WORDS, score.value)


def _check(prediction: Any, record: Record) -> dict | None:
    """A chance that a test would find something, unless such a test is there already."""
    task = prediction.task
    if task not in CHECKS or prediction.risk is None or is_settled(task, record.facts):
        return None
    likely = prediction.tier in {"T2", "T3"}
    organ = "diabetes" if task == "undiagnosed_diabetes" else "your kidneys"
    picture = _picture(task, CHECKS[task], prediction.risk, should_test=organ if likely else "")
    return picture | {"label": f"{picture['label']}{_span(prediction.low, prediction.high)}"}


def _span(low: float, high: float) -> str:
    """How sure the number is, where both ends are not the same people."""
    few, many = round(100 * low), round(100 * high)
    return f" We are not sure: it may be from {few} to {many}." if few < many else ""


def _picture(key: str, words: tuple[str, str, str], risk: float, *, should_test: str = "") -> dict:
    """One chance in people of 100, with what to make of it."""
    title, sentence, next_step = words
    count = round(100 * risk)
    told = {"count": str(count), "others": str(100 - count)}
    if count < 1:
        told = {"count": "fewer than 1", "others": "More than 99"}
    return {
        "key": key,
        "title": title,
        "count": count,
        "label": sentence.format(**told),
        "next": next_step,
        "should_test": should_test,
    }


def _category(line: Line) -> str:
    return line.recommendation.content["category"]


def _step(line: Line) -> dict[str, str]:
    """What to do in plain words, and what it changes where trials say so."""
    content = line.recommendation.content
    return {"text": content["patient_text"], "benefit": plain_benefit.sentence(content)}


def _results(record: Record) -> list[dict]:
    """Newest value of the tests that people know, odd ones first."""
    newest = [record.latest[code].row for code in NAMES if code in record.latest]
    newest.sort(key=lambda row: trends.ABNORMAL.get(row.flag, 2))
    return [_result(row, record) for row in newest[:RESULTS_SHOWN]]


def _result(row: Any, record: Record) -> dict:
    reference = trends.reference(row, record)
    return {
        "name": NAMES[row.analyte__code],
        "value": record.units.words(row),
        "unit": "" if row.value is None else record.units.unit(row),
        "usual": courses.range_words(reference),
        "code": row.flag,
        "meaning": MEANINGS[row.flag],
        "when": figures.day(row.collected_at),
    }
