from rest_framework import serializers

from recommendations.models import Feedback, Recommendation


class RecommendationSerializer(serializers.ModelSerializer):
    """A catalogue item weighed for a patient. `content` holds reasons, cautions and effects."""

    patient = serializers.UUIDField(source="patient.public_id", read_only=True)
    content = serializers.DictField(read_only=True)

    class Meta:
        model = Recommendation
        fields = ["id", "patient", "item", "status", "rank", "is_urgent", "content",
                  "catalogue_digest", "as_of"]  # fmt: skip
        read_only_fields = fields


class FeedbackSerializer(serializers.ModelSerializer):
    """An answer to a recommendation. Send an `Idempotency-Key` header to be able to retry."""

    by = serializers.CharField(source="by.username", read_only=True)

    class Meta:
        model = Feedback
        fields = ["id", "answer", "reason", "comment", "snooze_until", "by", "at"]
        read_only_fields = ["id", "by", "at"]
        # A sentence for the missing day comes from the service.
        extra_kwargs = {"snooze_until": {"required": False, "allow_null": True}}
