import datetime as dt

import factory

from recommendations.models import Feedback, Recommendation

from .accounts import UserFactory
from .patients import PatientFactory

WEIGHED_AT = dt.datetime(2026, 3, 2, 11, tzinfo=dt.UTC)


def content(**other):
    """What the engine says of one item (recommendations.outcome.Item as plain values)."""
    return {
        "id": "L02",
        "name": "Structured weight loss",
        "category": "lifestyle",
        "evidence_grade": "USPSTF B",
        "source": "USPSTF 2021",
        "verified": True,
        "verification": "re-read",
        "patient_text": "Losing a little weight lowers your blood sugar.",
        "clinician_text": "Refer to a programme of 12 months.",
        "needs_clinician": False,
        "clinician_only": False,
        "reasons": [
            {
                "text": "Body mass index 31 kg/m² (≥ 30)",
                "kind": "number",
                "code": "BMI",
                "value": 31,
                "unit": "kg/m2",
                "collected": "2026-03-01",
                "source": "clinic",
            }
        ],
        "cautions": [],
        "cautions_text": "",
        "blocked_by": [],
        "check_first": [],
        "would_change": [],
        "frequency": "",
        "time_to_benefit": "",
        **other,
    }


class RecommendationFactory(factory.django.DjangoModelFactory):
    """Weight loss, recommended first. `said=` changes keys of its content."""

    class Meta:
        model = Recommendation

    class Params:
        said = factory.LazyFunction(dict)

    patient = factory.SubFactory(PatientFactory)
    item = factory.Sequence("L{:03}".format)
    status = Recommendation.Status.RECOMMENDED
    rank = factory.Sequence(lambda n: n)
    content = factory.LazyAttribute(lambda o: content(**o.said))
    content_digest = factory.Sequence("{:064}".format)
    catalogue_digest = "0" * 64
    as_of = WEIGHED_AT


class FeedbackFactory(factory.django.DjangoModelFactory):
    """Accepted, agreed with the patient."""

    class Meta:
        model = Feedback

    recommendation = factory.SubFactory(RecommendationFactory)
    answer = Feedback.Answer.ACCEPT
    reason = Feedback.Reason.AGREED
    by = factory.SubFactory(UserFactory)
    at = WEIGHED_AT
    idempotency_key = factory.Sequence("key-{}".format)
