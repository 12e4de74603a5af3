"""Answers to recommendations from the patient page."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from recommendations import presenters, queries
from recommendations.forms import AnswerForm
from recommendations.models import Feedback, Recommendation
from recommendations.queries import Line
from recommendations.services import feedback


@require_POST
@requires(Permission.FEEDBACK_GIVE)
def answer(request: SignedInRequest, pk: int) -> HttpResponse:
    """Store an answer; htmx gets the recommendation back, a plain form the page again."""
    visible = Recommendation.objects.visible_to(request.user).select_related("patient")
    recommendation = get_object_or_404(visible, pk=pk)
    form, now = AnswerForm(request.POST), timezone.now()
    if not form.is_valid():
        return _refused(request, recommendation, "Choose an answer with one of its reasons.")
    try:
        given = feedback.record(
            recommendation, **form.feedback(timezone.localdate(now)), by=request.user, now=now
        )
    except feedback.NotAnswerable as refusal:
        return _refused(request, recommendation, str(refusal))
    return _answered(request, recommendation, given)


@require_POST
@requires(Permission.FEEDBACK_GIVE)
def undo(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take back one's own answer; htmx gets the recommendation back as it was before."""
    visible = Feedback.objects.visible_to(request.user)
    given = get_object_or_404(visible.select_related("recommendation__patient"), pk=pk)
    recommendation = given.recommendation
    try:
        feedback.undo(given, by=request.user, now=timezone.now())
    except feedback.NotAnswerable as refusal:
        return _refused(request, recommendation, str(refusal))
    said = "The answer is taken back."
    if not request.htmx:
        messages.success(request, f"{recommendation.content['name']}: {said}")
        return _back(recommendation)
    response = _part(request, Line(recommendation, queries.newest_answer(recommendation)))
    return trigger_client_event(response, "announce", {"value": said})


def _answered(
    request: SignedInRequest, recommendation: Recommendation, given: Feedback
) -> HttpResponse:
    said = presenters.answer_words(given)
    if not request.htmx:
        messages.success(request, f"{recommendation.content['name']}: {said}")
        return _back(recommendation)
    line = Line(recommendation, given, follow_up=queries.follow_up(given))
    response = _part(request, line)
    return trigger_client_event(response, "announce", {"value": said})


def _refused(
    request: SignedInRequest, recommendation: Recommendation, problem: str
) -> HttpResponse:
    if not request.htmx:
        messages.error(request, problem)
        return _back(recommendation)
    line = Line(recommendation, queries.newest_answer(recommendation))
    return _part(request, line, problem=problem, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _part(
    request: SignedInRequest, line: Line, *, problem: str = "", status: int = HTTPStatus.OK
) -> HttpResponse:
    until = None
    if line.answer is not None:
        ends = feedback.undo_ends([line.answer], by=request.user, now=timezone.now())
        until = ends.get(line.answer.pk)
    item = presenters.item(line, may_answer=True, undo_until=until) | {"problem": problem}
    return render(request, "recommendations/_item.html", {"item": item}, status=status)


def _back(recommendation: Recommendation) -> HttpResponse:
    return redirect(f"{recommendation.patient.get_absolute_url()}#advice")
