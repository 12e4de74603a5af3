"""JSON of one person -> `Facts`. Collects every error before it refuses.

Typed by hand and not by a serializer: this is the hot endpoint, a refusal must name the key,
and absent, null and empty mean three different things.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, get_args

from healthcare.interop.assess import measurements
from healthcare.interop.assess.problems import InvalidPerson, Problems
from ml import codes
from ml.facts import Ethnicity, Facts, Lifestyle, Smoking

KEYS = {
    "as_of", "sex", "age", "birth_date", "pregnant", "breastfeeding", "gestation_weeks",
    "ethnicity", "conditions", "medications", "allergies", "family_history", "lifestyle",
    "flags", "done", "scores", "measurements",
}  # fmt: skip
LIFESTYLE_NUMBERS = {
    "cigarettes_day": (0, 200),
    "pack_years": (0, 300),
    "quit_years": (0, 100),
    "alcohol_drinks_week": (0, 300),
    "active_minutes_week": (0, 10_080),
    "self_rated_health": (1, 5),
}
ETHNICITY_SYNONYMS: dict[str, Ethnicity] = {
    "white": "non_hispanic_white",
    "black": "non_hispanic_black",
    "asian": "non_hispanic_asian",
    "mexican_american": "hispanic",
    "other_hispanic": "hispanic",
}
DAYS_PER_MONTH = 30.4375
AS_SENT = "as sent"  # the source of every fact of a request
OLDEST = 130


@dataclass
class Person:
    """A parsed person, with what was understood but could not be used."""

    facts: Facts
    warnings: list[str] = field(default_factory=list)


def person(data: Any, *, today: date) -> Person:
    """Read one person; raise InvalidPerson naming every key that is wrong."""
    if not isinstance(data, Mapping):
        raise InvalidPerson({"": "A person must be a JSON object with at least sex and age."})
    problems = Problems()
    problems.refuse_unknown(data, KEYS, prefix="")
    as_of = problems.day(data, "as_of", latest=today) or today
    birth_date = problems.day(data, "birth_date", latest=as_of)
    found = measurements.read(data.get("measurements"), as_of=as_of, problems=problems)
    facts = Facts(
        as_of=as_of,
        sex=problems.choice(data, "sex", ("female", "male"), required=True),
        age=_age(data, birth_date, as_of, problems),
        birth_date=birth_date,
        pregnant=problems.boolean(data, "pregnant"),
        breastfeeding=problems.boolean(data, "breastfeeding"),
        gestation_weeks=problems.number(data, "gestation_weeks", 0, 45),
        ethnicity=_ethnicity(data, problems),
        conditions=_codes(data, "conditions", codes.conditions, problems),
        medications=_codes(data, "medications", codes.medications, problems),
        allergies=_codes(data, "allergies", codes.allergies, problems),
        family_history=_codes(data, "family_history", codes.family_history, problems),
        flags=_codes(data, "flags", _flags, problems) or frozenset(),
        lifestyle=_lifestyle(data.get("lifestyle"), problems),
        done=_done(data.get("done"), as_of, problems),
        scores=_scores(data.get("scores"), problems),
        measurements=found.newest,
    )
    problems.raise_if_any()
    return Person(replace(facts, sources=_sources(facts)), found.warnings + problems.warnings)


def _sources(facts: Facts) -> dict[str, str]:
    """Whoever asks has said all of it; what we calculate from it is told apart."""
    told: dict[str, Iterable[str]] = {
        "number": facts.measurements,
        "score": facts.scores,
        "condition": facts.conditions or (),
        "medication": facts.medications or (),
        "allergy": facts.allergies or (),
        "flag": facts.flags,
        "done": facts.done,
        "lifestyle": ("smoking", *LIFESTYLE_NUMBERS),
    }
    return {f"{kind}:{code}": AS_SENT for kind, codes in told.items() for code in codes}


def _age(data: Mapping, birth_date: date | None, as_of: date, problems: Problems) -> float:
    age = problems.number(data, "age", 0, OLDEST)
    if birth_date is None:
        if data.get("age") is None:
            problems.add("age", "Give age in years, or birth_date as YYYY-MM-DD.")
        return age or 0.0
    had_birthday = (as_of.month, as_of.day) >= (birth_date.month, birth_date.day)
    computed = float(as_of.year - birth_date.year - (not had_birthday))
    if computed > OLDEST:
        problems.add("birth_date", f"Makes the person {computed:g}, more than {OLDEST} years old.")
    if age is not None and abs(age - computed) > 1:
        problems.add(
            "age", f"Says {age:g}, but birth_date makes it {computed:g}. Send one of them."
        )
    return computed


def _ethnicity(data: Mapping, problems: Problems) -> Ethnicity | None:
    named = ETHNICITY_SYNONYMS.get(str(data.get("ethnicity")).lower())
    return named or problems.choice(data, "ethnicity", get_args(Ethnicity))


def _codes(
    data: Mapping,
    key: str,
    understand: Callable[[Iterable[str]], codes.Resolved],
    problems: Problems,
) -> frozenset[str] | None:
    """A list of codes; None when the key is absent or null, which means unknown."""
    given = data.get(key)
    if given is None:
        return None
    if not isinstance(given, list) or not all(isinstance(code, str) for code in given):
        problems.add(key, 'Must be a list of codes, such as [] or ["htn"].')
        return None
    resolved = understand(given)
    for code in resolved.unknown:
        problems.warnings.append(f"{key}: {code!r} is not a code we know; no rule reads it.")
    return resolved.codes


def _flags(given: Iterable[str]) -> codes.Resolved:
    flags = frozenset(given)
    return codes.Resolved(flags, codes.unknown("flag", flags))


def _lifestyle(given: Any, problems: Problems) -> Lifestyle:
    if given is None:
        return Lifestyle()
    if not isinstance(given, Mapping):
        problems.add("lifestyle", 'Must be an object, such as {"smoking": "never"}.')
        return Lifestyle()
    problems.refuse_unknown(given, {"smoking", *LIFESTYLE_NUMBERS}, prefix="lifestyle.")
    numbers = {
        name: problems.number(given, name, low, high, prefix="lifestyle.")
        for name, (low, high) in LIFESTYLE_NUMBERS.items()
    }
    smoking = problems.choice(given, "smoking", get_args(Smoking), prefix="lifestyle.")
    return Lifestyle(smoking=smoking, **numbers)  # type: ignore[arg-type]


def _done(given: Any, as_of: date, problems: Problems) -> dict[str, float]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        problems.add("done", 'Must be an object, such as {"colonoscopy": {"months_ago": 38}}.')
        return {}
    for item in codes.unknown("done", given):
        problems.warnings.append(f"done: {item!r} is not an item we know; no rule reads it.")
    return {
        item: months
        for item, when in given.items()
        if (months := _months_ago(item, when, as_of, problems)) is not None
    }


def _months_ago(item: str, when: Any, as_of: date, problems: Problems) -> float | None:
    """Months since, from `{"months_ago": n}`, `{"date": "YYYY-MM-DD"}` or a bare date."""
    prefix = f"done.{item}."
    if isinstance(when, str):
        when = {"date": when}
    if not isinstance(when, Mapping) or len(when) != 1:
        problems.add(f"done.{item}", "Give months_ago or date, one of them.")
        return None
    problems.refuse_unknown(when, {"months_ago", "date"}, prefix=prefix)
    if "date" in when:
        day = problems.day(when, "date", latest=as_of, prefix=prefix)
        return (as_of - day).days / DAYS_PER_MONTH if day else None
    return problems.number(when, "months_ago", 0, 1500, prefix=prefix)


def _scores(given: Any, problems: Problems) -> dict[str, float]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        problems.add("scores", 'Must be an object of numbers, such as {"CHA2DS2_VASC": 4}.')
        return {}
    return {
        name: value
        for name in given
        if (value := problems.number(given, name, -1e6, 1e6, prefix="scores.")) is not None
    }
