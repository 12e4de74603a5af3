import datetime as dt
import uuid

import factory
from django.core.files.base import ContentFile

from healthcare.jobs.models import Job
from patients.models import WearableUpload

from .accounts import UserFactory
from .patients import PatientFactory


class WearableUploadFactory(factory.django.DjangoModelFactory):
    """A kept export whose job waits; `text=` is what it holds."""

    class Meta:
        model = WearableUpload

    class Params:
        text = "day,steps\n2026-03-01,5000\n"

    public_id = factory.LazyFunction(uuid.uuid4)
    patient = factory.SubFactory(PatientFactory)
    file = factory.LazyAttribute(lambda o: ContentFile(o.text.encode(), name="days.csv"))
    file_name = "days.csv"
    size = factory.LazyAttribute(lambda o: len(o.text))
    uploaded_by = factory.SubFactory(UserFactory)
    uploaded_at = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)

    @factory.lazy_attribute_sequence
    def job(self, n):
        return Job.objects.create(kind="wearables.import", key=f"test-{n}", queue="imports")
