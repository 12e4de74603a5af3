"""Who else has said what is stored: what stands when the first to say it is withdrawn."""

from datetime import datetime

import polars as pl
from django.db import connection

from patients.models import LabImport, RepeatedResults
from patients.services.laborigin import Origin
from patients.services.labversions import COPIED, same_thread

SAME_VERSION_SAID = f"{same_thread('said', 'gone')} AND said.version = gone.version"
SAME_VERSION_MEANT = f"{same_thread('meant', 'gone')} AND meant.version = gone.version"
# A correction without a time of issue is as new as the file that said so.
ISSUED_AT = """CASE
    WHEN gone.status IN ('corrected', 'amended', 'cancelled', 'entered-in-error')
        AND gone.issued_at = %(uploaded_at)s THEN repeat.said_at ELSE gone.issued_at END"""
SAID_AGAIN = ", ".join(
    ISSUED_AT if name == "issued_at" else f"gone.{name}" for name in COPIED.split(", ")
)
# The first to repeat it, of those whose file stands, now says it in the place of the withdrawn.
SPEAK_UP = f"""
INSERT INTO patients_result (
    {COPIED}, lab_import_id, import_row, source, restatement, recorded_at)
SELECT DISTINCT ON (gone.patient_id, gone.analyte_id, gone.collected_at, gone.accession,
        gone.version)
    {SAID_AGAIN}, repeat.lab_import_id, repeat.row, repeat.source,
    (SELECT max(said.restatement) + 1 FROM patients_result AS said WHERE {SAME_VERSION_SAID}),
    %(now)s
FROM patients_result AS gone
JOIN patients_result AS meant ON {SAME_VERSION_MEANT}
JOIN (
    SELECT repeats.lab_import_id, repeats.source, coalesce(file.uploaded_at, repeats.recorded_at)
        AS said_at, said.result_id, said.row
    FROM patients_repeatedresults AS repeats
    LEFT JOIN patients_labimport AS file ON file.id = repeats.lab_import_id
    CROSS JOIN LATERAL unnest(repeats.results, repeats.rows) AS said (result_id, row)
    WHERE file.withdrawn_at IS NULL
) AS repeat ON repeat.result_id = meant.id
WHERE gone.lab_import_id = %(lab_import)s AND gone.withdrawn_at = %(now)s
    AND NOT EXISTS (
        SELECT FROM patients_result AS said WHERE {SAME_VERSION_SAID} AND withdrawn_at IS NULL)
ORDER BY gone.patient_id, gone.analyte_id, gone.collected_at, gone.accession, gone.version,
    repeat.said_at, repeat.row, gone.restatement
"""  # noqa: S608


def note(repeated: pl.DataFrame, stored: pl.DataFrame, origin: Origin) -> None:
    """Write down which stored versions the rows of a stretch repeat.

    `repeated`: `thread`, `version`, `import_row`; `stored`: versions that are here, with
    `thread`, `version`, `id`, `lab_import_id`, `is_withdrawn`. What a file repeats of itself
    goes when it goes.
    """
    if repeated.is_empty():
        return
    others = stored.filter(~pl.col("is_withdrawn"))
    if origin.import_id is not None:
        others = others.filter(pl.col("lab_import_id").ne_missing(origin.import_id))
    others = others.unique(["thread", "version"], keep="first", maintain_order=True)
    said = repeated.join(others, on=["thread", "version"], how="inner", maintain_order="left")
    if said.is_empty():
        return
    RepeatedResults.objects.create(
        lab_import=origin.lab_import,
        recorded_at=origin.received_at,
        source=origin.source,
        results=said["id"].to_list(),
        rows=said["import_row"].to_list(),
    )


def speak_up(lab_import: LabImport, *, now: datetime) -> None:
    """Store for others what a file that was withdrawn at `now` had said before them."""
    if RepeatedResults.objects.exists():
        with connection.cursor() as cursor:
            cursor.execute(
                SPEAK_UP,
                {"lab_import": lab_import.pk, "uploaded_at": lab_import.uploaded_at, "now": now},
            )
