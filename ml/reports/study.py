"""What is known of a study, gathered once for report, card and self-audit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ml.evaluation import validation
from ml.evaluation.result import Evaluation, plain
from ml.evaluation.validation import Status, Validation

# From early to late; an input known after the moment of prediction cannot be used.
MOMENTS = ("before", "admission", "first_labs", "day3", "stay", "discharge", "after")
BLOCKING = "block"
BALANCING = ("scale_pos_weight", "class_weight", "is_unbalance")


@dataclass(frozen=True)
class Study:
    """A problem with its evaluations (as JSON), and the record of the run that made them.

    `comparisons` maps the other model's name to what `evaluation.comparison` found. `record` is the
    manifest of the artefact: data, seed, libraries, created_on; `counted`, the words for what rows
    and people are where they are something else; `scenarios`, figures when less is known; `said`,
    what the run tells of single attributes of the card, by their code. `facts` are what only people
    know (developer, funding, …), by the same code.
    """

    problem: Any
    evaluations: Mapping[str, Mapping[str, Any]]
    comparisons: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    recalibration: Mapping[str, Any] | None = None
    learning_curve: Sequence[Mapping[str, Any]] = ()
    record: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def validations(self) -> dict[str, Validation]:
        """Kind of validation behind each evaluation of this very model."""
        split = getattr(getattr(self.problem, "split", None), "kind", "person")
        found = {name: validation.of(name, split=split) for name in self.evaluations}
        return {name: kind for name, kind in found.items() if kind}

    @property
    def status(self) -> Status:
        """What may be said of the model; too few people prove nothing."""
        told = [kind for name, kind in self.validations.items() if carries(self.evaluations[name])]
        return validation.status(told)

    @property
    def main(self) -> Mapping[str, Any]:
        """The figures that stand first: held-out people, else the first of this model."""
        name = self.main_name
        return self.evaluations[name] if name else {}

    @property
    def main_name(self) -> str:
        wanted = (Validation.CROSS_FITTED, Validation.OPTIMISM, Validation.RANDOM_SPLIT)
        by_kind = {kind: name for name, kind in self.validations.items()}
        names = [by_kind[kind] for kind in wanted if kind in by_kind] or list(self.evaluations)
        return names[0] if names else ""

    @property
    def beyond(self) -> dict[str, Mapping[str, Any]]:
        """Evaluations at later times, other sites or on external data."""
        return {
            name: self.evaluations[name]
            for name, kind in self.validations.items()
            if kind in validation.PROVING
        }

    @property
    def external(self) -> dict[str, Mapping[str, Any]]:
        """Of these, the evaluations on data of another source."""
        return {
            name: found
            for name, found in self.beyond.items()
            if self.validations[name] is not Validation.TEMPORAL
        }

    @property
    def later(self) -> dict[str, Mapping[str, Any]]:
        """Of these, the evaluations at later times of the same source."""
        return {n: found for n, found in self.beyond.items() if n not in self.external}

    @property
    def others(self) -> dict[str, Mapping[str, Any]]:
        """Evaluations of other models on the same people."""
        return {n: found for n, found in self.evaluations.items() if n not in self.validations}

    @property
    def inputs(self) -> Sequence[Any]:
        return getattr(self.problem, "inputs", ())

    @property
    def counted(self) -> tuple[str, str]:
        """Words for what rows and people are: of a forecast of wards they are something else."""
        said = self.record.get("counted") or {}
        return said.get("row", "rows"), said.get("person", "people")

    def extent(self, found: Mapping[str, Any]) -> str:
        """`4,240 people`, or the rows, too, where people have several."""
        row, person = self.counted
        people = f"{found['people']:,} {person}"
        same = found["rows"] == found["people"]
        return people if same else f"{found['rows']:,} {row} of {people}"

    @property
    def optimism(self) -> Mapping[str, Any]:
        """Figures corrected by bootstrap; empty when the run drew none."""
        return self.record.get("optimism") or {}

    @property
    def quantiles(self) -> Sequence[Mapping[str, Any]]:
        """Share of outcomes up to each foretold quantile, by part of the population."""
        return self.record.get("quantiles") or ()

    @property
    def rows_of_table(self) -> int | None:
        """Rows of the data before the cohort was taken, where the run counted them."""
        return self.record.get("data", {}).get("rows")

    @property
    def late_inputs(self) -> list[str]:
        """Inputs that are known only after the moment of prediction."""
        moment = getattr(self.problem, "index_time", "")
        if moment not in MOMENTS:
            return []
        allowed = MOMENTS[: MOMENTS.index(moment) + 1]
        return [known.name for known in self.inputs if known.available not in allowed]

    @property
    def defining_inputs(self) -> list[str]:
        """Inputs that are part of the outcome's own definition."""
        return [known.name for known in self.inputs if known.provenance == "label_defining"]

    @property
    def demographic(self) -> list[Any]:
        return [known for known in self.inputs if known.provenance == "demographic"]

    @property
    def leaks(self) -> list[str]:
        """Sentences of the leakage linter, the worst first."""
        found = self.record.get("leakage", ())
        worst_first = sorted(found, key=lambda leak: leak["severity"] != BLOCKING)
        return [leak["sentence"] for leak in worst_first]

    @property
    def balancing(self) -> str:
        """The parameter that changes how much an event weighs, "" when there is none."""
        parameters = getattr(self.problem, "parameters", {}) or {}
        used = [name for name in BALANCING if parameters.get(name) not in (None, 1, 1.0, False)]
        return used[0] if used else ""

    @property
    def events_per_input(self) -> float | None:
        """The rarer outcome (or rows, of a number) for each input."""
        found, inputs = self.main, len(self.inputs)
        if not found or not inputs:
            return None
        rows, events = found["rows"], found["events"]
        if found["kind"] == "binary":
            return min(events, rows - events) / inputs
        return (rows if events is None else events) / inputs

    def metric(self, name: str, evaluation: Mapping[str, Any] | None = None) -> Any:
        """Value, low and high of the first metric of this name, at whatever horizon."""
        metrics = (self.main if evaluation is None else evaluation).get("metrics", {})
        found = [metrics[key] for key in metrics if key.partition("@")[0] == name]
        return found[0] if found and found[0].get("value") is not None else None


def carries(found: Mapping[str, Any]) -> bool:
    """Whether there was enough data for at least one figure."""
    return any(metric.get("value") is not None for metric in found["metrics"].values())


def as_json(found: Evaluation | Mapping[str, Any]) -> Mapping[str, Any]:
    """An evaluation as JSON knows it, whichever form it came in."""
    return found.to_json() if hasattr(found, "to_json") else plain(found)
