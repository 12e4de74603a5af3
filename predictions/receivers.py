"""Results arrived below: score again."""

from django.dispatch import receiver

from patients.signals import results_arrived


@receiver(results_arrived)
def score_after_results(sender, *, patient_ids, **kwargs):
    from predictions.services import scoring  # numpy and friends: not at every start of manage.py

    scoring.request(patient_ids=patient_ids)
