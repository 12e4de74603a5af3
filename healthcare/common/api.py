"""What all endpoints share: pages of rows, and errors as problem+json (RFC 9457)."""

from http import HTTPStatus

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.defaults import page_not_found
from rest_framework import exceptions
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler


class Pages(LimitOffsetPagination):
    max_limit = 500


class Conflict(exceptions.APIException):
    status_code = HTTPStatus.CONFLICT
    default_detail = "This contradicts what is stored."


def problem_json(error: Exception, context: dict) -> Response | None:
    """Answer every refusal in one form; what is not ours to explain stays a plain 500."""
    response = exception_handler(error, context)
    if response is None:
        return None
    problem: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(response.status_code).phrase,
        "status": response.status_code,
        "detail": _sentence(error, response.data),
    }
    if isinstance(error, exceptions.ValidationError):
        problem["errors"] = response.data
    response.data = problem
    response.content_type = "application/problem+json"
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Every 404 of the site: a problem for programs, a page for people."""
    if not request.path.startswith("/api/"):
        return page_not_found(request, exception)
    problem = {
        "type": "about:blank",
        "title": HTTPStatus.NOT_FOUND.phrase,
        "status": HTTPStatus.NOT_FOUND,
        "detail": "There is no such address. /api/v1/docs/ lists those that there are.",
    }
    return JsonResponse(
        problem, status=HTTPStatus.NOT_FOUND, content_type="application/problem+json"
    )


def _sentence(error: Exception, data: object) -> str:
    if isinstance(error, exceptions.ValidationError):
        return "The request has errors; each is named with its field."
    if isinstance(error, Http404):
        return "There is no such thing, or you may not see it."
    if isinstance(error, PermissionDenied) and str(error):
        return str(error)
    return str(data.get("detail", "")) if isinstance(data, dict) else str(data)
