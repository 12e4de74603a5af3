"""Results arrived below: score again."""

from django.dispatch import receiver

from patients.signals import results_arrived
from predictions.services import scoring


@receiver(results_arrived)
def score_after_results(sender, *, patient_ids, **kwargs):
    scoring.request(patient_ids=patient_ids)
