"""Enter values by hand: vital signs, or one test."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from patients import who
from patients.forms.measurements import OneResultForm, ReadingsForm, VitalSignsForm
from patients.services import measurements, records
from patients.views.doors import open_record


@require_http_methods(["GET", "POST"])
@requires(Permission.RECORD_EDIT)
def vital_signs(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    return _entered(request, public_id, VitalSignsForm, "Enter vital signs")


@require_http_methods(["GET", "POST"])
@requires(Permission.RECORD_EDIT)
def one_result(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    return _entered(request, public_id, OneResultForm, "Enter a result")


def _entered(
    request: SignedInRequest, public_id: UUID, kind: type[ReadingsForm], heading: str
) -> HttpResponse:
    patient, now = open_record(request, public_id), timezone.now()
    minute = timezone.localtime(now).replace(second=0, microsecond=0)
    form = kind(request.POST or None, now=now, initial={"measured_at": minute})
    there = reverse("labs", args=[public_id])
    if form.is_valid() and _stored(request, form, patient):
        messages.success(request, "Stored. Risks and recommendations are computed anew.")
        return redirect(there)
    context = {
        "patient": patient,
        "banner": who.banner(patient, now=now, today=timezone.localdate(now)),
        "forms": [form],
        "heading": heading,
        "submit_label": "Store",
        "cancel_url": there,
    }
    is_refused = form.is_bound and form.errors
    return render(request, "patients/record_form.html", context, status=422 if is_refused else 200)


def _stored(request: SignedInRequest, form: ReadingsForm, patient) -> bool:
    """Store what was measured; a refusal is said beside its value."""
    try:
        measurements.enter(
            patient,
            form.readings(),
            measured_at=form.cleaned_data["measured_at"],
            by=request.user,
            now=timezone.now(),
        )
    except measurements.NotTaken as refusal:
        form.add_error(None, str(refusal))
        for code, message in refusal.by_code.items():
            form.add_error(form.field_of(code), message)
    except records.NotChanged as refusal:
        form.add_error(None, str(refusal))
    return not form.errors
