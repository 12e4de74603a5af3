"""A patient's results: the grid of tests by days, one test over the years, seen or not."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from healthcare.audit import services as audit
from healthcare.portal import labs
from healthcare.portal.forms import LabFilterForm
from healthcare.portal.presenters import lab_grid, lab_test
from healthcare.portal.presenters.display_units import DisplayUnits
from ml.analytes import ADULT
from patients import who
from patients.models import Patient, Result
from patients.services import reviews
from patients.views.doors import open_record


@require_GET
@requires(Permission.PATIENT_VIEW)
def grid(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """`?known=` shows what was known as that day ended; htmx gets the part below the filters."""
    patient = open_record(request, public_id)
    audit.read("labs.read", patient_ids=[patient.pk], by=request.user)
    now = timezone.now()
    form = LabFilterForm(request.GET)
    asked = form.asked(page=request.GET.get("page", "1"))
    found = labs.grid(patient, asked)
    form.offer(found.groups)
    context = {
        "patient": patient,
        "form": form,
        "grid": lab_grid.context(patient, found, asked, DisplayUnits(request.user.units)),
        "may_review": _may_review(request) and not asked.known,
        "may_edit": permissions.can(request.user, Permission.RECORD_EDIT),
        "is_child": _is_child(patient, now),
        "units": request.user.units,
    }
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "portal/_lab_grid.html", context)
    banner = who.banner(patient, now=now, today=timezone.localdate(now))
    return render(request, "portal/labs.html", context | {"banner": banner})


@require_GET
@requires(Permission.PATIENT_VIEW)
def one_test(request: SignedInRequest, public_id: UUID, code: str) -> HttpResponse:
    """One test: its course, and every version with who said it and until when it stood."""
    patient = open_record(request, public_id)
    found = labs.history(patient, code)
    if not found.versions:
        raise Http404("This patient has no result of this test.")
    audit.read("labs.history_read", patient_ids=[patient.pk], by=request.user)
    now = timezone.now()
    context = {
        "patient": patient,
        "banner": who.banner(patient, now=now, today=timezone.localdate(now)),
        "test": lab_test.context(found, DisplayUnits(request.user.units)),
        "may_review": _may_review(request),
        "is_child": _is_child(patient, now),
        "units": request.user.units,
    }
    return render(request, "portal/lab_test.html", context)


@require_POST
@requires(Permission.RESULT_ACKNOWLEDGE)
def review(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Mark one result (`result`) or all that were shown (`shown`, with `all`) as seen."""
    patient = open_record(request, public_id)
    wanted = (
        request.POST.get("shown", "") if "all" in request.POST else request.POST.get("result", "")
    )
    ids = [int(part) for part in wanted.split(",") if part.isdecimal()]
    results = Result.objects.visible_to(request.user).filter(patient=patient, pk__in=ids)
    count = len(ids)
    reviews.review(results, by=request.user, now=timezone.now())
    messages.success(request, f"{count} result{'' if count == 1 else 's'} marked as reviewed.")
    return redirect(_back(request, reverse("labs", args=[public_id])))


@require_POST
@requires(Permission.PATIENT_VIEW)
def units(request: SignedInRequest) -> HttpResponse:
    """Show results in the other system of units, here and from now on."""
    chosen = request.POST.get("units", "")
    if chosen in User.Units.values:
        request.user.units = chosen
        request.user.save(update_fields=["units"])
    return redirect(_back(request, reverse("worklist")))


def _may_review(request: SignedInRequest) -> bool:
    return permissions.can(request.user, Permission.RESULT_ACKNOWLEDGE)


def _is_child(patient: Patient, now: datetime) -> bool:
    """Of whom no value is flagged by our own limits, which are those of adults."""
    return patient.age_on(timezone.localdate(now)) < ADULT


def _back(request: SignedInRequest, otherwise: str) -> str:
    """The page of ours from which a form was sent."""
    there = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(there, {request.get_host()}, request.is_secure())
    return there if is_ours else otherwise
