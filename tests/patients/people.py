"""A site of people who never lived, and second records of some as registrars really make them."""

import datetime as dt
import random

from healthcare.demo import names
from patients.models import Patient

ERRORS = ["letter", "two letters", "swapped letters", "swapped names", "day and month", "digit",
          "married", "initial", "accent", "phone missing", "moved", "second name"]  # fmt: skip


def site(seed, count, team):
    """Records of `count` people, unsaved; some families share phone and postal code."""
    chance = random.Random(seed)
    return [_someone(chance, team) for _ in range(count)]


def _someone(chance, team):
    is_woman = chance.random() < 0.5
    return Patient(
        care_team=team,
        family_name=chance.choice(names.FAMILY),
        given_name=chance.choice(names.FEMALE if is_woman else names.MALE),
        sex="female" if is_woman else "male",
        birth_date=dt.date(1930, 1, 1) + dt.timedelta(days=chance.randrange(80 * 365)),
        phone=f"0{chance.randrange(10**8, 10**9)}" if chance.random() < 0.8 else "",
        postal_code=f"{chance.randrange(10_000, 10_300)}" if chance.random() < 0.9 else "",
    )


def again(person, error, seed):
    """The same person registered once more, with one error."""
    chance = random.Random(seed)
    values = {
        name: getattr(person, name)
        for name in ("family_name", "given_name", "sex", "birth_date", "phone", "postal_code")
    }
    values |= MISTAKES[error](values, chance)
    return Patient(care_team=person.care_team, **values)


def _letter(values, chance):
    return {"family_name": _slip(values["family_name"], chance)}


def _two_letters(values, chance):
    return _letter(values, chance) | {"given_name": _slip(values["given_name"], chance)}


def _slip(name, chance):
    at = chance.randrange(1, len(name))
    return name[:at] + chance.choice("aeiost") + name[at + 1 :]


def _swapped_letters(values, chance):
    name = values["family_name"]
    at = chance.randrange(1, len(name) - 1)
    return {"family_name": name[:at] + name[at + 1] + name[at] + name[at + 2 :]}


def _day_and_month(values, chance):
    born = values["birth_date"]
    swapped = born.replace(month=born.day, day=born.month) if born.day <= 12 else born
    return {"birth_date": swapped, "given_name": values["given_name"].upper()}


def _digit(values, chance):
    born = values["birth_date"]
    return {"birth_date": born.replace(year=born.year + (1 if born.year % 10 < 9 else -1), day=min(
        born.day, 28))}  # fmt: skip


MISTAKES = {
    "letter": _letter,
    "two letters": _two_letters,
    "swapped letters": _swapped_letters,
    "swapped names": lambda values, _: {
        "family_name": values["given_name"], "given_name": values["family_name"]},
    "day and month": _day_and_month,
    "digit": _digit,
    "married": lambda values, chance: {"family_name": chance.choice(names.FAMILY)},
    "initial": lambda values, _: {"given_name": values["given_name"][0]},
    "accent": lambda values, _: {"family_name": values["family_name"].replace("e", "é").upper()},
    "phone missing": lambda values, _: {"phone": "", "postal_code": ""},
    "moved": lambda values, _: {"phone": "0999999999", "postal_code": "99999"},
    "second name": lambda values, chance: {
        "given_name": f"{values['given_name']} {chance.choice(names.MALE)}"},
}  # fmt: skip
