"""What a patient would rather do: on the record for clinicians, and the patient's own page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from healthcare.audit import services as audit
from patients import who
from patients.models import Patient
from patients.views.doors import open_record
from recommendations import preferencewords
from recommendations.services import preferences
from recommendations.siteforms import PreferencesForm


@require_http_methods(["GET", "POST"])
@requires(Permission.RECORD_EDIT)
def of_patient(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """What this patient prefers, every statement of it, and a new one."""
    patient = open_record(request, public_id)
    form = _form(request, patient, is_plain=False)
    if form.is_valid() and _said(request, patient, form):
        return redirect("preferences", public_id)
    now = timezone.now()
    banner = who.banner(patient, now=now, today=timezone.localdate(now))
    audit.read("preferences.read", patient_ids=[patient.pk], by=request.user)
    context = {"patient": patient, "banner": banner} | _context(request, patient, form)
    status = 422 if form.is_bound else 200
    return render(request, "recommendations/preferences.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires(Permission.OWN_RECORD_VIEW)
def own(request: SignedInRequest) -> HttpResponse:
    """A patient's own preferences, in plain words."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user), user=request.user)
    form = _form(request, patient, is_plain=True)
    if form.is_valid() and _said(request, patient, form):
        return redirect("my-preferences")
    audit.read("my-preferences.read", patient_ids=[patient.pk], by=request.user)
    status = 422 if form.is_bound else 200
    context = _context(request, patient, form)
    return render(request, "recommendations/my_preferences.html", context, status=status)


def _form(request: SignedInRequest, patient: Any, *, is_plain: bool) -> PreferencesForm:
    last = preferences.history(patient, by=request.user).first()
    return PreferencesForm(request.POST or None, last=last, is_plain=is_plain)


def _said(request: SignedInRequest, patient: Any, form: PreferencesForm) -> bool:
    try:
        preferences.say(
            patient, form.opinions(), note=form.cleaned_data["note"], by=request.user,
            now=timezone.now(),
        )  # fmt: skip
    except preferences.NotStored as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, "Stored. The order of the advice is worked out again.")
    return True


def _context(request: SignedInRequest, patient: Any, form: PreferencesForm) -> dict[str, Any]:
    rows = preferences.history(patient, by=request.user)[:20]
    return {"form": form, "history": preferencewords.history(rows, is_plain=form.is_plain)}
