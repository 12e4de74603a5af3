"""The record pages: each list with what stands, what is past and what was corrected."""

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

from healthcare.accounts import permissions
from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from healthcare.audit import services as audit
from healthcare.common import figures
from patients import who
from patients.forms.record import FactForm, ReasonForm
from patients.services import records
from patients.views.doors import open_record
from patients.views.record_kinds import KINDS, Kind, of_slug

PER_PAGE = 100


@require_GET
@requires(Permission.PATIENT_VIEW)
def record_list(request: SignedInRequest, public_id: UUID, kind: str) -> HttpResponse:
    """One list: what stands now, what is past, and what was corrected or removed."""
    shown, patient = of_slug(kind), open_record(request, public_id)
    audit.read("record.read", patient_ids=[patient.pk], by=request.user, list=kind)
    facts = shown.model.objects.visible_to(request.user).filter(patient=patient)
    rows = facts.select_related("entered_by").order_by(*shown.order, "-recorded_at", "-pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    may_edit = permissions.can(request.user, Permission.RECORD_EDIT)
    context = _frame(patient) | {
        "kind": shown,
        "kinds": KINDS.values(),
        "page": page,
        "sections": _sections(shown, list(page), patient),
        "reviewed": _reviewed(shown, patient),
        "may_edit": may_edit,
    }
    return render(request, "patients/record.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.RECORD_EDIT)
def add(request: SignedInRequest, public_id: UUID, kind: str) -> HttpResponse:
    shown, patient = of_slug(kind), open_record(request, public_id)
    if shown.add_form is None:
        messages.info(request, f"{shown.title} are filled by uploads.")
        return redirect(_list_url(patient, shown))
    form = shown.add_form(request.POST or None, today=timezone.localdate())
    if form.is_valid() and _added(request, form, shown, patient):
        messages.success(request, f"Added to {shown.title.lower()}.")
        return redirect(_list_url(patient, shown))
    return _form_page(request, patient, shown, [form], f"Add {shown.thing}", "Add")


@require_http_methods(["GET", "POST"])
@requires(Permission.RECORD_EDIT)
def correct(request: SignedInRequest, public_id: UUID, kind: str, pk: int) -> HttpResponse:
    """The old entry stays in the history with the reason; a new one takes its place."""
    shown, patient = of_slug(kind), open_record(request, public_id)
    fact = _fact(request, patient, shown, pk)
    if shown.correct_form is None:
        messages.info(request, "What a device counted is removed, not corrected.")
        return redirect(_list_url(patient, shown))
    form = shown.correct_form.of(fact, request.POST or None, today=timezone.localdate())
    why = ReasonForm(request.POST or None)
    if form.is_valid() and why.is_valid():
        try:
            records.correct(
                fact, form.said(), by=request.user, now=timezone.now(),
                reason=why.cleaned_data["why"],
            )  # fmt: skip
        except records.NotChanged as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Corrected. The old entry is kept in the history.")
            return redirect(_list_url(patient, shown))
    return _form_page(request, patient, shown, [form, why], f"Correct {shown.thing}", "Correct")


@require_http_methods(["GET", "POST"])
@requires(Permission.RECORD_EDIT)
def remove(request: SignedInRequest, public_id: UUID, kind: str, pk: int) -> HttpResponse:
    """Asks for a reason first; the entry stays in the history."""
    shown, patient = of_slug(kind), open_record(request, public_id)
    fact = _fact(request, patient, shown, pk)
    why = ReasonForm(request.POST or None)
    if why.is_valid():
        reason = why.cleaned_data["why"]
        records.remove(fact, by=request.user, now=timezone.now(), reason=reason)
        messages.success(request, "Removed. The entry is kept in the history.")
        return redirect(_list_url(patient, shown))
    what = " · ".join(cell for cell in shown.cells(fact) if cell)
    return _form_page(
        request, patient, shown, [why], f"Remove {shown.thing}", "Remove",
        intro=f"{what}. If it was true once and has ended, correct it and give the day it ended.",
    )  # fmt: skip


@require_POST
@requires(Permission.RECORD_EDIT)
def reviewed(request: SignedInRequest, public_id: UUID, kind: str) -> HttpResponse:
    """Somebody has gone through the list today: if it is empty, there is none."""
    shown, patient = of_slug(kind), open_record(request, public_id)
    if shown.reviewed:
        records.mark_reviewed(patient, shown.reviewed, by=request.user, on=timezone.localdate())
        messages.success(request, f"{shown.title}: gone through today.")
    return redirect(_list_url(patient, shown))


def _fact(request: SignedInRequest, patient: Any, kind: Kind, pk: int) -> Any:
    facts = kind.model.objects.visible_to(request.user).filter(patient=patient)
    return get_object_or_404(facts, pk=pk)


def _added(request: SignedInRequest, form: FactForm, kind: Kind, patient: Any) -> bool:
    """Store what the form says; a refusal is said on the form."""
    try:
        records.add_all(
            [kind.model(patient=patient, **said) for said in form.contents()],
            by=request.user, now=timezone.now(),
        )  # fmt: skip
    except records.NotChanged as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


def _list_url(patient: Any, kind: Kind) -> str:
    return reverse("patients:record", args=[patient.public_id, kind.slug])


def _frame(patient: Any) -> dict:
    now = timezone.now()
    banner = who.banner(patient, now=now, today=timezone.localdate(now))
    return {"patient": patient, "banner": banner}


def _form_page(
    request: SignedInRequest, patient: Any, kind: Kind, forms: list, heading: str, submit: str,
    *, intro: str = "",
) -> HttpResponse:  # fmt: skip
    context = _frame(patient) | {
        "forms": forms,
        "heading": heading,
        "intro": intro,
        "submit_label": submit,
        "cancel_url": _list_url(patient, kind),
    }
    is_refused = any(form.is_bound and form.errors for form in forms)
    return render(request, "patients/record_form.html", context, status=422 if is_refused else 200)


def _reviewed(kind: Kind, patient: Any) -> str:
    """When somebody last went through a list, in words; empty for lists without a review."""
    if not kind.reviewed:
        return ""
    day = getattr(patient, f"{kind.reviewed}_reviewed_on")
    return f"Gone through on {figures.day(day)}" if day else "Nobody has gone through this list yet"


def _sections(kind: Kind, facts: list[Any], patient: Any) -> list[dict]:
    """What stands, what is past, what was ended by a correction or removal."""
    today = timezone.localdate()
    current = [fact for fact in facts if fact.superseded_at is None]
    past = [fact for fact in current if kind.is_over(fact, today)]
    standing = [fact for fact in current if fact not in past]
    ended = [fact for fact in facts if fact.superseded_at is not None]
    return [
        {"title": "Now", "rows": [_row(kind, fact) for fact in standing], "is_now": True},
        {"title": "Past", "rows": [_row(kind, fact) for fact in past]},
        {"title": "Corrected or removed", "rows": [_row(kind, fact) for fact in ended],
         "is_ended": True},
    ]  # fmt: skip


def _row(kind: Kind, fact: Any) -> dict:
    first, *others = kind.cells(fact)
    by = fact.entered_by.display_name if fact.entered_by else ""
    return {
        "pk": fact.pk,
        "first": first,
        "others": others,
        "source": " · ".join(part for part in [fact.source, by] if part),
        "recorded": figures.clock(fact.recorded_at),
        "ended": figures.clock(fact.superseded_at) if fact.superseded_at else "",
        "reason": fact.change_reason,
    }
