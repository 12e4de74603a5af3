"""The six people who may log in to a demonstration, with passwords of this installation."""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from healthcare.accounts.models import CareTeam, User
from healthcare.demo.names import CARDIOLOGY, NORTH

FILE_NAME = "demo-logins.json"
CLINICIAN, LAB_STAFF, ADMINISTRATOR, PATIENT = "dr.osei", "lab.kim", "ada.admin", "p.demo"
CONSONANTS, VOWELS = "bdfgklmnprstvz", "aeiou"
WORDS, SYLLABLES = 4, 3  # 4 words of 3 syllables of 70: 73 bits, 27 characters with the hyphens


class DemoRefused(Exception):
    """A demonstration does not belong here; the message says why."""


@dataclass(frozen=True, slots=True)
class Login:
    """One demo account. The password is known here only; the database has its hash."""

    username: str
    name: str
    role: str  # in words
    password: str


@dataclass(frozen=True, slots=True)
class _Person:
    username: str
    first_name: str
    last_name: str
    role: User.Role
    teams: tuple[str, ...] = ()


PEOPLE = (
    _Person(CLINICIAN, "Abena", "Osei", User.Role.CLINICIAN, (NORTH, CARDIOLOGY)),
    _Person(LAB_STAFF, "Min-jun", "Kim", User.Role.LAB_STAFF),
    _Person(ADMINISTRATOR, "Ada", "Lindgren", User.Role.ADMINISTRATOR),
    _Person("ed.moreau", "Élise", "Moreau", User.Role.CATALOGUE_EDITOR),
    _Person("ed.tanaka", "Ren", "Tanaka", User.Role.CATALOGUE_EDITOR),  # a draft needs two
    _Person(PATIENT, "Miriam", "Holloway-Penn", User.Role.PATIENT),
)


def refuse_in_production() -> None:
    if settings.PRODUCTION:
        raise DemoRefused("Demo patients and accounts with known names do not go into production.")


def logins() -> list[Login]:
    """The demo log-ins of this installation; none before the demo hospital was seeded."""
    passwords = _read()
    return [
        Login(
            username=person.username,
            name=f"{person.first_name} {person.last_name}",
            role=person.role.label,
            password=passwords[person.username],
        )
        for person in PEOPLE
        if person.username in passwords
    ]


def ensure() -> None:
    """Make the accounts that are missing and passwords that nobody knows any more.

    Passwords are written down before the accounts are: a kill in between leaves a file that
    the next call uses.
    """
    refuse_in_production()
    passwords = {person.username: _password() for person in PEOPLE} | _read()
    _write(passwords)
    for person in PEOPLE:
        _ensure_user(person, passwords[person.username])


def _ensure_user(person: _Person, password: str) -> None:
    user, _ = User.objects.get_or_create(
        username=person.username,
        defaults={
            "first_name": person.first_name,
            "last_name": person.last_name,
            "role": person.role,
        },
    )
    if not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    user.care_teams.set(CareTeam.objects.filter(name__in=person.teams))


def _password() -> str:
    syllable = [consonant + vowel for consonant in CONSONANTS for vowel in VOWELS]
    return "-".join(
        "".join(secrets.choice(syllable) for _ in range(SYLLABLES)) for _ in range(WORDS)
    )


def _file() -> Path:
    return Path(settings.DATA_DIR) / FILE_NAME


def _read() -> dict[str, str]:
    try:
        return json.loads(_file().read_text())
    except FileNotFoundError:
        return {}


def _write(passwords: dict[str, str]) -> None:
    """Replace the file whole, readable by its owner alone from its first byte."""
    _file().parent.mkdir(parents=True, exist_ok=True)
    part = _file().with_suffix(f".{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(passwords, file, indent=1)
    part.replace(_file())
