"""The what-if page: trials beside the models' sensitivity. Nothing of it is stored."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from healthcare.audit import services as audit
from healthcare.portal import whatif
from healthcare.portal.presenters import whatif as words
from healthcare.portal.whatif_form import WhatIfForm
from ml.facts import Facts
from patients import queries as patient_queries
from patients import who
from patients.views.doors import open_record
from predictions import artifacts
from recommendations import queries as recommendation_queries

UNPROCESSABLE = 422


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PATIENT_VIEW)
def what_if(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Values come by POST only, so that no address ever holds them; htmx gets the part."""
    patient = open_record(request, public_id)
    audit.read("patient.what_if", patient_ids=[patient.pk], by=request.user)
    now = timezone.now()
    facts = patient_queries.facts_known_at(now, [patient])[patient.pk]
    part, is_valid = _part(request, facts, patient.pk)
    context = {"patient": patient, **part}
    status = 200 if is_valid else UNPROCESSABLE
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "portal/_whatif.html", context, status=status)
    context["banner"] = who.banner(patient, now=now, today=timezone.localdate(now))
    return render(request, "portal/whatif.html", context, status=status)


def _part(request: SignedInRequest, facts: Facts, patient_id: int) -> tuple[dict, bool]:
    """Both lanes under what was sent; without readable values only the form with its faults."""
    models = artifacts.serving_models()
    steps = whatif.steps(recommendation_queries.advice(patient_id, today=facts.as_of))
    offer = whatif.offer(facts, models)
    sent = request.POST if request.method == "POST" else None
    form = WhatIfForm(sent, offer=offer, steps=steps, system=request.user.units)
    context = {"form": form, "left_out": words.left_out(offer)}
    if form.is_bound and not form.is_valid():
        return context, False
    change = form.change() if form.is_bound else whatif.Change()
    chosen = form.chosen()
    joined = whatif.together(step for step in steps if step.id in chosen)
    context |= {
        "trials": words.trials(steps, chosen, joined),
        "models": words.models(whatif.rescored(facts, change, models), change),
        "has_change": bool(change),
    }
    return context, True
