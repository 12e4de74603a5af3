"""Sending what one's devices counted."""

from crispy_forms.helper import FormHelper
from django import forms
from django.conf import settings


class WearableUploadForm(forms.Form):
    file = forms.FileField(
        label="Export of the device",
        widget=forms.ClearableFileInput(attrs={"accept": ".zip,.xml,.csv,.json,text/csv"}),
    )

    helper = FormHelper()
    helper.form_tag = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        limit = settings.UPLOAD_MAX_BYTES // 2**20
        self.fields[
            "file"
        ].help_text = f"The export.zip of Apple Health, or a table of days; up to {limit} MB."
