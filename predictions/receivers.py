"""Results arrived or a record changed below: score again."""

from django.dispatch import receiver

from patients.signals import record_changed, results_arrived
from predictions.services import requests


@receiver([results_arrived, record_changed])
def score_after_changes(sender, *, patient_ids, **kwargs):
    requests.request(patient_ids=patient_ids)
