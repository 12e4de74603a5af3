"""Bring together the records that may be one person, in SQL: none is compared with all others."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from patients.services import identity
from patients.services.identity import Person

BLOCK_LIMIT = 200  # what so many share says nothing; some other block will bring them together
CHUNK = 5_000  # pairs in memory at once

# A name as its letters, without accents; `identity.plain` looks closer.
LETTERS = r"""
    regexp_replace(regexp_replace(normalize(lower({column}), NFKD), '[\u0300-\u036f]', '', 'g'),
        '[[:space:][:punct:]]', '', 'g')
"""
KEYS = """
WITH person AS MATERIALIZED (
    SELECT id, birth_date, birth_date_precision,
        {family} AS family,
        {given} AS given,
        right(regexp_replace(phone, '[^0-9]', '', 'g'), 9) AS phone,
        upper(regexp_replace(postal_code, '[^[:alnum:]]', '', 'g')) AS postal,
        extract(year FROM birth_date)::int AS year,
        extract(month FROM birth_date)::int AS month,
        extract(day FROM birth_date)::int AS day
    FROM patients_patient WHERE merged_into_id IS NULL
), named AS (
    SELECT *, least(family, given) || '/' || greatest(family, given) AS names,
        least(left(family, 3), left(given, 3)) || '/' || greatest(left(family, 3), left(given, 3))
            AS beginnings,
        concat_ws('-', year, least(month, day), greatest(month, day)) AS born_either_way
    FROM person
)
SELECT DISTINCT id, key FROM (
    SELECT id, 'born/' || born_either_way || '/' || left(family, 1) AS key FROM named
    UNION ALL SELECT id, 'born/' || born_either_way || '/' || left(given, 1) FROM named
    UNION ALL SELECT id, 'year/' || year || '/' || names FROM named
    UNION ALL SELECT id, 'day/' || month || '-' || day || '/' || names FROM named
    UNION ALL SELECT id, 'beginnings/' || year || '/' || beginnings FROM named
    UNION ALL SELECT id, 'phone/' || phone FROM named WHERE length(phone) >= 6
    UNION ALL SELECT id, 'postal/' || postal || '/' || family FROM named WHERE postal <> ''
    UNION ALL SELECT id, 'postal/' || postal || '/' || given FROM named WHERE postal <> ''
    UNION ALL SELECT patient_id,
        'number/' || ltrim(upper(regexp_replace(value, '[^[:alnum:]]', '', 'g')), '0')
    FROM patients_patientidentifier WHERE length(value) >= 4
        AND patient_id IN (SELECT id FROM person)
) AS keys
"""
PAIRS = """
WITH keys AS MATERIALIZED ({keys}), blocks AS (
    SELECT key FROM keys GROUP BY key HAVING count(*) BETWEEN 2 AND %(limit)s
), pairs AS (
    SELECT DISTINCT a.id AS first, b.id AS second
    FROM keys AS a JOIN keys AS b ON b.key = a.key AND a.id < b.id
    WHERE a.key IN (SELECT key FROM blocks)
        AND (%(only)s::bigint[] IS NULL OR a.id = ANY(%(only)s) OR b.id = ANY(%(only)s))
)
SELECT {first}, {second} FROM pairs
JOIN patients_patient AS one ON one.id = pairs.first
JOIN patients_patient AS other ON other.id = pairs.second
"""
COLUMNS = """
    {t}.id, {t}.family_name, {t}.given_name, {t}.sex, {t}.birth_date, {t}.birth_date_precision,
    {t}.phone, {t}.postal_code,
    (SELECT array_agg(ARRAY[system, value]) FROM patients_patientidentifier
     WHERE patient_id = {t}.id)
"""
STATEMENT = PAIRS.format(
    keys=KEYS.format(
        family=LETTERS.format(column="family_name"), given=LETTERS.format(column="given_name")
    ),
    first=COLUMNS.format(t="one"),
    second=COLUMNS.format(t="other"),
)
WIDTH = len(Person._fields)


def pairs(only: list[int] | None) -> Iterator[tuple[Person, Person]]:
    """Pairs of records in use that share a block, each once; `only` those with one of these."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(STATEMENT, {"only": only, "limit": BLOCK_LIMIT})
        while rows := cursor.fetchmany(CHUNK):
            for row in rows:
                yield _person(row[:WIDTH]), _person(row[WIDTH:])


def _person(row: tuple) -> Person:
    person = Person._make(row)
    said = person.numbers or ()
    return person._replace(numbers=frozenset(identity.number(*number) for number in said))
