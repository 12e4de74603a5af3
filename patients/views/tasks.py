"""Results that somebody must see to, and what people are told."""

from http import HTTPStatus

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from healthcare.accounts import permissions
from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from healthcare.audit import services as audit
from patients import tasklist
from patients.forms.tasks import AcknowledgeForm
from patients.models import Notice, Patient, ResultTask
from patients.services import notices, resulttasks

PER_PAGE = 50


@require_GET
@requires(Permission.RESULT_ACKNOWLEDGE)
def tasks(request: SignedInRequest) -> HttpResponse:
    kind = request.GET.get("kind", "")
    rows = tasklist.tasks(request.user)
    if kind:
        rows = rows.filter(kind=kind)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    listed = list(page)
    audit.read(
        "result_tasks.read", patient_ids={task.patient_id for task in listed}, by=request.user
    )
    counts = tasklist.kind_counts(request.user)
    context = {
        "page": page,
        "lines": tasklist.lines(listed, user=request.user, now=timezone.now()),
        "kind": kind,
        "total": sum(counts.values()),
        "kinds": [(choice, choice.label, counts.get(choice, 0)) for choice in ResultTask.Kind],
    }
    return render(request, "patients/tasks.html", context)


@require_POST
@requires(Permission.RESULT_ACKNOWLEDGE)
def acknowledge(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take a result on; htmx gets its line back, a plain form the list again."""
    form = AcknowledgeForm(request.POST)
    if not form.is_valid():
        return _refused(request, " ".join(map(str, form.errors.get("comment", []))))
    try:
        task = resulttasks.acknowledge(
            ResultTask(pk=pk),
            by=request.user,
            now=timezone.now(),
            comment=form.cleaned_data["comment"],
        )
    except ResultTask.DoesNotExist:
        raise Http404 from None
    except resulttasks.NoLongerOpen as refusal:
        return _refused(request, str(refusal))
    return _acknowledged(request, task)


def _acknowledged(request: SignedInRequest, task: ResultTask) -> HttpResponse:
    said = f"{task.result.analyte.name}: acknowledged."
    if not request.htmx:
        messages.success(request, said)
        return redirect("patients:tasks")
    response = render(request, "patients/tasks_acknowledged.html", {"task": task})
    trigger_client_event(response, "tasks-changed")
    return trigger_client_event(response, "announce", {"value": said})


def _refused(request: SignedInRequest, problem: str) -> HttpResponse:
    if not request.htmx:
        messages.error(request, problem)
        return redirect("patients:tasks")
    context = {"problem": problem}
    return render(
        request, "patients/tasks_refused.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY
    )


@require_GET
def notice_list(request: SignedInRequest) -> HttpResponse:
    """What this person was told. Names stand only beside patients they may see."""
    page = Paginator(tasklist.notices(request.user), PER_PAGE).get_page(request.GET.get("page"))
    listed = list(page)
    seen = Patient.objects.visible_to(request.user).filter(
        pk__in={notice.patient_id for notice in listed if notice.patient_id}
    )
    visible = set(seen.values_list("pk", flat=True))
    audit.read("notices.read", patient_ids=visible, by=request.user)
    context = {"page": page, "notices": listed, "visible": visible}
    return render(request, "patients/notices.html", context)


@require_POST
def read_notice(request: SignedInRequest, pk: int) -> HttpResponse:
    if not Notice.objects.visible_to(request.user).filter(pk=pk).exists():
        raise Http404
    notices.mark_read(of=request.user, now=timezone.now(), pk=pk)
    return redirect("patients:notices")


@require_POST
def read_all_notices(request: SignedInRequest) -> HttpResponse:
    count = notices.mark_read(of=request.user, now=timezone.now())
    messages.success(request, f"{count} notice{'s' * (count != 1)} marked as read.")
    return redirect("patients:notices")


@require_GET
def attention(request: SignedInRequest) -> HttpResponse:
    """The two counts of the top bar, fetched after the page so that no page waits for them."""
    may_acknowledge = permissions.can(request.user, Permission.RESULT_ACKNOWLEDGE)
    counts = tasklist.kind_counts(request.user) if may_acknowledge else {}
    context = {
        "may_acknowledge": may_acknowledge,
        "task_count": sum(counts.values()),
        "critical_count": counts.get(ResultTask.Kind.CRITICAL, 0),
        "notice_count": Notice.objects.visible_to(request.user).unread().count(),
    }
    return render(request, "patients/tasks_attention.html", context)
