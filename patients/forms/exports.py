from django import forms

from patients.services import cohorts


class CohortForm(forms.Form):
    purpose = forms.ChoiceField(
        label="What it is for",
        choices=[(str(purpose), purpose.label) for purpose in cohorts.PURPOSES],
        widget=forms.RadioSelect,
        help_text="Only patients whose newest decision on this purpose is yes are in it.",
    )
