"""What the endpoints of this app read and write; public ids only."""

from rest_framework import serializers

from patients.models import Patient, PatientIdentifier, Result


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
