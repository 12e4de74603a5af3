"""The worklist: one's own patients by risk."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from healthcare.audit import services as audit
from healthcare.portal.presenters import worklist_rows
from healthcare.portal.presenters.tiers import task
from healthcare.portal.worklist import Worklist, tier_chips


@require_GET
@requires(Permission.PATIENT_VIEW)
def worklist(request: SignedInRequest) -> HttpResponse:
    """The whole page, or for htmx the part that filters and pages replace."""
    now = timezone.now()
    today = timezone.localdate(now)
    listed = Worklist(request.user, request.GET, now=now, today=today)
    page = listed.page(request.GET.get("page"))
    others = listed.never_scored()
    seen = [row.prediction.patient_id for row in page] + [patient.pk for patient in others]
    audit.read("worklist.read", patient_ids=seen, by=request.user)
    context = {
        "form": listed.form,
        "chosen": listed.chosen,
        "task": task(listed.task),
        "counts": listed.counts,
        "tiers": tier_chips(listed.counts),
        "page": page,
        "rows": [worklist_rows.row(row, today) for row in page],
        "never_scored": others,
    }
    is_part = request.htmx and not request.htmx.history_restore_request
    template = "portal/_worklist_rows.html" if is_part else "portal/worklist.html"
    return render(request, template, context)
