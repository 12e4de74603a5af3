"""One stretch of a FHIR file inside the caller's transaction: what each resource says, and what
becomes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from django.db.models import Q
from django.utils import timezone

from patients.fhir import meaning, person, references
from patients.fhir.elements import Fault
from patients.fhir.reading import Entry
from patients.fhir.references import Owner, is_global
from patients.labcsv import Problem
from patients.models import FhirResource, Notice, Patient
from patients.services import (
    fhirfacts,
    fhirpeople,
    fhirrepeats,
    fhirstore,
    fhirwaiting,
    intake,
    labstore,
)
from patients.services.fhiradmission import (
    OLDER,
    Admission,
    Context,
    Owners,
    Stored,
    refuse,
)
from patients.services.fhirfacts import SAID_ALREADY, SOURCE, Conflict, Said
from patients.services.fhirpeople import People
from patients.services.fhirstore import Kept

Outcome = FhirResource.Outcome
NOBODY = "unknown_patient"
HELD = {NOBODY, "unknown_code", "unknown_unit"}
CORRECTED_HERE = "A person has corrected this entry here; what its sender says now was not taken."
TERM = timedelta(weeks=42)  # what is told within it is of the same pregnancy
Row = dict[str, str]


def people(entries: Sequence[Entry], context: Context) -> Stored:
    """The Patient resources of a stretch, matched or registered."""
    stored = Stored()
    admission = Admission(entries, context, stored)
    said = []
    for _entry, one in admission.admitted:
        try:
            said.append((one, person.read(one.body)))
        except Fault as fault:
            refuse(one, fault, stored)
    directory = People(context.policy, context.by)
    directory.look_up(who for _, who in said)
    for one, who in said:
        if one.reason != OLDER:
            _settle(one, who, directory, admission, stored)
    _close(stored, context)
    return stored


def others(entries: Sequence[Entry], context: Context) -> Stored:
    """All other resources of a stretch."""
    stored = Stored()
    admission = Admission(entries, context, stored)
    owned = Owners(admission.admitted, context, stored)
    rows: list[Row] = []
    said: list[tuple[Kept, Said]] = []
    for entry, one in admission.admitted:
        try:
            _read(entry, one, owned, admission, context, stored, rows, said)
        except Fault as fault:
            refuse(one, fault, stored)
    _store_results(rows, context, stored)
    _store_facts(said, context, stored)
    _close(stored, context)
    return stored


def _settle(
    one: Kept, who: person.Person, directory: People, admission: Admission, stored: Stored
) -> None:
    earlier = [known.patient_id for known in admission.earlier(one) if known.patient_id]
    known = earlier[-1] if earlier and is_global(one.name) else None
    try:
        found = directory.settle(who, one.name, known)
    except Fault as fault:
        refuse(one, fault, stored)
        if fault.code == NOBODY:
            one.outcome, one.reason = Outcome.HELD, fault.message
        return
    one.patient_id, one.outcome, one.reason = found.patient_id, Outcome.FACT, ""
    admission.context.people[one.name] = found.patient_id
    stored.facts_of.add(found.patient_id)
    if found.remarks:
        message = " ".join(dict.fromkeys(found.remarks))[:300]
        repair = "Look at both, and correct the record or the file."
        stored.problems.append(Problem(one.place, "", "differs", message, repair, ""))


def _read(
    entry: Entry, one: Kept, owned: Owners, admission: Admission, context: Context,
    stored: Stored, rows: list[Row], said: list[tuple[Kept, Said]],
) -> None:  # fmt: skip
    owner, one.patient_id = owned.of(one)
    if one.kind not in meaning.FACTUAL:
        one.reason = "Not a type that the record reads."
        if owner and not one.patient_id:
            _hold(one, owner, stored)
    elif owner is None:
        _about_nobody(one)
    elif one.reason != OLDER or one.kind == "Observation":
        day = timezone.localdate(context.now)
        whole = context.whole(one.name, one.body)
        means = meaning.of(whole, entry.full_url, received_on=day, drugs=context.drugs)
        says_something = means.facts or means.rows or means.reviewed or means.pregnancy
        one.outcome = Outcome.FACT if says_something else Outcome.KEPT
        one.reason = means.kept
        if one.patient_id is not None:
            rows += _taken_back(one, means.rows, admission, day)
            said += _statements(one, means, admission)
            _mark_reviewed(one, means, stored)
            _mark_pregnancy(one, means, stored)
            if one.known and means.rows:
                fhirwaiting.settle(one, owner, means.rows[0]["accession"], context)
        elif says_something and not means.rows:
            _hold(one, owner, stored)
        rows += [_row(row, one, owner) for row in means.rows]


def _statements(one: Kept, means: meaning.Meaning, admission: Admission) -> list[tuple[Kept, Said]]:
    """What the resource says of its patient, and that it says nothing more of another."""
    said = [(one, Said(one.patient_id or 0, one.kind, one.name, means.facts))]
    if is_global(one.name):
        others = {known.patient_id for known in admission.earlier(one)} - {one.patient_id, None}
        said += [(one, Said(other, one.kind, one.name, [])) for other in others if other]
    return said


def _taken_back(one: Kept, rows: list[Row], admission: Admission, day: date) -> list[Row]:
    """Results of the version before that this one no longer speaks of: they were errors."""
    earlier = admission.earlier(one)
    if one.kind not in {"Observation", "DiagnosticReport"} or not earlier or not earlier[-1].pk:
        return []
    last = earlier[-1]
    if last.outcome != Outcome.FACT or last.patient_id is None or one.reason == OLDER:
        return []
    if last.patient_id != one.patient_id and not is_global(one.name):
        return []
    body = FhirResource.objects.values_list("body", flat=True).get(pk=last.pk)
    before = meaning.of(body, "" if "id" in body else one.name, received_on=day, drugs={}).rows
    kept = {_thread(row) for row in rows} if last.patient_id == one.patient_id else set()
    return [
        row | {"status": "entered-in-error", "issued_at": "", "#patient": str(last.patient_id),
               "source_row": str(one.place), "source_column": f"before {row['source_column']}"}
        for row in before if _thread(row) not in kept
    ]  # fmt: skip


def _thread(row: Row) -> tuple[str, str, str]:
    return row["code"], row["collected_at"], row["accession"]


def _row(row: Row, one: Kept, owner: Owner) -> Row:
    """A row for the intake; whose it is, is filled in for all of them at once."""
    if one.patient_id is not None:
        whose = {"#patient": str(one.patient_id)}
    else:
        system, value = fhirwaiting.number(owner)
        whose = {"identifier_system": system, "mrn": value}
    return row | whose | {"source_row": str(one.place)}


def _store_results(rows: list[Row], context: Context, stored: Stored) -> None:
    if not rows:
        return
    numbers = fhirpeople.numbers_of(int(row["#patient"]) for row in rows if "#patient" in row)
    for row in rows:
        if whose := row.pop("#patient", ""):
            row["identifier_system"], row["mrn"] = numbers[int(whose)]
    origin = intake.Origin(
        received_at=context.now, source=SOURCE, lab_import=context.lab_import,
        lab_source=context.lab_import.lab_source,
    )  # fmt: skip
    taken = intake.take(rows, origin)
    stored.results_of |= taken.patient_ids
    _mark_results(rows, taken.problems, stored)


def _mark_results(rows: list[Row], problems: Sequence[Problem], stored: Stored) -> None:
    """What the intake said of the rows of a resource, as what became of the resource."""
    places: dict[int, list[Problem]] = {}
    for problem in problems:
        places.setdefault(problem.row, []).append(problem)
    sent: dict[int, int] = {}
    for row in rows:
        sent[int(row["source_row"])] = sent.get(int(row["source_row"]), 0) + 1
    for one in stored.resources:
        if found := places.get(one.place):
            held = [problem for problem in found if problem.code in HELD]
            one.reason = (held or found)[0].message[:200]
            if held:
                one.outcome = Outcome.HELD
            elif len(found) >= sent[one.place]:
                one.outcome = Outcome.REFUSED
            else:
                one.reason = f"{len(found)} of {sent[one.place]} values: {one.reason}"[:200]


def _store_facts(said: list[tuple[Kept, Said]], context: Context, stored: Stored) -> None:
    changes = fhirfacts.store([what for _, what in said], source=SOURCE, now=context.now)
    stored.facts_of |= changes.changed
    for one, what in said:
        if what.is_repeated:
            one.reason = SAID_ALREADY
    _tell_of_conflicts(changes.conflicts, said, context, stored)
    stored.facts_of |= fhirrepeats.speak_up(changes.freed, drugs=context.drugs, now=context.now)


def _tell_of_conflicts(
    conflicts: Sequence[Conflict],
    said: list[tuple[Kept, Said]],
    context: Context,
    stored: Stored,
) -> None:
    """A problem of the file, and a notice for whoever had corrected the entry."""
    by_name = {(what.patient_id, what.external_id): one for one, what in said}
    for conflict in conflicts:
        one = by_name[conflict.patient_id, conflict.external_id]
        one.reason = CORRECTED_HERE
        stored.problems.append(
            Problem(
                one.place, "", "corrected_here", CORRECTED_HERE,
                "Compare both, and correct the entry in the record if the sender is right.", "",
            )
        )  # fmt: skip
    Notice.objects.bulk_create(
        Notice(
            recipient_id=recipient, kind=Notice.Kind.CONFLICT, patient_id=patient,
            created_at=context.now,
        )
        for recipient, patient in sorted(
            {(c.corrected_by_id, c.patient_id) for c in conflicts if c.corrected_by_id}
        )
    )  # fmt: skip


def _mark_pregnancy(one: Kept, means: meaning.Meaning, stored: Stored) -> None:
    """The newest pregnancy that is told of; the end of the one that is known."""
    told = means.pregnancy
    if told is None:
        return
    women = Patient.objects.filter(pk=one.patient_id or 0).exclude(sex=Patient.Sex.MALE)
    if told.is_over:
        changed = women.filter(pregnant_since__lte=told.day).update(pregnant_since=None)
    else:
        same_or_later = Q(pregnant_since__gt=told.since - TERM)
        changed = women.exclude(same_or_later).update(pregnant_since=told.since)
    if changed:
        stored.facts_of.add(one.patient_id or 0)


def _mark_reviewed(one: Kept, means: meaning.Meaning, stored: Stored) -> None:
    for column, day in means.reviewed.items():
        patients = Patient.objects.filter(pk=one.patient_id or 0)
        if patients.exclude(**{f"{column}__gte": day}).update(**{column: day}):
            stored.facts_of.add(one.patient_id or 0)


def _about_nobody(one: Kept) -> None:
    if not any(name in one.body for name in references.OWNERS):
        raise Fault("subject", "It does not say whose it is.", "Name the patient.")
    one.reason = "It is about no patient."


def _hold(one: Kept, owner: Owner, stored: Stored) -> None:
    one.outcome, one.reason = Outcome.HELD, "Its patient is not known here."
    stored.problems.append(
        Problem(
            one.place, "", NOBODY, f"The patient of this {one.kind} is not known here.",
            "Send the Patient resource too, with the care team for new patients.",
            owner.seen[:100],
        )
    )  # fmt: skip


def _close(stored: Stored, context: Context) -> None:
    fhirstore.save(stored.resources, lab_import=context.lab_import, now=context.now)
    labstore.store_problems(context.lab_import, _once(stored.problems))
    stored.count()


def _once(problems: Iterable[Problem]) -> list[Problem]:
    """One problem a resource and column, which is what the table holds."""
    return list({(problem.row, problem.column): problem for problem in problems}.values())
