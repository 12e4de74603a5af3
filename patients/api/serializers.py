"""What the endpoints of this app read and write; public ids only."""

from rest_framework import serializers

from healthcare.jobs.models import Job
from patients.models import ImportProblem, LabImport, Patient, PatientIdentifier, Result


class PatientIdentifierSerializer(serializers.ModelSerializer):
    class Meta:
        model = PatientIdentifier
        fields = ["system", "value"]


class PatientSerializer(serializers.ModelSerializer):
    id = serializers.UUIDField(source="public_id", read_only=True)
    identifiers = PatientIdentifierSerializer(many=True, read_only=True)
    care_team = serializers.CharField(source="care_team.name", read_only=True)

    class Meta:
        model = Patient
        fields = [
            "id",
            "identifiers",
            "family_name",
            "given_name",
            "sex",
            "birth_date",
            "died_on",
            "ethnicity",
            "care_team",
        ]


class ResultSerializer(serializers.ModelSerializer):
    code = serializers.CharField(source="analyte.code", read_only=True)
    loinc = serializers.CharField(source="analyte.loinc", read_only=True)
    name = serializers.CharField(source="analyte.name", read_only=True)
    unit = serializers.CharField(source="analyte.unit", read_only=True)

    class Meta:
        model = Result
        fields = [
            "code",
            "loinc",
            "name",
            "value",
            "comparator",
            "unit",
            "value_as_sent",
            "unit_as_sent",
            "flag",
            "reference_low",
            "reference_high",
            "status",
            "accession",
            "collected_at",
            "issued_at",
            "recorded_at",
            "superseded_at",
            "source",
        ]


class LabUploadSerializer(serializers.Serializer):
    file = serializers.FileField(help_text="CSV, one result a line; see the template")


class LabImportSerializer(serializers.ModelSerializer):
    id = serializers.UUIDField(source="public_id", read_only=True)
    status = serializers.ChoiceField(
        source="job.status", choices=Job.Status.choices, read_only=True
    )
    failure = serializers.CharField(source="job.failure", read_only=True)
    attempts = serializers.IntegerField(source="job.attempts", read_only=True)
    ended_at = serializers.DateTimeField(source="job.ended_at", read_only=True, allow_null=True)
    progress = serializers.IntegerField(source="percent", read_only=True)
    rows = serializers.IntegerField(source="row_count", read_only=True)
    accepted = serializers.IntegerField(source="accepted_count", read_only=True)
    corrected = serializers.IntegerField(source="corrected_count", read_only=True)
    duplicate = serializers.IntegerField(source="duplicate_count", read_only=True)
    refused = serializers.IntegerField(source="refused_count", read_only=True)

    class Meta:
        model = LabImport
        fields = [
            "id",
            "file_name",
            "size",
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
        ]


class ImportProblemSerializer(serializers.ModelSerializer):
    class Meta:
        model = ImportProblem
        fields = ["row", "column", "code", "message", "repair", "seen"]
