import factory

from patients.models import HeldResult, LabSource

from .patients import RECEIVED_AT, LabImportFactory


class LabSourceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = LabSource

    name = factory.Sequence("Laboratory {}".format)


class HeldResultFactory(factory.django.DjangoModelFactory):
    """A row of a file whose patient is not known; `says=` changes what it says."""

    class Meta:
        model = HeldResult

    class Params:
        says = factory.LazyFunction(dict)

    lab_import = factory.SubFactory(LabImportFactory)
    row = factory.Sequence(lambda n: n + 2)
    reason = HeldResult.Reason.PATIENT
    received_at = RECEIVED_AT
    cells = factory.LazyAttribute(
        lambda o: {
            "mrn": "CL-000777", "code": "HBA1C", "value": "6.1", "unit": "%",
            "collected_at": "2026-03-01T08:00Z", **o.says,
        }
    )  # fmt: skip
    key = factory.LazyAttribute(lambda o: f"mrn|{o.cells.get('mrn', '')}")
