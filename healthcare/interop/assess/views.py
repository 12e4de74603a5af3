"""`POST /api/v1/assess/`."""

from http import HTTPStatus
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import ApiRequest, may
from healthcare.interop.assess import parsing, schema, services
from healthcare.interop.assess.problems import InvalidPerson

MOST_PEOPLE = 1000


class AssessView(APIView):
    """Assess one person, or up to 1,000, from facts in the request. Nothing is stored.

    Everything but `sex` and `age` or `birth_date` may be missing. An absent or null list means
    “not asked”; an empty one means “asked, and nothing found”. Unknown keys are refused by name.
    """

    permission_classes = [IsAuthenticated, may(Permission.ASSESS)]

    @extend_schema(
        operation_id="assess",
        request=schema.REQUEST,
        responses={200: schema.AnswerSerializer},
        examples=[OpenApiExample("One person", value=schema.EXAMPLE, request_only=True)],
    )
    def post(self, request: ApiRequest) -> Response:
        today = timezone.localdate()
        if isinstance(request.data, dict) and "people" in request.data:
            return Response({"people": _assess_many(request.data, today)})
        try:
            person = parsing.person(request.data, today=today)
        except InvalidPerson as refusal:
            raise ValidationError(refusal.errors) from refusal
        return Response(services.assess([person])[0])


def _assess_many(data: dict[str, Any], today) -> list[dict[str, Any]]:
    """Answers in the order of the people; an error entry for each that cannot be read."""
    given = data["people"]
    if unknown := sorted(set(data) - {"people"}):
        raise ValidationError(dict.fromkeys(unknown, "Unknown key beside people."))
    if not isinstance(given, list) or len(given) > MOST_PEOPLE:
        raise ValidationError({"people": f"Must be a list of at most {MOST_PEOPLE} people."})
    answers: list[dict[str, Any] | None] = []
    people = []
    for index, one in enumerate(given):
        try:
            people.append(parsing.person(one, today=today))
            answers.append(None)
        except InvalidPerson as refusal:
            answers.append(_error(index, refusal))
    assessed = iter(services.assess(people))
    return [answer if answer is not None else next(assessed) for answer in answers]


def _error(index: int, refusal: InvalidPerson) -> dict[str, Any]:
    return {
        "index": index,
        "error": {
            "title": HTTPStatus.BAD_REQUEST.phrase,
            "status": HTTPStatus.BAD_REQUEST,
            "detail": str(refusal),
            "errors": refusal.errors,
        },
    }
