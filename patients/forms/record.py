"""Forms of the facts of a record: one class a kind of fact.

Each gives `contents()`, what new rows say, and `of(fact)`, the form that corrects one.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any, Self

from crispy_forms.helper import FormHelper
from django import forms
from django.http import QueryDict
from django.utils import timezone

from ml import codes
from patients.forms.widgets import DayInput, MomentInput, SuggestInput, choices
from patients.models import Encounter
from patients.models.querysets import RecordFact

RELATIONS = ["Mother", "Father", "Sister", "Brother", "Daughter", "Son", "Grandmother",
             "Grandfather", "Aunt", "Uncle", "Cousin", "Other relative"]  # fmt: skip
NOT_OURS = "text:"  # a problem known by its words alone
CODE_LENGTH = 60


class FactForm(forms.Form):
    """What the forms of all facts share: nothing lies after `today`, periods run forward."""

    period: tuple[str, str] | None = None  # names of the fields of a beginning and an end
    helper = FormHelper()
    helper.form_tag = False

    def __init__(self, *args: Any, today: date, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.today = today

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for name, value in list(said.items()):
            if isinstance(value, date) and _day(value) > self.today:
                self.add_error(name, "This day is still to come. Give a day up to today.")
        begun, ended = (said.get(name) for name in self.period or ("", ""))
        if self.period and begun and ended and begun > ended:
            self.add_error(
                self.period[1], "This comes before the beginning. Change one of the two."
            )
        return said

    def said(self) -> dict[str, Any]:
        return dict(self.cleaned_data)

    def contents(self) -> list[dict[str, Any]]:
        """The content of each row that the form adds; most add one."""
        return [self.said()]

    @classmethod
    def of(cls, fact: RecordFact, data: QueryDict | None, *, today: date) -> Self:
        """The form that corrects a fact."""
        return cls(data, initial=cls.initial_of(fact), today=today)

    @classmethod
    def initial_of(cls, fact: RecordFact) -> dict[str, Any]:
        return {name: getattr(fact, name) for name in cls.base_fields if hasattr(fact, name)}


class ConditionForm(FactForm):
    label = forms.CharField(
        label="Problem", max_length=200,
        help_text="Type a name, or an ICD-10 or SNOMED CT code.",
        widget=SuggestInput(codes.vocabulary("condition").values()),
    )  # fmt: skip
    onset_on = forms.DateField(label="Since", required=False, widget=DayInput())
    resolved_on = forms.DateField(label="Ended on", required=False, widget=DayInput())
    period = ("onset_on", "resolved_on")

    def said(self) -> dict[str, Any]:
        label = self.cleaned_data["label"].strip()
        known = codes.resolve_condition(label)
        code = known or NOT_OURS + re.sub(r"\W+", "_", label.casefold()).strip("_")
        if known and _is_a_code(label):
            label = codes.display("condition", known)
        return super().said() | {"code": code[:CODE_LENGTH], "label": label}


class MedicationForm(FactForm):
    name = forms.CharField(
        label="Medicine", max_length=200, help_text="The name of one medicine or its class.",
        widget=SuggestInput(codes.vocabulary("drug").values()),
    )  # fmt: skip
    dose = forms.CharField(max_length=100, required=False, help_text="Such as 20 mg once a day.")
    started_on = forms.DateField(label="Since", required=False, widget=DayInput())
    stopped_on = forms.DateField(label="Stopped on", required=False, widget=DayInput())
    period = ("started_on", "stopped_on")

    def clean_name(self) -> str:
        name = self.cleaned_data["name"].strip()
        if len(parts := parts_of(name)) > 1:
            words = " and ".join(codes.display("drug", part) for part in parts)
            raise forms.ValidationError(f"This holds {words}. Add each of them by itself.")
        return name

    def said(self) -> dict[str, Any]:
        found = drug_classes(f"{self.cleaned_data['name']} {self.cleaned_data['dose']}")
        found = found or drug_classes(self.cleaned_data["name"])
        return super().said() | {"drug_class": found[0] if found else ""}


class AllergyForm(FactForm):
    label = forms.CharField(
        label="Substance", max_length=200,
        widget=SuggestInput(
            [*codes.vocabulary("allergy").values(), *codes.vocabulary("drug").values()]
        ),
    )  # fmt: skip
    reaction = forms.CharField(max_length=200, required=False, help_text="Such as rash.")

    def clean_label(self) -> str:
        label = self.cleaned_data["label"].strip()
        if not _allergy_by_name(label) and len(parts_of(label)) > 1:
            raise forms.ValidationError("This holds several medicines. Add each of them by itself.")
        return label

    def said(self) -> dict[str, Any]:
        label = self.cleaned_data["label"]
        code = _allergy_by_name(label) or next(iter(drug_classes(label)), "")
        return super().said() | {"code": code}


class FamilyHistoryForm(FactForm):
    code = forms.ChoiceField(
        label="Condition", choices=choices(codes.vocabulary("family_history").items())
    )
    relation = forms.CharField(label="Relative", max_length=60, widget=SuggestInput(RELATIONS))


class PreventiveCareForm(FactForm):
    item = forms.ChoiceField(
        label="What was done", choices=choices(codes.vocabulary("done").items())
    )
    done_on = forms.DateField(label="On", widget=DayInput())


class EncounterForm(FactForm):
    kind = forms.ChoiceField(label="Kind", choices=Encounter.Kind.choices)
    reason = forms.CharField(max_length=200, required=False)
    ward = forms.CharField(label="Ward or clinic", max_length=100, required=False)
    started_at = forms.DateTimeField(label="Began", widget=MomentInput())
    ended_at = forms.DateTimeField(
        label="Ended", required=False, widget=MomentInput(),
        help_text="Leave empty while the stay goes on.",
    )  # fmt: skip
    period = ("started_at", "ended_at")

    @classmethod
    def initial_of(cls, fact: RecordFact) -> dict[str, Any]:
        said = super().initial_of(fact)
        return said | {
            name: timezone.localtime(said[name]) for name in cls.period or () if said[name]
        }


class ReasonForm(forms.Form):
    """Why a fact is corrected or removed; stands beside the form of the fact in one page."""

    why = forms.CharField(
        label="Why is this changed?",
        max_length=200,
        help_text="Such as: wrong patient, typing error, new report.",
    )


def drug_classes(text: str) -> tuple[str, ...]:
    """Classes that a text says, most specific first; a suggestion of ours counts as its class."""
    return (_suggested(text),) if _suggested(text) else codes.resolve_medications(text)


def parts_of(text: str) -> list[str]:
    """The class of each medicine that a text names: more than one is a combination.

    >>> parts_of("Clarithromycin 500 mg"), parts_of("amlodipine benazepril")
    (['macrolide'], ['ccb_dhp', 'acei'])
    """
    if _suggested(text):
        return [_suggested(text)]
    named = (codes.resolve_medications(word) for word in re.split(r"[^\w-]+", text))
    return [classes[0] for classes in dict.fromkeys(named) if classes]


def _suggested(text: str) -> str:
    """The class of a text that is one of our own suggestions."""
    named = {words.casefold(): code for code, words in codes.vocabulary("drug").items()}
    return named.get(text.strip().casefold(), "")


def _allergy_by_name(label: str) -> str:
    words = label.strip().casefold()
    known = codes.vocabulary("allergy").items()
    return next((code for code, name in known if words in (code, name.casefold())), "")


def _is_a_code(text: str) -> bool:
    return text.isdigit() or bool(codes.ICD10.fullmatch(text.upper()))


def _day(value: date) -> date:
    return timezone.localdate(value) if isinstance(value, datetime) else value
