"""People of a bundle who are not known here: who they are is asked of a person."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from healthcare.audit import services as audit
from patients.forms import FindPatientForm, TellForm
from patients.models import LabImport
from patients.services import fhirunknown, heldlist
from patients.services.demographics import NumberTaken
from patients.services.fhirunknown import Unknown
from patients.services.held import CannotMatch
from patients.views.imports import visible

PER_PAGE = 50


@requires(Permission.INTAKE_RESOLVE)
@require_GET
def unknown_people(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The people of a file whose resources wait, those with most first."""
    lab_import = _bundle(request, public_id)
    people = fhirunknown.unknown_people(lab_import, now=timezone.now())
    audit.record("lab_import.unknown_people_read", target=lab_import, by=request.user)
    page = Paginator(people, PER_PAGE).get_page(request.GET.get("page"))
    context = {"lab_import": lab_import, "page": page, "total": len(people)}
    return render(request, "patients/unknown_people.html", context)


@requires(Permission.INTAKE_RESOLVE)
@require_GET
def unknown_person(request: SignedInRequest, public_id: UUID, pk: int) -> HttpResponse:
    """One of them: what the file says of them, and the search for the patient."""
    lab_import = _bundle(request, public_id)
    someone = fhirunknown.unknown(lab_import, pk, now=timezone.now())
    if someone is None:
        messages.info(request, "Nothing of this person of the file waits any more.")
        return redirect("patients:unknown-people", public_id)
    return _page(request, lab_import, someone)


@requires(Permission.INTAKE_RESOLVE)
@require_POST
def find(request: SignedInRequest, public_id: UUID, pk: int) -> HttpResponse:
    """Look for the patient; by POST, so that no name or number stands in an address."""
    lab_import = _bundle(request, public_id)
    form = FindPatientForm(request.POST)
    found = heldlist.find_patients(form.wanted, by=request.user) if form.is_valid() else None
    return _page(request, lab_import, _someone(lab_import, pk), find=form, found=found)


@requires(Permission.INTAKE_RESOLVE)
@require_POST
def tell(request: SignedInRequest, public_id: UUID, pk: int) -> HttpResponse:
    """Store what waited as the chosen patient's."""
    lab_import = _bundle(request, public_id)
    form = TellForm(request.POST)
    patient = None
    if form.is_valid() or "patient" in form.cleaned_data:
        patient = heldlist.identified(form.cleaned_data["patient"], by=request.user)
    if patient is None:
        messages.error(request, "Choose one of the patients found. Nothing was stored.")
        return redirect("patients:unknown-person", public_id, pk)
    if not form.is_valid():
        return _page(request, lab_import, _someone(lab_import, pk), tell=form, found=[patient])
    said = {"reason": form.cleaned_data["reason"], "remember": form.cleaned_data["remember"]}
    try:
        settled = fhirunknown.match(
            lab_import, pk, patient, by=request.user, now=timezone.now(), **said
        )
    except (CannotMatch, NumberTaken) as refusal:
        messages.error(request, str(refusal))
        return redirect("patients:unknown-person", public_id, pk)
    _say(request, settled)
    return redirect("patients:import", public_id)


def _say(request: SignedInRequest, settled: int) -> None:
    if not settled:
        messages.info(request, "Nothing of this person of the file waits any more.")
        return
    said = "resource is" if settled == 1 else "resources are"
    messages.success(request, f"{settled:,} {said} the patient's now.")


def _bundle(request: SignedInRequest, public_id: UUID) -> LabImport:
    lab_import = visible(request, public_id)
    if lab_import.format != LabImport.Format.FHIR or not lab_import.has_ended:
        raise Http404
    return lab_import


def _someone(lab_import: LabImport, pk: int) -> Unknown:
    someone = fhirunknown.unknown(lab_import, pk, now=timezone.now())
    if someone is None:
        raise Http404
    return someone


def _page(
    request: SignedInRequest, lab_import: LabImport, someone: Unknown, **forms
) -> HttpResponse:
    """What the file says of somebody, which is read whatever brought the page up."""
    audit.record("lab_import.unknown_people_read", target=lab_import, by=request.user)
    context = {
        "lab_import": lab_import,
        "someone": someone,
        "find": FindPatientForm(),
        "tell": TellForm(),
        "found": None,
        **forms,
    }
    return render(request, "patients/unknown_person.html", context)
