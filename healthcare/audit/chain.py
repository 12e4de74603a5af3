"""Seal the audit trail in a chain of digests, and find what was changed behind its back.

The database refuses to change or remove an event (triggers of migration 0002), but whoever
owns the database may switch that off. The chain does not prevent it, it shows it: each seal
holds a digest of every event it covers and of the seal before, and its own digest is also
written to a file outside the database, which shows when the end of the chain was cut off.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max

from healthcare.audit.models import AuditEvent, AuditSeal

LOCK = (4_713, 0)  # one sealer at a time; shared with no other advisory lock
AT_ONCE = 10_000  # events a seal
# Events whose transaction lasted: sealed with what came later. Beyond so many they are strange.
LATE = 20_000
DIGEST_BYTES = 16
COLUMNS = ["pk", "at", "actor", "role", "action", "target_type", "target_id", "patient_ids",
           "details"]  # fmt: skip
NEVER_SEALED = """
SELECT id FROM audit_auditevent WHERE id <= %s
EXCEPT SELECT unnest(ids) FROM audit_auditseal ORDER BY 1 LIMIT 100
"""


class Fault(NamedTuple):
    """Something that is not as it was sealed; `event` is 0 where a seal itself is concerned."""

    event: int
    sentence: str


def anchors() -> Path:
    """The file that repeats the seals outside the database; ship it off the machine."""
    return Path(settings.DATA_DIR) / "audit-seals.log"


def seal(*, now: datetime) -> int:
    """Seal what is new; return how many events that were."""
    total = 0
    while count := _seal_some(now):
        total += count
    return total


def verify() -> Iterator[Fault]:
    """Every event and seal that is not as it was sealed, in order."""
    before = ""
    anchored = dict(_anchored())
    highest = 0
    for link in AuditSeal.objects.order_by("pk").iterator(chunk_size=20):
        digests = _cut(bytes(link.row_digests))
        if _link(before, link.ids, digests) != link.digest:
            yield Fault(0, f"Seal {link.pk} does not follow from the one before.")
        if anchored.pop(link.pk, link.digest) != link.digest:
            yield Fault(0, f"Seal {link.pk} is not the one in {anchors().name}.")
        yield from _changed(link.ids, digests)
        before, highest = link.digest, max(highest, link.last_id)
    for number in anchored:
        yield Fault(0, f"Seal {number} is in {anchors().name} but not in the database.")
    yield from _added(highest - LATE)


@transaction.atomic
def _seal_some(now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", LOCK)
    ids = _unsealed()
    if not ids:
        return 0
    digests = dict(_digests(ids))
    last = AuditSeal.objects.order_by("-pk").first()
    in_order = [digests[pk] for pk in ids]
    link = AuditSeal.objects.create(
        sealed_at=now,
        ids=ids,
        last_id=ids[-1],
        row_digests=b"".join(in_order),
        digest=_link(last.digest if last else "", ids, in_order),
    )
    _anchor(link)
    return len(ids)


def _unsealed() -> list[int]:
    highest = AuditSeal.objects.aggregate(highest=Max("last_id"))["highest"] or 0
    since = highest - LATE
    recent = AuditSeal.objects.filter(last_id__gt=since).values_list("ids", flat=True)
    sealed = {pk for ids in recent for pk in ids}
    events = AuditEvent.objects.filter(pk__gt=since).order_by("pk").values_list("pk", flat=True)
    fresh = (pk for pk in events.iterator() if pk not in sealed)
    return [pk for pk, _ in zip(fresh, range(AT_ONCE), strict=False)]


def _digests(ids: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    for row in AuditEvent.objects.filter(pk__in=ids).values_list(*COLUMNS).iterator():
        pk, at, *rest = row
        said = json.dumps([pk, at.astimezone(UTC).isoformat(), *rest], sort_keys=True)
        yield pk, hashlib.sha256(said.encode()).digest()[:DIGEST_BYTES]


def _link(before: str, ids: Iterable[int], digests: Iterable[bytes]) -> str:
    numbers = ",".join(map(str, ids))
    return hashlib.sha256(f"{before}|{numbers}|".encode() + b"".join(digests)).hexdigest()


def _cut(digests: bytes) -> list[bytes]:
    return [digests[at : at + DIGEST_BYTES] for at in range(0, len(digests), DIGEST_BYTES)]


def _changed(ids: list[int], digests: list[bytes]) -> Iterator[Fault]:
    found = dict(_digests(ids))
    for pk, digest in zip(ids, digests, strict=False):
        if pk not in found:
            yield Fault(pk, f"Audit row {pk} was deleted.")
        elif found[pk] != digest:
            yield Fault(pk, f"Audit row {pk} was changed.")


def _added(highest: int) -> Iterator[Fault]:
    with connection.cursor() as cursor:
        cursor.execute(NEVER_SEALED, [highest])
        for (pk,) in cursor.fetchall():
            yield Fault(pk, f"Audit row {pk} was added long after its neighbours.")


def _anchor(link: AuditSeal) -> None:
    line = f"{link.pk} {link.last_id} {len(link.ids)} {link.digest} {link.sealed_at:%FT%TZ}\n"

    def write() -> None:
        with anchors().open("a", encoding="ascii") as file:
            file.write(line)

    transaction.on_commit(write)


def _anchored() -> Iterator[tuple[int, str]]:
    if anchors().exists():
        for line in anchors().read_text(encoding="ascii").splitlines():
            number, _last, _count, digest, _at = line.split()
            yield int(number), digest
