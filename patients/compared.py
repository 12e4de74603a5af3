"""Two records side by side, for the person who decides whether they are one."""

from __future__ import annotations

from typing import NamedTuple

from patients import who
from patients.models import DuplicateCandidate, Patient
from patients.services import relations

WORDS = {
    "same": "the same",
    "national": "the same national number",
    "similar": "similar",
    "nickname": "a short form of it",
    "initial": "the initial agrees",
    "part": "agrees in part",
    "swapped": "changed places",
    "day and month changed": "day and month changed places",
    "one digit": "one digit differs",
    "same year": "the same year",
    "differs": "different",
    "other national": "two different national numbers",
    "not known": "not known for both",
}
AGREE = {"same", "national", "swapped", "similar", "nickname", "initial", "part",
         "day and month changed", "one digit", "same year"}  # fmt: skip
NOT_RECORDED = "not recorded"


class Line(NamedTuple):
    label: str
    first: str
    second: str
    word: str
    agrees: bool


def lines(candidate: DuplicateCandidate) -> list[Line]:
    """What agrees and what differs. Expects both records with their identifiers and teams."""
    a, b, said = candidate.first, candidate.second, candidate.agreements
    compared = [
        ("Family name", a.family_name, b.family_name, "family_name"),
        ("Given name", a.given_name, b.given_name, "given_name"),
        ("Born", who.born(a), who.born(b), "birth_date"),
        ("Sex", a.get_sex_display(), b.get_sex_display(), "sex"),
        ("Phone", a.phone, b.phone, "phone"),
        ("Postal code", a.postal_code, b.postal_code, "postal_code"),
        ("Numbers", _numbers(a), _numbers(b), "number"),
    ]
    return [
        Line(label, first or NOT_RECORDED, second or NOT_RECORDED, *_word(name, said.get(name, "")))
        for label, first, second, name in compared
    ]


def held(candidate: DuplicateCandidate) -> list[tuple[str, int, int]]:
    """How much each record holds, by kind of fact; kinds of which neither has any are left out."""
    first, second = relations.counts(candidate.first), relations.counts(candidate.second)
    rows = [(label.capitalize(), first[label], second[label]) for label in first]
    return [row for row in rows if row[1] or row[2]]


def team_warning(candidate: DuplicateCandidate) -> str:
    """Whoever is in the other team only will not see the joined record."""
    a, b = candidate.first.care_team, candidate.second.care_team
    if a == b:
        return ""
    return (
        f"A is in the care of {a}, B of {b}. Only the team of the record that stays will see "
        "the joined record."
    )


def _numbers(patient: Patient) -> str:
    return ", ".join(f"{number.value} ({number.system})" for number in patient.identifiers.all())


def _word(field: str, level: str) -> tuple[str, bool]:
    if field == "number" and level == "not known":
        return "none in common", False
    return WORDS.get(level, level), level in AGREE
