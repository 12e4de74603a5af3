import datetime as dt

import factory

from ml.reports import card
from ml.studies import facts
from predictions.models import ModelVersion, Prediction

from .patients import PatientFactory

SCORED_AT = dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)


class ModelVersionFactory(factory.django.DjangoModelFactory):
    """The serving version of the diabetes model, without a card."""

    class Meta:
        model = ModelVersion
        django_get_or_create = ["task", "number"]

    task = "undiagnosed_diabetes"
    title = "Undiagnosed diabetes"
    number = 1
    stage = ModelVersion.Stage.SERVING
    folder = factory.LazyAttribute(lambda o: f"builtin/{o.task}")
    digest = factory.Sequence("{:064}".format)
    manifest = factory.LazyFunction(dict)


class PredictionFactory(factory.django.DjangoModelFactory):
    """Undiagnosed diabetes, 12 in 100 (8 to 18), tier T2; `reason=` makes it an abstention."""

    class Meta:
        model = Prediction

    patient = factory.SubFactory(PatientFactory)
    task = "undiagnosed_diabetes"
    version = factory.SubFactory(ModelVersionFactory, task=factory.SelfAttribute("..task"))
    as_of = SCORED_AT
    checked_at = factory.SelfAttribute("as_of")
    code_version = "test"
    inputs_digest = factory.Sequence("{:064}".format)
    inputs = factory.LazyFunction(lambda: {"waist": 104.0, "hdl": 38.0, "age": 65.0})
    contributions = factory.LazyFunction(
        lambda: [
            {"feature": "age", "label": "Age", "value": 65.0, "unit": "a", "points": 4.0,
             "code": "", "collected": None},
            {"feature": "waist", "label": "Waist circumference", "value": 104.0, "unit": "cm",
             "points": 3.5, "code": "WAIST", "collected": "2026-03-01"},
            {"feature": "hdl", "label": "HDL cholesterol", "value": 60.0, "unit": "mg/dL",
             "points": -0.5, "code": "HDL", "collected": "2026-03-01"},
        ]
    )  # fmt: skip
    missing = factory.LazyFunction(lambda: ["Triglycerides"])
    next_test = "Measure triglycerides"
    risk = 0.12
    low = 0.08
    high = 0.18
    baseline = 0.05
    tier_flip = 0.02
    tier = "T2"
    advice = "Measure HbA1c or fasting glucose."

    @classmethod
    def _adjust_kwargs(cls, **kwargs):
        if kwargs.get("reason"):
            kwargs |= {"risk": None, "low": None, "high": None, "tier": "", "advice": ""}
            kwargs |= {"inputs": {}, "contributions": [], "missing": []}
        return kwargs


def attributes(task, **other):
    """The 31 rows of a whole model card as of today; `other` gives other texts by title."""
    said = facts.of(task)
    return [
        {
            "code": code,
            "title": title,
            "text": other.get(title, said.get(code, "As trained")),
            "source": "people" if code in said else "figures",
        }
        for code, title in card.titles().items()
    ]
