"""Emergency access, and what a patient allows."""

from typing import Any

from crispy_forms.helper import FormHelper
from django import forms

from patients.forms.widgets import DayInput
from patients.models import Consent, EmergencyAccess


class EmergencyForm(forms.Form):
    """Whom one means and why. Whoever came from an address of the record needs no number."""

    number = forms.CharField(
        label="Patient number", max_length=64, help_text="Exact, with leading zeros."
    )
    birth_date = forms.DateField(widget=DayInput())
    reason = forms.CharField(
        min_length=EmergencyAccess.SHORTEST_REASON, max_length=300,
        widget=forms.Textarea({"rows": 3}),
        help_text="Such as: unconscious in the emergency room, medicines not known.",
    )  # fmt: skip
    knows_of_objection = forms.BooleanField(
        label="I know that the patient objected, and it cannot wait", required=False
    )
    helper = FormHelper()
    helper.form_tag = False

    def __init__(self, *args: Any, has_address: bool, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if has_address:
            del self.fields["number"]
        if "knows_of_objection" not in self.data:
            self.fields["knows_of_objection"].widget = forms.HiddenInput()

    def ask_about_objection(self) -> None:
        self.fields["knows_of_objection"].widget = forms.CheckboxInput()


class ConsentForm(forms.Form):
    """One decision."""

    purpose = forms.ChoiceField(choices=Consent.Purpose.choices)
    answer = forms.ChoiceField(choices=[("yes", "Allowed"), ("no", "Not allowed")])
    note = forms.CharField(required=False, max_length=200)
