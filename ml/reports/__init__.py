"""Performance reports: one HTML page, one JSON file and the model card of a study."""

from ml.reports.study import Study
from ml.reports.writing import gathered, save, write

__all__ = ["Study", "gathered", "save", "write"]
