"""The first step of the wizard, and taking a file back."""

from collections.abc import Iterable

from crispy_forms.helper import FormHelper
from django import forms
from django.conf import settings

from patients.labcsv.heads import MOST_LINES, Start
from patients.labcsv.profile import CHOICES, Profile
from patients.models import LabSource

ACCEPTED = (
    ".csv,.tsv,.txt,.xlsx,.xls,.ods,.gz,.hl7,.json,.ndjson,.xml,.zip,text/csv,text/plain,"
    "application/json"
)
LONGEST_REASON = 200


class LabUploadForm(forms.Form):
    """One file and who wrote it. `sources` are the names of those known."""

    file = forms.FileField(
        label="File of results", widget=forms.ClearableFileInput(attrs={"accept": ACCEPTED})
    )
    new_source = forms.CharField(
        label="Or a new one, by its name",
        required=False,
        max_length=60,
        help_text="Such as “Central laboratory” or “Analyser 3”.",
    )

    helper = FormHelper()
    helper.form_tag = False

    def __init__(self, *args, sources: Iterable[str] = (), **kwargs):
        super().__init__(*args, **kwargs)
        limit = settings.UPLOAD_MAX_BYTES // 2**20
        self.fields["file"].help_text = (
            "A table of text (CSV, TSV; gzip too), a spreadsheet, HL7 v2 messages or a FHIR R4 "
            f"bundle; up to {limit} MB. Drop it here or press the button."
        )
        self.fields["source"] = forms.ChoiceField(
            label="Laboratory or system that wrote it",
            choices=[("", "Not named: nothing is remembered"), *((name, name) for name in sources)],
            required=False,
            help_text="How its files are read, and what its test codes mean, is remembered.",
        )
        self.order_fields(["file", "source", "new_source"])

    def clean_new_source(self) -> str:
        return " ".join(self.cleaned_data["new_source"].split())

    def clean(self) -> dict:
        data = super().clean() or {}
        if data.get("source") and data.get("new_source"):
            self.add_error("new_source", "Choose a known one or name a new one, not both.")
        return data

    @property
    def source_name(self) -> str:
        return self.cleaned_data["new_source"] or self.cleaned_data["source"]


class StartForm(forms.Form):
    """Where a table begins, if the guess was wrong; `profile` is the guess, None where nothing
    could be read. Without what stands between the cells for a workbook."""

    delimiter = forms.ChoiceField(
        label="Between cells stands a",
        required=False,
        choices=[("", "Find it out"), *CHOICES["delimiter"].items()],
    )
    header_row = forms.IntegerField(
        label="Line of the headings",
        required=False,
        min_value=0,
        max_value=MOST_LINES,
        help_text="0 where no line names the columns.",
    )

    helper = FormHelper()
    helper.form_tag = False

    def __init__(self, *args, profile: Profile | None, is_text: bool, **kwargs):
        super().__init__(*args, **kwargs)
        if profile is not None:
            self.initial = {"delimiter": profile.delimiter, "header_row": profile.header_row}
        if not is_text:
            del self.fields["delimiter"]

    @property
    def start(self) -> Start:
        """What was said; nothing where it was not understood."""
        if not self.is_valid():
            return Start()
        said = self.cleaned_data
        return Start(said.get("delimiter", ""), said["header_row"])


class WithdrawForm(forms.Form):
    """Why a file is taken back."""

    reason = forms.CharField(
        label="Why is it withdrawn?",
        max_length=LONGEST_REASON,
        min_length=5,
        help_text="Such as “wrong patient numbers” or “sent twice under another name”.",
    )

    helper = FormHelper()
    helper.form_tag = False


class ConfirmForm(forms.Form):
    """The last questions before an import; `source` remembers what becomes of unknown
    patients (None: it is not asked), `teams` may take the new ones of a bundle."""

    unknown_patients = forms.ChoiceField(
        label="Rows whose patient is not known here",
        choices=LabSource.UnknownPatients.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    is_sure = forms.BooleanField(required=False, initial=True, widget=forms.HiddenInput)

    helper = FormHelper()
    helper.form_tag = False

    def __init__(self, *args, source: LabSource | None, teams: Iterable[str] = (), **kwargs):
        super().__init__(*args, **kwargs)
        if teams:
            self.fields["team"] = forms.ChoiceField(
                label="Care team of patients who are new",
                choices=[("", "None: only patients who are known here"),
                         *((name, name) for name in teams)],
                required=False,
            )  # fmt: skip
        policy = self.fields["unknown_patients"]
        if source is None:
            del self.fields["unknown_patients"]
        else:
            policy.required, policy.initial = True, source.unknown_patients
            policy.help_text = f"Remembered for {source}."
