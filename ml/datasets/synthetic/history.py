"""The rest of the record: lists, habits, encounters, wearables and preventive care."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from ml import codes
from ml.datasets.synthetic.disease import NEVER, Diseases
from ml.datasets.synthetic.people import People, Random
from ml.datasets.synthetic.treatment import DRUGS
from ml.datasets.synthetic.visits import Visits

ALLERGIES: Mapping[str, tuple[str, str, float]] = {  # code -> label, reaction, share
    "penicillin": ("Penicillin", "Rash", 0.08),
    "sulfonamide": ("Sulfonamide antibiotics", "Rash", 0.03),
    "nsaid": ("Non-steroidal anti-inflammatory drugs", "Wheeze", 0.015),
    "aspirin": ("Aspirin", "Hives", 0.01),
    "statin": ("Statins", "Muscle pain with raised creatine kinase", 0.012),
    "acei": ("ACE inhibitors", "Cough", 0.02),
    "fish": ("Fish", "Hives", 0.008),
}
FAMILY: Mapping[str, float] = {"diabetes": 0.3, "premature_ascvd": 0.1, "breast_cancer": 0.07}
RELATIONS = ("mother", "father", "brother", "sister")
FLAGS: Mapping[str, float] = {
    "strength_training": 0.25, "snoring": 0.3, "sugary_drinks": 0.3, "high_stress": 0.2,
}  # fmt: skip
# Item -> (sex, from age, to age, months between, share who keep to it); codes of the catalogue.
PREVENTION: Mapping[str, tuple[str, int, int, int, float]] = {
    "flu_vaccine": ("any", 18, 120, 12, 0.5),
    "bp_check": ("any", 18, 120, 12, 0.85),
    "tdap_td": ("any", 18, 120, 120, 0.6),
    "colonoscopy": ("any", 45, 76, 120, 0.6),
    "mammogram": ("female", 40, 75, 24, 0.65),
    "cytology": ("female", 21, 66, 36, 0.65),
    "dxa": ("female", 65, 90, 60, 0.5),
    "pneumococcal": ("any", 65, 120, 120, 0.6),
    "rzv": ("any", 50, 120, 120, 0.35),
    "hcv": ("any", 18, 80, 240, 0.35),
    "hiv": ("any", 18, 66, 240, 0.35),
}
REVIEWED_SHARE = 0.9  # of lists, gone through at the last visit
ASKED_SHARE = 0.85  # answered the questionnaire on habits
WEARER_SHARE = 0.15
WEARER_DAYS = {False: 45, True: 10}  # by compact


def day_to_date(people: People, day: np.ndarray) -> np.ndarray:
    """Days relative to `as_of` as dates; inf and NaN become NaT."""
    known = np.isfinite(day)
    whole = np.where(known, day, 0).astype("timedelta64[D]")
    return np.where(known, np.datetime64(people.as_of, "D") + whole, np.datetime64("NaT", "D"))


def conditions(people: People, visits: Visits, diseases: Diseases) -> pd.DataFrame:
    parts = [
        _dated(people, visits, code=code, label=codes.display("condition", code), day=day)
        for code, day in diseases.onset.items()
    ]
    return _joined(parts, "onset_on")


def medications(
    people: People, visits: Visits, starts: Mapping[str, np.ndarray], random: Random
) -> pd.DataFrame:
    parts = []
    for drug, day in starts.items():
        about = DRUGS[drug]
        part = _dated(people, visits, drug_class=drug, name=about.name, dose=about.dose, day=day)
        parts.append(part)
    table = _joined(parts, "started_on")
    # Some courses have ended; those that end keep their effect on older values only.
    ended = (table["drug_class"].isin(["nsaid", "ppi", "ssri"])) & (random.random(len(table)) < 0.3)
    as_of = pd.Timestamp(people.as_of)
    length = (as_of - table["started_on"]) * random.uniform(0.2, 0.9, len(table))
    table["stopped_on"] = (table["started_on"] + length).dt.normalize().where(ended)
    return table


def _dated(people: People, visits: Visits, *, day: np.ndarray, **about: str) -> pd.DataFrame:
    """One row for each person with a finite day, known since the visit at or after it."""
    row = np.flatnonzero(day < NEVER)
    known = np.maximum(day[row], visits.first_days()[row])
    return pd.DataFrame(
        {
            "person": people.number[row],
            **about,
            "day": day_to_date(people, day[row]).astype("datetime64[s]"),
            "recorded_on": day_to_date(people, known).astype("datetime64[s]"),
        }
    )


def _joined(parts: list[pd.DataFrame], day: str) -> pd.DataFrame:
    table = pd.concat(parts, ignore_index=True).rename(columns={"day": day})
    return table.sort_values(["person", day], kind="stable", ignore_index=True)


def allergies(people: People, visits: Visits, random: Random) -> pd.DataFrame:
    parts = [
        _dated(
            people, visits, code=code, label=label, reaction=reaction,
            day=_some_days(people, visits, share, random),
        )
        for code, (label, reaction, share) in ALLERGIES.items()
    ]  # fmt: skip
    return _joined(parts, "told_on").drop(columns="told_on")


def family_history(people: People, visits: Visits, random: Random) -> pd.DataFrame:
    parts = []
    for code, share in FAMILY.items():
        # Diabetes runs in families: the share rises with the person's own glycaemia.
        weight = np.clip(1 + 0.35 * people.factors[:, 1], 0.3, 2) if code == "diabetes" else 1
        part = _dated(
            people, visits, code=code, day=_some_days(people, visits, share * weight, random)
        )
        part["relation"] = random.choice(
            RELATIONS[:1] if "breast" in code else RELATIONS, len(part)
        )
        parts.append(part)
    return _joined(parts, "told_on").drop(columns="told_on")


def _some_days(people: People, visits: Visits, share, random: Random) -> np.ndarray:
    has = random.random(len(people)) < share
    return np.where(has, visits.first_days(), NEVER)


def answers(people: People, visits: Visits, random: Random) -> pd.DataFrame:
    """Answers of the questionnaire on habits, given at the last visit."""
    asked = random.random(len(people)) < ASKED_SHARE
    on = day_to_date(people, visits.last_days()).astype("datetime64[s]")
    parts = [
        _answer(people, asked & applies, on, "lifestyle", item, number, text)
        for item, number, text, applies in _lifestyle(people)
    ]
    for flag, share in FLAGS.items():
        yes = (random.random(len(people)) < share).astype(float)
        parts.append(_answer(people, asked, on, "flags", flag, yes, None))
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values("person", kind="stable", ignore_index=True)


def _lifestyle(people: People) -> Iterator[tuple]:
    """(item, number, text, whom it is asked): the fields of `ml.facts.Lifestyle`."""
    everyone = np.ones(len(people), bool)
    ever = people.smoking != "never"
    yield "smoking", None, people.smoking, everyone
    yield "cigarettes_day", people.cigarettes, None, people.smoking == "current"
    yield "pack_years", people.pack_years, None, ever
    yield "quit_years", people.quit_years, None, people.smoking == "former"
    yield "alcohol_drinks_week", people.drinks, None, everyone
    yield "active_minutes_week", people.active_minutes, None, everyone
    yield "self_rated_health", people.health, None, everyone


def _answer(people, asked, on, instrument, item, number, text) -> pd.DataFrame:
    row = np.flatnonzero(asked)
    return pd.DataFrame(
        {
            "person": people.number[row],
            "instrument": instrument,
            "item": item,
            "number": np.nan if number is None else number[row].astype(float),
            "text": "" if text is None else text[row],
            "answered_on": on[row],
        }
    )


def reviews(people: People, visits: Visits, random: Random) -> dict[str, np.ndarray]:
    """When each list was gone through; NaT where nobody has."""
    last = day_to_date(people, visits.last_days())
    return {
        f"{name}_reviewed_on": np.where(
            random.random(len(people)) < REVIEWED_SHARE, last, np.datetime64("NaT", "D")
        ).astype("datetime64[s]")
        for name in ("conditions", "medications", "allergies", "family")
    }
