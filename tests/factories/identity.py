import datetime as dt

import factory

from healthcare.accounts.models import User
from patients.models import DuplicateCandidate, EmergencyAccess, PatientMerge

from .accounts import UserFactory
from .patients import PatientFactory

AT = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


class DuplicateCandidateFactory(factory.django.DjangoModelFactory):
    """Two records that agree in their birth date."""

    class Meta:
        model = DuplicateCandidate

    first = factory.SubFactory(PatientFactory)
    second = factory.SubFactory(PatientFactory)
    score = 0.9
    agreements = factory.LazyFunction(lambda: {"birth_date": "same", "family_name": "differs"})
    found_at = AT


class PatientMergeFactory(factory.django.DjangoModelFactory):
    """A merge in which nothing moved."""

    class Meta:
        model = PatientMerge

    survivor = factory.SubFactory(PatientFactory)
    merged = factory.SubFactory(PatientFactory)
    moved = factory.LazyFunction(
        lambda: {"rows": {}, "newest": {}, "current": {}, "closed_tasks": [], "login": None}
    )
    reason = "Registered twice"
    by = factory.SubFactory(UserFactory, role=User.Role.ADMINISTRATOR)
    at = AT


class EmergencyAccessFactory(factory.django.DjangoModelFactory):
    """An access that ran out."""

    class Meta:
        model = EmergencyAccess

    user = factory.SubFactory(UserFactory)
    patient = factory.SubFactory(PatientFactory)
    reason = "Unconscious in the emergency room"
    granted_at = AT
    expires_at = AT + EmergencyAccess.LASTS
