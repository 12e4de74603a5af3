from django.db import models
from django.db.models import Q


class CannotServe(Exception):
    """A model version may not begin to serve; the sentence says why."""


class IncompleteCard(CannotServe):
    """Its model card lacks attributes, or contradicts what people say of it."""


class WrongStage(CannotServe):
    """It, or the version that it would replace, is not in the stage that the step needs."""


class ModelVersion(models.Model):
    """A fitted model on file: what it predicts, where it lies, whether it serves."""

    class Stage(models.TextChoices):
        CHALLENGER = "CHALLENGER", "Challenger"
        SERVING = "SERVING", "Serving"
        RETIRED = "RETIRED", "Retired"

    task = models.CharField(max_length=40, help_text="For example ckd or death_10y")
    title = models.CharField(max_length=100)
    number = models.PositiveIntegerField()
    stage = models.CharField(max_length=12, choices=Stage, default=Stage.CHALLENGER)
    folder = models.CharField(max_length=255, help_text="Under MODEL_ARTIFACTS or MEDIA_ROOT")
    digest = models.CharField(max_length=64, help_text="SHA-256 over the artefact's files")
    # The model card's source: study, training data, metrics. Its schema is ml.persistence's.
    manifest = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="model_version_once", fields=["task", "number"]),
            models.UniqueConstraint(name="model_digest_once", fields=["task", "digest"]),
            models.UniqueConstraint(
                name="one_serving_version_per_task", fields=["task"], condition=Q(stage="SERVING")
            ),
        ]

    def __str__(self):
        return f"{self.task} v{self.number}"

    def move(self, stage: Stage, *, to: Stage) -> None:
        """Change the stage, unless somebody else has changed it before."""
        moved = ModelVersion.objects.filter(pk=self.pk, stage=stage).update(stage=to)
        if not moved:
            raise WrongStage(f"{self} is not {stage.label.lower()}.")
        self.stage = to
