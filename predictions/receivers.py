"""Results arrived or a record changed below: score again."""

from django.dispatch import receiver

from patients.signals import record_changed, results_arrived


@receiver([results_arrived, record_changed])
def score_after_changes(sender, *, patient_ids, **kwargs):
    from predictions.services import scoring  # numpy and friends: not at every start of manage.py

    scoring.request(patient_ids=patient_ids)
