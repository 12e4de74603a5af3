"""The patient page: what matters now, why, and the whole record behind it."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from healthcare.accounts import permissions
from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from healthcare.audit import services as audit
from healthcare.portal import queries
from healthcare.portal.presenters import patient_page, trends
from healthcare.portal.presenters.display_units import DisplayUnits
from patients.services import emergency
from patients.views.doors import open_record
from recommendations.services import feedback


@require_GET
@requires(Permission.PATIENT_VIEW)
def patient(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """`?analyte=` chooses the large chart."""
    seen = open_record(request, public_id)
    audit.read("patient.read", patient_ids=[seen.pk], by=request.user)
    units = DisplayUnits(request.user.units)
    record = queries.record(seen, now=timezone.now(), units=units)
    charted = trends.charted(record, request.GET.get("analyte", ""))
    context = patient_page.context(
        record,
        course=queries.course(seen, charted),
        changed=queries.changed(seen),
        may_answer=permissions.can(request.user, Permission.FEEDBACK_GIVE),
        undo_ends=feedback.undo_ends(record.advice.answers, by=request.user, now=record.now),
    )
    context |= {"units": request.user.units, "objects": emergency.is_objected_to(seen)}
    return render(request, "portal/patient.html", context)
