"""Who the patient is, and the numbers by which others know them."""

from __future__ import annotations

from datetime import date
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms

from healthcare.accounts.models import CareTeam
from patients.forms.widgets import DayInput
from patients.models import Patient, PatientIdentifier

YES_NO = [("", "Not known"), ("true", "Yes"), ("false", "No")]


class DemographicsForm(forms.ModelForm):
    is_breastfeeding = forms.TypedChoiceField(
        label="Breastfeeding", required=False, choices=YES_NO, empty_value=None,
        coerce=lambda text: text == "true",
    )  # fmt: skip
    helper = FormHelper()
    helper.form_tag = False

    class Meta:
        model = Patient
        fields = [
            "family_name", "given_name", "sex", "birth_date", "birth_date_precision", "died_on",
            "ethnicity", "pregnant_since", "is_breastfeeding", "phone", "postal_code",
        ]  # fmt: skip
        labels = {
            "birth_date": "Born on",
            "birth_date_precision": "Birth date known to the",
            "died_on": "Died on",
            "pregnant_since": "Pregnant, last period began on",
        }
        help_texts = {
            "birth_date": "If only month or year are known, give its middle and say so beside it.",
            "pregnant_since": "",
        }
        widgets = {name: DayInput() for name in ("birth_date", "died_on", "pregnant_since")}

    def __init__(self, *args: Any, today: date, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.today = today
        is_known = self.instance.is_breastfeeding is not None
        self.initial["is_breastfeeding"] = (
            str(self.instance.is_breastfeeding).lower() if is_known else ""
        )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for name in ("birth_date", "died_on", "pregnant_since"):
            if said.get(name) and said[name] > self.today:
                self.add_error(name, "This day is still to come. Give a day up to today.")
        if said.get("birth_date") and said.get("died_on") and said["died_on"] < said["birth_date"]:
            self.add_error("died_on", "This is before the birth date. Change one of the two.")
        if said.get("pregnant_since") and said.get("sex") == Patient.Sex.MALE:
            self.add_error("pregnant_since", "The sex at birth is male. Change one of the two.")
        return said

    def changes(self) -> dict[str, Any]:
        """Fields that now say something else."""
        return {name: self.cleaned_data[name] for name in self.changed_data}


class IdentifierForm(forms.Form):
    """A number in the namespace of who gave it."""

    system = forms.CharField(
        label="Given by", max_length=100, initial=PatientIdentifier.MRN,
        help_text="mrn for a number of this hospital, else the name or URI of who gave it.",
    )  # fmt: skip
    value = forms.CharField(label="Number", max_length=64)
    helper = FormHelper()
    helper.form_tag = False

    def clean_system(self) -> str:
        return self.cleaned_data["system"].strip()

    def clean_value(self) -> str:
        return self.cleaned_data["value"].strip()


class TransferForm(forms.Form):
    """To whom a patient goes, and why; the reasons are a list so that none tells of the patient."""

    REASONS = [
        ("chosen", "The patient chose another team"),
        ("moved", "The patient moved"),
        ("referred", "Referred for treatment"),
        ("admitted", "Admitted or discharged"),
        ("reorganised", "The teams were reorganised"),
        ("mistake", "Was in this team by mistake"),
    ]

    team = forms.ModelChoiceField(label="New team", queryset=CareTeam.objects.none())
    reason = forms.ChoiceField(label="Why", choices=[("", "Choose one"), *REASONS])
    helper = FormHelper()
    helper.form_tag = False

    def __init__(self, *args: Any, now_in: CareTeam, **kwargs: Any):
        super().__init__(*args, **kwargs)
        others = CareTeam.objects.exclude(pk=now_in.pk).order_by("name")
        self.fields["team"].queryset = others  # type: ignore[attr-defined]
