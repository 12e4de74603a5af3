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


class AnswerSerializer(serializers.Serializer):
    """What is said of one person; of several, `{"people": [...]}` of these."""

    as_of = serializers.DateField()
    predictions = serializers.ListField(child=serializers.DictField())
    abstained = serializers.ListField(child=serializers.DictField())
    scores = serializers.ListField(child=serializers.DictField())
    recommendations = serializers.ListField(child=serializers.DictField())
    blocked = serializers.ListField(child=serializers.DictField())
    check_first = serializers.ListField(child=serializers.DictField())
    do_nothing = serializers.ListField(child=serializers.DictField())
    after_shown = serializers.DictField(child=serializers.FloatField())
    safety_failed = serializers.BooleanField()
    warnings = serializers.ListField(child=serializers.CharField())
