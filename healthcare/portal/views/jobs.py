"""Background work: what waits, runs, ended or failed, and trying again."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from healthcare.audit import services as audit
from healthcare.jobs import services
from healthcare.jobs.models import Job

PAGE = 50
ENDED_BADLY = [Job.Status.PARKED, Job.Status.FAILED]


@require_GET
@requires(Permission.JOBS_VIEW)
def jobs(request: SignedInRequest) -> HttpResponse:
    """Newest first; `?status=` narrows."""
    status = request.GET.get("status", "")
    rows = Job.objects.select_related("requested_by").order_by("-pk")
    if status in Job.Status.values:
        rows = rows.filter(status=status)
    counts = dict(Job.objects.order_by().values_list("status").annotate(count=Count("pk")))
    context = {
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "status": status,
        "chips": [(value, label, counts.get(value, 0)) for value, label in Job.Status.choices],
        "total": sum(counts.values()),
    }
    is_part = request.htmx and not request.htmx.history_restore_request
    return render(request, "portal/_jobs.html" if is_part else "portal/jobs.html", context)


@require_POST
@requires(Permission.JOBS_VIEW)
def retry(request: SignedInRequest, pk: int) -> HttpResponse:
    """Queue the work of a job that ended badly once more, as a new job."""
    ended = get_object_or_404(Job.objects.filter(status__in=ENDED_BADLY), pk=pk)
    again = services.enqueue(
        ended.kind, key=ended.key, queue=ended.queue, arguments=ended.arguments, by=request.user
    )
    audit.record("job.retried", target=again, by=request.user, ended=ended.pk)
    messages.success(request, "The work is queued again as a new job.")
    return redirect("jobs")
