from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """From now on a reason fits its answer; what was said before stays as it was said."""

    dependencies = [("recommendations", "0001_initial")]

    operations = [
        AddConstraintNotValid(
            model_name="feedback",
            constraint=models.CheckConstraint(
                name="feedback_reason_fits_answer",
                condition=Q(reason="other")
                | Q(answer="accept", reason="agreed")
                | Q(answer="later", reason__in=["later", "patient_declined"])
                | Q(
                    answer="decline",
                    reason__in=["already_done", "not_suitable", "patient_declined", "disagree",
                                "wrong_data"],
                ),
            ),
        )
    ]  # fmt: skip
