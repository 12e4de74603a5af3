"""The alert budget of a role: its choice and who made it, what was held back, what was missed."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from recommendations import budgetwords
from recommendations.budgetform import BudgetForm
from recommendations.models import AlertBudget
from recommendations.services import budgets

ROLE = User.Role.CLINICIAN  # the one role with a worklist


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ADVICE_QUALITY_VIEW)
def alert_budget(request: SignedInRequest) -> HttpResponse:
    """Those who watch the quality of the advice read it; who may set it gets the form."""
    now, may_set = timezone.now(), permissions.can(request.user, Permission.ALERT_BUDGET_EDIT)
    site = AlertBudget.of(ROLE)
    form = BudgetForm(request.POST or None, initial=BudgetForm.of(site))
    if request.method == "POST":
        permissions.check(request.user, Permission.ALERT_BUDGET_EDIT)
        if form.is_valid() and _set(request, form, now):
            return redirect("alert-budget")
    context = budgetwords.page(ROLE, now=now) | {"form": form if may_set else None}
    status = 422 if form.is_bound else 200
    return render(request, "recommendations/alert_budget.html", context, status=status)


def _set(request: SignedInRequest, form: BudgetForm, now) -> bool:
    try:
        budgets.change(ROLE, form.choice(), reason=form.cleaned_data["reason"], by=request.user,
                       now=now)  # fmt: skip
    except budgets.NotSet as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, "The alert budget is set. It holds from the next weighing on.")
    return True
