"""What the columns of one file mean, as a person confirms it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, cast
from zoneinfo import available_timezones

from crispy_forms.helper import FormHelper
from django import forms

from patients.labcsv.evidence import Doubt
from patients.labcsv.fields import EXTRA_FIELDS, FIELDS, PROVENANCE, WORDS
from patients.labcsv.profile import CHOICES, BadProfile, Profile

REQUIRED = {"long": ("mrn", "code", "value", "collected_at"), "wide": ("mrn", "collected_at")}
# What a person should look at first: without a unit most rows cannot be read.
FIRST = {"long": ("mrn", "code", "value", "unit", "collected_at"), "wide": ("mrn", "collected_at")}
# What a table with one column a test has no column of its own for.
OF_ONE_RESULT = {"code", "test_name", "value", "unit", "flag", "reference_low", "reference_high",
                 "reference_range"}  # fmt: skip
MOST_TESTS = 300
LONGEST_SAMPLE = 24
NONE_OF_THESE = "none"  # an answer, where no answer is ""
READING = {
    "date_order": "Dates are written",
    "decimal": "Decimal sign",
    "thousands": "Between thousands stands",
    "encoding": "Letters are written in",
}


class TestRow(NamedTuple):
    """One column of a wide table, as bound fields."""

    heading: str
    sample: str
    code: forms.BoundField
    unit: forms.BoundField


class MappingForm(forms.Form):
    """Our fields and their columns, and how dates and numbers are written.

    `profile` is how the file would be read now; `header` its headings; `doubts` are questions
    that it leaves open, whose answers have no default; `samples` a first cell by heading;
    `origin` says of each answer that is filled in where it comes from.
    """

    helper = FormHelper()
    helper.form_tag = False

    def __init__(
        self,
        *args: Any,
        profile: Profile,
        header: Sequence[str],
        doubts: Sequence[Doubt] = (),
        samples: Mapping[str, str] | None = None,
        origin: str = "",
        **kwargs: Any,
    ):
        super().__init__(*args, **kwargs)
        self.origin = origin
        self.profile = profile
        self.header = [heading for heading in header if heading]
        self.samples = samples or {}
        self.doubts = {doubt.field: doubt for doubt in doubts}
        self._add_columns()
        self._add_reading()
        self._add_tests()
        for field, doubt in self.doubts.items():
            self._ask(field, doubt)

    # --- what the fields are ------------------------------------------------------------

    def _add_columns(self) -> None:
        named = [(one, self._with_sample(one)) for one in self.header]
        for field in self._mapped():
            required = field in REQUIRED[self.profile.layout]
            nothing = "Choose a column" if required else "Not in this file"
            self.fields[f"column_{field}"] = forms.ChoiceField(
                label=WORDS.get(field, field),
                required=required,
                choices=[("", nothing), *named],
                initial=(said := self.profile.columns.get(field, "")),
                help_text=self.origin if said and said != field else "",
            )

    def _add_reading(self) -> None:
        for name, label in READING.items():
            self.fields[name] = forms.ChoiceField(
                label=label,
                choices=list(CHOICES[name].items()),
                required="" not in CHOICES[name],
                initial=getattr(self.profile, name),
            )
        self.fields["zone"] = forms.ChoiceField(
            label="Times without an offset are those of",
            choices=[("", "This site"), *((one, one) for one in sorted(available_timezones()))],
            required=False,
            initial=self.profile.zone,
        )
        self.fields["dates_as_serials"] = forms.ChoiceField(
            label="Dates as days counted by a spreadsheet",
            choices=[("false", "No"), ("true", "Yes, such as 46082")],
            initial=str(self.profile.dates_as_serials).lower(),
        )
        self.fields["identifier_system"] = forms.CharField(
            label="Whose patient numbers",
            required=False,
            max_length=100,
            initial=self.profile.identifier_system,
            help_text="Empty: this hospital's own record numbers.",
        )
        self.fields["default_unit"] = forms.CharField(
            label="Unit of rows that give none",
            required=False,
            max_length=30,
            initial=self.profile.default_unit,
            help_text="Only if the laboratory has said so for every test of the file.",
        )

    def _add_tests(self) -> None:
        for number, heading in enumerate(self.test_headings()):
            said = self.profile.tests.get(heading, {})
            self.fields[f"test_{number}_code"] = forms.CharField(
                label=f"Test in {heading}", required=False, max_length=100,
                initial=said.get("code", ""),
                widget=forms.TextInput(attrs={"list": "known-tests", "autocomplete": "off"}),
            )  # fmt: skip
            self.fields[f"test_{number}_unit"] = forms.CharField(
                label=f"Unit of {heading}", required=False, max_length=30,
                initial=said.get("unit", ""),
            )  # fmt: skip

    def _ask(self, field: str, doubt: Doubt) -> None:
        """An open question has no default: somebody must answer it."""
        asked = self._field_of(doubt)
        if asked is None:
            return
        asked.required, asked.initial = True, ""
        asked.help_text = f"{doubt.message} {doubt.repair}"
        offered = [(value, label) for value, label in cast("list[tuple[str, str]]", asked.choices)
                   if value and (value in doubt.choices or not doubt.choices)]  # fmt: skip
        none = [(NONE_OF_THESE, "None of these")] if field == "thousands" else []
        asked.choices = [("", "Choose"), *offered, *none]

    def _field_of(self, doubt: Doubt) -> forms.ChoiceField | None:
        asked = self.fields.get(doubt.field) or self.fields.get(f"column_{doubt.field}")
        return asked if isinstance(asked, forms.ChoiceField) else None

    def _mapped(self) -> list[str]:
        """Our fields that may have a column, those to look at first in front."""
        first = FIRST[self.profile.layout]
        barred = {*PROVENANCE, *first}
        if self.profile.layout == "wide":
            barred |= OF_ONE_RESULT
        return [*first, *(one for one in (*FIELDS, *EXTRA_FIELDS) if one not in barred)]

    def _with_sample(self, heading: str) -> str:
        sample = self.samples.get(heading, "")[:LONGEST_SAMPLE]
        return f"{heading} (such as {sample})" if sample else heading

    # --- what the page shows -------------------------------------------------------------

    def test_headings(self) -> list[str]:
        """Columns of a wide table that are no field of ours, at most 300."""
        if self.profile.layout != "wide":
            return []
        used = set(self.profile.columns.values())
        return [one for one in self.header if one not in used][:MOST_TESTS]

    @property
    def unshown_tests(self) -> dict[str, dict[str, str]]:
        """Tests of the columns behind those: read as they are guessed or were said before."""
        shown = {*self.test_headings(), *self.profile.columns.values()}
        return {
            heading: dict(test)
            for heading, test in self.profile.tests.items()
            if heading not in shown
        }

    @property
    def open_doubts(self) -> list[Doubt]:
        """What is not sure and no field of this form asks for."""
        return [doubt for doubt in self.doubts.values() if self._field_of(doubt) is None]

    @property
    def has_other_columns(self) -> bool:
        """Whether one of the columns that need not be there is, or has an error."""
        return any(bound.value() or bound.errors for bound in self.other_columns)

    @property
    def first_columns(self) -> list[forms.BoundField]:
        return [self[f"column_{field}"] for field in FIRST[self.profile.layout]]

    @property
    def other_columns(self) -> list[forms.BoundField]:
        first = FIRST[self.profile.layout]
        return [self[f"column_{field}"] for field in self._mapped() if field not in first]

    @property
    def reading(self) -> list[forms.BoundField]:
        names = [*READING, "zone", "dates_as_serials", "identifier_system", "default_unit"]
        return [self[name] for name in names]

    @property
    def tests(self) -> list[TestRow]:
        return [
            TestRow(
                heading,
                self.samples.get(heading, "")[:LONGEST_SAMPLE],
                self[f"test_{number}_code"],
                self[f"test_{number}_unit"],
            )
            for number, heading in enumerate(self.test_headings())
        ]

    # --- what was said ---------------------------------------------------------------------

    def clean(self) -> dict:
        data = super().clean() or {}
        if not self.errors:
            try:
                self.confirmed = self._confirmed(data)
            except BadProfile as refusal:
                raise forms.ValidationError(str(refusal)) from refusal
        return data

    def _confirmed(self, data: dict) -> Profile:
        """The profile with the answers in it. Raises BadProfile."""
        columns = {field: data[f"column_{field}"] for field in self._mapped()}
        names = [*READING, "zone", "identifier_system", "default_unit"]
        written = {name: data[name] for name in names}
        if written["thousands"] == NONE_OF_THESE:
            written["thousands"] = ""
        return replace(
            self.profile,
            columns={field: heading for field, heading in columns.items() if heading},
            tests=self._tests(data) if self.profile.layout == "wide" else {},
            dates_as_serials=data["dates_as_serials"] == "true",
            **written,
        )

    def _tests(self, data: dict) -> dict[str, dict[str, str]]:
        rows = enumerate(self.test_headings())
        said = {
            heading: {"code": data[f"test_{number}_code"].strip(),
                      "unit": data[f"test_{number}_unit"].strip()}
            for number, heading in rows
        }  # fmt: skip
        shown = {heading: test for heading, test in said.items() if test["code"]}
        tests = {**self.unshown_tests, **shown}
        if not tests:
            raise BadProfile("Name the test of at least one column.")
        return tests
