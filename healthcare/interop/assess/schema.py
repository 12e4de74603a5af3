"""The contract of `assess` for the OpenAPI document. Reading is done in `parsing`."""

from typing import get_args

from rest_framework import serializers

from healthcare.interop.assess.parsing import LIFESTYLE_NUMBERS
from ml.facts import Ethnicity, Smoking

EXAMPLE = {
    "as_of": "2015-06-30",
    "sex": "female",
    "age": 61,
    "conditions": ["htn"],
    "medications": ["acei"],
    "allergies": [],
    "lifestyle": {"smoking": "former", "pack_years": 12, "self_rated_health": 3},
    "measurements": [
        {"code": "2160-0", "value": 1.1, "unit": "mg/dL", "collected": "2015-06-28"},
        {"code": "SBP", "value": 148, "unit": "mm[Hg]"},
        {"code": "BMI", "value": 31.2, "unit": "kg/m2"},
    ],
}


def _maybe(kind: str, **more) -> dict:
    return {"type": [kind, "null"], **more}


_CODES = _maybe("array", items={"type": "string"}, description="Absent or null: not asked.")
_PERSON = {
    "type": "object",
    "additionalProperties": False,
    "required": ["sex"],
    "anyOf": [{"required": ["age"]}, {"required": ["birth_date"]}],
    "properties": {
        "as_of": _maybe("string", format="date", description="Default: today."),
        "sex": {"type": "string", "enum": ["female", "male"]},
        "age": _maybe("number", minimum=0, maximum=130),
        "birth_date": _maybe("string", format="date"),
        "pregnant": _maybe("boolean"),
        "breastfeeding": _maybe("boolean"),
        "gestation_weeks": _maybe("number", minimum=0, maximum=45),
        "ethnicity": _maybe("string", enum=[*get_args(Ethnicity), None]),
        **dict.fromkeys(
            ["conditions", "medications", "allergies", "family_history", "flags"], _CODES
        ),
        "lifestyle": _maybe(
            "object",
            additionalProperties=False,
            properties={
                "smoking": _maybe("string", enum=[*get_args(Smoking), None]),
                **{
                    name: _maybe("number", minimum=low, maximum=high)
                    for name, (low, high) in LIFESTYLE_NUMBERS.items()
                },
            },
        ),
        "done": _maybe("object", description="Item: a date, or {date} or {months_ago}."),
        "scores": _maybe("object", description="Values of scores computed elsewhere."),
        "measurements": _maybe(
            "array",
            items={
                "type": "object",
                "additionalProperties": False,
                "required": ["code", "value", "unit"],
                "properties": {
                    "code": {"type": "string", "description": "LOINC or short name."},
                    "value": {"type": ["number", "string"]},
                    "unit": {"type": "string", "description": "UCUM."},
                    "collected": _maybe("string", format="date"),
                },
            },
        ),
    },
}
_PEOPLE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["people"],
    "properties": {"people": {"type": "array", "maxItems": 1000, "items": _PERSON}},
}
REQUEST = {"application/json": {"oneOf": [_PERSON, _PEOPLE]}}


class HarmSerializer(serializers.Serializer):
    """What a trial counted against an item: how many more had it within its years."""

    name = serializers.CharField()
    years = serializers.FloatField()
    more = serializers.FloatField()
    taking = serializers.FloatField(allow_null=True)
    without = serializers.FloatField(allow_null=True)
    population = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    verified = serializers.BooleanField()
    net = serializers.FloatField(allow_null=True)


class InTrialsSerializer(serializers.Serializer):
    """A benefit known in relative terms only: this person's own risk has no number."""

    outcome = serializers.CharField()
    name = serializers.CharField()
    rr = serializers.FloatField()
    rr_low = serializers.FloatField()
    rr_high = serializers.FloatField()
    source = serializers.CharField()  # type: ignore[assignment]
    verified = serializers.BooleanField()


class BenefitSerializer(serializers.Serializer):
    """Absolute risk reduction for this person with its 95 % interval; further keys explain it."""

    risk = serializers.CharField()
    horizon_years = serializers.FloatField()
    arr = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    nnt = serializers.FloatField(allow_null=True)


class ReasonSerializer(serializers.Serializer):
    """A fact that made an item come up, with all it was judged by: value and unit, day, source.

    `source` is "as sent", or "calculated (…)" with the formula. `value` is null for an entry of a
    list and for what is not known; of something done it is how many months ago that was.
    """

    text = serializers.CharField()
    kind = serializers.CharField()
    code = serializers.CharField()
    value = serializers.JSONField(allow_null=True, help_text="A number or a word")
    unit = serializers.CharField()
    collected = serializers.DateField(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]


class AdvisedSerializer(serializers.Serializer):
    """One recommendation. The engine's further keys stand beside these."""

    id = serializers.CharField()
    name = serializers.CharField()
    urgency = serializers.CharField()
    tier = serializers.CharField()
    rank = serializers.IntegerField()
    grade = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    why = serializers.ListField(child=serializers.CharField())
    reasons = ReasonSerializer(many=True)
    benefit = BenefitSerializer(allow_null=True)
    warnings = serializers.ListField(child=serializers.CharField())
    harms = HarmSerializer(many=True, required=False)
    in_trials = InTrialsSerializer(many=True, required=False)
    shares = serializers.DictField(child=serializers.FloatField(), required=False)


class WithheldSerializer(serializers.Serializer):
    """An item that is not offered. `because`: contraindicated, gives_way (a better item of the
    list takes its place), not_indicated or not_known (facts are missing that would say)."""

    id = serializers.CharField()
    name = serializers.CharField()
    reason = serializers.CharField()
    rule = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    because = serializers.ChoiceField(
        ["contraindicated", "gives_way", "not_indicated", "not_known"], required=False
    )


class AnswerSerializer(serializers.Serializer):
    """What is said of one person; of several, `{"people": [...]}` of these."""

    as_of = serializers.DateField()
    predictions = serializers.ListField(child=serializers.DictField())
    abstained = serializers.ListField(child=serializers.DictField())
    scores = serializers.ListField(child=serializers.DictField())
    recommendations = AdvisedSerializer(many=True)
    blocked = WithheldSerializer(many=True)
    check_first = WithheldSerializer(many=True)
    do_nothing = serializers.ListField(child=serializers.DictField())
    after_shown = serializers.DictField(child=serializers.FloatField())
    safety_failed = serializers.BooleanField()
    warnings = serializers.ListField(child=serializers.CharField())
