"""The register of models, a page for each, and letting a challenger serve."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from healthcare.accounts import permissions
from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from predictions import artifacts
from predictions.models import CannotServe, ModelVersion
from predictions.presenters import cards
from predictions.services import registry


@require_GET
@requires(Permission.MODEL_VIEW)
def models(request: SignedInRequest) -> HttpResponse:
    versions = ModelVersion.objects.order_by("task", "-number")
    rows = [cards.summary(version) for version in versions]
    faults = [fault for version in versions if (fault := artifacts.fault(version))]
    return render(request, "predictions/models.html", {"rows": rows, "faults": faults})


@require_GET
@requires(Permission.MODEL_VIEW)
def model(request: SignedInRequest, pk: int) -> HttpResponse:
    version = get_object_or_404(ModelVersion, pk=pk)
    context = {
        "card": cards.card(version),
        "fault": artifacts.fault(version),
        "may_promote": version.stage == ModelVersion.Stage.CHALLENGER
        and permissions.can(request.user, Permission.MODEL_PROMOTE),
    }
    return render(request, "predictions/model.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.MODEL_PROMOTE)
def promote(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask once more, showing both versions; then let the challenger serve.

    A refusal is a conflict: the page is shown again with its sentence and with what serves now.
    """
    challenger, refusal = get_object_or_404(ModelVersion, pk=pk), ""
    if request.method == "POST":
        try:
            seen = request.POST.get("replacing", "")
            registry.promote(challenger, replacing=seen, by=request.user)
        except CannotServe as reason:
            refusal = str(reason)
        else:
            messages.success(request, f"{challenger} serves now. The nightly run scores with it.")
            return redirect("model", pk=pk)
    champion = ModelVersion.objects.filter(
        task=challenger.task, stage=ModelVersion.Stage.SERVING
    ).first()
    context = {
        "challenger": cards.summary(challenger),
        "serving": cards.summary(champion) if champion else None,
        "refusal": refusal,
    }
    status = HTTPStatus.CONFLICT if refusal else HTTPStatus.OK
    return render(request, "predictions/promote.html", context, status=status)
