"""The page of HL7 messages that were received."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from healthcare.audit import services as audit
from patients.services import hl7kept

PER_PAGE = 50
# In the address: no state is empty there.
CHOICES = {"taken": "AA", "in-part": "AE", "refused": "AR", "waiting": ""}


@requires(Permission.IMPORTS_VIEW)
@require_GET
def messages(request: SignedInRequest) -> HttpResponse:
    """What laboratories sent over the wire, and what they were told."""
    state = request.GET.get("state", "")
    rows = hl7kept.received(request.user, acknowledgement=CHOICES.get(state))
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    for message in page[:1]:
        audit.record("hl7_messages.listed", target=message, by=request.user, messages=len(page))
    context = {
        "page": page,
        "rows": hl7kept.told(page),
        "state": state if state in CHOICES else "",
        "states": [(name, hl7kept.STATES[code]) for name, code in CHOICES.items()],
    }
    return render(request, "patients/messages.html", context)
