"""What this app tells the apps above it. Sent by services, inside their transaction."""

from django.dispatch import Signal

patients_scored = Signal()  # patient_ids: list[int]
