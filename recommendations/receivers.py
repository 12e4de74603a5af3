"""Patients were scored below: weigh the catalogue again. Results came: some were awaited."""

from django.dispatch import receiver
from django.utils import timezone

from patients.signals import results_arrived
from predictions.signals import patients_scored


@receiver(patients_scored)
def recommend_after_scoring(sender, *, patient_ids, **kwargs):
    from recommendations.services import recommend  # as in predictions.receivers

    recommend.request(patient_ids=patient_ids)


@receiver(results_arrived)
def look_for_awaited_values(sender, *, patient_ids, **kwargs):
    from recommendations.services import awaited

    awaited.request(patient_ids=patient_ids, now=timezone.now())
