"""A clinician's answer as the buttons of the page send it, and what ends a review task."""

from __future__ import annotations

from datetime import date, timedelta

from django import forms

from recommendations.models import Feedback

Answer, Reason = Feedback.Answer, Feedback.Reason
GIVEN = [(answer.value, answer.label) for answer in map(Answer, Feedback.REASONS)]
LATER_CHOICES = [("2w", "In 2 weeks"), ("1m", "In 1 month"), ("3m", "In 3 months")]
LATER_DAYS = {"2w": 14, "1m": 30, "3m": 91}
# "Already done" is offered with its day, as the answer "done".
DECLINE_REASONS = [
    (reason.value, reason.label)
    for reason in Feedback.REASONS[Answer.DECLINE]
    if reason != Reason.ALREADY_DONE
]
REASONS = {
    **{
        answer: {reason.value for reason in reasons} for answer, reasons in Feedback.REASONS.items()
    },
    Answer.LATER: set(LATER_DAYS),
}
# What one click means when it gives no reason.
USUAL = {Answer.ACCEPT: Reason.AGREED, Answer.MODIFY: Reason.CHANGED,
         Answer.DONE: Reason.ALREADY_DONE}  # fmt: skip


class AnswerForm(forms.Form):
    """One click: an answer with its reason. For "not now" the reason says when again."""

    answer = forms.ChoiceField(choices=GIVEN)
    reason = forms.CharField(required=False)
    comment = forms.CharField(required=False, max_length=500)
    done_on = forms.DateField(required=False)
    done_item = forms.CharField(required=False, max_length=60)
    idempotency_key = forms.CharField(max_length=64)

    def clean(self) -> dict:
        data = super().clean() or {}
        answer = data.get("answer")
        if answer in USUAL:
            data["reason"] = data.get("reason") or USUAL[answer].value
        if answer and data.get("reason") not in REASONS[answer]:
            self.add_error("reason", "Choose one of the reasons offered.")
        return data

    def feedback(self, today: date) -> dict:
        """Arguments of `feedback.record`."""
        data = self.cleaned_data
        if data["answer"] != Answer.LATER:
            return {**data, "snooze_until": None}
        again = today + timedelta(days=LATER_DAYS[data["reason"]])
        return {**data, "reason": Reason.LATER.value, "snooze_until": again}


class CloseForm(forms.Form):
    """Ends a review task with what came of it."""

    comment = forms.CharField(max_length=500, widget=forms.TextInput)
