"""What a reader of the lab pages may narrow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from healthcare.portal.labs import Asked
from healthcare.portal.presenters.lab_grid import group_words


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class LabFilterForm(forms.Form):
    """Days and kinds of results; a field that cannot be read narrows nothing and says so."""

    group = forms.CharField(required=False, label="Tests", max_length=40)
    since = forms.DateField(required=False, label="Collected from", widget=DayInput())
    until = forms.DateField(required=False, label="Collected to", widget=DayInput())
    known = forms.DateField(required=False, label="As known on", widget=DayInput())
    abnormal = forms.BooleanField(required=False, label="Abnormal only")
    unreviewed = forms.BooleanField(required=False, label="Not reviewed only")

    def asked(self, page: str) -> Asked:
        self.is_valid()
        said: dict[str, Any] = self.cleaned_data
        return Asked(
            known=said.get("known"),
            group=said.get("group", ""),
            is_abnormal=said.get("abnormal", False),
            is_unreviewed=said.get("unreviewed", False),
            since=said.get("since"),
            until=said.get("until"),
            page=page,
        )

    def offer(self, groups: Iterable[str]) -> None:
        """Let the groups be chosen that this patient has results of."""
        choices = [("", "All tests"), *((group, group_words(group)) for group in groups)]
        self.fields["group"].widget = forms.Select(choices=choices)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("since") and said.get("until") and said["since"] > said["until"]:
            self.add_error("until", "This day comes before the first one. Change one of the two.")
        return said
