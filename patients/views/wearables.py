"""What a patient's devices counted: send an export, see what came of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from healthcare.accounts import permissions
from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from healthcare.audit import services as audit
from patients import who
from patients.forms.wearables import WearableUploadForm
from patients.models import Patient, WearableUpload
from patients.services import labfiles, wearables
from patients.views.doors import open_record

MOST_SHOWN = 10


@require_http_methods(["GET", "POST"])
@requires(Permission.WEARABLES_UPLOAD)
def wearable_uploads(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    patient = open_record(request, public_id)
    form = WearableUploadForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            wearables.receive(
                upload=form.cleaned_data["file"],
                patient=patient,
                by=request.user,
                now=timezone.now(),
            )
        except (labfiles.TooLarge, labfiles.NoSpace) as refusal:
            form.add_error("file", str(refusal))
        else:
            messages.success(request, "The file is here and is being read.")
            return redirect("patients:wearables", public_id)
    context = _uploads(request, patient) | {"form": form, "patient": patient}
    if permissions.can(request.user, Permission.PATIENT_VIEW):
        context["banner"] = who.banner(patient, now=timezone.now(), today=timezone.localdate())
    return render(request, "patients/wearables.html", context)


@require_GET
@requires(Permission.OWN_RECORD_VIEW)
def my_devices(request: SignedInRequest) -> HttpResponse:
    """The patient's own page, found without its number."""
    own = get_object_or_404(Patient.objects.visible_to(request.user))
    return redirect("patients:wearables", own.public_id)


@require_GET
@requires(Permission.WEARABLES_UPLOAD)
def wearable_status(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The part that the page asks for until every file is read."""
    patient = open_record(request, public_id)
    return render(request, "patients/_wearable_uploads.html", _uploads(request, patient))


def _uploads(request: SignedInRequest, patient: Any) -> dict[str, Any]:
    audit.read("wearables.read", patient_ids=[patient.pk], by=request.user)
    rows = WearableUpload.objects.visible_to(request.user).filter(patient=patient)
    newest = rows.select_related("job", "uploaded_by").order_by("-uploaded_at", "-pk")
    uploads = list(newest[:MOST_SHOWN])
    return {
        "public_id": patient.public_id,
        "uploads": uploads,
        "is_reading": any(not upload.has_ended for upload in uploads),
    }
