from rest_framework import serializers

from recommendations.forms import GIVEN
from recommendations.models import Feedback, Recommendation


class RecommendationSerializer(serializers.ModelSerializer):
    """A catalogue item weighed for a patient. `content` holds reasons, cautions and effects.

    `harms` is what trials counted against it, `in_trials` a benefit known in relative terms only,
    `shares` what each part of the ranking added to its score.
    """

    patient = serializers.UUIDField(source="patient.public_id", read_only=True)
    content = serializers.DictField(read_only=True)
    harms = serializers.ListField(
        child=serializers.DictField(), source="content.harms", read_only=True, default=list
    )
    in_trials = serializers.ListField(
        child=serializers.DictField(), source="content.in_trials", read_only=True, default=list
    )
    shares = serializers.DictField(
        child=serializers.FloatField(), source="content.shares", read_only=True, default=dict
    )

    class Meta:
        model = Recommendation
        fields = ["id", "patient", "item", "status", "rank", "is_urgent", "content",
                  "harms", "in_trials", "shares", "catalogue_digest", "as_of"]  # fmt: skip
        read_only_fields = fields


class FeedbackSerializer(serializers.ModelSerializer):
    """An answer to a recommendation. Send an `Idempotency-Key` header to be able to retry.

    `done_on` (today when left out) and `done_item` say when and what was done, where that is the
    answer; the record is brought into line with it.
    """

    by = serializers.CharField(source="by.username", read_only=True)
    answer = serializers.ChoiceField(choices=GIVEN)
    done_on = serializers.DateField(required=False, write_only=True)
    done_item = serializers.CharField(required=False, write_only=True, max_length=60)

    class Meta:
        model = Feedback
        fields = [
            "id",
            "answer",
            "reason",
            "comment",
            "snooze_until",
            "done_on",
            "done_item",
            "by",
            "at",
            "place",
        ]
        read_only_fields = ["id", "by", "at", "place"]
        # A sentence for the missing day comes from the service.
        extra_kwargs = {"snooze_until": {"required": False, "allow_null": True}}


class UndoneSerializer(serializers.ModelSerializer):
    """An answer that was taken back: `undoes` is its number."""

    by = serializers.CharField(source="by.username", read_only=True)

    class Meta:
        model = Feedback
        fields = ["id", "answer", "undoes", "by", "at", "place"]
        read_only_fields = fields
