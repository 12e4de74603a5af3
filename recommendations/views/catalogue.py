"""The catalogue on the site: entries with their state, drafts, and the second person."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from healthcare.accounts import permissions
from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import SignedInRequest, requires
from recommendations import catalogueforms, cataloguewords
from recommendations.catalogue import overlay
from recommendations.catalogueforms import DecideForm, EntryForm, RenewForm, SearchForm, WhyForm
from recommendations.models import CatalogueEdit, ReviewTask
from recommendations.services import cataloguelist, editing
from recommendations.services.editing import Proposal, Standing

PER_PAGE = 50
Kind = CatalogueEdit.Kind


@require_GET
@requires(Permission.CATALOGUE_VIEW)
def entries(request: SignedInRequest) -> HttpResponse:
    """Every entry with its state; found by words, state and category."""
    form = SearchForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    found = cataloguelist.entries(today=timezone.localdate(), **asked)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [cataloguewords.row(listed) for listed in page],
        "form": form,
        "asked": asked,
        "drafts": _waiting(request),
        "may_edit": permissions.can(request.user, Permission.CATALOGUE_EDIT),
    }
    return render(request, "recommendations/catalogue.html", context)


@require_GET
@requires(Permission.CATALOGUE_VIEW)
def expired(request: SignedInRequest) -> HttpResponse:
    """Entries whose review has run out, with what to do about each."""
    today = timezone.localdate()
    rows = [cataloguewords.expired(each, today) for each in cataloguelist.expired(today=today)]
    may_edit = permissions.can(request.user, Permission.CATALOGUE_EDIT)
    context = {"rows": rows, "may_edit": may_edit}
    return render(request, "recommendations/catalogue_expired.html", context)


@require_GET
@requires(Permission.CATALOGUE_VIEW)
def entry(request: SignedInRequest, code: str) -> HttpResponse:
    """One entry: every field in words, its proposals, its draft and its versions."""
    standing = _known(code)
    edits = CatalogueEdit.objects.visible_to(request.user).filter(code=code)
    rows = list(edits.select_related("author", "decided_by").order_by("-drafted_at", "-pk"))
    context = cataloguewords.entry(standing, rows, today=timezone.localdate()) | {
        "tasks": _tasks(request, code),
        "may_edit": permissions.can(request.user, Permission.CATALOGUE_EDIT),
        "is_own_draft": any(row.is_open and row.author_id == request.user.pk for row in rows),
    }
    return render(request, "recommendations/catalogue_entry.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.CATALOGUE_EDIT)
def change(request: SignedInRequest, code: str) -> HttpResponse:
    """Draft an edit of an entry, or change one's own draft of it."""
    standing = _known(code)
    own = CatalogueEdit.objects.visible_to(request.user).open().filter(
        code=code, author=request.user
    ).first()  # fmt: skip
    began = own.entry if own and own.entry else standing.entry
    return _edit(request, standing.part, began, Kind.CHANGE, own, f"Edit {code}")


@require_http_methods(["GET", "POST"])
@requires(Permission.CATALOGUE_EDIT)
def new(request: SignedInRequest, part: str) -> HttpResponse:
    """Draft a new entry."""
    return _edit(
        request, part, None, Kind.NEW, None, f"New {CatalogueEdit.Part(part).label.lower()}"
    )


def _edit(
    request: SignedInRequest,
    part: str,
    began: Any,
    kind: str,
    own: CatalogueEdit | None,
    heading: str,
) -> HttpResponse:
    data = request.POST or None
    tasks = _tasks(request, began["id"]) if began else []
    initial = {"reason": own.reason} if own else {}
    form = EntryForm(data, part=part, entry=began, tasks=tasks, initial=initial)
    changes = catalogueforms.changes(data, began) if part == overlay.INTERVENTION else None
    is_valid = form.is_valid() and (changes is None or changes.is_valid())
    if is_valid and (edit := _drafted(request, form, changes, kind)):
        messages.success(request, "The draft is kept. A second person publishes it.")
        return redirect("catalogue-edit", edit.pk)
    context = {
        "form": form, "changes": changes, "heading": heading,
        "cancel_url": reverse("catalogue-entry", args=[began["id"]]) if began
        else reverse("catalogue"),
    }  # fmt: skip
    status = 422 if form.is_bound else 200
    return render(request, "recommendations/catalogue_form.html", context, status=status)


def _drafted(
    request: SignedInRequest, form: EntryForm, changes: Any, kind: str
) -> CatalogueEdit | None:
    """The draft, or None with the refusal said on the form."""
    said = form.said(catalogueforms.said_changes(changes) if changes is not None else [])
    if form.part == overlay.INTERACTION:
        said.pop("category", None)
    proposal = Proposal(
        form.code, form.part, kind, form.cleaned_data["reason"], said, form.chosen_tasks()
    )
    try:
        return editing.draft(proposal, by=request.user, now=timezone.now())
    except editing.Faulty as faulty:
        form.refuse(faulty.problems)
    except editing.Refused as refusal:
        form.add_error(None, str(refusal))
    return None


@require_http_methods(["GET", "POST"])
@requires(Permission.CATALOGUE_EDIT)
def renew(request: SignedInRequest, code: str) -> HttpResponse:
    """Draft a new review date."""
    intro = "Its sources were read again, and what the entry says still holds."
    return _short(request, code, RenewForm, editing.renew, "Renew the review of", intro)


@require_http_methods(["GET", "POST"])
@requires(Permission.CATALOGUE_EDIT)
def withdraw(request: SignedInRequest, code: str) -> HttpResponse:
    """Draft a withdrawal."""
    intro = (
        "Once a second person publishes this, nobody is offered the item or warned by it. The "
        "entry and all its versions are kept, and it can be brought back."
    )
    return _short(request, code, WhyForm, editing.withdraw, "Withdraw", intro)


@require_http_methods(["GET", "POST"])
@requires(Permission.CATALOGUE_EDIT)
def back_to_file(request: SignedInRequest, code: str) -> HttpResponse:
    """Draft that the site's own edit ends."""
    intro = "The site's own edit ends, and the entry says again what the reviewed files say."
    return _short(request, code, WhyForm, editing.back_to_file, "Back to the file:", intro)


def _short(
    request: SignedInRequest,
    code: str,
    form_class: type[WhyForm],
    act: Any,
    heading: str,
    intro: str,
) -> HttpResponse:
    standing = _known(code)
    form = form_class(request.POST or None)
    if form.is_valid():
        try:
            edit = act(code, **form.cleaned_data, by=request.user, now=timezone.now())
        except editing.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "The draft is kept. A second person publishes it.")
            return redirect("catalogue-edit", edit.pk)
    context = {
        "form": form, "heading": f"{heading} {code}", "submit_label": "Keep as a draft",
        "intro": f"{cataloguelist.name(standing.entry)}. {intro}",
        "cancel_url": reverse("catalogue-entry", args=[code]),
    }  # fmt: skip
    status = 422 if form.is_bound else 200
    return render(request, "_components/form_page.html", context, status=status)


@require_GET
@requires(Permission.CATALOGUE_VIEW)
def edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """A draft or version: what differs from before, who and why."""
    shown = _edit_of(request, pk)
    may_edit = permissions.can(request.user, Permission.CATALOGUE_EDIT)
    context = cataloguewords.edit(shown) | {
        "seen": editing.digest(shown),
        "new_words": editing.new_words(shown) if shown.is_open else [],
        "may_decide": may_edit and shown.is_open and shown.author_id != request.user.pk,
        "is_own": may_edit and shown.is_open and shown.author_id == request.user.pk,
    }
    return render(request, "recommendations/catalogue_edit.html", context)


@require_POST
@requires(Permission.CATALOGUE_EDIT)
def decide(request: SignedInRequest, pk: int) -> HttpResponse:
    """Publish or reject somebody's draft, or take back one's own."""
    shown, form = _edit_of(request, pk), DecideForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose whether to publish or to reject the draft.")
        return redirect("catalogue-edit", pk)
    said, by, now = form.cleaned_data, request.user, timezone.now()
    try:
        if said["decision"] == "publish":
            editing.publish(shown, seen=said["seen"], by=by, now=now)
        elif said["decision"] == "reject":
            editing.reject(shown, why=said["why"], by=by, now=now)
        else:
            editing.take_back(shown, by=by, now=now)
    except editing.Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, DECIDED[said["decision"]])
    return redirect("catalogue-edit", pk)


DECIDED = {
    "publish": "Published. Everybody is weighed again by it.",
    "reject": "Rejected. The author sees your reason here.",
    "take_back": "Your draft is taken back.",
}


@require_GET
@requires(Permission.CATALOGUE_VIEW)
def export(request: SignedInRequest) -> HttpResponse:
    """The site's published edits, to be sent to those who keep the files."""
    response = HttpResponse(cataloguelist.export(), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="catalogue-edits.yaml"'
    return response


def _known(code: str) -> Standing:
    if (standing := editing.known(code)) is None:
        raise Http404
    return standing


def _edit_of(request: SignedInRequest, pk: int) -> CatalogueEdit:
    visible = CatalogueEdit.objects.visible_to(request.user)
    return get_object_or_404(visible.select_related("author", "decided_by"), pk=pk)


def _waiting(request: SignedInRequest) -> list[dict[str, Any]]:
    drafts = CatalogueEdit.objects.visible_to(request.user).open().select_related("author")
    return [cataloguewords.waiting(draft) for draft in drafts.order_by("drafted_at")]


def _tasks(request: SignedInRequest, code: str) -> list[ReviewTask]:
    """What answers have asked of this entry: a proposed edit, or a review of its rule."""
    open_tasks = ReviewTask.objects.visible_to(request.user).open()
    wanted = [ReviewTask.Kind.CATALOGUE, ReviewTask.Kind.RULE]
    return list(open_tasks.filter(item=code, kind__in=wanted).order_by("-opened_at"))
