"""The line of a model in the register, and its card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from healthcare.common import figures
from healthcare.common.tables import numeric
from ml.types import TIER_LABELS
from predictions.models import ModelVersion
from predictions.presenters import count, performance, with_interval

DIRECTIONS = {1: "rises with it", -1: "falls with it"}
NOT_FOR = (
    "Diagnosis, children, emergencies, or deciding without a clinician. People outside the "
    "population, or of whom too little is known, get no number but a reason."
)
UNCERTAINTY = (
    "90 % interval from refits of the model on resampled people, widened for inputs that are not "
    "known"
)


def summary(version: ModelVersion) -> dict:
    """One line of the register."""
    manifest = version.manifest
    cross_fitted = manifest.get("metrics", {}).get("cross_fitted", {})
    return {
        "pk": version.pk,
        "name": str(version),
        "title": version.title,
        "number": version.number,
        "stage": version.stage,
        "stage_label": version.get_stage_display(),
        "data": manifest.get("data", {}).get("name", "not recorded"),
        "people": count(manifest.get("metrics", {}).get("people")),
        "auroc": with_interval(cross_fitted.get("auroc")),
        "slope": with_interval(cross_fitted.get("calibration_slope")),
        "digest": version.digest[:12],
        "created": figures.day(version.created_at),
    }


def card(version: ModelVersion) -> dict:
    """Everything of the model page; parts that an old manifest lacks are left out."""
    manifest = version.manifest
    shown = summary(version) | {"digest_whole": version.digest, "has_card": "metrics" in manifest}
    if not shown["has_card"]:
        return shown
    metrics = manifest["metrics"]
    return shown | {
        "intended": _intended(manifest),
        "limits": manifest["study"]["notes"],
        "tiers": _tiers(manifest["study"]["tiers"]),
        "how": metrics["how"],
        "discrimination": performance.measures(metrics),
        "comparison": performance.comparison(metrics),
        "calibration": performance.calibration(
            metrics["calibration_curve"], metrics["cross_fitted"]
        ),
        "decision": performance.decision(metrics["thresholds"]),
        "thresholds": performance.thresholds(metrics["thresholds"]),
        "subgroups": performance.subgroups(metrics["subgroups"]),
        "scenarios": performance.scenarios(metrics["scenarios"]),
        "inputs": _inputs(manifest),
        "banned": sorted(manifest["study"]["banned"].items()),
        "attributes": [(row["title"], row["text"]) for row in manifest.get("card", [])],
        "provenance": _provenance(manifest),
    }


def _intended(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    study, ages = manifest["study"], manifest["serving"]["ages"]
    horizon = study["horizon_years"]
    return [
        ("Outcome", study["outcome"]),
        ("When", f"within {horizon} years" if horizon else "present now"),
        ("For", study["population"]),
        ("Ages", f"from {ages[0]}; above {ages[1]} counted as {ages[1]}"),
        ("Not for", NOT_FOR),
        ("Compare with", study["published_score"]),
        ("Uncertainty", UNCERTAINTY),
    ]


def _tiers(tiers: Iterable[Mapping[str, Any]]) -> dict:
    rows = [
        [
            TIER_LABELS[tier["tier"]],
            numeric(f"{100 * tier['from']:g}"),
            tier["advice"],
            tier["source"],
        ]
        for tier in tiers
    ]
    return {
        "headers": ["Tier", numeric("From, in 100"), "Advice", "Source of the cut"],
        "rows": rows,
    }


def _inputs(manifest: Mapping[str, Any]) -> dict:
    monotone = manifest["study"]["monotone"]
    return {
        "headers": ["Input", "Unit", "Known together with", "Risk only", "Because"],
        "rows": [
            [
                feature["label"],
                figures.unit(feature["unit"]),
                feature["group"].replace("_", " "),
                *_direction(monotone.get(feature["name"])),
            ]
            for feature in manifest["inputs"]
        ],
    }


def _direction(rule: list | None) -> tuple[str, str]:
    return (DIRECTIONS[rule[0]], rule[1]) if rule else ("", "")


def _provenance(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    data, libraries = manifest["data"], manifest["libraries"]
    return [
        ("Training data", data["name"]),
        ("Licence", data["licence"]),
        ("People", f"{count(data['cohort'])} of {count(data['rows'])} rows fit the population"),
        ("Events", count(manifest["metrics"]["events"])),
        ("Cycles", ", ".join(data["cycles"])),
        ("Data digest", data["sha256"]),
        ("Study digest", manifest["study"]["digest"]),
        ("Made on", manifest["created_on"]),
        ("Made with", ", ".join(f"{name} {number}" for name, number in libraries.items())),
        ("Seed", str(manifest["seed"])),
    ]
