"""Edits of the catalogue by two people: one drafts, another publishes or rejects.

A draft must pass the schema of the files. What is published is what the engine reads next, in
every process, and everybody is weighed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from recommendations import catalogue as files
from recommendations.catalogue import entries, overlay
from recommendations.catalogue.overlay import Edit
from recommendations.catalogue.schema import Problem
from recommendations.models import CatalogueEdit, Recommendation, ReviewTask
from recommendations.services import catalogue, recommend, reviews

Kind, State = CatalogueEdit.Kind, CatalogueEdit.State


class Refused(Exception):
    """The catalogue cannot be edited like that; the message says why."""


class Faulty(Refused):
    """The schema refuses the entry; `problems` name field and fault."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(problems)
        said = "; ".join(f"{problem.field} {problem.fault}" for problem in self.problems)
        super().__init__(f"The entry cannot be kept as a draft: {said}.")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody wants of one entry, and why."""

    code: str
    part: str
    kind: str
    reason: str
    entry: Mapping[str, Any] | None = None  # without version: that is counted here
    tasks: tuple[ReviewTask, ...] = ()  # review tasks that this answers


def draft(proposal: Proposal, *, by: User, now: datetime) -> CatalogueEdit:
    """Keep a draft of one entry, or change one's own. Raises Refused or Faulty."""
    permissions.check(by, Permission.CATALOGUE_EDIT)
    if not proposal.reason.strip():
        raise Refused("Say in a few words why the entry should change.")
    try:
        with transaction.atomic():
            return _keep(proposal, by, now)
    except IntegrityError:  # neither has seen the draft of the other
        if not CatalogueEdit.objects.open().filter(code=proposal.code).exists():
            raise
        raise Refused(
            "Somebody has drafted this entry at the same time. Publish or reject that draft first."
        ) from None


def _keep(proposal: Proposal, by: User, now: datetime) -> CatalogueEdit:
    standing = known(proposal.code)
    _check_kind(proposal, standing)
    entry = _numbered(proposal, standing)
    if found := overlay.faults(Edit(proposal.code, proposal.part, entry)):
        raise Faulty(found)
    if standing and entry and _same(entry, standing.entry) and not standing.is_withdrawn:
        raise Refused("This changes nothing: the entry already says so.")
    in_file = catalogue.entries(files.load()).get(proposal.code)
    said = {
        "part": proposal.part, "kind": proposal.kind, "entry": entry,
        "version": entry["version"] if entry else _next_version(proposal.code, standing),
        "base": standing.entry if standing else None,
        "base_digest": standing.digest if standing else "",
        "file_digest": in_file.digest if in_file else "",
        "reason": proposal.reason.strip(), "author": by, "drafted_at": now,
    }  # fmt: skip
    edit = _own_draft(proposal.code, by)
    for name, value in said.items():
        setattr(edit, name, value)
    edit.save()
    edit.tasks.set(proposal.tasks)
    audit.record(
        "catalogue.drafted", target=edit, by=by, code=edit.code, kind=edit.kind,
        version=edit.version,
    )  # fmt: skip
    return edit


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for an entry now, or held until the site withdrew it."""

    code: str
    part: str
    entry: Mapping[str, Any]
    is_withdrawn: bool
    edit: CatalogueEdit | None  # the standing edit of the site, if there is one

    @property
    def version(self) -> int:
        return max(self.entry["version"], self.edit.version if self.edit else 0)

    @property
    def digest(self) -> str:
        return entries.digest([self.entry, self.is_withdrawn])


def known(code: str) -> Standing | None:
    """The entry of this code, also a withdrawn one; None when there never was one."""
    edit = CatalogueEdit.objects.standing().filter(code=code).select_related("decided_by").first()
    if edit is not None and edit.entry is None:
        return Standing(code, edit.part, edit.base or {}, True, edit)
    found = catalogue.entries(catalogue.current()).get(code)
    if found is None:
        return None
    is_item = isinstance(found, entries.Intervention)
    part = overlay.INTERVENTION if is_item else overlay.INTERACTION
    return Standing(code, part, found.entry, False, edit)


def renew(code: str, *, on: date, reason: str, by: User, now: datetime) -> CatalogueEdit:
    """Draft a new review date for an entry whose sources somebody has read again."""
    standing = _must_know(code)
    if on > timezone.localdate(now):
        raise Refused("The review was today or before. Give the day on which it was done.")
    entry = {**standing.entry, "review_date": on.isoformat()}
    proposal = Proposal(code, standing.part, Kind.RENEW, reason, entry)
    return draft(proposal, by=by, now=now)


def withdraw(code: str, *, reason: str, by: User, now: datetime) -> CatalogueEdit:
    """Draft the withdrawal of an entry: nobody is offered it, or warned by it, any more."""
    proposal = Proposal(code, _must_know(code).part, Kind.WITHDRAW, reason)
    return draft(proposal, by=by, now=now)


def back_to_file(code: str, *, reason: str, by: User, now: datetime) -> CatalogueEdit:
    """Draft that the site's own edit ends, and the entry is what the files say."""
    proposal = Proposal(code, _must_know(code).part, Kind.FILE, reason)
    return draft(proposal, by=by, now=now)


def digest(edit: CatalogueEdit) -> str:
    """Of what a second person looks at: a draft that was changed since has another one."""
    tasks = sorted(edit.tasks.values_list("pk", flat=True))
    said = [edit.part, edit.kind, edit.entry, edit.base, edit.reason, edit.version, tasks]
    return entries.digest(said)


@transaction.atomic
def publish(edit: CatalogueEdit, *, seen: str, by: User, now: datetime) -> CatalogueEdit:
    """Let a draft hold; `seen` is the digest of what was read. Raises Refused.

    The recommendations of a withdrawn item are closed at once; everybody is weighed again.
    """
    edit = _to_decide(edit, by)
    if edit.author_id == by.pk:
        raise Refused("A second person publishes: this draft is your own.")
    if digest(edit) != seen:
        raise Refused("The draft was changed while you read it. Read it again.")
    _check_still_fits(edit)
    _supersede(edit.code, now)
    edit.superseded_at = now if edit.kind == Kind.FILE else None
    _decide(edit, State.PUBLISHED, by=by, now=now)
    for task in edit.tasks.filter(closed_at=None):
        reviews.withdraw(task, by=by, now=now, comment=f"Version {edit.version} was published.")
    catalogue.mirror()
    _close_recommendations(edit, now)
    recommend.request_everybody()
    return edit


@transaction.atomic
def reject(edit: CatalogueEdit, *, why: str, by: User, now: datetime) -> CatalogueEdit:
    """End a draft of somebody else with a reason; the tasks it would answer stay open."""
    edit = _to_decide(edit, by)
    if edit.author_id == by.pk:
        raise Refused("This draft is your own. Take it back instead.")
    if not why.strip():
        raise Refused("Say in a few words why the draft is rejected.")
    edit.decision = why.strip()
    return _decide(edit, State.REJECTED, by=by, now=now)


@transaction.atomic
def take_back(edit: CatalogueEdit, *, by: User, now: datetime) -> CatalogueEdit:
    """End one's own draft."""
    edit = _to_decide(edit, by)
    if edit.author_id != by.pk:
        raise Refused("This draft is somebody else's. Reject it with a reason instead.")
    return _decide(edit, State.TAKEN_BACK, by=by, now=now)


def new_words(edit: CatalogueEdit) -> list[str]:
    """Tags, risks and ways of delivery that no other entry has: perhaps a slip of the pen."""
    if edit.entry is None or edit.part != overlay.INTERVENTION:
        return []
    items = [item for item in catalogue.current().interventions if item.id != edit.code]
    return [
        word
        for field in ("tags", "target_risks", "delivery")
        for word in edit.entry[field]
        if not any(word in getattr(item, field) for item in items)
    ]


def _must_know(code: str) -> Standing:
    standing = known(code)
    if standing is None:
        raise Refused(f"There is no entry {code} in the catalogue.")
    return standing


def _check_kind(proposal: Proposal, standing: Standing | None) -> None:
    if proposal.kind == Kind.NEW and standing is not None:
        raise Refused(f"{proposal.code} is already in the catalogue. Choose another code.")
    if proposal.kind != Kind.NEW and standing is None:
        raise Refused(f"There is no entry {proposal.code} in the catalogue.")
    if standing is None:
        return
    if proposal.kind == Kind.WITHDRAW and standing.is_withdrawn:
        raise Refused("This entry is already withdrawn.")
    if proposal.kind == Kind.FILE and standing.edit is None:
        raise Refused("The site has no edit of its own here: the entry is the file's.")
    if proposal.kind == Kind.FILE and proposal.code not in catalogue.entries(files.load()):
        raise Refused("The files have no such entry. Withdraw it instead.")
    same_file = proposal.entry is None or proposal.part == overlay.INTERACTION
    if not same_file and proposal.entry.get("category") != standing.entry.get("category"):  # type: ignore[union-attr]
        raise Refused("An entry stays in its category. Withdraw it and make a new entry.")


def _numbered(proposal: Proposal, standing: Standing | None) -> dict[str, Any] | None:
    if proposal.entry is None:
        return None
    return {**proposal.entry, "version": _next_version(proposal.code, standing)}


def _next_version(code: str, standing: Standing | None) -> int:
    """Beyond every version that ever held here, also where the site went back to the file."""
    published = CatalogueEdit.objects.filter(code=code, state=State.PUBLISHED)
    last = published.aggregate(last=Max("version"))["last"] or 0
    return max(last, standing.version if standing else 0) + 1


def _same(entry: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return {**entry, "version": 0} == {**other, "version": 0}


def _own_draft(code: str, by: User) -> CatalogueEdit:
    """The open draft of an entry, if it is one's own; or a new one."""
    edit = CatalogueEdit.objects.open().select_for_update().filter(code=code).first()
    if edit is not None and edit.author_id != by.pk:
        raise Refused(
            f"{edit.author.display_name} has a draft of this entry. Publish or reject it first."
        )
    return edit or CatalogueEdit(code=code)


def _to_decide(edit: CatalogueEdit, by: User) -> CatalogueEdit:
    permissions.check(by, Permission.CATALOGUE_EDIT)
    edit = CatalogueEdit.objects.select_for_update(of=("self",)).get(pk=edit.pk)
    if not edit.is_open:
        raise Refused("This draft was already decided.")
    return edit


def _check_still_fits(edit: CatalogueEdit) -> None:
    standing = known(edit.code)
    if (standing.digest if standing else "") != edit.base_digest:
        raise Refused(
            "The entry has changed since the draft was made. Reject the draft and make a new one."
        )
    if found := overlay.faults(catalogue.as_edit(edit)):
        raise Faulty(found)


def _supersede(code: str, now: datetime) -> None:
    CatalogueEdit.objects.standing().filter(code=code).update(superseded_at=now)


def _decide(edit: CatalogueEdit, state: str, *, by: User, now: datetime) -> CatalogueEdit:
    edit.state, edit.decided_by, edit.decided_at = state, by, now
    edit.save(update_fields=["state", "decided_by", "decided_at", "decision", "superseded_at"])
    audit.record(
        f"catalogue.{state}", target=edit, by=by, code=edit.code, kind=edit.kind,
        version=edit.version,
    )  # fmt: skip
    return edit


def _close_recommendations(edit: CatalogueEdit, now: datetime) -> None:
    """What was withdrawn is shown to nobody while the new weighing is on its way."""
    if edit.kind == Kind.WITHDRAW:
        current = Recommendation.objects.current().filter(item=edit.code)
        current.update(superseded_at=now)
