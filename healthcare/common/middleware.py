"""Small middlewares."""

from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Respond = Callable[[HttpRequest], HttpResponse]


def private_responses(get_response: Respond) -> Respond:
    """Keep pages out of every cache: the back button after log-out shows nothing."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.setdefault("Cache-Control", "no-store")
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response

    return respond


def real_address(get_response: Respond) -> Respond:
    """Make REMOTE_ADDR the client's own address, as far as trusted proxies tell it.

    Each proxy adds whom it was asked by to the end of X-Forwarded-For; what stands before the
    first that is not trusted may be invented and is not read.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        told = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
        address = request.META.get("REMOTE_ADDR", "")
        while told and _is_trusted(address) and _is_address(told[-1]):
            address = told.pop()
        request.META["REMOTE_ADDR"] = address
        return get_response(request)

    return respond


def _is_trusted(address: str) -> bool:
    return _is_address(address) and any(
        ip_address(address) in network for network in settings.TRUSTED_PROXIES
    )


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
