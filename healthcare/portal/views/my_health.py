"""A patient's own plain view. There is no address by which to ask for anybody else's."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from healthcare.audit import services as audit
from healthcare.portal import queries
from healthcare.portal.presenters import plain
from healthcare.portal.presenters.display_units import DisplayUnits
from patients import who


@require_GET
@requires(Permission.OWN_RECORD_VIEW)
def my_health(request: SignedInRequest) -> HttpResponse:
    own = get_object_or_404(who.visible(request.user), user=request.user)
    audit.read("my-health.read", patient_ids=[own.pk], by=request.user)
    record = queries.record(own, now=timezone.now(), units=DisplayUnits(request.user.units))
    return render(request, "portal/my_health.html", plain.page(record))
