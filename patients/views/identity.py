"""The work list of records that may be one person, merges and their undoing, moved results."""

from __future__ import annotations

from typing import Any

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
from patients import compared, who
from patients.forms.identity import MergeForm, MoveForm
from patients.models import DuplicateCandidate, Patient, Result
from patients.services import duplicates, merging, moving

PER_PAGE = 50


@requires(Permission.RECORDS_MERGE)
@require_GET
def duplicate_list(request: SignedInRequest) -> HttpResponse:
    """Pairs nobody has decided, the likeliest first."""
    rows = DuplicateCandidate.objects.visible_to(request.user).select_related("first", "second")
    waiting = rows.filter(status=DuplicateCandidate.Status.OPEN).order_by("-score", "pk")
    page = Paginator(waiting, PER_PAGE).get_page(request.GET.get("page"))
    joined = list(merging.merges(request.user)[:PER_PAGE])
    shown = {*_of(page), *(pk for one in joined for pk in (one.survivor_id, one.merged_id))}
    audit.read("duplicates.read", patient_ids=sorted(shown), by=request.user)
    context = {
        "page": page,
        "pairs": [(pair, who.born(pair.first), who.born(pair.second)) for pair in page],
        "merges": joined,
    }
    return render(request, "patients/duplicates.html", context)


@requires(Permission.RECORDS_MERGE)
@require_http_methods(["GET", "POST"])
def duplicate(request: SignedInRequest, pk: int) -> HttpResponse:
    """Two records side by side; a POST joins them."""
    candidate = _candidate(request, pk)
    form = MergeForm(request.POST or None, candidate=candidate)
    if form.is_valid():
        try:
            return _merged(request, candidate, form)
        except merging.CannotMerge as refusal:
            form.add_error(None, str(refusal))
    ids = [candidate.first_id, candidate.second_id]
    audit.read("duplicates.read", patient_ids=ids, by=request.user)
    context = {
        "candidate": candidate,
        "is_open": candidate.status == DuplicateCandidate.Status.OPEN,
        "form": form,
        "lines": compared.lines(candidate),
        "held": compared.held(candidate),
        "warning": compared.team_warning(candidate),
        "percent": min(99, round(100 * candidate.score)),
    }
    status = 422 if form.is_bound else 200
    return render(request, "patients/duplicate.html", context, status=status)


@requires(Permission.RECORDS_MERGE)
@require_POST
def two_people(request: SignedInRequest, pk: int) -> HttpResponse:
    try:
        duplicates.call_different(_candidate(request, pk), by=request.user, now=timezone.now())
    except duplicates.NotOpen as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Remembered: two people. They are not proposed again.")
    return redirect("patients:duplicates")


@requires(Permission.RECORDS_MERGE)
@require_http_methods(["GET", "POST"])
def unmerge(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask once, then part the records again."""
    done = get_object_or_404(merging.merges(request.user), pk=pk)
    if request.method == "POST":
        try:
            kept = merging.unmerge(done, by=request.user, now=timezone.now())
        except merging.CannotPart as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"Both records are as they were.{_kept_words(kept)}")
        return redirect("patients:duplicates")
    audit.read("merge.read", patient_ids=[done.survivor_id, done.merged_id], by=request.user)
    return render(request, "patients/unmerge.html", {"merge": done})


@requires(Permission.RESULT_ACKNOWLEDGE)
@require_http_methods(["GET", "POST"])
def move_result(request: SignedInRequest, pk: int) -> HttpResponse:
    """A clinician says whose a result is; both records must be theirs to open."""
    return _move(request, pk)


@requires(Permission.INTAKE_RESOLVE)
@require_http_methods(["GET", "POST"])
def move_result_at_intake(request: SignedInRequest, pk: int) -> HttpResponse:
    """The same for the laboratory, which reaches results of files and not the records."""
    return _move(request, pk)


def _move(request: SignedInRequest, pk: int) -> HttpResponse:
    result: Any = get_object_or_404(moving.movable(request.user), pk=pk)
    came_from = _record_of(request, result)
    form = MoveForm(request.POST or None)
    if form.is_valid():
        try:
            _moved(request, result, form)
        except moving.CannotMove as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "The result stands on the right patient now.")
            return redirect(came_from)
    audit.read("results.read", patient_ids=[result.patient_id], by=request.user)
    context = {"form": form, "result": result, "cancel_url": came_from}
    is_refused = form.is_bound and form.errors
    return render(request, "patients/move_result.html", context, status=422 if is_refused else 200)


def _record_of(request: SignedInRequest, result: Result) -> str:
    """Where somebody looks at results like this one: the record, or the list of files."""
    if Patient.objects.visible_to(request.user).filter(pk=result.patient_id).exists():
        return result.patient.get_absolute_url()
    return reverse("patients:imports")


def _moved(request: SignedInRequest, result: Result, form: MoveForm) -> None:
    said = form.cleaned_data
    target = moving.find(said["number"], said["birth_date"], by=request.user)
    moving.move(
        [result], to_patient=target, by=request.user, now=timezone.now(), reason=said["reason"]
    )


def _merged(
    request: SignedInRequest, candidate: DuplicateCandidate, form: MergeForm
) -> HttpResponse:
    keeps_first = form.cleaned_data["survivor"] == candidate.first_id
    pair = [candidate.first, candidate.second]
    survivor, merged = pair if keeps_first else reversed(pair)
    merging.merge(
        survivor=survivor,
        merged=merged,
        by=request.user,
        now=timezone.now(),
        reason=form.cleaned_data["reason"],
    )
    messages.success(request, "The records are one now. You can undo this below.")
    return redirect("patients:duplicates")


def _candidate(request: SignedInRequest, pk: int) -> DuplicateCandidate:
    rows = DuplicateCandidate.objects.visible_to(request.user)
    both = rows.select_related("first__care_team", "second__care_team")
    return get_object_or_404(
        both.prefetch_related("first__identifiers", "second__identifiers"), pk=pk
    )


def _of(page: Any) -> list[int]:
    return [pk for pair in page for pk in (pair.first_id, pair.second_id)]


def _kept_words(kept: dict[str, int]) -> str:
    if not kept:
        return ""
    listed = ", ".join(f"{count} {label}" for label, count in sorted(kept.items()))
    return f" What came since stays with the record that was kept: {listed}."
