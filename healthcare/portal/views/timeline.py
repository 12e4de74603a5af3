"""Everything that happened to a patient, newest first."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from healthcare.audit import services as audit
from healthcare.portal import happenings
from healthcare.portal.presenters.display_units import DisplayUnits
from healthcare.portal.presenters.timeline import Timeline
from patients import who
from patients.views.doors import open_record


@require_GET
@requires(Permission.PATIENT_VIEW)
def timeline(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """`?show=` narrows to one kind of events, `?until=` begins at a day."""
    patient = open_record(request, public_id)
    audit.read("timeline.read", patient_ids=[patient.pk], by=request.user)
    now = timezone.now()
    found = Timeline(patient, happenings.of(patient), DisplayUnits(request.user.units))
    until = request.GET.get("until", "")
    shown = found.page(
        group=request.GET.get("show", ""),
        until=_day(until),
        number=request.GET.get("page", "1"),
    )
    context = {
        "patient": patient,
        "banner": who.banner(patient, now=now, today=timezone.localdate(now)),
        "timeline": shown,
        "until": until,
    }
    return render(request, "portal/timeline.html", context)


def _day(text: str):
    """A day of the address; nonsense is no day."""
    try:
        return parse_date(text)
    except ValueError:
        return None
