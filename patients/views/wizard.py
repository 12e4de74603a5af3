"""From a chosen file to its import, one address a step; each may be reloaded and gone back to."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from healthcare.accounts import permissions
from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from healthcare.audit import services as audit
from patients.forms import ConfirmForm, LabUploadForm, MappingForm, StartForm
from patients.labcsv import UnreadableFile
from patients.labcsv.guess import Guess, Start
from patients.models import LabImport
from patients.services import labdrafts, labfiles, labs, sources
from patients.views import previews, unknowntests
from patients.views.imports import visible
from patients.views.steps import steps


@requires(Permission.LABS_UPLOAD)
@require_http_methods(["GET", "POST"])
def upload(request: SignedInRequest) -> HttpResponse:
    """Take a file; nothing of it is stored as a result before somebody has said so."""
    form = LabUploadForm(
        request.POST or None, request.FILES or None, sources=sources.names(by=request.user)
    )
    if form.is_valid():
        try:
            return redirect(_take(request, form))
        except labs.AlreadyReceived as refusal:
            messages.info(request, f"{refusal} Nothing was read twice.")
            if refusal.earlier is None:
                return redirect("patients:imports")
            return redirect("patients:import", refusal.earlier.public_id)
        except (labfiles.TooLarge, labfiles.NoSpace, UnreadableFile) as refusal:
            form.add_error("file", str(refusal))
    context = {
        "form": form,
        "steps": steps(None, "upload"),
        "heading": "Upload laboratory results",
        "submit_label": "Upload and check",
        "cancel_url": reverse("patients:imports"),
        "multipart": True,
    }
    return render(request, "patients/upload.html", context)


def _take(request: SignedInRequest, form: LabUploadForm) -> str:
    """Store the file; return the address of its next step."""
    name = form.source_name
    lab_import = labs.receive(
        upload=form.cleaned_data["file"],
        by=request.user,
        now=timezone.now(),
        lab_source=sources.named(name, by=request.user) if name else None,
        confirm=False,
        may_lack_headings=True,
    )
    if labdrafts.is_mapped(lab_import) and (profile := labdrafts.settled(lab_import)):
        labdrafts.keep_mapping(lab_import, profile, by=request.user)
        labs.request_preview(lab_import, by=request.user)
        messages.info(request, "The file is read like the last one of this source.")
        return reverse("patients:import-preview", args=[lab_import.public_id])
    return reverse("patients:import-check", args=[lab_import.public_id])


@requires(Permission.LABS_UPLOAD)
@require_GET
def check(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """What the file is and how it begins."""
    lab_import = visible(request, public_id)
    if lab_import.job_id is not None:
        return redirect("patients:import", public_id)
    guess, unreadable = None, ""
    start = _start_said(request, lab_import)
    if labdrafts.is_mapped(lab_import):
        try:
            guess = labdrafts.look(lab_import, start)
        except UnreadableFile as refusal:
            unreadable = str(refusal)
        else:
            audit.record("lab_import.first_rows_read", target=lab_import, by=request.user)
    context = {
        "lab_import": lab_import,
        "steps": steps(lab_import, "check"),
        "guess": guess,
        "unreadable": unreadable,
        "facts": previews.facts(lab_import, guess),
        "next_step": "mapping" if guess else "preview",
        "start_form": _start_form(request, lab_import, guess),
        "start_query": _start_query(start),
    }
    return render(request, "patients/check.html", context)


def _start_form(
    request: SignedInRequest, lab_import: LabImport, guess: Guess | None = None
) -> StartForm:
    return StartForm(
        request.GET if "header_row" in request.GET else None,
        profile=guess.profile if guess else None,
        is_text=lab_import.format == LabImport.Format.TABLE,
    )


def _start_said(request: SignedInRequest, lab_import: LabImport) -> Start:
    """Where the table begins, by the address: it goes along to the next step."""
    return _start_form(request, lab_import).start


def _start_query(start: Start) -> str:
    if not start.is_said:
        return ""
    row = "" if start.row is None else start.row
    return "?" + urlencode({"delimiter": start.delimiter, "header_row": row})


@requires(Permission.LABS_UPLOAD)
@require_http_methods(["GET", "POST"])
def mapping(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """What the columns mean; guesses are marked, what is not sure is asked."""
    lab_import = visible(request, public_id)
    if lab_import.job_id is not None:
        return redirect("patients:import", public_id)
    if not labdrafts.is_mapped(lab_import):
        return redirect("patients:import-preview", public_id)
    start = _start_said(request, lab_import)
    try:
        guess = labdrafts.look(lab_import, start)
    except UnreadableFile:
        return redirect("patients:import-check", public_id)
    before = None if start.is_said else labdrafts.confirmed(lab_import)
    form = MappingForm(
        request.POST or None,
        profile=labdrafts.laid_out(before or guess.profile, request.GET.get("layout", "")),
        header=guess.header,
        doubts=() if before else guess.doubts,
        samples=previews.first_cells(guess),
        origin=previews.mark(lab_import, before=before),
    )
    if form.is_valid():
        labdrafts.keep_mapping(lab_import, form.confirmed, by=request.user)
        labs.request_preview(lab_import, by=request.user)
        return redirect("patients:import-preview", public_id)
    audit.record("lab_import.first_rows_read", target=lab_import, by=request.user)
    context = {
        "lab_import": lab_import,
        "steps": steps(lab_import, "mapping"),
        "form": form,
        "origin": previews.origin(lab_import, before=before),
        "other_layout": previews.other_layout(form.profile),
        "start_query": _start_query(start),
        "known_tests": previews.known_tests() if form.profile.layout == "wide" else [],
    }
    return render(request, "patients/mapping.html", context)


@requires(Permission.LABS_UPLOAD)
@require_http_methods(["GET", "POST"])
def preview(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """What the import would do; to say so is to start it."""
    lab_import = visible(request, public_id)
    if lab_import.job_id is not None:
        return redirect("patients:import", public_id)
    is_mapped = labdrafts.is_mapped(lab_import)
    if is_mapped and lab_import.preview is None and lab_import.preview_job is None:
        return redirect("patients:import-mapping", public_id)
    is_ready = lab_import.preview is not None or not is_mapped
    may_resolve = permissions.can(request.user, Permission.INTAKE_RESOLVE)
    form = ConfirmForm(
        request.POST or None,
        source=lab_import.lab_source if may_resolve else None,
        teams=labdrafts.teams(lab_import),
    )
    if is_ready and form.is_valid():
        return _start(request, lab_import, form)
    context = {
        **previews.progress(lab_import),
        "steps": steps(lab_import, "preview"),
        "form": form,
        "preview": previews.preview(lab_import),
        "may_resolve": may_resolve,
    }
    if lab_import.preview is not None:
        context["unknown_tests"] = asked = unknowntests.asked(lab_import)
        context["several_are_sure"] = sum(one["sure"] is not None for one in asked) > 1
        audit.record("lab_import.previewed", target=lab_import, by=request.user)
    return render(request, "patients/preview.html", context)


def _start(request: SignedInRequest, lab_import: LabImport, form: ConfirmForm) -> HttpResponse:
    now, source = timezone.now(), lab_import.lab_source
    profile = labdrafts.confirmed(lab_import)
    if source is not None:
        if policy := form.cleaned_data.get("unknown_patients"):
            sources.decide_unknown_patients(source, policy, by=request.user)
        if profile is not None:
            sources.remember_profile(source, profile.to_json(), by=request.user, now=now)
    if team := form.cleaned_data.get("team"):
        labdrafts.give_team(lab_import, team, by=request.user)
    try:
        labdrafts.start(lab_import, by=request.user, now=now)
    except UnreadableFile as refusal:
        messages.error(request, str(refusal))
        return redirect("patients:import-mapping", lab_import.public_id)
    return redirect("patients:import", lab_import.public_id)


@requires(Permission.LABS_UPLOAD)
@require_GET
def preview_status(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The part that the page asks for every second until the dry run has ended."""
    lab_import = visible(request, public_id)
    context = previews.progress(lab_import)
    response = render(request, "patients/_preview_status.html", context)
    if not context["waits"]:
        response["HX-Refresh"] = "true"
    return response


@requires(Permission.LABS_UPLOAD)
@require_POST
def preview_again(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Work it out anew; for a bundle, with the care team that may have been chosen."""
    lab_import = visible(request, public_id)
    if lab_import.job_id is None:
        if (team := request.POST.get("team")) in labdrafts.teams(lab_import):
            labdrafts.give_team(lab_import, team, by=request.user)
        labs.request_preview(lab_import, by=request.user)
    return redirect("patients:import-preview", public_id)
