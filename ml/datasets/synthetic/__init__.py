"""A hospital of people who never lived: coherent records over years, equal for equal seeds.

`generate` draws people with eight correlated factors (`markers`), visits by habit (`visits`),
values that follow factors, age and time (`laboratory`), diagnoses that follow the values
(`disease`), drugs that follow the diagnoses and lower the values afterwards (`treatment`), and
the rest of a record (`history`, `contacts`). No real person's data enter: the only numbers are
published averages, limits and effect sizes. Nothing here may train or judge a model.

Schema. Every table has `person`, the number of a person in the hospital from 0. Times are
UTC without offset, whole seconds.

- patients: sex, birth_date, ethnicity, pregnant_since, is_breastfeeding,
  conditions/medications/allergies/family_reviewed_on
- results (laboratory) and vitals (clinic, survey scores): code, value in the canonical unit,
  comparator, printed (as text), collected_at, issued_at, superseded_at, status, accession, source
- conditions: code, label, onset_on, recorded_on
- medications: drug_class, name, dose, started_on, stopped_on, recorded_on
- allergies: code, label, reaction, recorded_on; family_history: code, relation, recorded_on
- answers: instrument, item, number, text, answered_on
- encounters: kind, reason, ward, started_at, ended_at
- wearables: day, steps, active_minutes, resting_heart_rate, sleep_hours
- preventive_care: item, done_on
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date

import numpy as np
import pandas as pd

from ml.datasets.synthetic import (
    contacts,
    disease,
    history,
    laboratory,
    people,
    treatment,
    visits,
)

BLOCK = 4000  # people drawn at once: bounds memory, keeps arrays in the cache
COMPACT_FROM = 3000  # hospitals of this size get 1 to 3 visits a person instead of years


@dataclass(frozen=True)
class SyntheticHospital:
    """Tables of one hospital, or of one block of it; see the schema of the package."""

    patients: pd.DataFrame
    results: pd.DataFrame
    vitals: pd.DataFrame
    conditions: pd.DataFrame
    medications: pd.DataFrame
    allergies: pd.DataFrame
    family_history: pd.DataFrame
    answers: pd.DataFrame
    encounters: pd.DataFrame
    wearables: pd.DataFrame
    preventive_care: pd.DataFrame


def generate(patients: int, seed: int, as_of: date) -> SyntheticHospital:
    """A whole hospital as it stands on the morning of `as_of`."""
    parts = list(blocks(patients, seed, as_of))
    return SyntheticHospital(
        **{
            field.name: pd.concat([getattr(part, field.name) for part in parts], ignore_index=True)
            for field in fields(SyntheticHospital)
        }
    )


def blocks(
    patients: int, seed: int, as_of: date, *, first: int = 0, compact: bool | None = None
) -> Iterator[SyntheticHospital]:
    """The same people in blocks of at most `BLOCK`, numbered from `first`.

    Concatenated, the blocks are what `generate` returns.
    """
    compact = patients >= COMPACT_FROM if compact is None else compact
    for start in range(0, patients, BLOCK):
        random = np.random.default_rng([seed, start])
        count = min(BLOCK, patients - start)
        yield _block(people.draw(count, first + start, random, as_of), random, compact=compact)


def _block(
    drawn: people.People, random: np.random.Generator, *, compact: bool
) -> SyntheticHospital:
    calendar = visits.draw(drawn, random, compact=compact)
    natural = laboratory.true_values(drawn, calendar, random)
    diseases = disease.diagnose(drawn, calendar, natural, random)
    drugs = treatment.prescribe(drawn, diseases, random)
    values = laboratory.bounded(treatment.treat(natural, drugs, calendar))
    measured = laboratory.results(drawn, calendar, values, diseases, random)
    at_bedside = measured["source"] == laboratory.CLINIC
    return SyntheticHospital(
        patients=_patients(drawn, calendar, random),
        results=measured[~at_bedside].reset_index(drop=True),
        vitals=measured[at_bedside].reset_index(drop=True),
        conditions=history.conditions(drawn, calendar, diseases),
        medications=history.medications(drawn, calendar, drugs, random),
        allergies=history.allergies(drawn, calendar, random),
        family_history=history.family_history(drawn, calendar, random),
        answers=history.answers(drawn, calendar, random),
        encounters=contacts.encounters(drawn, calendar, diseases, random),
        wearables=contacts.wearables(drawn, random, compact=compact),
        preventive_care=contacts.preventive_care(drawn, diseases, random, compact=compact),
    )


def _patients(
    drawn: people.People, calendar: visits.Visits, random: np.random.Generator
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "person": drawn.number,
            "sex": np.where(drawn.female, "female", "male"),
            "birth_date": drawn.birth_dates.astype("datetime64[s]"),
            "ethnicity": drawn.ethnicity,
            "pregnant_since": history.day_to_date(drawn, drawn.pregnant_since).astype(
                "datetime64[s]"
            ),
            "is_breastfeeding": drawn.breastfeeding,
            **history.reviews(drawn, calendar, random),
        }
    )
