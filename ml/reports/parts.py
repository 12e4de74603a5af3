"""What the sections of a report are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ml.reports import tables
from ml.reports.tables import Table

HEADLINES = ("observed_expected", "calibration_slope", "ici", "brier_skill", "net_benefit_gain",
             "auroc", "auc", "average_precision", "c_index", "bias", "mae", "rmse", "r2",
             "coverage", "within_one", "log_loss", "accuracy", "auroc_macro")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure with a sentence on what to see, and the same as a table."""

    title: str
    reading: str
    figure: Any
    table: Table


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page."""

    anchor: str
    title: str
    lead: str
    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = field(default=())


def matching(metrics: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    """Metrics of these names at whatever threshold, horizon or class, in the order of `names`."""
    return [
        key
        for name in names
        for key in metrics
        if key == name or (key.startswith((f"{name}@", f"{name}[")))
    ]


def metrics_table(found: Mapping[str, Any], names: Sequence[str]) -> Table:
    """Figures with their intervals and meanings."""
    return tables.of_metrics("Figures", found["metrics"], names)
