"""How a page of a record is opened, and what those see who may not open it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.defaults import permission_denied

from healthcare.accounts.requests import SignedInRequest
from patients import who
from patients.services import emergency


class OfAnotherTeam(PermissionDenied):
    """The record is there, for others; in an emergency there is a way."""

    def __init__(self, public_id: UUID):
        super().__init__("This record belongs to another care team.")
        self.public_id = public_id


def open_record(request: SignedInRequest, public_id: UUID) -> Any:
    """The patient as `who.visible` gives it.

    Raises OfAnotherTeam (403, with the offer of emergency access) for those who may take it,
    and Http404 for everybody else and for addresses of nobody.
    """
    patient = who.visible(request.user).filter(public_id=public_id).first()
    if patient is not None:
        return patient
    if emergency.is_elsewhere(public_id, by=request.user):
        raise OfAnotherTeam(public_id)
    raise Http404


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Every 403 of the site; names nobody."""
    if isinstance(exception, OfAnotherTeam):
        context = {"public_id": exception.public_id}
        return render(request, "patients/emergency_offer.html", context, status=403)
    return permission_denied(request, exception)
