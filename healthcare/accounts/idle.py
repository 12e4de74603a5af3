"""Who has not used the site for a while is logged out, and told so."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

SEEN = "seen_at"  # in the session: seconds since 1970
NOTED_EVERY = 60  # seconds: not each request has to write the session
# What pages ask for by themselves is no sign of anybody.
POLLS = {"patients:attention", "patients:import-status", "patients:import-preview-status",
         "patients:wearables-status"}  # fmt: skip
Respond = Callable[[HttpRequest], HttpResponse]


def log_out_the_idle(get_response: Respond) -> Respond:
    """End a session that nobody has used for SESSION_IDLE_MINUTES."""

    def respond(request: HttpRequest) -> HttpResponse:
        if SEEN in request.session and _idle(request) > settings.SESSION_IDLE_MINUTES * 60 > 0:
            logout(request)
            if not request.path.startswith("/api/"):  # it says itself that nobody is logged in
                return _told(request)
        response = get_response(request)
        if request.user.is_authenticated and not _is_poll(request):
            _note(request)
        return response

    return respond


@receiver(user_logged_in)
def begin(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    request.session[SEEN] = int(time.time())


def _idle(request: HttpRequest) -> float:
    return time.time() - request.session[SEEN]


def _note(request: HttpRequest) -> None:
    if hasattr(request, "session") and (
        SEEN not in request.session or _idle(request) > NOTED_EVERY
    ):
        request.session[SEEN] = int(time.time())


def _is_poll(request: HttpRequest) -> bool:
    return request.resolver_match is not None and request.resolver_match.view_name in POLLS


def _told(request: HttpRequest) -> HttpResponse:
    """The log-in page, which says why and leads back to where the person was."""
    is_page = request.method == "GET" and not request.headers.get("HX-Request")
    back = {"next": request.get_full_path()} if is_page else {}
    address = f"{reverse('login')}?{urlencode({'idle': 1, **back})}"
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
