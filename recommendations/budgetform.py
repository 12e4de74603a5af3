"""The form of a role's alert budget."""

from __future__ import annotations

from django import forms

from recommendations.models import AlertBudget
from recommendations.services import budgets


class BudgetForm(forms.Form):
    """The alert budget of a role; the risk is asked for in people of 100."""

    daily_capacity = forms.IntegerField(label="Cards a day", min_value=0)
    percent = forms.FloatField(
        label="Lowest risk, in people of 100", min_value=0, max_value=100,
        help_text="Below it no card interrupts, unless it is urgent.",
    )  # fmt: skip
    window_days = forms.IntegerField(
        label="Days without a repeat", min_value=1,
        help_text="So long the same card of the same patient stays silent.",
    )  # fmt: skip
    reason = forms.CharField(label="Why", max_length=500)

    @staticmethod
    def of(site: AlertBudget) -> dict:
        """Initial values."""
        return {
            "daily_capacity": site.daily_capacity,
            "window_days": site.window_days,
            "percent": round(100 * site.threshold, 2),
        }

    def choice(self) -> budgets.Choice:
        data = self.cleaned_data
        threshold = round(data["percent"] / 100, 6)
        return budgets.Choice(data["daily_capacity"], data["window_days"], threshold)
