"""What this app tells the apps above it. Sent by services, after commit."""

from django.dispatch import Signal

results_arrived = Signal()  # patient_ids: list[int]
