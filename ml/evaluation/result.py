"""What an evaluation found: figures with intervals, tables, and what could not be told."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import Any

from ml.evaluation.bootstrap import Interval

NOT_ENOUGH = "not enough data"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of one set of predictions.

    `metrics` maps a name to its 95 % interval, or to None where the data do not carry it; `tables`
    holds rows for charts (calibration, ROC, decision curve, thresholds, subgroups …). `notes` say
    in sentences what could not be told and why, `flags` what must be looked at before use. `rows`
    are predictions, `people` the patients behind them, and `withheld` the rows that got no
    prediction and are in no figure.
    """

    kind: str
    rows: int
    people: int
    events: int | None
    withheld: int
    rounds: int
    metrics: Mapping[str, Interval | None]
    tables: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries, lists, numbers and text; never NaN or infinity."""
        return {
            "kind": self.kind,
            "rows": self.rows,
            "people": self.people,
            "events": self.events,
            "withheld": self.withheld,
            "intervals": f"95 %, {self.rounds} bootstraps of people",
            "metrics": {name: _metric(found) for name, found in self.metrics.items()},
            "tables": {name: plain(rows) for name, rows in self.tables.items()},
            "notes": list(self.notes),
            "flags": list(self.flags),
        }


def plain(value: Any) -> Any:
    """The same as JSON knows it; a number that is none becomes null."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _metric(found: Interval | None) -> dict[str, Any]:
    return {"value": None, "reason": NOT_ENOUGH} if found is None else plain(found)
