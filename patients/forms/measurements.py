"""Values entered by hand: the vital signs of one visit, or one test."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from datetime import datetime
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Layout, Row
from django import forms
from django.forms.forms import DeclarativeFieldsMetaclass

from healthcare.common import figures
from ml import analytes
from patients.forms.widgets import MomentInput
from patients.services.measurements import Reading

LINES = [("SBP", "DBP"), ("HR", "RR"), ("SPO2",), ("TEMP", "TEMP_unit"),
         ("WEIGHT", "WEIGHT_unit"), ("HEIGHT", "HEIGHT_unit"), ("WAIST", "WAIST_unit")]  # fmt: skip
VITAL_SIGNS = ["SBP", "DBP", "HR", "RR", "TEMP", "SPO2", "WEIGHT", "HEIGHT", "WAIST"]
# Units that are written in a form, of those that the analyte is known in.
OFFERED = {
    "TEMP": ["Cel", "[degF]"],
    "WEIGHT": ["kg", "[lb_av]"],
    "HEIGHT": ["cm", "[in_i]"],
    "WAIST": ["cm", "[in_i]"],
}
PRINTED = {"[degF]": "°F", "[lb_av]": "lb", "[in_i]": "in"}
GROUPS_BY_DEVICE = {"wearables"}


def unit_words(unit: str) -> str:
    return PRINTED.get(unit, figures.unit(unit))


class _AbstractForm(DeclarativeFieldsMetaclass, ABCMeta):
    """Forms of which some methods are for their kinds to say."""


class ReadingsForm(forms.Form, metaclass=_AbstractForm):
    """What both forms share: when it was measured, not later than now."""

    measured_at = forms.DateTimeField(label="Measured at", widget=MomentInput())

    def __init__(self, *args: Any, now: datetime, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.now = now

    def clean_measured_at(self) -> datetime:
        moment = self.cleaned_data["measured_at"]
        if moment > self.now:
            raise forms.ValidationError("This is still to come. Give a time up to now.")
        return moment

    @abstractmethod
    def readings(self) -> list[Reading]:
        """What was measured."""

    @abstractmethod
    def field_of(self, code: str) -> str:
        """Name of the field that an analyte was typed into."""


class VitalSignsForm(ReadingsForm):
    """The vital signs of one moment; what was not measured stays empty."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for code in VITAL_SIGNS:
            analyte = analytes.get(code)
            offered = OFFERED.get(code, [analyte.unit])
            words = analyte.display if len(offered) > 1 else _with_unit(analyte)
            self.fields[code] = forms.CharField(
                label=words, required=False, max_length=12,
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            )  # fmt: skip
            if len(offered) > 1:
                choices = [(unit, unit_words(unit)) for unit in offered]
                self.fields[f"{code}_unit"] = forms.ChoiceField(
                    label="Unit", choices=choices, required=False,
                    widget=forms.Select(attrs={"aria-label": f"Unit of {analyte.display}"}),
                )  # fmt: skip
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True  # the page has it
        self.helper.layout = Layout("measured_at", *(Row(*map(Column, line)) for line in LINES))

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if not any(said.get(code) for code in VITAL_SIGNS):
            raise forms.ValidationError("Nothing was measured. Fill in at least one value.")
        return said

    def readings(self) -> list[Reading]:
        said = self.cleaned_data
        return [
            Reading(code, said[code], said.get(f"{code}_unit") or analytes.get(code).unit)
            for code in VITAL_SIGNS
            if said[code]
        ]

    def field_of(self, code: str) -> str:
        return code


class OneResultForm(ReadingsForm):
    """One test, such as a glucose at the point of care."""

    test = forms.ChoiceField(label="Test and unit")
    value = forms.CharField(
        max_length=40, help_text="A number, with < or > before it where the device says so."
    )
    note = forms.CharField(label="Remark", max_length=300, required=False)
    field_order = ["test", "value", "measured_at", "note"]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["test"].choices = [("", "Choose one"), *_tests()]  # type: ignore[attr-defined]

    def readings(self) -> list[Reading]:
        said = self.cleaned_data
        code, _, unit = said["test"].partition("|")
        return [Reading(code, said["value"].strip(), unit, said["note"])]

    def field_of(self, code: str) -> str:
        return "value"


def _with_unit(analyte: analytes.Analyte) -> str:
    unit = unit_words(analyte.unit)
    return f"{analyte.display} ({unit})" if unit else analyte.display


def _tests() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every analyte with each of its units, under the name of its group."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for analyte in analytes.all():
        if analyte.group in GROUPS_BY_DEVICE:
            continue
        for unit in (analyte.unit, *analyte.other_units):
            words = f"{analyte.display}, {unit_words(unit)}".rstrip(", ")
            group = groups.setdefault(analyte.group.capitalize(), [])
            group.append((f"{analyte.code}|{unit}", words))
    return [
        (group, sorted(tests, key=lambda test: test[1].casefold()))
        for group, tests in sorted(groups.items())
    ]
