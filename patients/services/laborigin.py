"""Where results come from: a file, a message, a person at a keyboard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from patients.models import Hl7Message, LabImport, LabSource

LAB_FILE = "lab file"


@dataclass(frozen=True)
class Origin:
    """`received_at` is when the results came to be known here, `source` who said so."""

    received_at: datetime
    source: str = LAB_FILE
    lab_import: LabImport | None = None
    message: Hl7Message | None = None
    lab_source: LabSource | None = None

    @property
    def said_at(self) -> datetime:
        """When the file or message came in, for a row that waited for a person after that.

        A row that was released is checked, and takes its place among the versions of its
        result, as if it had never been held.
        """
        if self.lab_import is not None:
            return self.lab_import.uploaded_at
        return self.received_at if self.message is None else self.message.received_at

    @property
    def import_id(self) -> int | None:
        return None if self.lab_import is None else self.lab_import.pk


def of_import(lab_import: LabImport) -> Origin:
    """What a file says is known here from the moment somebody has confirmed it."""
    return Origin(
        received_at=lab_import.confirmed_at or lab_import.uploaded_at,
        lab_import=lab_import,
        lab_source=lab_import.lab_source,
    )
