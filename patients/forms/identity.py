"""Decisions on who is who: two records of one person, results on the wrong one."""

from crispy_forms.helper import FormHelper
from django import forms

from patients.forms.widgets import DayInput
from patients.models import DuplicateCandidate
from patients.services import merging, moving


class MergeForm(forms.Form):
    """Which of the two stays; `survivor` holds the key of a patient of the pair."""

    survivor = forms.TypedChoiceField(label="Record that stays", coerce=int, choices=())
    reason = forms.CharField(
        label="Why are they one person?", min_length=merging.SHORTEST_REASON, max_length=200,
        help_text="Such as: both seen with the same identity card. It is kept with your name.",
    )  # fmt: skip

    def __init__(self, *args, candidate: DuplicateCandidate, **kwargs):
        super().__init__(*args, **kwargs)
        pair = [(candidate.first_id, "A"), (candidate.second_id, "B")]
        self.fields["survivor"].choices = pair  # type: ignore[attr-defined]


class MoveForm(forms.Form):
    """Whose results these are: exact, so that nobody browses."""

    number = forms.CharField(label="Number of the right patient", max_length=64)
    birth_date = forms.DateField(label="Their birth date", widget=DayInput())
    reason = forms.CharField(
        label="How do you know?", min_length=moving.SHORTEST_REASON, max_length=200,
        help_text="Such as: the ward has confirmed that two tubes were swapped.",
    )  # fmt: skip
    helper = FormHelper()
    helper.form_tag = False
