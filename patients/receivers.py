"""Results of this floor changed: bring the tasks about them into line."""

from datetime import timedelta

from django.dispatch import receiver
from django.utils import timezone

from patients.models import Result
from patients.signals import results_arrived

FRESH = timedelta(days=2)  # older results of the same patients were looked at when they came
MANY = 1000  # so many patients come from a file, whose import has looked at every change itself


@receiver(results_arrived)
def see_to_results(sender, *, patient_ids, **kwargs):
    """Whoever stores results need only say so; no critical one is missed on any way in."""
    from patients.services import resulttasks

    now = timezone.now()
    fresh = Result.objects.filter(patient__in=patient_ids, recorded_at__gte=now - FRESH)
    if len(patient_ids) <= MANY:
        resulttasks.after_results(fresh, now=now)
    else:
        resulttasks.ask_for_critical(fresh, now=now)
    resulttasks.settle(patient_ids, now=now)
