import datetime as dt

import factory

from patients.models import Notice, ResultTask

from .accounts import UserFactory
from .patients import ResultFactory

ASKED_AT = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


class ResultTaskFactory(factory.django.DjangoModelFactory):
    """An open task on a critical result, due half an hour after it was made."""

    class Meta:
        model = ResultTask

    result = factory.SubFactory(ResultFactory, code="POTASSIUM", value=6.9, flag="HH")
    patient = factory.SelfAttribute("result.patient")
    kind = ResultTask.Kind.CRITICAL
    created_at = ASKED_AT
    escalates_at = factory.LazyAttribute(lambda o: o.created_at + dt.timedelta(minutes=30))


class NoticeFactory(factory.django.DjangoModelFactory):
    """An unread notice that a critical result has escalated."""

    class Meta:
        model = Notice

    recipient = factory.SubFactory(UserFactory)
    kind = Notice.Kind.ESCALATED
    result = factory.SubFactory(ResultFactory)
    patient = factory.SelfAttribute("result.patient")
    created_at = ASKED_AT
