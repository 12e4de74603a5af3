"""Find records that may be one person and keep the list of them for people to decide.

Blocks in SQL bring together only records that share something (a birth date and an initial,
a phone number, both names and a year ...); `identity.compare` weighs each such pair. Nothing is
merged here: what is found waits on a work list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import combinations
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Q

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from healthcare.jobs import services as jobs
from patients.models import DuplicateCandidate, Patient
from patients.services import blocking, identity, names
from patients.services.identity import Comparison, Site

JOB, JOB_ALL = "identity.check", "identity.check_all"
LIKELY = 0.6  # on the work list from here: a wrong pair costs a minute, a missed one a wrong dose
NAMES_SAMPLED = 200
SMALLEST = 1_000  # a smaller site is taken as part of a town, where names are as rare as there
# Locks by number; shared with no other advisory lock.
LOCK = (4_712, 2)


class NotOpen(Exception):
    """Somebody has decided about this pair before."""


def demographics_changed(*patients: Patient) -> None:
    """Look again for duplicates of these patients in the background; call it after any edit
    of name, birth date, sex, phone, postal code or identifiers, inside its transaction."""
    if ids := sorted({patient.pk for patient in patients}):
        key = f"{ids[0]}-{ids[-1]}-{len(ids)}" if len(ids) > 1 else str(ids[0])
        jobs.enqueue(JOB, key=key, queue="imports", arguments={"patient_ids": ids})


def request_all() -> None:
    """Queue a search over all records."""
    jobs.enqueue(JOB_ALL, key="all", queue="imports")


@transaction.atomic
def find(*, now: datetime, patient_ids: Iterable[int] | None = None) -> int:
    """Bring the work list up to date; return how many open pairs it holds for these patients.

    `patient_ids=None` looks through all. A pair that somebody called two people, or that was
    merged, stays decided; an open one that is no longer likely goes.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", LOCK)
    only = None if patient_ids is None else sorted(set(patient_ids))
    found = dict(_likely(only))
    rows = DuplicateCandidate.objects.all()
    if only is not None:
        rows = rows.filter(Q(first__in=only) | Q(second__in=only))
    known = {(row.first_id, row.second_id): row for row in rows}
    _add({pair: said for pair, said in found.items() if pair not in known}, now)
    still_open = {pair: row for pair, row in known.items() if row.status == row.Status.OPEN}
    _renew([(row, found[pair]) for pair, row in still_open.items() if pair in found])
    gone = [row.pk for pair, row in still_open.items() if pair not in found]
    DuplicateCandidate.objects.filter(pk__in=gone).delete()
    return rows.filter(status=DuplicateCandidate.Status.OPEN).count()


@transaction.atomic
def call_different(candidate: DuplicateCandidate, *, by: User, now: datetime) -> None:
    """Remember that these are two people; raises NotOpen when it was decided before."""
    permissions.check(by, Permission.RECORDS_MERGE)
    is_open = DuplicateCandidate.objects.filter(
        pk=candidate.pk, status=DuplicateCandidate.Status.OPEN
    )
    decided = is_open.update(
        status=DuplicateCandidate.Status.DIFFERENT, decided_by=by, decided_at=now
    )
    if not decided:
        raise NotOpen("This pair has been decided meanwhile. Open the list again.")
    ids = [candidate.first_id, candidate.second_id]
    audit.record("duplicate.two_people", target=candidate, by=by, patient_ids=ids)


def site() -> Site:
    """How common names, days, phones and postal codes are among the records in use."""
    people = Patient.objects.in_use()
    family, given = _name_counts(people, "family_name"), _name_counts(people, "given_name")
    return Site(
        people=max(people.count(), SMALLEST),
        family=family,
        given=given,
        born=dict(_counts(people, "birth_date")),
        phone=_keyed(people, "phone", identity.phone_digits),
        postal_code=_keyed(people, "postal_code", identity.postal),
        similar_family=_similar(family),
        similar_given=_similar(given),
    )


def _likely(only: list[int] | None) -> Iterator[tuple[tuple[int, int], Comparison]]:
    here = site()
    for one, other in blocking.pairs(only):
        said = identity.compare(one, other, here)
        if said.probability >= LIKELY and not said.is_guarded:
            yield (one.id, other.id), said


def _add(found: dict[tuple[int, int], Comparison], now: datetime) -> None:
    DuplicateCandidate.objects.bulk_create(
        (
            DuplicateCandidate(
                first_id=first, second_id=second, score=said.probability,
                agreements=said.fields, found_at=now,
            )
            for (first, second), said in found.items()
        ),
        batch_size=1_000,
    )  # fmt: skip


def _renew(seen_again: list[tuple[DuplicateCandidate, Comparison]]) -> None:
    changed = []
    for row, said in seen_again:
        if (row.score, row.agreements) != (said.probability, said.fields):
            row.score, row.agreements = said.probability, said.fields
            changed.append(row)
    DuplicateCandidate.objects.bulk_update(changed, ["score", "agreements"], batch_size=500)


def _counts(people: Any, column: str) -> Any:
    return people.order_by().values_list(column).annotate(Count("pk"))


def _name_counts(people: Any, column: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for name, count in _counts(people, column).iterator():
        counts[names.plain(name)] += count
    return counts


def _keyed(people: Any, column: str, key_of: Any) -> Counter[str]:
    """Counts of what more than one record has; the rest is taken as rare."""
    counts: Counter[str] = Counter()
    for text, count in _counts(people.exclude(**{column: ""}), column).iterator():
        counts[key_of(text)] += count
    return Counter({key: count for key, count in counts.items() if count > 1})


def _similar(counts: Counter[str]) -> float:
    """How often two people's names are similar but not the same, from the commonest names."""
    common = counts.most_common(NAMES_SAMPLED)
    total = sum(count for _name, count in common)
    alike = sum(
        2 * count * other_count
        for (name, count), (other, other_count) in combinations(common, 2)
        if names.are_similar(name, other)
    )
    return max(alike / total**2, 0.001) if total else 0.001
