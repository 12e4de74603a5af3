"""Forms of the catalogue editor. They give an entry as the files would hold it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout
from django import forms

from patients.forms.widgets import DayInput
from recommendations import cataloguefields
from recommendations.catalogue import overlay, schema
from recommendations.catalogue.entries import Entry
from recommendations.catalogue.schema import Problem
from recommendations.cataloguefields import CHANGES, Field
from recommendations.models import ReviewTask

WHY = "Why, with the source. It is kept with the version, and whoever decides reads it."
PREFIX = "changes"
GROUPS = {
    overlay.INTERVENTION: (
        ("What it is", "name category subcategory urgency needs_clinician review_date"),
        ("For whom", ("indication__text indication__rule exclusion__rule exclusion__if_known "
                     "exclusion__cautions drug_classes also_checks")),
        ("Evidence", ("evidence__grade evidence__strength evidence__source "
                     "evidence__verification evidence__verified effect__text effect__verified")),
        ("What it asks for", ("target_risks tags burden__effort burden__cost "
                             "burden__acceptability delivery frequency time_to_benefit")),
        ("Words", "patient_text clinician_text note"),
    ),
    overlay.INTERACTION: (
        ("What it is", "drug_class severity against__type against__text trigger effect action"),
        ("Evidence", "review_date evidence__source evidence__verification evidence__verified"),
        ("Words", "note"),
    ),
}  # fmt: skip


class Lines(forms.CharField):
    """Texts, one a line."""

    def __init__(self, **more: Any):
        super().__init__(widget=forms.Textarea({"rows": 3}), max_length=2000, **more)

    def to_python(self, said: Any) -> list[str]:  # type: ignore[override]
        return [
            line.strip() for line in (super().to_python(said) or "").splitlines() if line.strip()
        ]

    def prepare_value(self, said: Any) -> Any:
        return "\n".join(said) if isinstance(said, list | tuple) else said


def _line(field: Field) -> forms.Field:
    return forms.CharField(max_length=field.longest)


def _text(field: Field) -> forms.Field:
    return forms.CharField(max_length=field.longest, widget=forms.Textarea({"rows": 2}))


def _rule(field: Field) -> forms.Field:
    return forms.CharField(
        max_length=2000, widget=forms.Textarea({"rows": 3, "spellcheck": "false", "class": "mono"})
    )


def _choice(field: Field) -> forms.Field:
    return forms.ChoiceField(choices=[(each, each.capitalize()) for each in field.choices])


def _grade(field: Field) -> forms.Field:
    return forms.TypedChoiceField(choices=[(n, n) for n in range(1, 6)], coerce=int)


FIELDS = {
    "line": _line,
    "text": _text,
    "rule": _rule,
    "choice": _choice,
    "grade": _grade,
    "flag": lambda field: forms.BooleanField(),
    "list": lambda field: Lines(),
    "day": lambda field: forms.DateField(widget=DayInput()),
}


class EntryForm(forms.Form):
    """Every field of an entry but its effects in numbers, and why it changes."""

    def __init__(
        self, *args: Any, part: str, entry: Entry | None, tasks: Iterable[ReviewTask] = (), **more
    ):
        super().__init__(*args, **more)
        self.part, self.entry, self.open_tasks = part, entry or {}, list(tasks)
        if entry is None:
            self.fields["code"] = forms.RegexField(
                r"^[A-Z][A-Z0-9]{1,9}$", label="Code", max_length=10,
                help_text="Capital letters and digits, such as S01. It is never used again.",
            )  # fmt: skip
        for field in self._said():
            self.fields[field.key] = self._field(field)
        if entry is not None and "category" in self.fields:
            self.fields["category"].disabled = True
        self._add_why()
        self.helper = self._helper()

    def _said(self) -> list[Field]:
        return [field for field in cataloguefields.of(self.part) if field.name != CHANGES]

    def _field(self, field: Field) -> forms.Field:
        made = FIELDS[field.kind](field)
        made.label, made.help_text = field.label, field.help
        made.required = field.is_required and field.kind != "flag"
        made.initial = cataloguefields.value(self.entry, field.name)
        return made

    def _add_why(self) -> None:
        if self.open_tasks:
            self.fields["tasks"] = forms.MultipleChoiceField(
                label="Answers these proposals", required=False,
                widget=forms.CheckboxSelectMultiple,
                choices=[(str(task.pk), task.text) for task in self.open_tasks],
                initial=[str(task.pk) for task in self.open_tasks],
                help_text="They are closed when the draft is published.",
            )  # fmt: skip
        self.fields["reason"] = forms.CharField(
            label="Why", max_length=500, widget=forms.Textarea({"rows": 2}), help_text=WHY
        )

    def _helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = helper.disable_csrf = False
        helper.disable_csrf = True
        groups = [
            Fieldset(title, *names.split(), css_class="mb-4") for title, names in GROUPS[self.part]
        ]
        first = ["code"] if "code" in self.fields else []
        last = [name for name in ("tasks", "reason") if name in self.fields]
        helper.layout = Layout(*first, *groups, Fieldset("Why it changes", *last))
        return helper

    @property
    def code(self) -> str:
        return self.cleaned_data.get("code") or str(self.entry["id"])

    def said(self, changes: list[dict[str, Any]]) -> dict[str, Any]:
        """The entry as the files would hold it, but for its version."""
        entry: dict[str, Any] = {"id": self.code}
        for field in cataloguefields.of(self.part):
            found = changes if field.name == CHANGES else self._value(field)
            if found not in ("", None, []) or self._stays_when_empty(field):
                cataloguefields.put(entry, field.name, found)
        return entry

    def _value(self, field: Field) -> Any:
        found = self.cleaned_data.get(field.key)
        if field.kind == "day" and found:
            return found.isoformat()
        return found if found != "" else None

    def _stays_when_empty(self, field: Field) -> bool:
        """What the schema wants to be there even when nothing is said."""
        known = schema.INTERVENTION if self.part == overlay.INTERVENTION else schema.INTERACTION
        return field.name in known or field.name == CHANGES

    def chosen_tasks(self) -> tuple[ReviewTask, ...]:
        chosen = set(self.cleaned_data.get("tasks") or ())
        return tuple(task for task in self.open_tasks if str(task.pk) in chosen)

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Say each fault of the schema at its field."""
        for problem in problems:
            key = problem.field.replace(".", "__")
            where = key if key in self.fields else None
            said = problem.fault if where else f"{problem.field} {problem.fault}"
            self.add_error(where, said[:1].upper() + said[1:])


class ChangeForm(forms.Form):
    """One effect in numbers."""

    feature = forms.CharField(
        label="Of what", max_length=40, help_text="Analyte code or outcome, such as LDL or stroke."
    )
    op = forms.ChoiceField(
        label="Kind of number",
        initial="abs",  # what a browser sends of an empty row
        choices=[("abs", "Change in its unit"), ("pct", "Change in %"), ("rr", "Relative risk"),
                 ("set", "Value reached")],
    )  # fmt: skip
    min = forms.FloatField(label="From")
    max = forms.FloatField(label="To")
    unit = forms.CharField(label="Unit or remark", max_length=120, required=False)
    months = forms.FloatField(label="After months", min_value=0)
    point = forms.FloatField(label="Estimate of the trial", required=False)
    when = forms.CharField(label="Only where (rule)", max_length=1000, required=False)
    not_counted = forms.CharField(
        label="Why it is not counted as benefit", max_length=300, required=False
    )

    def said(self) -> dict[str, Any]:
        said = dict(self.cleaned_data)
        said.pop("DELETE", None)
        said = {name: _whole(value) for name, value in said.items()}
        optional = {name: said.pop(name) for name in ("point", "when", "not_counted")}
        said["unit"] = said["unit"] or None
        return said | {name: value for name, value in optional.items() if value not in ("", None)}


def _whole(value: Any) -> Any:
    """Numbers as the files write them: 60, not 60.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


ChangeFormSet = forms.formset_factory(ChangeForm, extra=1, can_delete=True, max_num=20)


def changes(data: Mapping[str, Any] | None, entry: Entry | None) -> forms.BaseFormSet:
    """The effects of an entry, and room for one more."""
    initial = cataloguefields.value(entry, CHANGES) if entry else None
    return ChangeFormSet(data, prefix=PREFIX, initial=initial or [])


def said_changes(formset: forms.BaseFormSet) -> list[dict[str, Any]]:
    kept = [form for form in formset.forms if form.has_changed() or form.initial]
    return [form.said() for form in kept if not form.cleaned_data.get("DELETE")]


class WhyForm(forms.Form):
    """Why an entry is withdrawn, or goes back to the file."""

    reason = forms.CharField(
        label="Why", max_length=500, widget=forms.Textarea({"rows": 3}), help_text=WHY
    )
    helper = FormHelper()
    helper.form_tag = False


class RenewForm(WhyForm):
    """A new review date."""

    on = forms.DateField(
        label="Sources read again on", widget=DayInput(),
        help_text="Only if what the entry says still holds. If it does not, edit it.",
    )  # fmt: skip
    field_order = ["on", "reason"]


class SearchForm(forms.Form):
    STATES = [("", "All states"), ("active", "Active"), ("unverified", "Not checked"),
              ("expired", "Expired"), ("withdrawn", "Withdrawn"), ("draft", "In draft"),
              ("own", "Edited by this site")]  # fmt: skip

    q = forms.CharField(required=False, max_length=100)
    state = forms.ChoiceField(required=False, choices=STATES)
    category = forms.ChoiceField(
        required=False,
        choices=[("", "All categories"), *((each, each.capitalize()) for each in schema.CATEGORIES),
                 ("interaction", "Interaction")],
    )  # fmt: skip


class DecideForm(forms.Form):
    """What a second person, or the author, does with a draft."""

    DECISIONS = [("publish", "Publish"), ("reject", "Reject"), ("take_back", "Take back")]

    decision = forms.ChoiceField(choices=DECISIONS)
    seen = forms.CharField(max_length=64, required=False)
    why = forms.CharField(max_length=500, required=False)
