"""Who has not used the site for a while is warned, then logged out, and told so."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

SEEN = "seen_at"  # in the session: seconds since 1970
NOTED_EVERY = 60  # seconds: not each request has to write the session
# What pages ask for by themselves is no sign of anybody.
POLLS = {"patients:attention", "patients:import-status", "patients:import-preview-status",
         "patients:wearables-status", "jobs"}  # fmt: skip
Respond = Callable[[HttpRequest], HttpResponse]


def log_out_the_idle(get_response: Respond) -> Respond:
    """End a session that nobody has used for SESSION_IDLE_MINUTES."""

    def respond(request: HttpRequest) -> HttpResponse:
        if SEEN in request.session and _idle(request) > settings.SESSION_IDLE_MINUTES * 60 > 0:
            logout(request)
            if not request.path.startswith("/api/"):  # it says itself that nobody is logged in
                return _told(request)
        response = get_response(request)
        # Not by `request.user`: who comes with an API key is no session, and gets none.
        if SESSION_KEY in request.session and not _is_poll(request):
            _note(request)
        return response

    return respond


@require_POST
def stay(request: HttpRequest) -> HttpResponse:
    """What "Stay logged in" asks for: being asked is all it takes."""
    return HttpResponse(status=204)


@receiver(user_logged_in)
def begin(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    request.session[SEEN] = int(time.time())


def _idle(request: HttpRequest) -> float:
    return time.time() - request.session[SEEN]


def _note(request: HttpRequest) -> None:
    if SEEN not in request.session or _idle(request) > NOTED_EVERY:
        request.session[SEEN] = int(time.time())


def _is_poll(request: HttpRequest) -> bool:
    """The list of jobs is a page for people, too: only htmx polls."""
    found = request.resolver_match
    return (
        bool(request.headers.get("HX-Request")) and found is not None and found.view_name in POLLS
    )


def _told(request: HttpRequest) -> HttpResponse:
    """The log-in page, which says why and leads back to where the person was."""
    is_part = bool(request.headers.get("HX-Request"))
    is_sent = request.method != "GET"
    page = request.get_full_path() if not (is_part or is_sent) else _page_of(request)
    said = {"idle": 1} | ({"unsaved": 1} if is_sent else {}) | ({"next": page} if page else {})
    address = f"{reverse('login')}?{urlencode(said)}"
    if is_part:
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def _page_of(request: HttpRequest) -> str:
    """The page of this site from which a form or a part of a page was asked for, or ""."""
    page = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(page, {request.get_host()}):
        return ""
    place = urlsplit(page)
    return f"{place.path}?{place.query}" if place.query else place.path
