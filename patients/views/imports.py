"""Pages about files that were received: the list, one file's report, downloads, withdrawal."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Min
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from healthcare.accounts import permissions
from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from healthcare.audit import services as audit
from patients.forms import WithdrawForm
from patients.models import LabImport
from patients.services import fhirheld, labexports, labs, labtests
from patients.views.pace import pace
from patients.views.steps import state_of, steps

PER_PAGE = 50
MOST_CAUSES = 100
RELATED = ["job", "preview_job", "uploaded_by", "lab_source", "withdrawn_by"]


@requires(Permission.LABS_UPLOAD)
@require_GET
def imports(request: SignedInRequest) -> HttpResponse:
    rows = LabImport.objects.visible_to(request.user).select_related(*RELATED)
    page = Paginator(rows.order_by("-uploaded_at", "-pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "page": page,
        "rows": [(row, state_of(row)) for row in page],
        "may_resolve": permissions.can(request.user, Permission.INTAKE_RESOLVE),
        "may_see_messages": permissions.can(request.user, Permission.IMPORTS_VIEW),
    }
    return render(request, "patients/imports.html", context)


@requires(Permission.LABS_UPLOAD)
@require_GET
def import_page(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The report of one file; before it may be read, the step at which it waits."""
    lab_import = visible(request, public_id)
    if lab_import.job is None:
        return redirect("patients:import-check", public_id)
    cause = request.GET.get("cause", "")
    problems = lab_import.problems.order_by("row", "column")
    if cause:
        problems = problems.filter(code=cause)
    page = Paginator(problems, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "lab_import": lab_import,
        "state": state_of(lab_import),
        "steps": steps(lab_import, "report" if lab_import.has_ended else "import"),
        "percent": _percent(lab_import),
        "pace": pace(lab_import, timezone.now()),
        "causes": _causes(lab_import),
        "cause": cause,
        "page": page,
        "ignored": labexports.ignored_columns(lab_import),
        "waiting": lab_import.held.waiting().count() if lab_import.has_ended else 0,
        "may_resolve": permissions.can(request.user, Permission.INTAKE_RESOLVE),
        "may_withdraw": lab_import.has_ended and lab_import.withdrawn_at is None,
        **_resources(lab_import),
    }
    return render(request, "patients/import.html", context)


@requires(Permission.LABS_UPLOAD)
@require_GET
def import_status(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The part that the page asks for every second until the file is read."""
    lab_import = visible(request, public_id)
    context = {
        "lab_import": lab_import,
        "percent": _percent(lab_import),
        "pace": pace(lab_import, timezone.now()),
    }
    response = render(request, "patients/_import_status.html", context)
    if lab_import.has_ended:
        response["HX-Refresh"] = "true"  # the whole page now has counts and refused rows to show
    return response


@requires(Permission.LABS_UPLOAD)
@require_GET
def problems_csv(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    lab_import = visible(request, public_id)
    if not lab_import.file.storage.exists(str(lab_import.file.name)):
        messages.error(request, "The uploaded file is no longer on the disk.")
        return redirect("patients:import", public_id)
    # Whole rows with identifiers and values; which patients they mean may be what was wrong.
    audit.record("lab_import.refused_rows_read", target=lab_import, by=request.user)
    return _download(labexports.rejected_rows(lab_import), "rejected-rows.csv")


@requires(Permission.LABS_UPLOAD)
@require_GET
def resources_csv(request: SignedInRequest, public_id: UUID) -> StreamingHttpResponse:
    """The resources of a bundle that are not in the record, each with its reason."""
    lab_import = visible(request, public_id)
    audit.record("lab_import.held_resources_read", target=lab_import, by=request.user)
    return _download(labexports.lines(fhirheld.listed(lab_import)), "held-resources.csv")


@requires(Permission.INTAKE_RESOLVE)
@require_POST
def read_resources_again(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Store what waited for patients that are known now."""
    lab_import = visible(request, public_id)
    settled = fhirheld.read_again(lab_import, by=request.user, now=timezone.now())
    if settled:
        said = "resource has" if settled == 1 else "resources have"
        messages.success(request, f"{settled:,} {said} found the patient.")
    else:
        messages.info(
            request, "None of their patients is known yet: no record has one of their numbers."
        )
    return redirect("patients:import", public_id)


@requires(Permission.LABS_UPLOAD)
@require_GET
def lab_template(request: SignedInRequest) -> StreamingHttpResponse:
    return _download(labexports.template(), "lab_template.csv")


@requires(Permission.LABS_UPLOAD)
@require_http_methods(["GET", "POST"])
def withdraw(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Ask once more and for the reason; then take the file's results back."""
    lab_import = visible(request, public_id)
    if not lab_import.has_ended or lab_import.withdrawn_at is not None:
        messages.info(request, "Only a file that was read to its end can be withdrawn, once.")
        return redirect("patients:import", public_id)
    form = WithdrawForm(request.POST or None)
    if form.is_valid():
        labs.withdraw(
            lab_import,
            by=request.user,
            now=timezone.now(),
            reason=form.cleaned_data["reason"],
        )
        messages.success(request, "The file is withdrawn. What was known before it counts again.")
        return redirect("patients:import", public_id)
    return render(request, "patients/withdraw.html", {"lab_import": lab_import, "form": form})


def visible(request: SignedInRequest, public_id: UUID) -> LabImport:
    rows = LabImport.objects.visible_to(request.user).select_related(*RELATED)
    return get_object_or_404(rows, public_id=public_id)


def _resources(lab_import: LabImport) -> dict[str, Any]:
    """Variables of `_held_resources.html`."""
    if lab_import.format != LabImport.Format.FHIR or not lab_import.has_ended:
        return {"resources": []}
    return {
        "resources": fhirheld.causes(lab_import),
        "nobodys": fhirheld.waiting(lab_import),
        "unknown": fhirheld.has_unknown_people(lab_import),
    }


def _causes(lab_import: LabImport) -> list[dict[str, Any]]:
    """Refused rows by what is wrong, with the advice that holds for all of them."""
    causes = (
        lab_import.problems.values("code", "message")
        .annotate(
            rows=Count("pk"), repairs=Count("repair", distinct=True), repair=Min("repair"),
            first=Min("row"),
        )
        .order_by("-rows", "code", "message")[:MOST_CAUSES]
    )  # fmt: skip
    return [{**cause, "repair": _for_all(cause["repair"], cause["repairs"])} for cause in causes]


def _for_all(repair: str, repairs: int) -> str:
    return repair if repairs == 1 else labtests.without_hint(repair)


def _percent(lab_import: LabImport) -> int:
    """How far its job is; a hundred is said only by a job that has ended."""
    return min(99, lab_import.job.percent) if lab_import.job else 0


def _download(lines, name: str) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
