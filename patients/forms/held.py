"""Answers to the questions that held rows ask."""

from collections.abc import Iterable

from crispy_forms.helper import FormHelper
from django import forms

from patients.models import Analyte
from patients.services.heldlist import Wanted


class _Plain(forms.Form):
    helper = FormHelper()
    helper.form_tag = False


class FindPatientForm(_Plain):
    """Who is meant: exact, so that nobody browses."""

    number = forms.CharField(label="Patient number", required=False, max_length=64)
    family_name = forms.CharField(required=False, max_length=100)
    given_name = forms.CharField(required=False, max_length=100)
    birth_date = forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def clean(self) -> dict:
        data = super().clean() or {}
        named = data.get("family_name") and data.get("birth_date")
        if not self.errors and not (data.get("number") or named):
            raise forms.ValidationError(
                "Give the whole patient number, or the family name with the birth date."
            )
        return data

    @property
    def wanted(self) -> Wanted:
        return Wanted(**self.cleaned_data)


class MatchForm(_Plain):
    """The patient chosen among those found."""

    patient = forms.UUIDField()
    remember = forms.BooleanField(required=False)


class TellForm(MatchForm):
    """The same for somebody of a bundle, with how it is known."""

    reason = forms.CharField(
        label="How do you know?",
        max_length=200,
        min_length=3,
        help_text="Kept in the audit log with your name.",
    )


class MapCodeForm(_Plain):
    """Which analyte a source means by its code; the likely ones come first."""

    unit = forms.CharField(
        label="Unit where its rows give none",
        required=False,
        max_length=30,
        help_text="In UCUM, such as mg/dL. Leave empty when the rows have units.",
    )

    def __init__(
        self,
        *args,
        analytes: Iterable[Analyte],
        likely: Iterable[str] = (),
        has_source: bool = True,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        if not has_source:
            self.fields["source"] = forms.CharField(
                label="Who wrote these rows",
                max_length=60,
                help_text="The laboratory or system; what its code means is remembered for it.",
            )
        self.fields["analyte"] = forms.ChoiceField(
            label="It is", choices=analyte_choices(analytes, likely)
        )
        self.order_fields(["analyte", "unit", "source"])


class LocalCodeForm(_Plain):
    """What one code of a file means, while the file waits; empty leaves its rows held."""

    def __init__(
        self, *args, code: str, analytes: Iterable[Analyte], likely: Iterable[str] = (), **kwargs
    ):
        super().__init__(*args, **kwargs)
        self.code = code
        self.fields["analyte"] = forms.ChoiceField(
            label="It is", choices=analyte_choices(analytes, likely), required=False
        )


class MapUnitForm(_Plain):
    """Which unit is meant, among those in which the analyte can be read."""

    def __init__(self, *args, units: Iterable[str], **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["unit"] = forms.ChoiceField(
            label="The unit is",
            choices=[("", "Choose a unit"), *((unit, unit) for unit in units)],
        )


class RejectForm(_Plain):
    comment = forms.CharField(
        label="Why are they rejected?",
        max_length=200,
        min_length=3,
        help_text="Kept with the rows.",
    )


def analyte_choices(analytes: Iterable[Analyte], likely: Iterable[str]) -> list:
    """Choices of a select: the likely ones in their order, then all by group."""
    rows = list(analytes)
    by_code = {row.code: row for row in rows}
    first = [by_code[code] for code in likely if code in by_code]
    groups: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(_choice(row))
    choices: list = [("", "Choose a test")]
    if first:
        choices.append(("Likely", [_choice(row) for row in first]))
    return choices + list(groups.items())


def _choice(row: Analyte) -> tuple[str, str]:
    return row.code, f"{row.name} ({row.loinc or row.code}), {row.unit}"
