"""A clinician's answer as the buttons of the page send it."""

from __future__ import annotations

from datetime import date, timedelta

from django import forms

from recommendations.models import Feedback

Answer, Reason = Feedback.Answer, Feedback.Reason
LATER_CHOICES = [("2w", "In 2 weeks"), ("1m", "In 1 month"), ("3m", "In 3 months")]
LATER_DAYS = {"2w": 14, "1m": 30, "3m": 91}
DECLINE_REASONS = [(reason.value, reason.label) for reason in Feedback.REASONS[Answer.DECLINE]]
REASONS = {
    Answer.ACCEPT: {Reason.AGREED.value: Reason.AGREED.label},
    Answer.LATER: dict(LATER_CHOICES),
    Answer.DECLINE: dict(DECLINE_REASONS),
}


class AnswerForm(forms.Form):
    """One click: an answer with its reason. For "not now" the reason says when again."""

    answer = forms.ChoiceField(choices=Answer.choices)
    reason = forms.CharField(required=False)
    comment = forms.CharField(required=False, max_length=500)
    idempotency_key = forms.CharField(max_length=64)

    def clean(self) -> dict:
        data = super().clean() or {}
        answer = data.get("answer")
        if answer == Answer.ACCEPT:
            data["reason"] = data["reason"] or Reason.AGREED.value
        if answer and data["reason"] not in REASONS[answer]:
            self.add_error("reason", "Choose one of the reasons offered.")
        return data

    def feedback(self, today: date) -> dict:
        """Arguments of `feedback.record`."""
        data = self.cleaned_data
        if data["answer"] != Answer.LATER:
            return {**data, "snooze_until": None}
        again = today + timedelta(days=LATER_DAYS[data["reason"]])
        return {**data, "reason": Reason.LATER.value, "snooze_until": again}
