"""Tests of a file that are not known, asked for on the page of its preview."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from ml.suggest import Suggestion
from patients.forms import LocalCodeForm
from patients.models import Analyte, LabImport
from patients.services import labs, sources, unknowntests
from patients.views.imports import visible

ALL = ""  # no code of a test is empty
BY_NAME = 0.95  # of a suggestion whose name is the very same


def asked(lab_import: LabImport, data=None) -> list[dict]:
    """Each unknown code with a form for what it means, and what it may be."""
    found = list(unknowntests.found(lab_import))
    known = list(Analyte.objects.order_by("group", "order", "name")) if found else []
    rows = []
    for number, one in enumerate(found):
        likely = one.likely()
        form = LocalCodeForm(
            data,
            prefix=f"test-{number}",
            code=one.code,
            analytes=known,
            likely=[suggestion.analyte.code for suggestion in likely],
        )
        reasons = [{"name": suggestion.analyte.display, "why": suggestion.why}
                   for suggestion in likely]  # fmt: skip
        rows.append({**one._asdict(), "form": form, "likely": reasons, "sure": _sure(likely)})
    return rows


def _sure(likely: Sequence[Suggestion]) -> Suggestion | None:
    """The one test that has this very name, for a person to confirm with one click."""
    named = [suggestion for suggestion in likely if suggestion.score >= BY_NAME]
    return named[0] if len(named) == 1 and not named[0].caution else None


def _answers(request: SignedInRequest, questions: list[dict]) -> dict[str, str]:
    """What was chosen for each code; with a click on what is proposed, that alone."""
    proposed = {one["code"]: one["sure"].analyte.code for one in questions if one["sure"]}
    accepted = request.POST.get("accept")
    if accepted == ALL:
        return proposed
    if accepted is not None:
        return {code: analyte for code, analyte in proposed.items() if code == accepted}
    forms = [one["form"] for one in questions]
    return {form.code: form.cleaned_data["analyte"] for form in forms
            if form.is_valid() and form.cleaned_data["analyte"]}  # fmt: skip


@requires(Permission.INTAKE_RESOLVE)
@require_POST
def say_codes(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Remember what the source means by its codes, and work out the preview anew."""
    lab_import = visible(request, public_id)
    if lab_import.job_id is not None or lab_import.lab_source is None:
        messages.info(request, "Codes are remembered for a named source, before the import.")
        return redirect("patients:import-preview", public_id)
    answers = _answers(request, asked(lab_import, request.POST))
    for code, analyte in answers.items():
        sources.say_code(
            lab_import.lab_source,
            code,
            Analyte.objects.get(code=analyte),
            by=request.user,
            now=timezone.now(),
        )
    if answers:
        labs.request_preview(lab_import, by=request.user)
        plural = "" if len(answers) == 1 else "s"
        messages.success(request, f"{len(answers)} code{plural} remembered.")
    else:
        messages.info(request, "No test was chosen, so nothing was changed.")
    return redirect("patients:import-preview", public_id)
