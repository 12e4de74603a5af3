"""The kinds of facts that the record pages show: their words, forms and columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404
from django.utils import timezone

from healthcare.common import figures
from ml import codes
from patients.forms import answers, record
from patients.models import (
    Allergy,
    Condition,
    Encounter,
    FamilyHistory,
    Medication,
    PreventiveCare,
    SurveyAnswer,
    WearableDay,
)


@dataclass(frozen=True)
class Kind:
    """One list of the record. `cells` are the columns of a fact, `is_over` says it is past."""

    slug: str
    title: str
    thing: str  # "a problem", for buttons and messages
    model: Any  # a subclass of RecordFact
    headers: list[str]
    cells: Callable[[Any], list[str]]
    order: list[str]
    is_over: Callable[[Any, date], bool] = lambda fact, today: False
    add_form: type[record.FactForm] | None = None
    correct_form: type[record.FactForm] | None = None
    reviewed: str = ""  # as services.records.REVIEWABLE
    note: str = ""

    @property
    def may_be_added(self) -> bool:
        return self.add_form is not None

    @property
    def may_be_corrected(self) -> bool:
        return self.correct_form is not None


def of_slug(slug: str) -> Kind:
    """The kind of an address. Raises Http404."""
    try:
        return KINDS[slug]
    except KeyError:
        raise Http404("There is no such list in a record.") from None


def _condition(fact: Condition) -> list[str]:
    known = fact.code in codes.vocabulary("condition")
    meaning = codes.display("condition", fact.code) if known else "not a problem that rules know"
    return [
        fact.label,
        "" if meaning == fact.label else meaning,
        figures.day(fact.onset_on),
        figures.day(fact.resolved_on),
    ]


def _medication(fact: Medication) -> list[str]:
    known = codes.display("drug", fact.drug_class) if fact.drug_class else "not a class we know"
    return [
        fact.name,
        fact.dose,
        known,
        figures.day(fact.started_on),
        figures.day(fact.stopped_on),
    ]


def _allergy(fact: Allergy) -> list[str]:
    kind = "allergy" if fact.code in codes.vocabulary("allergy") else "drug"
    known = codes.display(kind, fact.code) if fact.code else "not one that rules know"
    return [fact.label, fact.reaction, known]


def _family(fact: FamilyHistory) -> list[str]:
    return [codes.display("family_history", fact.code), fact.relation]


def _prevention(fact: PreventiveCare) -> list[str]:
    return [codes.display("done", fact.item), figures.day(fact.done_on)]


def _answer(fact: SurveyAnswer) -> list[str]:
    return [
        answers.item_words(fact),
        answer_words(fact),
        fact.instrument.replace("_", " "),
        figures.day(fact.answered_on),
    ]


def answer_words(fact: SurveyAnswer) -> str:
    if fact.text or fact.number is None:
        return fact.text
    if fact.instrument == SurveyAnswer.FLAGS:
        return "yes" if fact.number else "no"
    return figures.number(fact.number)


def _encounter(fact: Encounter) -> list[str]:
    return [
        fact.get_kind_display(),
        fact.reason,
        fact.ward,
        figures.clock(fact.started_at),
        figures.clock(fact.ended_at) if fact.ended_at else "",
    ]


def _wearable(fact: WearableDay) -> list[str]:
    counted = [fact.steps, fact.active_minutes, fact.resting_heart_rate, fact.sleep_hours,
               fact.heart_rate_variability, fact.oxygen_saturation]  # fmt: skip
    return [
        figures.day(fact.day),
        *("" if value is None else figures.number(value) for value in counted),
    ]


def _ended_by(day: date | None, today: date) -> bool:
    return day is not None and day <= today


def _kinds() -> Iterable[Kind]:
    yield Kind(
        "problems", "Problems", "a problem", Condition,
        ["Problem", "Understood as", "Since", "Ended"], _condition,
        ["-onset_on", "label"], lambda fact, today: _ended_by(fact.resolved_on, today),
        record.ConditionForm, record.ConditionForm, "conditions",
    )  # fmt: skip
    yield Kind(
        "medicines", "Medicines", "a medicine", Medication,
        ["Medicine", "Dose", "Class", "Since", "Stopped"], _medication,
        ["name", "-started_on"], lambda fact, today: _ended_by(fact.stopped_on, today),
        record.MedicationForm, record.MedicationForm, "medications",
    )  # fmt: skip
    yield Kind(
        "allergies", "Allergies", "an allergy", Allergy,
        ["Substance", "Reaction", "Understood as"], _allergy, ["label"],
        add_form=record.AllergyForm, correct_form=record.AllergyForm, reviewed="allergies",
    )  # fmt: skip
    yield Kind(
        "family", "Family history", "a condition of a relative", FamilyHistory,
        ["Condition", "Relative"], _family, ["code", "relation"],
        add_form=record.FamilyHistoryForm, correct_form=record.FamilyHistoryForm,
        reviewed="family",
    )  # fmt: skip
    yield Kind(
        "prevention", "Prevention", "something that was done", PreventiveCare,
        ["What was done", "On"], _prevention, ["-done_on", "item"],
        add_form=record.PreventiveCareForm, correct_form=record.PreventiveCareForm,
        note="Screening, vaccinations and checks.",
    )  # fmt: skip
    yield Kind(
        "answers", "Habits and answers", "answers", SurveyAnswer,
        ["Question", "Answer", "Questionnaire", "Asked"], _answer,
        ["-answered_on", "instrument", "item"],
        add_form=answers.HabitsForm, correct_form=answers.AnswerForm,
        note="The newest answer to each question counts.",
    )  # fmt: skip
    yield Kind(
        "visits", "Visits and stays", "a visit or stay", Encounter,
        ["Kind", "Reason", "Ward or clinic", "Began", "Ended"], _encounter, ["-started_at"],
        lambda fact, today: fact.ended_at is not None
        and timezone.localdate(fact.ended_at) < today,
        record.EncounterForm, record.EncounterForm,
    )  # fmt: skip
    yield Kind(
        "wearables", "Wearable devices", "a day", WearableDay,
        ["Day", "Steps", "Active minutes", "Resting heart rate", "Sleep, hours",
         "Heart rate variability, ms", "Oxygen, %"], _wearable, ["-day", "source"],
        note="Counted by consumer devices; never a diagnosis. A wrong day can be removed.",
    )  # fmt: skip


KINDS = {kind.slug: kind for kind in _kinds()}
