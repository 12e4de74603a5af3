from rest_framework import serializers

from predictions.models import ModelVersion, Prediction


class PredictionSerializer(serializers.ModelSerializer):
    """A stored prediction with everything needed to judge and to repeat it."""

    patient = serializers.UUIDField(source="patient.public_id", read_only=True)
    model = serializers.CharField(source="version.__str__", read_only=True)
    model_digest = serializers.CharField(source="version.digest", read_only=True)
    contributions = serializers.ListField(child=serializers.DictField(), read_only=True)
    missing = serializers.ListField(child=serializers.CharField(), read_only=True)
    warnings = serializers.ListField(child=serializers.CharField(), read_only=True)
    inputs = serializers.DictField(read_only=True)

    class Meta:
        model = Prediction
        fields = [
            "patient", "task", "model", "model_digest", "code_version", "as_of", "horizon_years",
            "risk", "low", "high", "baseline", "tier", "advice", "tier_flip", "contributions",
            "missing", "warnings", "inputs", "reason", "next_test",
        ]  # fmt: skip
        read_only_fields = fields


class ModelVersionSerializer(serializers.ModelSerializer):
    """A registered model and its manifest: study, training data, metrics."""

    manifest = serializers.DictField(read_only=True)

    class Meta:
        model = ModelVersion
        fields = ["id", "task", "title", "number", "stage", "digest", "created_at", "manifest"]
        read_only_fields = fields


class ModelVersionSummarySerializer(serializers.ModelSerializer):
    class Meta:
        model = ModelVersion
        fields = ["id", "task", "title", "number", "stage", "digest", "created_at"]
        read_only_fields = fields
