"""What the endpoints of laboratory files read and write."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from healthcare.jobs.models import Job
from patients.models import ImportProblem, LabImport, LabSource

DRAFT = "DRAFT"
STATUSES = [(DRAFT, "Kept, not imported yet"), *Job.Status.choices]


class LabUploadSerializer(serializers.Serializer):
    file = serializers.FileField(
        help_text="CSV or TSV (gzip too), XLSX, HL7 v2 messages or a FHIR R4 bundle"
    )
    source = serializers.CharField(  # type: ignore[assignment]
        required=False, default="", max_length=60, allow_blank=True,
        help_text="Laboratory or system that wrote the file; how its files are read and what its "
        "codes mean is remembered under this name",
    )  # fmt: skip
    dry_run = serializers.BooleanField(
        default=False, help_text="Say what the import would do and store nothing"
    )
    unknown_patients = serializers.ChoiceField(
        choices=[("", "As decided for the source before"), *LabSource.UnknownPatients.choices],
        required=False, default="", allow_blank=True,
        help_text="Rows whose patient is not known: hold them for a person, or refuse them. "
        "Remembered for the source",
    )  # fmt: skip
    profile = serializers.JSONField(
        required=False, default=dict,
        help_text="How the file is read where a guess is not wanted, as an object, such as "
        '{"date_order": "dmy", "decimal": ",", "zone": "Europe/Berlin"}',
    )  # fmt: skip

    team = serializers.CharField(
        required=False, default="", allow_blank=True,
        help_text="Care team of the patients of a bundle who are new; without it only patients "
        "who are known here are loaded",
    )  # fmt: skip

    def validate_profile(self, said):
        if not isinstance(said, dict):
            raise serializers.ValidationError("Give an object of names and values.")
        return said


class WithdrawalSerializer(serializers.Serializer):
    reason = serializers.CharField(min_length=5, max_length=200, help_text="Kept in the report")


class SampleSerializer(serializers.Serializer):
    row = serializers.IntegerField(help_text="Line of the file")
    test = serializers.CharField(allow_blank=True)
    value = serializers.CharField(allow_blank=True)
    unit = serializers.CharField(allow_blank=True)
    collected_at = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)


class CountsSerializer(serializers.Serializer):
    accepted = serializers.IntegerField()
    corrected = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    refused = serializers.IntegerField()
    unmatched = serializers.IntegerField()


class PreviewSerializer(serializers.Serializer):
    """What an import would do: counts, and up to ten rows of each kind."""

    counts = CountsSerializer()
    samples = serializers.DictField(child=SampleSerializer(many=True))
    causes = serializers.ListField(child=serializers.DictField())


class LabImportSerializer(serializers.ModelSerializer):
    id = serializers.UUIDField(source="public_id", read_only=True)
    source = serializers.CharField(  # type: ignore[assignment]
        source="lab_source.name", read_only=True, default=""
    )
    status = serializers.SerializerMethodField(
        help_text="DRAFT until it is confirmed, then the state of its import"
    )
    failure = serializers.SerializerMethodField(help_text="Why its import or dry run failed")
    attempts = serializers.IntegerField(source="job.attempts", read_only=True, default=0)
    ended_at = serializers.DateTimeField(source="job.ended_at", read_only=True, default=None)
    progress = serializers.IntegerField(
        source="percent", read_only=True, help_text="Per cent; 100 only when it has ended well"
    )
    rows = serializers.IntegerField(source="row_count", read_only=True)
    accepted = serializers.IntegerField(source="accepted_count", read_only=True)
    corrected = serializers.IntegerField(source="corrected_count", read_only=True)
    duplicate = serializers.IntegerField(source="duplicate_count", read_only=True)
    refused = serializers.IntegerField(source="refused_count", read_only=True)
    unmatched = serializers.IntegerField(
        source="unmatched_count", read_only=True, help_text="Rows whose patient is not known"
    )
    preview = serializers.SerializerMethodField(help_text="After a dry run; null before it ends")

    class Meta:
        model = LabImport
        fields = [
            "id",
            "file_name",
            "size",
            "format",
            "source",
            "uploaded_at",
            "status",
            "failure",
            "attempts",
            "ended_at",
            "progress",
            "rows",
            "accepted",
            "corrected",
            "duplicate",
            "refused",
            "unmatched",
            "preview",
            "withdrawn_at",
            "withdrawal_reason",
        ]

    @extend_schema_field(serializers.ChoiceField(choices=STATUSES))
    def get_status(self, lab_import: LabImport) -> str:
        return lab_import.job.status if lab_import.job else DRAFT

    def get_failure(self, lab_import: LabImport) -> str:
        job = lab_import.job or lab_import.preview_job
        return job.failure if job else ""

    @extend_schema_field(PreviewSerializer(allow_null=True))
    def get_preview(self, lab_import: LabImport) -> dict | None:
        return lab_import.preview


class ImportProblemSerializer(serializers.ModelSerializer):
    class Meta:
        model = ImportProblem
        fields = ["row", "column", "code", "message", "repair", "seen"]
