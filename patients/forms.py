from crispy_forms.helper import FormHelper
from django import forms
from django.conf import settings


class LabUploadForm(forms.Form):
    """One file of laboratory results."""

    file = forms.FileField(
        label="Laboratory file (CSV)",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )

    helper = FormHelper()
    helper.form_tag = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        limit = settings.UPLOAD_MAX_BYTES // 2**20
        self.fields["file"].help_text = (
            f"One result a line; commas, semicolons, tabs or bars between the cells; "
            f"up to {limit} MB."
        )
