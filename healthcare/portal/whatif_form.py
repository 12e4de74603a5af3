"""What is tried on the what-if page, read in the units of the reader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, cast

from django import forms

from healthcare.common import figures
from healthcare.portal.whatif import Change, Lever, Offer, Step
from ml import units

System = Literal["US", "SI"]
KEEPS, STOPS = "current", "former"


class WhatIfForm(forms.Form):
    """One number for each lever, whether smoking stops, and which recommended steps are taken.

    A field left empty, or with today's value in it, changes nothing.
    """

    def __init__(self, *args: Any, offer: Offer, steps: Sequence[Step], system: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.offer, self.system = offer, cast(System, system)
        for lever in offer.levers:
            self.fields[lever.code] = self._number(lever)
        if offer.can_stop_smoking:
            self.fields["smoking"] = forms.ChoiceField(
                choices=[(KEEPS, "Smokes, as now"), (STOPS, "Has stopped")],
                initial=KEEPS,
                required=False,
                label="Smoking",
                widget=forms.Select(attrs={"class": "form-select"}),
            )
        self.fields["steps"] = forms.MultipleChoiceField(
            choices=[(step.id, step.name) for step in steps],
            initial=[step.id for step in steps if step.is_shown],
            required=False,
            widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
            label="Recommended steps",
        )

    def change(self) -> Change:
        """What is tried, in canonical units. Only of a valid form."""
        said = self.cleaned_data
        return Change(
            values={
                lever.code: self._canonical(lever, said[lever.code])
                for lever in self.offer.levers
                if self._is_moved(lever, said[lever.code])
            },
            stops_smoking=said.get("smoking") == STOPS,
        )

    def chosen(self) -> set[str]:
        """Ids of the steps that are taken: the shown ones until somebody chooses."""
        if self.is_bound:
            return set(self.cleaned_data["steps"])
        return set(self.fields["steps"].initial or ())

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for lever in self.offer.levers:
            self._check(lever, said.get(lever.code))
        self._check_pressures(said)
        return said

    def _check_pressures(self, said: dict[str, Any]) -> None:
        pair = [lever for lever in self.offer.levers if lever.code in {"SBP", "DBP"}]
        moved = [lever.code for lever in pair if self._is_moved(lever, said.get(lever.code))]
        upper, lower = (self._tried(said, code) for code in ("SBP", "DBP"))
        if moved and upper is not None and lower is not None and upper <= lower:
            self.add_error(moved[-1], "Diastolic pressure lies below systolic. Change one of them.")

    def _check(self, lever: Lever, value: float | None) -> None:
        """Its limits in the reader's units; today's value always lies within."""
        if value is None or not self._is_moved(lever, value):
            return
        low, high = self.offer.limits(lever)
        if not low <= self._canonical(lever, value) <= high:
            ends = " to ".join(self._written(lever, end) for end in (low, high))
            self.add_error(
                lever.code,
                f"{lever.label} can be tried from {ends} {self._unit(lever)}. "
                "Enter a value in between.",
            )

    def _is_moved(self, lever: Lever, value: float | None) -> bool:
        """Another value than the one that is written there today."""
        return value is not None and value != float(self.fields[lever.code].initial)

    def _tried(self, said: dict[str, Any], code: str) -> float | None:
        value = said.get(code)
        return self.offer.values.get(code) if value is None else value

    def _number(self, lever: Lever) -> forms.FloatField:
        _, decimals = units.display_unit(lever.code, self.system)
        now = self._written(lever, self.offer.values[lever.code])
        ends = " to ".join(self._written(lever, end) for end in self.offer.limits(lever))
        unit = self._unit(lever)
        return forms.FloatField(
            required=False,
            initial=now,
            label=f"{lever.label}, {unit}" if unit else lever.label,
            help_text=f"Now {now}; {ends} can be tried.",
            widget=forms.NumberInput(
                attrs={
                    "class": "form-control",
                    "step": f"{10**-decimals:g}",
                    "inputmode": "decimal",
                }
            ),
            error_messages={"invalid": f"{lever.label} is a number, such as {now}."},
        )

    def _written(self, lever: Lever, value: float) -> str:
        return units.written(units.display(lever.code, value, self.system))

    def _unit(self, lever: Lever) -> str:
        return figures.unit(units.display_unit(lever.code, self.system)[0])

    def _canonical(self, lever: Lever, value: float) -> float:
        return float(
            units.convert(lever.code, value, units.display_unit(lever.code, self.system)[0])
        )
