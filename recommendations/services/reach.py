"""To whom advice applied, was offered, and what they said: counted in the database.

What comes back is one row a combination of sex, age band and ethnicity, or one an item: a few
hundred at most, whatever the number of patients. A rule applied where the item is weighed for the
patient in the period, whatever became of it: offered, to be checked first, or blocked.
"""

# ruff: noqa: S608  the texts that are put together are constants of this module; values are bound
from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection

from recommendations.models import Feedback

AGE_BANDS = ((0, "under 40"), (40, "40 to 64"), (65, "65 and over"))
TAKEN = tuple(str(answer) for answer in Feedback.FOLLOWED)

PAIRS = """
pair AS (
    SELECT patient_id, item, bool_or(status = 'recommended') AS offered,
           avg(benefit) FILTER (WHERE status = 'recommended') AS benefit
    FROM recommendations_recommendation
    WHERE (superseded_at IS NULL OR superseded_at >= %(since)s)
      AND (%(item)s = '' OR item = %(item)s)
    GROUP BY patient_id, item
)"""
ANSWERS = """
answer AS (
    SELECT DISTINCT ON (r.patient_id, r.item) r.patient_id, r.item, f.answer, f.reason, f.at
    FROM recommendations_feedback f
    JOIN recommendations_recommendation r ON r.id = f.recommendation_id
    LEFT JOIN recommendations_feedback back ON back.undoes_id = f.id
    WHERE f.undoes_id IS NULL AND back.id IS NULL AND (%(item)s = '' OR r.item = %(item)s)
    ORDER BY r.patient_id, r.item, f.at DESC, f.id DESC
)"""
PEOPLE = """
JOIN patients_patient p ON p.id = {alias}.patient_id AND p.merged_into_id IS NULL
"""
PARTS = """
p.sex, CASE WHEN date_part('year', age(%(today)s, p.birth_date)) >= 65 THEN '65 and over'
            WHEN date_part('year', age(%(today)s, p.birth_date)) >= 40 THEN '40 to 64'
            ELSE 'under 40' END,
coalesce(nullif(p.ethnicity, ''), 'not recorded')"""


class Reached(NamedTuple):
    """One combination of parts. `people` are those to whom a rule applied; pairs are person and
    item."""

    sex: str
    age: str
    ethnicity: str
    people: int
    offered_people: int
    pairs: int
    offers: int
    people_with_benefit: int
    with_benefit: int
    benefit: float


class Said(NamedTuple):
    """What the people of one combination of parts answered: the newest standing answers."""

    sex: str
    age: str
    ethnicity: str
    people: int
    answers: int
    taken: int
    declined: int


class ItemReached(NamedTuple):
    item: str
    people: int
    offered: int


class ItemSaid(NamedTuple):
    item: str
    answer: str
    reason: str
    people: int


def reached(*, since: datetime, today: date, item: str = "") -> list[Reached]:
    """By sex, age band and ethnicity."""
    sql = f"""
    WITH {PAIRS}, person AS (
        SELECT patient_id, count(*) AS pairs, count(*) FILTER (WHERE offered) AS offers,
               count(benefit) AS with_benefit, coalesce(sum(benefit), 0) AS benefit
        FROM pair GROUP BY patient_id
    )
    SELECT {PARTS}, count(*), count(*) FILTER (WHERE offers > 0), sum(pairs), sum(offers),
           count(*) FILTER (WHERE with_benefit > 0), sum(with_benefit), sum(person.benefit)
    FROM person {PEOPLE.format(alias="person")} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""
    rows = _rows(sql, since, item, today)  # sums come as decimals
    return [Reached._make([*row[:3], *map(int, row[3:9]), float(row[9])]) for row in rows]


def said(*, since: datetime, today: date, item: str = "") -> list[Said]:
    """By sex, age band and ethnicity."""
    sql = f"""
    WITH {ANSWERS}
    SELECT {PARTS}, count(DISTINCT answer.patient_id), count(*),
           count(*) FILTER (WHERE answer = ANY(%(taken)s)),
           count(*) FILTER (WHERE answer = 'decline')
    FROM answer {PEOPLE.format(alias="answer")} WHERE answer.at >= %(since)s
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""
    return [Said(*row) for row in _rows(sql, since, item, today)]


def items_reached(*, since: datetime, item: str = "") -> list[ItemReached]:
    sql = f"""
    WITH {PAIRS} SELECT item, count(*), count(*) FILTER (WHERE offered) FROM pair GROUP BY item"""
    return [ItemReached(*row) for row in _rows(sql, since, item)]


def items_said(*, since: datetime, item: str = "") -> list[ItemSaid]:
    sql = f"""
    WITH {ANSWERS} SELECT item, answer, reason, count(*) FROM answer WHERE at >= %(since)s
    GROUP BY item, answer, reason ORDER BY item, answer, reason"""
    return [ItemSaid(*row) for row in _rows(sql, since, item)]


def _rows(sql: str, since: datetime, item: str, today: date | None = None) -> Iterator[tuple]:
    values: dict[str, Any] = {"since": since, "item": item, "today": today, "taken": list(TAKEN)}
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        yield from cursor.fetchall()
