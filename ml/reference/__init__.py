"""Facts of the clinical literature as files: analytes, coefficients, code maps."""

import csv
from pathlib import Path

FOLDER = Path(__file__).parent


def rows(name: str) -> list[dict[str, str]]:
    """Rows of a CSV file as text; an empty cell is "", and "NA" stays the word it is."""
    with (FOLDER / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
