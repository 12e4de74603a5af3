"""Performance reports: one HTML page, one JSON file and the model card of a study."""

from ml.reports.writing import write

__all__ = ["write"]
