import datetime as dt
import uuid
from hashlib import sha256

import factory
from django.core.files.base import ContentFile

from healthcare.accounts.models import User
from healthcare.jobs.models import Job
from ml import analytes
from patients import resultkeys
from patients.models import Analyte, LabImport, Patient, PatientIdentifier, Result
from patients.services import lablatest

from .accounts import CareTeamFactory, UserFactory

RECEIVED_AT = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


class PatientFactory(factory.django.DjangoModelFactory):
    """A woman born in 1960; `mrn=` gives her that number."""

    class Meta:
        model = Patient
        skip_postgeneration_save = True

    care_team = factory.SubFactory(CareTeamFactory)
    family_name = factory.Sequence("Family{:04}".format)
    given_name = "Given"
    sex = Patient.Sex.FEMALE
    birth_date = dt.date(1960, 5, 17)

    @factory.post_generation
    def mrn(self, create, extracted, **kwargs):
        if extracted:
            PatientIdentifierFactory(patient=self, value=extracted)


class PatientIdentifierFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PatientIdentifier

    patient = factory.SubFactory(PatientFactory)
    system = PatientIdentifier.MRN
    value = factory.Sequence("CL-{:06}".format)


class AnalyteFactory(factory.django.DjangoModelFactory):
    """An analyte of the library; HbA1c unless `code=` says otherwise."""

    class Meta:
        model = Analyte
        django_get_or_create = ["code"]

    code = "HBA1C"
    loinc = factory.LazyAttribute(lambda o: analytes.get(o.code).loinc)
    name = factory.LazyAttribute(lambda o: analytes.get(o.code).display)
    group = factory.LazyAttribute(lambda o: analytes.get(o.code).group)
    unit = factory.LazyAttribute(lambda o: analytes.get(o.code).unit)


class ResultFactory(factory.django.DjangoModelFactory):
    """A final HbA1c of 6.4 %, collected in March 2026; the newest values are kept with it."""

    class Meta:
        model = Result
        skip_postgeneration_save = True

    class Params:
        code = "HBA1C"

    patient = factory.SubFactory(PatientFactory)
    analyte = factory.SubFactory(AnalyteFactory, code=factory.SelfAttribute("..code"))
    value = 6.4
    value_as_sent = factory.LazyAttribute(lambda o: f"{o.value:g}")
    unit_as_sent = factory.SelfAttribute("analyte.unit")
    status = Result.Status.FINAL
    collected_at = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
    issued_at = factory.SelfAttribute("collected_at")
    recorded_at = factory.SelfAttribute("issued_at")
    source = "test"
    comparator = ""
    accession = factory.Sequence("T{:06}".format)
    version = factory.LazyAttribute(
        lambda o: resultkeys.version(o.status, o.comparator, o.value, "", o.issued_at)
    )

    @factory.post_generation
    def latest(self, create, extracted, **kwargs):
        if create:
            lablatest.refresh([(self.patient_id, self.analyte_id)])


class LabImportFactory(factory.django.DjangoModelFactory):
    """A received file whose job waits; `text=` or `content=` (bytes) is what it holds."""

    class Meta:
        model = LabImport

    class Params:
        text = "mrn,code,value,unit,collected_at\n"
        content = factory.LazyAttribute(lambda o: o.text.encode())

    public_id = factory.LazyFunction(uuid.uuid4)
    file = factory.LazyAttribute(lambda o: ContentFile(o.content, name="labs.csv"))
    file_name = "labs.csv"
    digest = factory.Sequence(lambda n: sha256(str(n).encode()).hexdigest())
    size = factory.LazyAttribute(lambda o: len(o.content))
    uploaded_by = factory.SubFactory(UserFactory, role=User.Role.LAB_STAFF)
    uploaded_at = RECEIVED_AT

    @factory.lazy_attribute_sequence
    def job(self, n):
        return Job.objects.create(kind="labs.import", key=f"test-{n}", queue="imports")
