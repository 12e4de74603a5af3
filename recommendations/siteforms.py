"""What a site sets for its ranking, and what a patient says."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms

from ml.recommenders.ranking import Weights
from recommendations import preferable, weightwords
from recommendations.models import PatientPreferences


class WeightsForm(forms.Form):
    """A weight for each part of the ranking, or the defaults again; and why."""

    helper = FormHelper()
    helper.form_tag = False

    def __init__(self, *args: Any, weights: Weights, **more: Any):
        super().__init__(*args, **more)
        self.names = list(asdict(weights))
        for name, weight in asdict(weights).items():
            low, high = (-1, 0) if name == "caution" else (0, 1)
            self.fields[name] = forms.FloatField(
                label=weightwords.label(name), initial=weight, min_value=low, max_value=high,
                help_text=weightwords.help_text(name), required=False,
                widget=forms.NumberInput({"step": "0.01"}),
            )  # fmt: skip
        self.fields["defaults"] = forms.BooleanField(
            label="Back to the defaults, whatever is written above", required=False
        )
        self.fields["reason"] = forms.CharField(
            label="Why", max_length=500, widget=forms.Textarea({"rows": 2})
        )

    def clean(self) -> dict:
        said = super().clean() or {}
        for name in () if said.get("defaults") else self.names:
            if said.get(name) is None and name not in self.errors:
                self.add_error(name, "Give a number.")
        return said

    def weights(self) -> dict[str, float]:
        """Weight by part; none for the defaults."""
        if self.cleaned_data["defaults"]:
            return {}
        return {name: self.cleaned_data[name] for name in self.names}


class PreferencesForm(forms.Form):
    """An opinion on each option; no opinion is one too."""

    CHOICES = [("", "No preference"), ("prefers", "Prefers"), ("declines", "Would rather not")]
    PLAIN = [("", "I do not mind"), ("prefers", "I would like this"),
             ("declines", "I would rather not")]  # fmt: skip

    helper = FormHelper()
    helper.form_tag = False

    def __init__(self, *args: Any, last: PatientPreferences | None, is_plain: bool, **more: Any):
        super().__init__(*args, **more)
        self.is_plain = is_plain
        for option in preferable.OPTIONS:
            self.fields[option.code] = forms.ChoiceField(
                label=option.plain if is_plain else option.label, required=False,
                choices=self.PLAIN if is_plain else self.CHOICES,
                initial=_opinion(option.code, last),
            )  # fmt: skip
        self.fields["note"] = forms.CharField(
            label="Anything else" if is_plain else "Note", max_length=300, required=False,
            initial=last.note if last else "", widget=forms.Textarea({"rows": 2}),
        )  # fmt: skip

    def opinions(self) -> dict[str, str]:
        said = {option.code: self.cleaned_data[option.code] for option in preferable.OPTIONS}
        return {code: opinion for code, opinion in said.items() if opinion}


def _opinion(code: str, last: PatientPreferences | None) -> str:
    if last is None:
        return ""
    return "prefers" if code in last.prefers else "declines" if code in last.declines else ""
