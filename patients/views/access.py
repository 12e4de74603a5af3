"""Emergency access and its review, consent, and who looked into a record."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from healthcare.audit import services as audit
from patients import looks, who
from patients.forms.access import ConsentForm, EmergencyForm
from patients.models import EmergencyAccess, Patient
from patients.services import consent, emergency
from patients.views.doors import open_record

PER_PAGE = 50


@requires(Permission.EMERGENCY_ACCESS)
@require_http_methods(["GET", "POST"])
def emergency_access(request: SignedInRequest) -> HttpResponse:
    """Ask for a record by its number and the birth date."""
    return _emergency(request, None)


@requires(Permission.EMERGENCY_ACCESS)
@require_http_methods(["GET", "POST"])
def emergency_access_to(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The same for somebody who followed a link; says nothing of the record before it is open."""
    return _emergency(request, public_id)


def _emergency(request: SignedInRequest, public_id: UUID | None) -> HttpResponse:
    form = EmergencyForm(request.POST or None, has_address=public_id is not None)
    if form.is_valid():
        try:
            access = _granted(request, form, public_id)
        except emergency.PatientObjected as refusal:
            form.ask_about_objection()
            form.add_error(None, str(refusal))
        except emergency.NotGranted as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.warning(
                request, "The record is open to you for an hour. Everything you open is logged."
            )
            return redirect(access.patient)
    context = {"form": form, "cancel_url": reverse("worklist")}
    is_refused = form.is_bound and form.errors
    return render(request, "patients/emergency.html", context, status=422 if is_refused else 200)


def _granted(
    request: SignedInRequest, form: EmergencyForm, public_id: UUID | None
) -> EmergencyAccess:
    said = form.cleaned_data | {"by": request.user, "now": timezone.now()}
    if public_id is None:
        return emergency.grant(**said)
    return emergency.grant_by_address(public_id=public_id, **said)


@requires(Permission.EMERGENCY_ACCESS)
@require_POST
def emergency_end(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    patient = open_record(request, public_id)
    now = timezone.now()
    if access := emergency.current(request.user, patient, now=now):
        emergency.end(access, by=request.user, now=now)
        messages.success(request, "Your emergency access has ended.")
    return redirect("worklist")


@requires(Permission.ACCESS_REVIEW)
@require_GET
def emergency_review(request: SignedInRequest) -> HttpResponse:
    """Every emergency access with its reason; those not reviewed first."""
    rows = emergency.for_review(request.user)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    shown = [access.patient_id for access in page]
    audit.read("emergency_accesses.read", patient_ids=shown, by=request.user)
    context = {
        "page": page,
        "now": timezone.now(),
        "waiting": rows.filter(reviewed_at=None).count(),
    }
    return render(request, "patients/emergency_review.html", context)


@requires(Permission.ACCESS_REVIEW)
@require_POST
def emergency_reviewed(request: SignedInRequest, pk: int) -> HttpResponse:
    access = get_object_or_404(emergency.for_review(request.user), pk=pk)
    emergency.review(access, by=request.user, now=timezone.now())
    messages.success(request, "Marked as reviewed.")
    return redirect("patients:emergency-review")


@requires(Permission.ACCESS_REVIEW)
@require_GET
def emergency_looks(request: SignedInRequest, pk: int) -> HttpResponse:
    """What was opened during one emergency access, and everything else about that record."""
    access = get_object_or_404(emergency.for_review(request.user), pk=pk)
    audit.read("looks.read", patient_ids=[access.patient_id], by=request.user)
    return _looks(request, access.patient, "patients/looks_for_review.html", {"access": access})


@requires(Permission.RECORD_EDIT)
@require_GET
def record_looks(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Who opened or changed this record, when, and what."""
    patient = open_record(request, public_id)
    audit.read("looks.read", patient_ids=[patient.pk], by=request.user)
    return _looks(request, patient, "patients/looks.html", _frame(patient))


@requires(Permission.OWN_RECORD_VIEW)
@require_GET
def my_looks(request: SignedInRequest) -> HttpResponse:
    """For the patient: who has looked, in plain words."""
    own = _own(request)
    audit.read("my-looks.read", patient_ids=[own.pk], by=request.user)
    return _looks(request, own, "patients/my_looks.html", {})


def _looks(
    request: SignedInRequest, patient: Patient, template: str, context: dict
) -> HttpResponse:
    events = Paginator(looks.events(patient), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, template, context | {"page": events, "rows": looks.rows(events)})


@requires(Permission.RECORD_EDIT)
@require_http_methods(["GET", "POST"])
def consents(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """What the patient allows, every decision, and a new one."""
    patient = open_record(request, public_id)
    form = ConsentForm(request.POST or None)
    if form.is_valid():
        _decide(request, patient, form)
        return redirect("patients:consents", public_id)
    audit.read("consent.read", patient_ids=[patient.pk], by=request.user)
    context = _frame(patient) | _consent_context(patient) | {"form": form}
    status = 422 if form.is_bound else 200
    return render(request, "patients/consents.html", context, status=status)


@requires(Permission.OWN_RECORD_VIEW)
@require_http_methods(["GET", "POST"])
def my_consents(request: SignedInRequest) -> HttpResponse:
    """A patient's own decisions."""
    own = _own(request)
    form = ConsentForm(request.POST or None)
    if form.is_valid():
        _decide(request, own, form)
        return redirect("patients:my-consents")
    audit.read("my-consents.read", patient_ids=[own.pk], by=request.user)
    return render(request, "patients/my_consents.html", _consent_context(own) | {"form": form})


def _decide(request: SignedInRequest, patient: Any, form: ConsentForm) -> None:
    consent.decide(
        patient,
        form.cleaned_data["purpose"],
        is_given=form.cleaned_data["answer"] == "yes",
        by=request.user,
        now=timezone.now(),
        note=form.cleaned_data["note"],
    )
    messages.success(request, "The decision is stored and counts from now on.")


def _consent_context(patient: Patient) -> dict:
    return {"standing": consent.newest(patient), "history": consent.history(patient)}


def _own(request: SignedInRequest) -> Patient:
    return get_object_or_404(Patient.objects.visible_to(request.user), user=request.user)


def _frame(patient: Any) -> dict:
    now = timezone.now()
    banner = who.banner(patient, now=now, today=timezone.localdate(now))
    return {"patient": patient, "banner": banner}
