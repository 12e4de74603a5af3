"""A file between its upload and its import: how it would be read, and what is not sure yet.

Nothing here stores a result. `LabImport.profile` holds what somebody has confirmed so far;
`labs.confirm` freezes it and queues the import.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files import File
from django.db import transaction

from healthcare.accounts import permissions
from healthcare.accounts.models import CareTeam, User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from patients.labcsv import UnreadableFile
from patients.labcsv.guess import Guess, Start, guess
from patients.labcsv.heads import MOST_LINES, NOTHING_SAID
from patients.labcsv.profile import CHOICES, BadProfile, Profile
from patients.models import LabImport
from patients.services import fhirin, labfiles, labs, sources

MAPPED = {LabImport.Format.TABLE, LabImport.Format.WORKBOOK}


class NotADraft(Exception):
    """The file is being read, or was: how it is read can no longer change."""

    def __init__(self) -> None:
        super().__init__("This file is already being imported. Its report says how it was read.")


class NoSource(Exception):
    """What is to be remembered of a source needs one."""

    def __init__(self) -> None:
        super().__init__(
            "Name the source as well: what becomes of unknown patients is decided for each source."
        )


class NoTeam(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(f"There is no care team “{name}”. Check the name.")


class NotYourTeam(PermissionDenied):
    """Systems register patients for the care teams they work for only."""

    def __init__(self) -> None:
        super().__init__("You do not belong to this care team. Name one of yours.")


@dataclass(frozen=True)
class Wishes:
    """What the sender of a file says of it; the rest is guessed, and never what is in doubt.

    `profile` holds some keys of a labcsv Profile; `unknown_patients` is hold, refuse or "";
    `team` takes the new patients of a bundle, which is loaded without them otherwise.
    """

    source: str = ""
    unknown_patients: str = ""
    profile: Mapping[str, Any] = field(default_factory=dict)
    team: str = ""


@transaction.atomic
def take(upload: File, wishes: Wishes, *, by: User, now: datetime) -> LabImport:
    """Keep a file as a draft that is read as its sender wishes.

    Raises what `labs.receive` raises, BadProfile, NoSource, NoTeam, and UnreadableFile.
    """
    source = sources.named(wishes.source, by=by) if wishes.source else None
    if wishes.unknown_patients:
        if source is None:
            raise NoSource
        sources.decide_unknown_patients(source, wishes.unknown_patients, by=by)
    start = _start(wishes.profile)
    lab_import = labs.receive(
        upload=upload, by=by, now=now, lab_source=source, confirm=False,
        may_lack_headings=start.is_said,
    )  # fmt: skip
    if lab_import.job_id is not None:
        return lab_import  # given up before and taken up again, read as it was
    if is_mapped(lab_import):
        keep_mapping(lab_import, wished(look(lab_import, start).profile, wishes.profile), by=by)
    elif wishes.team:
        give_team(lab_import, wishes.team, by=by)
    return lab_import


def _start(said: Mapping[str, Any]) -> Start:
    """Where a sender says that the table begins; what cannot be so is left to `wished`."""
    delimiter, row = said.get("delimiter"), said.get("header_row")
    return Start(
        delimiter if delimiter in CHOICES["delimiter"] else "",
        row if type(row) is int and 0 <= row <= MOST_LINES else None,
    )


def teams(lab_import: LabImport) -> list[str]:
    """The care teams that may take new patients of a file: those of a bundle only."""
    if lab_import.format != LabImport.Format.FHIR:
        return []
    return list(CareTeam.objects.order_by("name").values_list("name", flat=True))


@transaction.atomic
def give_team(lab_import: LabImport, name: str, *, by: User) -> None:
    """Into which care team a bundle brings the patients who are new.

    Raises NoTeam and NotYourTeam.
    """
    permissions.check(by, Permission.LABS_UPLOAD)
    team = CareTeam.objects.filter(name__iexact=name).first()
    if team is None:
        raise NoTeam(name)
    if by.role == User.Role.API_CLIENT and not team.members.filter(pk=by.pk).exists():
        raise NotYourTeam
    lab_import.profile = {**lab_import.profile, fhirin.CARE_TEAM: team.pk}
    lab_import.save(update_fields=["profile"])
    audit.record("lab_import.team_given", target=lab_import, by=by, care_team=team.pk)


def wished(profile: Profile, said: Mapping[str, Any]) -> Profile:
    """The guess with what the sender says in its place. Raises BadProfile."""
    return Profile.from_json({**profile.to_json(), **said}) if said else profile


def is_mapped(lab_import: LabImport) -> bool:
    """Whether a person says what its columns mean; messages and bundles say so themselves."""
    return lab_import.format in MAPPED


def look(lab_import: LabImport, start: Start = NOTHING_SAID) -> Guess:
    """Open the file: its columns, first rows, and what its source's last file has taught.

    Raises UnreadableFile.
    """
    before = None if start.is_said else remembered(lab_import)
    said = json.dumps(before.to_json(), sort_keys=True) if before else ""
    return _look(Path(lab_import.file.path), said, start)


@lru_cache(maxsize=16)
def _look(path: Path, said: str, start: Start) -> Guess:
    """Remembered while somebody goes through the steps: a stored file never changes."""
    remembered = Profile.from_json(json.loads(said)) if said else None
    return guess(path, remembered=remembered, start=start)


def remembered(lab_import: LabImport) -> Profile | None:
    """How the last file of the same source was read, if it can still be said."""
    source = lab_import.lab_source
    return stored(source.profile) if source and source.profile else None


def settled(lab_import: LabImport) -> Profile | None:
    """How to read a draft whose columns are those of its source's last file; else None."""
    before = remembered(lab_import)
    if before is None or lab_import.job_id is not None:
        return None
    try:
        now = look(lab_import)
    except UnreadableFile:
        return None
    is_same = (now.profile.columns, now.profile.tests) == (before.columns, before.tests)
    return now.profile if is_same and not now.doubts else None


def confirmed(lab_import: LabImport) -> Profile | None:
    """What somebody has said of this file so far."""
    return stored(lab_import.profile) if lab_import.profile else None


def laid_out(profile: Profile, layout: str) -> Profile:
    """The same with one result a line, or one sample a line; what does not fit is left out."""
    if layout == profile.layout or layout not in {"long", "wide"}:
        return profile
    return replace(profile, layout=layout, tests={}, units_row=0, reference_row=0)


def stored(profile: dict) -> Profile | None:
    try:
        return Profile.from_json(profile)
    except BadProfile:  # written by another version: better asked anew than misread
        return None


@transaction.atomic
def keep_mapping(lab_import: LabImport, profile: Profile, *, by: User) -> None:
    """Write down how the file is to be read; what was previewed before holds no more."""
    permissions.check(by, Permission.LABS_UPLOAD)
    draft = LabImport.objects.select_for_update().get(pk=lab_import.pk)
    if draft.job_id is not None:
        raise NotADraft
    if draft.profile == profile.to_json() and draft.preview is not None:
        return
    draft.profile, draft.preview, draft.preview_job = profile.to_json(), None, None
    draft.save(update_fields=["profile", "preview", "preview_job"])
    audit.record("lab_import.mapped", target=draft, by=by)
    lab_import.profile, lab_import.preview = draft.profile, None
    lab_import.preview_job = None


@transaction.atomic
def start(lab_import: LabImport, *, by: User, now: datetime) -> LabImport:
    """Import a draft as it was confirmed or, where nobody has looked, as guessed.

    A guess leaves what is in doubt open: such rows are refused with the reason, not misread.
    Raises UnreadableFile.
    """
    if is_mapped(lab_import):
        profile = confirmed(lab_import) or look(lab_import).profile
        try:
            return labs.confirm(lab_import, profile, by=by, now=now)
        except UnreadableFile:
            # "No column is headed Value" is not what is wrong where two are.
            labfiles.check_doubts(look(lab_import))
            raise
    said = lab_import.profile
    started = labs.confirm(lab_import, None, by=by, now=now)
    if started.profile != said:  # a bundle's team is no way of reading; it stays
        started.profile = said
        started.save(update_fields=["profile"])
    return started
