"""How the list is ordered: for every clinician to read, for the catalogue editor to set."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from healthcare.accounts import permissions
from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from recommendations import weightwords
from recommendations.models import RankingWeights
from recommendations.services import weights
from recommendations.siteforms import WeightsForm


@require_GET
@requires(Permission.CATALOGUE_VIEW)
def order(request: SignedInRequest) -> HttpResponse:
    """The parts of the ranking, what each weighs here, and every change of that."""
    rows = RankingWeights.objects.visible_to(request.user).select_related("by")
    context = weightwords.page(RankingWeights.current(), rows.order_by("-at", "-pk")) | {
        "may_edit": permissions.can(request.user, Permission.CATALOGUE_EDIT)
    }
    return render(request, "recommendations/order.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.CATALOGUE_EDIT)
def change(request: SignedInRequest) -> HttpResponse:
    """Set the weights, or go back to the defaults."""
    form = WeightsForm(request.POST or None, weights=RankingWeights.current())
    if form.is_valid() and _changed(request, form):
        messages.success(request, "The weights hold from now on. Everybody is weighed again.")
        return redirect("recommendation-order")
    context: dict[str, Any] = {
        "form": form, "heading": "Weights of the ranking", "submit_label": "Set the weights",
        "intro": "They hold for every patient of this site from now on.",
        "cancel_url": "..",
    }  # fmt: skip
    status = 422 if form.is_bound else 200
    return render(request, "_components/form_page.html", context, status=status)


def _changed(request: SignedInRequest, form: WeightsForm) -> bool:
    try:
        weights.change(
            form.weights(), reason=form.cleaned_data["reason"], by=request.user, now=timezone.now()
        )
    except weights.NotSet as refusal:
        form.add_error(None, str(refusal))
        return False
    return True
