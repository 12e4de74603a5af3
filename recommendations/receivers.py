"""Patients were scored below: weigh the catalogue again."""

from django.dispatch import receiver

from predictions.signals import patients_scored
from recommendations.services import recommend


@receiver(patients_scored)
def recommend_after_scoring(sender, *, patient_ids, **kwargs):
    recommend.request(patient_ids=patient_ids)
