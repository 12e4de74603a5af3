"""Requests as our views receive them, for the type checker and the reader."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django_htmx.middleware import HtmxDetails
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission


class SignedInRequest(HttpRequest):
    """What a view behind the log-in receives."""

    user: User
    htmx: HtmxDetails


class ApiRequest(Request):
    """What an endpoint behind `IsAuthenticated` receives."""

    user: User


def requires(permission: Permission) -> Callable:
    """A page for those whose role has the permission; others get 403."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def checked(request: SignedInRequest, *args, **kwargs) -> HttpResponse:
            permissions.check(request.user, permission)
            return view(request, *args, **kwargs)

        return checked

    return decorate


def may(permission: Permission) -> type[BasePermission]:
    """The same for an endpoint: `permission_classes = [IsAuthenticated, may(...)]`."""

    class May(BasePermission):
        def has_permission(self, request: Request, view: object) -> bool:
            return isinstance(request.user, User) and permissions.can(request.user, permission)

    return May
