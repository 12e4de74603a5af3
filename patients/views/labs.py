"""Pages of the laboratory intake: upload, list of files, one file with what was refused."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Min
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from healthcare.audit import services as audit
from patients.forms import LabUploadForm
from patients.labcsv import UnreadableFile
from patients.models import LabImport
from patients.services import labexports, labfiles, labs

PER_PAGE = 50


@requires(Permission.LABS_UPLOAD)
@require_GET
def imports(request: SignedInRequest) -> HttpResponse:
    rows = LabImport.objects.visible_to(request.user).select_related("job", "uploaded_by")
    page = Paginator(rows.order_by("-uploaded_at", "-pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    return render(request, "patients/imports.html", {"page": page})


@requires(Permission.LABS_UPLOAD)
@require_http_methods(["GET", "POST"])
def upload(request: SignedInRequest) -> HttpResponse:
    form = LabUploadForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            lab_import = labs.receive(
                upload=form.cleaned_data["file"], by=request.user, now=timezone.now()
            )
        except labs.AlreadyReceived as refusal:
            messages.info(request, f"{refusal} Nothing was read twice.")
            return redirect("patients:import", refusal.earlier.public_id)
        except (labfiles.TooLarge, labfiles.NoSpace, UnreadableFile) as refusal:
            form.add_error("file", str(refusal))
        else:
            return redirect("patients:import", lab_import.public_id)
    context = {
        "form": form,
        "heading": "Upload laboratory results",
        "submit_label": "Upload",
        "cancel_url": reverse("patients:imports"),
        "multipart": True,
    }
    return render(request, "patients/upload.html", context)


@requires(Permission.LABS_UPLOAD)
@require_GET
def import_page(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    lab_import = _visible(request, public_id)
    causes = (
        lab_import.problems.values("code")
        .annotate(rows=Count("pk"), message=Min("message"), repair=Min("repair"), first=Min("row"))
        .order_by("-rows", "code")
    )
    cause = request.GET.get("cause", "")
    problems = lab_import.problems.order_by("row")
    if cause:
        problems = problems.filter(code=cause)
    page = Paginator(problems, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "lab_import": lab_import,
        "pace": _pace(lab_import),
        "causes": causes,
        "cause": cause,
        "page": page,
        "ignored": labexports.ignored_columns(lab_import),
    }
    return render(request, "patients/import.html", context)


@requires(Permission.LABS_UPLOAD)
@require_GET
def import_status(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The part that the page asks for every second until the file is read."""
    lab_import = _visible(request, public_id)
    context = {"lab_import": lab_import, "pace": _pace(lab_import)}
    response = render(request, "patients/_import_status.html", context)
    if lab_import.has_ended:
        response["HX-Refresh"] = "true"  # the whole page now has counts and refused rows to show
    return response


@requires(Permission.LABS_UPLOAD)
@require_GET
def problems_csv(request: SignedInRequest, public_id: UUID) -> StreamingHttpResponse:
    lab_import = _visible(request, public_id)
    # Whole rows with identifiers and values; which patients they mean may be what was wrong.
    audit.record("lab_import.refused_rows_read", target=lab_import, by=request.user)
    return _download(labexports.rejected_rows(lab_import), "rejected-rows.csv")


@requires(Permission.LABS_UPLOAD)
@require_GET
def lab_template(request: SignedInRequest) -> StreamingHttpResponse:
    return _download(labexports.template(), "lab_template.csv")


def _visible(request: SignedInRequest, public_id: UUID) -> LabImport:
    rows = LabImport.objects.visible_to(request.user).select_related("job", "uploaded_by")
    return get_object_or_404(rows, public_id=public_id)


def _pace(lab_import: LabImport) -> str:
    """How far and how fast, as a sentence for someone who waits."""
    job = lab_import.job
    if job is None or job.started_at is None:
        return "waiting for a worker"
    rows = lab_import.row_count
    seconds = max(0.1, (timezone.now() - job.started_at).total_seconds())
    if not rows or job.attempts > 1:
        return f"{rows:,} rows read"
    left = seconds * (lab_import.size - lab_import.next_byte) / lab_import.next_byte
    return f"{rows:,} rows read · {rows / seconds:,.0f} rows/s · {left:.0f} s left"


def _download(lines, name: str) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
