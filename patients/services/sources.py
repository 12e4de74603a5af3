"""Laboratories and systems that send results, and what is remembered of each."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from patients.models import Analyte, LabSource, LocalCode

UnknownPatients = LabSource.UnknownPatients


class NotYourPolicy(PermissionDenied):
    """Who sends files does not decide for the whole source; who runs the intake does."""

    def __init__(self, source: LabSource) -> None:
        super().__init__(
            f"What becomes of unknown patients in files of {source} is decided by the laboratory "
            "staff. Leave it out, or ask them to change it."
        )


def names(*, by: User) -> list[str]:
    """The sources that an uploader may choose from."""
    permissions.check(by, Permission.LABS_UPLOAD)
    return list(LabSource.objects.order_by("name").values_list("name", flat=True))


@transaction.atomic
def named(name: str, *, by: User) -> LabSource:
    """The source of this name, new when there is none; names differ by more than case."""
    permissions.check(by, Permission.LABS_UPLOAD)
    found = LabSource.objects.filter(name__iexact=name).first()
    if found is None:
        found, is_new = LabSource.objects.get_or_create(name=name)
        if is_new:
            audit.record("lab_source.added", target=found, by=by)
    return found


@transaction.atomic
def remember_profile(source: LabSource, profile: dict, *, by: User, now: datetime) -> None:
    """Files of this source with the same columns are read this way from now on."""
    permissions.check(by, Permission.LABS_UPLOAD)
    if source.profile == profile:
        return
    source.profile, source.confirmed_by, source.confirmed_at = profile, by, now
    source.save(update_fields=["profile", "confirmed_by", "confirmed_at"])
    audit.record("lab_source.profile_remembered", target=source, by=by)


@transaction.atomic
def decide_unknown_patients(source: LabSource, policy: str, *, by: User) -> None:
    """What becomes of rows whose patient is not known, in files of this source.

    To say what was decided before is no decision. Raises NotYourPolicy.
    """
    if source.unknown_patients == policy:
        return
    if not permissions.can(by, Permission.INTAKE_RESOLVE):
        raise NotYourPolicy(source)
    source.unknown_patients = UnknownPatients(policy).value
    source.save(update_fields=["unknown_patients"])
    audit.record("lab_source.unknown_patients_decided", target=source, by=by, policy=policy)


@transaction.atomic
def say_code(
    source: LabSource, code: str, analyte: Analyte, *, unit: str = "", by: User, now: datetime
) -> LocalCode:
    """From now on this source means this analyte by its code."""
    permissions.check(by, Permission.INTAKE_RESOLVE)
    said, is_new = LocalCode.objects.update_or_create(
        lab_source=source,
        code=code,
        defaults={"analyte": analyte, "unit": unit, "confirmed_by": by, "confirmed_at": now},
    )
    action = "local_code.added" if is_new else "local_code.changed"
    audit.record(action, target=said, by=by, code=code, analyte=analyte.code)
    return said
