"""Who the patient is, their numbers, and the team that cares for them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from healthcare.accounts import permissions
from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from healthcare.audit import services as audit
from healthcare.common import figures
from patients import who
from patients.forms.demographics import DemographicsForm, IdentifierForm, TransferForm
from patients.services import demographics, records
from patients.views.doors import open_record

NOT_RECORDED = "not recorded"


@require_GET
@requires(Permission.PATIENT_VIEW)
def person(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    patient = open_record(request, public_id)
    audit.read("person.read", patient_ids=[patient.pk], by=request.user)
    context = _frame(patient) | {
        "facts": _facts(patient),
        "numbers": patient.identifiers.order_by("system", "value"),
        "members": [
            {"name": member.display_name, "role": member.get_role_display()}
            for member in patient.care_team.members.filter(is_active=True).order_by("pk")
        ],
        "may_edit": permissions.can(request.user, Permission.RECORD_EDIT),
    }
    return render(request, "patients/person.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.RECORD_EDIT)
def edit(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    patient = open_record(request, public_id)
    form = DemographicsForm(request.POST or None, instance=patient, today=timezone.localdate())
    if form.is_valid():
        demographics.change(patient, form.changes(), by=request.user)
        messages.success(request, "Saved. Risks and recommendations are computed anew.")
        return redirect(_url(patient))
    return _form_page(request, public_id, form, "Correct who this is", "Save")


@require_http_methods(["GET", "POST"])
@requires(Permission.RECORD_EDIT)
def add_number(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    patient = open_record(request, public_id)
    form = IdentifierForm(request.POST or None)
    if form.is_valid():
        try:
            demographics.add_identifier(patient, **form.cleaned_data, by=request.user)
        except records.NotChanged as refusal:
            form.add_error("value", str(refusal))
        else:
            messages.success(request, "Added. Results with this number now find the patient.")
            return redirect(_url(patient))
    return _form_page(request, public_id, form, "Add a number", "Add")


@require_POST
@requires(Permission.RECORD_EDIT)
def remove_number(request: SignedInRequest, public_id: UUID, pk: int) -> HttpResponse:
    patient = open_record(request, public_id)
    number = get_object_or_404(patient.identifiers, pk=pk)
    demographics.remove_identifier(number, by=request.user)
    messages.success(request, "Removed. New results with this number wait for a person.")
    return redirect(_url(patient))


@require_http_methods(["GET", "POST"])
@requires(Permission.RECORD_EDIT)
def transfer(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Give the patient to another team; whoever is not in it sees the record no more."""
    patient = open_record(request, public_id)
    form = TransferForm(request.POST or None, now_in=patient.care_team)
    if form.is_valid():
        team = form.cleaned_data["team"]
        demographics.transfer(patient, team, by=request.user, reason=form.cleaned_data["reason"])
        messages.success(request, f"The patient is now in the care of {team}.")
        still_seen = who.visible(request.user).filter(pk=patient.pk).exists()
        return redirect(_url(patient) if still_seen else "worklist")
    return _form_page(
        request, public_id, form, "Transfer to another team", "Transfer",
        intro=f"Now in the care of {patient.care_team}. Whoever is not in the new team can no "
        "longer open the record.",
    )  # fmt: skip


def _url(patient: Any) -> str:
    return reverse("patients:person", args=[patient.public_id])


def _frame(patient: Any) -> dict:
    now = timezone.now()
    banner = who.banner(patient, now=now, today=timezone.localdate(now))
    return {"patient": patient, "banner": banner}


def _form_page(
    request: SignedInRequest, public_id: UUID, form: Any, heading: str, submit: str,
    *, intro: str = "",
) -> HttpResponse:  # fmt: skip
    # Read anew: a refused form has put what was typed on its patient.
    patient = open_record(request, public_id)
    context = _frame(patient) | {
        "forms": [form],
        "heading": heading,
        "intro": intro,
        "submit_label": submit,
        "cancel_url": _url(patient),
    }
    is_refused = form.is_bound and form.errors
    return render(request, "patients/record_form.html", context, status=422 if is_refused else 200)


def _facts(patient: Any) -> list[tuple[str, str]]:
    breastfeeding = {None: NOT_RECORDED, True: "yes", False: "no"}[patient.is_breastfeeding]
    return [
        ("Name", patient.name),
        ("Sex at birth", patient.get_sex_display()),
        ("Born", who.born(patient)),
        ("Died", figures.day(patient.died_on) or "–"),
        ("Ethnicity", patient.get_ethnicity_display() or NOT_RECORDED),
        ("Pregnant, last period began", figures.day(patient.pregnant_since) or "–"),
        ("Breastfeeding", breastfeeding),
        ("Phone", patient.phone or NOT_RECORDED),
        ("Postal code", patient.postal_code or NOT_RECORDED),
        ("Last change", figures.clock(patient.updated_at)),
    ]
