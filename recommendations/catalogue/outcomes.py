"""`outcomes.yaml` as objects: which predicted risk stands under which outcome of a trial."""

from collections.abc import Mapping
from typing import Any

from ml import rules
from recommendations.catalogue.entries import (
    Equation,
    Factor,
    Longest,
    Outcomes,
    RiskSource,
    TrialHarm,
    TrialOutcome,
)
from recommendations.catalogue.schema import FaultyCatalogue, Problem

FILE = "outcomes.yaml"
KINDS = ("score", "points", "task")


def read(content: Mapping[str, Any]) -> Outcomes:
    """The file as objects. Raises FaultyCatalogue naming the row and the field."""
    try:
        return Outcomes(
            outcomes=tuple(_outcome(row) for row in content["outcomes"]),
            factors=tuple(_factor(row) for row in content["factors"]),
            equations=tuple(_equation(row) for row in content["equations"]),
            harms=tuple(_harm(row) for row in content["harms"]),
        )
    except KeyError as missing:
        raise FaultyCatalogue([Problem(FILE, "-", str(missing.args[0]), "is missing")]) from missing
    except rules.UnreadableRule as unreadable:
        raise FaultyCatalogue([Problem(FILE, "-", "when", str(unreadable))]) from unreadable


def _outcome(row: Mapping[str, Any]) -> TrialOutcome:
    return TrialOutcome(
        row["feature"], row["name"], tuple(_risk(risk) for risk in row["baselines"])
    )


def _risk(row: Mapping[str, Any]) -> RiskSource:
    kind = next((kind for kind in KINDS if kind in row), None)
    if kind is None:
        raise KeyError("score, points or task")
    return RiskSource(
        kind=kind,  # type: ignore[arg-type]
        name=row[kind],
        years=float(row["years"]),
        sd=0.0 if kind == "task" else float(row["sd"]),
        when=rules.parse(row["when"]) if "when" in row else None,
        steps=_steps(row),
        source=row.get("source", ""),
        longest=Longest(**row["longest"]) if "longest" in row else None,
    )


def _steps(row: Mapping[str, Any]) -> tuple[tuple[float, float], ...]:
    if "bands" in row:
        return tuple((float(low), float(risk)) for low, risk in row["bands"])
    return tuple((float(points), float(risk)) for points, risk in enumerate(row.get("risks", ())))


def _factor(row: Mapping[str, Any]) -> Factor:
    return Factor(
        feature=row["feature"],
        outcome=row["outcome"],
        per=float(row["per"]),
        rr=float(row["rr"]),
        low=float(row["low"]),
        high=float(row["high"]),
        when=rules.parse(row["when"]),
        source=row["source"],
        verified=row["verified"],
        most=row.get("most"),
    )


def _equation(row: Mapping[str, Any]) -> Equation:
    return Equation(
        feature=row["feature"],
        outcomes=dict(row["outcomes"]),
        sd=float(row["sd"]),
        when=rules.parse(row["when"]),
        source=row["source"],
        verified=row["verified"],
    )


def _harm(row: Mapping[str, Any]) -> TrialHarm:
    taking, without = row.get("taking"), row.get("without")
    more = row["more"] if taking is None or without is None else taking - without
    return TrialHarm(
        item=row["item"],
        name=row["name"],
        years=float(row["years"]),
        more=float(more),
        taking=taking,
        without=without,
        population=row["population"],
        source=row["source"],
        verified=row["verified"],
        is_comparable=row.get("is_comparable", False),
    )
