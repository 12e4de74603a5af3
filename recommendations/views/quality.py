"""How the advice fares, the tasks that answers opened, and every answer as a file."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from healthcare.accounts import permissions
from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from healthcare.audit import services as audit
from recommendations import evaluationwords, qualitywords
from recommendations.forms import CloseForm
from recommendations.models import ReviewTask
from recommendations.services import evaluation, exports, reviews
from recommendations.services import quality as report

Kind = ReviewTask.Kind
KEPT = 12  # evaluations listed


@require_GET
@requires(Permission.ADVICE_QUALITY_VIEW)
def quality(request: SignedInRequest) -> HttpResponse:
    """The whole catalogue, or one item of it with `?item=`; numbers only, small ones hidden."""
    now, item = timezone.now(), request.GET.get("item", "")[:20]
    found = report.report(now=now, item=item) if item else evaluation.report(now=now)
    tasks = ReviewTask.objects.visible_to(request.user).open().exclude(kind=Kind.DATA)
    context = (qualitywords.page(found) if found else {}) | {
        "is_being_counted": evaluation.is_requested(),
        "tasks": [qualitywords.task(task) for task in tasks.order_by("-opened_at")],
        "evaluations": evaluationwords.page(evaluation.newest(KEPT)),
        "may_export": permissions.can(request.user, Permission.FEEDBACK_EXPORT),
    }
    return render(request, "recommendations/quality.html", context)


@require_POST
@requires(Permission.ADVICE_QUALITY_VIEW)
def compute(request: SignedInRequest) -> HttpResponse:
    """Count again now, in the background."""
    evaluation.request(by=request.user)
    messages.success(request, "The numbers are being counted. You may leave this page.")
    return redirect("recommendation-quality")


@require_GET
@requires(Permission.RECORD_EDIT)
def tasks(request: SignedInRequest) -> HttpResponse:
    """Data of one's own patients that an answer says are wrong or lacking."""
    visible = ReviewTask.objects.visible_to(request.user).open().filter(kind=Kind.DATA)
    rows = list(visible.select_related("patient").order_by("-opened_at")[:200])
    patients = {row.patient_id for row in rows if row.patient_id}
    audit.read("review_tasks.read", patient_ids=sorted(patients), by=request.user)
    context = {"tasks": [qualitywords.task(task) for task in rows]}
    return render(request, "recommendations/tasks.html", context)


@require_POST
def close(request: SignedInRequest, pk: int) -> HttpResponse:
    """End a task with a comment. Those who may see it may close it."""
    allowed = (Permission.ADVICE_QUALITY_VIEW, Permission.RECORD_EDIT)
    if not any(permissions.can(request.user, each) for each in allowed):
        permissions.check(request.user, Permission.ADVICE_QUALITY_VIEW)
    task = get_object_or_404(ReviewTask.objects.visible_to(request.user), pk=pk)
    form = CloseForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say in a few words what came of it.")
    else:
        comment = form.cleaned_data["comment"]
        reviews.close(task, comment=comment, by=request.user, now=timezone.now())
        messages.success(request, "The task is closed.")
    of_data = task.kind == Kind.DATA
    return redirect("recommendation-tasks" if of_data else "recommendation-quality")


@require_GET
@requires(Permission.FEEDBACK_EXPORT)
def export(request: SignedInRequest, form: str) -> HttpResponse:
    """Every answer with user, time, place, answer, reason, comment, item and catalogue."""
    if form == "csv":
        content, kind = exports.feedback_csv(by=request.user), "text/csv; charset=utf-8"
    else:
        content = exports.feedback_json(by=request.user, now=timezone.now())
        kind = "application/json"
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="feedback.{form}"'
    return response
