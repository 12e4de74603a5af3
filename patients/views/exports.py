"""Downloads: one patient's whole record, and the de-identified rows of those who agreed."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from healthcare.audit import services as audit
from patients import who
from patients.forms.exports import CohortForm
from patients.services import cohorts, exports
from patients.views.doors import open_record

TYPES = {"json": ("application/json", "record.json"),
         "fhir": ("application/fhir+json", "record.fhir.json")}  # fmt: skip


@requires(Permission.RECORD_EXPORT)
@require_GET
def record_export(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """What can be downloaded of a record, and what becomes of who does it."""
    patient = open_record(request, public_id)
    audit.read("patient.read", patient_ids=[patient.pk], by=request.user)
    now = timezone.now()
    context = {
        "patient": patient,
        "banner": who.banner(patient, now=now, today=timezone.localdate(now)),
        "sharing": exports.sharing_of(patient, now),
    }
    return render(request, "patients/export.html", context)


@requires(Permission.RECORD_EXPORT)
@require_GET
def record_json(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    return _record(request, public_id, "json")


@requires(Permission.RECORD_EXPORT)
@require_GET
def record_fhir(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    return _record(request, public_id, "fhir")


@requires(Permission.COHORT_EXPORT)
@require_http_methods(["GET", "POST"])
def cohort(request: SignedInRequest) -> HttpResponse | FileResponse:
    """How many have agreed to each purpose, and their rows as an archive."""
    form = CohortForm(request.POST or None)
    if form.is_valid():
        purpose = form.cleaned_data["purpose"]
        try:
            made = cohorts.export(purpose, by=request.user, now=timezone.now())
        except cohorts.TooFew as refusal:
            messages.error(request, str(refusal))
            return redirect("patients:cohort")
        return FileResponse(made.file, as_attachment=True, filename=f"cohort-{purpose}.zip")
    now = timezone.now()
    counts = [(purpose.label, cohorts.cohort(purpose, now).count()) for purpose in cohorts.PURPOSES]
    context = {"form": form, "counts": counts, "fewest": cohorts.FEWEST}
    return render(request, "patients/cohort.html", context, status=422 if form.errors else 200)


def _record(request: SignedInRequest, public_id: UUID, form: str) -> HttpResponse:
    patient = open_record(request, public_id)
    content = exports.download(patient, form=form, by=request.user, now=timezone.now())
    media_type, name = TYPES[form]
    # The name says nothing of the person: downloads lie about.
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=media_type, headers=headers)
