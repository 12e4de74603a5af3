"""Everything that is stored of a patient, to compare a record with itself."""

from django.core import serializers

from patients.models import LatestResult, Patient
from patients.services import relations


def dump(patient):
    """Bytes of the record's rows in every table, the patient's own row first."""
    own = Patient.objects.filter(pk=patient.pk)
    rows = [*own, *LatestResult.objects.filter(patient=patient).order_by("analyte_id")]
    for table in relations.tables():
        rows += table.rows(patient.pk).order_by("pk")
    return serializers.serialize("json", rows, indent=1)
