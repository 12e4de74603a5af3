"""Patients were scored below: weigh the catalogue again."""

from django.dispatch import receiver

from predictions.signals import patients_scored


@receiver(patients_scored)
def recommend_after_scoring(sender, *, patient_ids, **kwargs):
    from recommendations.services import recommend  # as in predictions.receivers

    recommend.request(patient_ids=patient_ids)
