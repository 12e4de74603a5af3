"""Habits and answers: all of one talk at once, or one of them corrected."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Self

from django import forms
from django.http import QueryDict

from ml import codes
from patients.forms.record import FactForm
from patients.forms.widgets import DayInput, choices
from patients.models import SurveyAnswer

YES_NO = [("", "Not asked"), ("1", "Yes"), ("0", "No")]
# Fields of ml.facts.Lifestyle: words, and the largest number that can be true.
NUMBERS = {
    "cigarettes_day": ("Cigarettes a day", 200),
    "pack_years": ("Pack years", 300),
    "quit_years": ("Years since the last cigarette", 100),
    "alcohol_drinks_week": ("Alcoholic drinks a week", 300),
    "active_minutes_week": ("Minutes of exercise a week", 10_080),
}
SMOKING = [("", "Not asked"), ("never", "Never"), ("former", "Formerly"), ("current", "Now")]
HEALTH = [("", "Not asked"), ("1", "Excellent"), ("2", "Very good"), ("3", "Good"), ("4", "Fair"),
          ("5", "Poor")]  # fmt: skip


def _number(words: str, most: int) -> forms.FloatField:
    return forms.FloatField(label=words, required=False, min_value=0, max_value=most)


def _choice(words: str, offered: list[tuple[str, str]]) -> forms.ChoiceField:
    return forms.ChoiceField(label=words, required=False, choices=offered)


class HabitsForm(FactForm):
    """The habits of one talk; what was not asked stays empty and is not stored."""

    answered_on = forms.DateField(label="Asked on", widget=DayInput())
    smoking = _choice("Smoking", SMOKING)
    cigarettes_day = _number(*NUMBERS["cigarettes_day"])
    pack_years = _number(*NUMBERS["pack_years"])
    quit_years = _number(*NUMBERS["quit_years"])
    alcohol_drinks_week = _number(*NUMBERS["alcohol_drinks_week"])
    active_minutes_week = _number(*NUMBERS["active_minutes_week"])
    self_rated_health = _choice("Own health, as the patient rates it", HEALTH)
    flag = forms.ChoiceField(
        label="Also true of the patient", required=False,
        choices=choices(codes.vocabulary("flag").items(), first="Nothing else"),
    )  # fmt: skip
    flag_answer = _choice("Is it so?", [("1", "Yes"), ("0", "No")])

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        if not self.errors and not self.contents():
            raise forms.ValidationError("Nothing was answered. Fill in at least one field.")
        return said

    def contents(self) -> list[dict[str, Any]]:
        return list(self._answers())

    def _answers(self) -> Iterator[dict[str, Any]]:
        said = self.cleaned_data
        for item in ("smoking", *NUMBERS, "self_rated_health"):
            if said.get(item) not in ("", None):
                yield self._answer(SurveyAnswer.LIFESTYLE, item, said[item])
        if said.get("flag"):
            yield self._answer(SurveyAnswer.FLAGS, said["flag"], said["flag_answer"] or "1")

    def _answer(self, instrument: str, item: str, value: Any) -> dict[str, Any]:
        is_text = item == "smoking"
        return {
            "instrument": instrument,
            "item": item,
            "number": None if is_text else float(value),
            "text": value if is_text else "",
            "answered_on": self.cleaned_data["answered_on"],
        }


class AnswerForm(FactForm):
    """One answer corrected: the question stays."""

    answer = forms.CharField(max_length=200)
    answered_on = forms.DateField(label="Asked on", widget=DayInput())

    def __init__(self, *args: Any, fact: SurveyAnswer, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fact = fact
        self.fields["answer"] = _field_of(fact)

    def said(self) -> dict[str, Any]:
        value = self.cleaned_data["answer"]
        is_text = self.fact.number is None
        return {
            "number": None if is_text else float(value),
            "text": value if is_text else "",
            "answered_on": self.cleaned_data["answered_on"],
        }

    @classmethod
    def of(cls, fact: Any, data: QueryDict | None, *, today: date) -> Self:
        return cls(data, initial=cls.initial_of(fact), today=today, fact=fact)

    @classmethod
    def initial_of(cls, fact: Any) -> dict[str, Any]:
        number = None if fact.number is None else f"{fact.number:g}"
        return {"answer": fact.text or number, "answered_on": fact.answered_on}


def item_words(answer: SurveyAnswer) -> str:
    """The question in words."""
    if answer.instrument == SurveyAnswer.FLAGS:
        return codes.display("flag", answer.item)
    if answer.item in NUMBERS:
        return NUMBERS[answer.item][0]
    return answer.item.replace("_", " ").capitalize()


def _field_of(answer: SurveyAnswer) -> forms.Field:
    words = item_words(answer)
    if answer.instrument == SurveyAnswer.FLAGS:
        return forms.ChoiceField(label=words, choices=YES_NO[1:])
    if answer.item == "smoking":
        return forms.ChoiceField(label=words, choices=SMOKING[1:])
    if answer.item == "self_rated_health":
        return forms.ChoiceField(label=words, choices=HEALTH[1:])
    if answer.number is not None:
        most = NUMBERS.get(answer.item, ("", None))[1]
        return forms.FloatField(label=words, min_value=0, max_value=most)
    return forms.CharField(label=words, max_length=200)
