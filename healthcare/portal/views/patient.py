"""The patient page: what matters now, why, and the whole record behind it."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from healthcare.accounts import permissions
from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from healthcare.audit import services as audit
from healthcare.portal import queries
from healthcare.portal.presenters import patient_page


@require_GET
@requires(Permission.PATIENT_VIEW)
def patient(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """`?analyte=` chooses the large chart, `?show=` the events of the timeline."""
    seen = get_object_or_404(queries.visible(request.user), public_id=public_id)
    audit.read("patient.read", patient_ids=[seen.pk], by=request.user)
    context = patient_page.context(
        queries.record(seen, now=timezone.now()),
        looks=queries.looks(seen),
        may_answer=permissions.can(request.user, Permission.FEEDBACK_GIVE),
        analyte=request.GET.get("analyte", ""),
        show=request.GET.get("show", ""),
    )
    return render(request, "portal/patient.html", context)
