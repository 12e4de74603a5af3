"""The stories as tables, in the schema of `ml.datasets.synthetic`."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from healthcare.demo.stories import STORIES, Story
from ml import codes
from ml.datasets.synthetic import SyntheticHospital, contacts, laboratory
from ml.datasets.synthetic.derived import Values, complete
from ml.datasets.synthetic.markers import FACTORS, MARKERS
from ml.datasets.synthetic.people import People
from ml.datasets.synthetic.visits import Visits
from patients.models import SurveyAnswer

MONTH = 30.4375  # days
NEWEST = 3  # days before today at the least, so that a corrected version has arrived
MINUTE = 9 * 60


def tables(as_of: date) -> SyntheticHospital:
    """The ten people as they stand on the morning of `as_of`; the same for the same day."""
    random = np.random.default_rng(0)
    people, visits = _people(as_of), _visits()
    reported = complete(_values(visits), people.female[visits.person], visits.age)
    measured = laboratory.printed(people, visits, reported, _done(visits), random)
    measured = _with_corrections(measured, visits)
    at_bedside = measured["source"] == laboratory.CLINIC
    return SyntheticHospital(
        patients=_patients(people),
        results=measured[~at_bedside].reset_index(drop=True),
        vitals=measured[at_bedside].reset_index(drop=True),
        conditions=_conditions(as_of),
        medications=_medications(as_of),
        allergies=_rows(["code", "label", "reaction", "recorded_on"], as_of, _allergies),
        family_history=_rows(["code", "relation", "recorded_on"], as_of, _family),
        answers=_rows(["instrument", "item", "number", "text", "answered_on"], as_of, _answers),
        encounters=_encounters(people, visits),
        wearables=contacts.no_wearables(),
        preventive_care=_rows(["item", "done_on"], as_of, _prevention),
    )


def _people(as_of: date) -> People:
    count = len(STORIES)
    nothing = np.zeros(count)
    pregnant = [np.nan if s.weeks_pregnant is None else -7.0 * s.weeks_pregnant for s in STORIES]
    return People(
        as_of=as_of,
        number=np.arange(count),
        female=np.array([story.sex == "female" for story in STORIES]),
        age=np.array([story.age + 0.4 for story in STORIES]),
        ethnicity=np.array([story.ethnicity for story in STORIES]),
        factors=np.zeros((count, len(FACTORS))),
        slopes=np.zeros((count, len(FACTORS))),
        pregnant_since=np.array(pregnant),
        breastfeeding=nothing.astype(bool),
        smoking=np.array(["never"] * count),
        cigarettes=nothing, pack_years=nothing, quit_years=nothing, drinks=nothing,
        active_minutes=nothing, health=nothing,
    )  # fmt: skip


def _visits() -> Visits:
    person = np.repeat(np.arange(len(STORIES)), [len(story.months) for story in STORIES])
    months = np.concatenate([story.months for story in STORIES])
    day = -np.maximum(np.round(months * MONTH).astype(int), NEWEST)
    age = np.array([story.age + 0.4 for story in STORIES])[person] + day / 365.25
    return Visits(person, day, np.full(len(day), MINUTE), age)


def _values(visits: Visits) -> Values:
    """Average values of sex and age, and what the courses say instead."""
    female = np.array([story.sex == "female" for story in STORIES])[visits.person]
    values = {code: marker.average(female, visits.age) for code, marker in MARKERS.items()}
    for person, story in enumerate(STORIES):
        for code, course in story.course.items():
            values[code][visits.person == person] = course
    return values


def _done(visits: Visits) -> dict[str, np.ndarray]:
    """Which analytes are reported at which visits."""
    codes_of = [_reported_codes(story) for story in STORIES]
    every = sorted(set().union(*codes_of))
    return {
        code: np.array([code in codes_of[person] for person in visits.person]) for code in every
    }


def _reported_codes(story: Story) -> set[str]:
    panels = {code for panel in story.panels for code in laboratory.PANELS[panel][1]}
    return (panels | set(story.more)) - set(story.never)


def _with_corrections(measured: pd.DataFrame, visits: Visits) -> pd.DataFrame:
    """Put the version that was first told before its correction, a day earlier."""
    firsts = []
    for person, story in enumerate(STORIES):
        if story.corrected is None:
            continue
        code, told, corrected = story.corrected
        theirs = (measured["person"] == person) & (measured["code"] == code)
        newest = measured.index[theirs][-1]
        first = measured.loc[[newest]].assign(value=told, printed=f"{told:g}")
        later = first["issued_at"].iloc[0] + pd.Timedelta(hours=22)
        firsts.append(first.assign(superseded_at=later))
        measured.loc[newest, ["value", "printed", "status", "issued_at"]] = [
            corrected, f"{corrected:g}", "corrected", later,
        ]  # fmt: skip
    return pd.concat([measured, *firsts], ignore_index=True)


def _patients(people: People) -> pd.DataFrame:
    today = np.datetime64(people.as_of, "D")
    reviewed = [story.is_reviewed for story in STORIES]
    last = np.array([_last_visit(people.as_of, story) for story in STORIES], "datetime64[s]")
    reviews = np.where(reviewed, last, np.datetime64("NaT", "s"))
    since = [
        np.datetime64("NaT") if story.weeks_pregnant is None
        else today - np.timedelta64(7 * story.weeks_pregnant, "D")
        for story in STORIES
    ]  # fmt: skip
    return pd.DataFrame(
        {
            "person": people.number,
            "sex": [story.sex for story in STORIES],
            "birth_date": people.birth_dates.astype("datetime64[s]"),
            "ethnicity": people.ethnicity,
            "pregnant_since": np.array(since, "datetime64[s]"),
            "is_breastfeeding": people.breastfeeding,
            **{
                f"{name}_reviewed_on": reviews
                for name in ("conditions", "medications", "allergies", "family")
            },
        }
    )


def _conditions(as_of: date) -> pd.DataFrame:
    def rows(story: Story):
        for code, months in story.conditions.items():
            since = _ago(as_of, months)
            yield code, codes.display("condition", code), since, _known(as_of, story, since)

    return _rows(["code", "label", "onset_on", "recorded_on"], as_of, lambda story, _: rows(story))


def _medications(as_of: date) -> pd.DataFrame:
    def rows(story: Story):
        for drug_class, (name, dose, months) in story.medications.items():
            since = _ago(as_of, months)
            yield drug_class, name, dose, since, None, _known(as_of, story, since)

    columns = ["drug_class", "name", "dose", "started_on", "stopped_on", "recorded_on"]
    return _rows(columns, as_of, lambda story, _: rows(story))


def _allergies(story: Story, as_of: date):
    first = _ago(as_of, story.months[0])
    return [(code, *about, first) for code, about in story.allergies.items()]


def _family(story: Story, as_of: date):
    first = _ago(as_of, story.months[0])
    return [(code, relation, first) for code, relation in story.family.items()]


def _answers(story: Story, as_of: date):
    for item, said in (story.habits or {}).items():
        number, text = (None, said) if isinstance(said, str) else (float(said), "")
        yield SurveyAnswer.LIFESTYLE, item, number, text, _last_visit(as_of, story)


def _prevention(story: Story, as_of: date):
    if story.is_reviewed:
        yield "bp_check", _last_visit(as_of, story)


def _rows(columns: list[str], as_of: date, rows_of) -> pd.DataFrame:
    """One table from what a function yields for each story; days become times."""
    table = pd.DataFrame(
        [(person, *row) for person, story in enumerate(STORIES) for row in rows_of(story, as_of)],
        columns=["person", *columns],
    )
    for name in columns:
        if name.endswith("_on"):
            table[name] = pd.to_datetime(table[name]).astype("datetime64[s]")
    return table


def _encounters(people: People, visits: Visits) -> pd.DataFrame:
    started = contacts.moments(people, visits.day, visits.minute)
    return pd.DataFrame(
        {
            "person": visits.person,
            "kind": "OUTPATIENT",
            "reason": "Check-up",
            "ward": "",
            "started_at": started,
            "ended_at": started + np.timedelta64(20, "m"),
        }
    )


def _ago(as_of: date, months: float) -> date:
    return as_of - timedelta(days=max(round(months * MONTH), NEWEST))


def _last_visit(as_of: date, story: Story) -> date:
    return _ago(as_of, story.months[-1])


def _known(as_of: date, story: Story, since: date) -> date:
    """A fact from before the first visit became known at that visit."""
    return max(since, _ago(as_of, story.months[0]))
