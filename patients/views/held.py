"""The work list of rows that wait for somebody to say whose, what or in which unit they are."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from healthcare.audit import services as audit
from patients.forms import FindPatientForm, MapCodeForm, MapUnitForm, MatchForm, RejectForm
from patients.models import Analyte, HeldResult
from patients.services import heldlist, settling
from patients.services.heldlist import Reason

PER_PAGE = 50
ROWS_SHOWN = 50


@requires(Permission.INTAKE_RESOLVE)
@require_GET
def held_results(request: SignedInRequest) -> HttpResponse:
    """What waits, by what is not known, oldest first."""
    reason = request.GET.get("reason", "")
    page = Paginator(heldlist.groups(request.user, reason=reason), PER_PAGE).get_page(
        request.GET.get("page")
    )
    counts = heldlist.counts(request.user)
    groups = heldlist.described(list(page), request.user)
    for group in groups[:1]:
        audit.record("held_results.listed", target=group.first, by=request.user, groups=len(groups))
    context = {
        "page": page,
        "groups": groups,
        "reason": reason,
        "reasons": [(one.value, one.label, counts.get(one.value, 0)) for one in Reason],
        "total": sum(counts.values()),
    }
    return render(request, "patients/held_results.html", context)


@requires(Permission.INTAKE_RESOLVE)
@require_GET
def held_group(request: SignedInRequest, pk: int) -> HttpResponse:
    """The rows of one question, and the ways to answer it."""
    return _page(request, _held(request, pk))


@requires(Permission.INTAKE_RESOLVE)
@require_POST
def find_patient(request: SignedInRequest, pk: int) -> HttpResponse:
    """Look for the person; by POST, so that no name or number stands in an address."""
    held = _held(request, pk)
    form = FindPatientForm(request.POST)
    found = heldlist.find_patients(form.wanted, by=request.user) if form.is_valid() else None
    return _page(request, held, find=form, found=found)


@requires(Permission.INTAKE_RESOLVE)
@require_POST
def match(request: SignedInRequest, pk: int) -> HttpResponse:
    held = _held(request, pk)
    form = MatchForm(request.POST)
    patient = None
    if form.is_valid():
        patient = heldlist.identified(form.cleaned_data["patient"], by=request.user)
    if patient is None:
        messages.error(request, "Choose one of the patients found. Nothing was stored.")
        return redirect("patients:held-group", pk)
    remember = form.cleaned_data["remember"]
    return _settle(request, held, settling.match, patient=patient, remember=remember)


@requires(Permission.INTAKE_RESOLVE)
@require_POST
def map_code(request: SignedInRequest, pk: int) -> HttpResponse:
    held = _held(request, pk)
    form = MapCodeForm(request.POST, analytes=_analytes(), has_source=held.lab_source is not None)
    if not form.is_valid():
        return _page(request, held, code=form)
    said = {**form.cleaned_data}
    analyte = Analyte.objects.get(code=said.pop("analyte"))
    return _settle(request, held, settling.map_code, analyte=analyte, **said)


@requires(Permission.INTAKE_RESOLVE)
@require_POST
def map_unit(request: SignedInRequest, pk: int) -> HttpResponse:
    held = _held(request, pk)
    form = MapUnitForm(request.POST, units=settling.units_offered(held))
    if not form.is_valid():
        return _page(request, held, unit=form)
    return _settle(request, held, settling.map_unit, unit=form.cleaned_data["unit"])


@requires(Permission.INTAKE_RESOLVE)
@require_POST
def reject(request: SignedInRequest, pk: int) -> HttpResponse:
    held = _held(request, pk)
    form = RejectForm(request.POST)
    if not form.is_valid():
        return _page(request, held, reject=form)
    return _settle(request, held, settling.reject, comment=form.cleaned_data["comment"])


def _held(request: SignedInRequest, pk: int) -> HeldResult:
    rows = HeldResult.objects.visible_to(request.user).select_related("lab_source", "lab_import")
    return get_object_or_404(rows, pk=pk)


def _analytes() -> list[Analyte]:
    return list(Analyte.objects.order_by("group", "order", "name"))


def _settle(request: SignedInRequest, held: HeldResult, settle: Callable, **answer) -> HttpResponse:
    try:
        outcome = settle(held, by=request.user, now=timezone.now(), **answer)
    except settling.NotPossible as refusal:
        messages.error(request, str(refusal))
        return redirect("patients:held-group", held.pk)
    messages.success(request, str(outcome))
    return redirect("patients:held-group" if outcome.waiting else "patients:held-results",
                    *([held.pk] if outcome.waiting else []))  # fmt: skip


def _page(request: SignedInRequest, held: HeldResult, **forms) -> HttpResponse:
    """The question with its rows; `forms` are those that came back with errors."""
    rows = heldlist.same_question(held, request.user)
    count = rows.count()
    audit.record("held_results.read", target=held, by=request.user, rows=count)
    context = {
        "group": heldlist.Group(held, count, held.received_at, heldlist.subject(held)),
        "rows": [_row(row) for row in rows[:ROWS_SHOWN]],
        "settled": _settled(held),
        "reject": RejectForm(),
        **_answers(held),
        **forms,
    }
    return render(request, "patients/held_group.html", context)


def _answers(held: HeldResult) -> dict:
    """Forms for what this row asks."""
    if held.reason == Reason.PATIENT:
        number = held.cells.get("mrn", "")
        return {"find": FindPatientForm(), "number": number, "found": None}
    if held.reason == Reason.CODE:
        likely = settling.likely(held)
        codes = [one.analyte.code for one in likely]
        form = MapCodeForm(
            analytes=_analytes(), likely=codes, has_source=held.lab_source is not None
        )
        return {"code": form, "likely": [{"name": one.analyte.display, "why": one.why}
                                         for one in likely]}  # fmt: skip
    return {"unit": MapUnitForm(units=settling.units_offered(held))}


def _row(held: HeldResult) -> dict:
    cells = held.cells
    return {
        "number": cells.get("mrn", ""),
        "born": cells.get("birth_date", ""),
        "test": " · ".join(one for one in (cells.get("code"), cells.get("test_name")) if one),
        "value": cells.get("value", ""),
        "unit": cells.get("unit", ""),
        "collected": cells.get("collected_at", ""),
        "import_id": held.lab_import.public_id if held.lab_import else None,
        "file": held.lab_import.file_name if held.lab_import else "a message",
        "line": held.row,
        "comment": held.comment,
    }


def _settled(held: HeldResult) -> str:
    said = f"This one is {held.get_status_display().lower()}."
    return f"{said} {held.comment}" if held.comment else said
