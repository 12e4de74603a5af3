"""What this app tells the apps above it. Sent by services, inside their transaction."""

from django.dispatch import Signal

results_arrived = Signal()  # patient_ids: list[int]
record_changed = Signal()  # patient_ids: list[int]; a fact or who the patient is
