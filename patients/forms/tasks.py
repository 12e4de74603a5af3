"""Seeing to a result."""

from django import forms

from patients.models import ResultTask


class AcknowledgeForm(forms.ModelForm):
    """One click; a comment for those who want to say what was done."""

    class Meta:
        model = ResultTask
        fields = ["comment"]
