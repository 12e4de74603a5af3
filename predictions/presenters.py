"""A model's card in words, tables and chart specifications, all from its manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import sqrt
from typing import Any

from healthcare.common import figures
from ml.types import TIER_LABELS
from predictions.models import ModelVersion

Z = 1.96  # 95 % interval
DIRECTIONS = {1: "rises with it", -1: "falls with it"}
NOT_FOR = (
    "Diagnosis, children, emergencies, or deciding without a clinician. People outside the "
    "population, or of whom too little is known, get no number but a reason."
)
UNCERTAINTY = (
    "90 % interval from refits of the model on resampled people, widened for inputs that are not "
    "known"
)
PERCENT_SCALES = [5, 10, 20, 40, 60, 80, 100]
MEASURES = [
    ("auroc", "AUROC", "chance that a person with the outcome has the higher risk"),
    ("calibration_slope", "Calibration slope", "1 is right; below 1 the risks are too extreme"),
    ("observed_expected", "Observed / expected", "1 is right; events that happened per foretold"),
    ("calibration_intercept", "Calibration intercept", "0 is right"),
    ("average_precision", "Average precision", "compare with the share of people with events"),
    ("brier", "Brier score", "mean squared error of the risk"),
    ("brier_skill", "Brier skill", "share of that error that the model takes away"),
    ("log_loss", "Log loss", "in nats"),
]


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
        "people": _count(manifest.get("metrics", {}).get("people")),
        "auroc": _with_interval(cross_fitted.get("auroc")),
        "slope": _with_interval(cross_fitted.get("calibration_slope")),
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
        "discrimination": _measures(metrics),
        "comparison": _comparison(metrics),
        "calibration": _calibration(metrics["calibration_curve"], metrics["cross_fitted"]),
        "decision": _decision(metrics["thresholds"]),
        "thresholds": _thresholds(metrics["thresholds"]),
        "subgroups": _subgroups(metrics["subgroups"]),
        "scenarios": _scenarios(metrics["scenarios"]),
        "inputs": _inputs(manifest),
        "banned": sorted(manifest["study"]["banned"].items()),
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
            _num(f"{100 * tier['from']:g}"),
            tier["advice"],
            tier["source"],
        ]
        for tier in tiers
    ]
    return {"headers": ["Tier", _num("From, in 100"), "Advice", "Source of the cut"], "rows": rows}


def _measures(metrics: Mapping[str, Any]) -> dict:
    columns = [("Cross-fitted", "cross_fitted"), ("Held-out fifth", "held_out_fifth")]
    there = [(label, metrics[name]) for label, name in columns if name in metrics]
    rows = [
        [label, *(_num(_with_interval(found.get(name))) for _, found in there), meaning]
        for name, label, meaning in MEASURES
    ]
    headers = ["Measure", *(_num(f"{label} (95 % interval)") for label, _ in there), "Meaning"]
    return {"headers": headers, "rows": rows}


def _comparison(metrics: Mapping[str, Any]) -> dict:
    """This model, the simplest one, the published score, and later years."""
    own, simple = metrics["cross_fitted"], metrics["age_and_sex_logistic"]
    rows = [
        ["This model, everybody", _count(metrics["people"]), _value(own["auroc"]["value"]),
         _value(own["calibration_slope"]["value"]), _value(own["observed_expected"]["value"])],
        ["Age and sex alone (logistic)", _count(metrics["people"]), _value(simple["auroc"]),
         _value(simple["calibration_slope"]), _value(simple["observed_expected"])],
    ]  # fmt: skip
    rows += _published(metrics.get("published")) + _temporal(metrics.get("temporal"))
    headers = ["Model", "People", "AUROC", "Calibration slope", "Observed / expected"]
    return {
        "headers": [headers[0], *map(_num, headers[1:])],
        "rows": [[first, *map(_num, rest)] for first, *rest in rows],
    }


def _published(found: Mapping[str, Any] | None) -> list[list[str]]:
    if not found:
        return []
    people = _count(found["people"])
    return [
        [found["score"], people, _value(found["auroc"]), "–", "–"],
        ["This model, the same people", people, _value(found["model_auroc"]), "–", "–"],
    ]


def _temporal(found: Mapping[str, Any] | None) -> list[list[str]]:
    if not found:
        return []
    name = f"Trained before {found['trained_before']}, tested on later years"
    values = [_value(found[key]) for key in ("auroc", "calibration_slope", "observed_expected")]
    return [[name, _count(found["people"]), *values]]


def _calibration(curve: Iterable[Mapping[str, Any]], measures: Mapping[str, Any]) -> dict:
    bins = [_bin(point) for point in curve]
    furthest = max(max(point["high"], point["predicted"]) for point in bins)
    slope = _with_interval(measures["calibration_slope"])
    return {
        "summary": f"Groups of similar risk, how many were foretold and how many happened. Slope "
        f"{slope}; on the dashed line foretold equals observed.",
        "spec": {
            "kind": "calibration",
            "max": next(scale for scale in PERCENT_SCALES if scale >= min(furthest, 100)),
            "bins": bins,
        },
        "headers": [*map(_num, ["Foretold, %", "Observed, %", "95 % interval", "People"])],
        "rows": [
            [*map(_num, [f"{point['predicted']:.1f}", f"{point['observed']:.1f}",
                         f"{point['low']:.1f}–{point['high']:.1f}", _count(point["n"])])]
            for point in bins
        ],
    }  # fmt: skip


def _bin(point: Mapping[str, Any]) -> dict:
    low, high = wilson(point["observed"], point["count"])
    percents = {"predicted": point["predicted"], "observed": point["observed"]}
    percents |= {"low": low, "high": high}
    return {name: round(100 * share, 2) for name, share in percents.items()} | {"n": point["count"]}


def wilson(share: float, count: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, JASA 1927;22:209).

    >>> low, high = wilson(0.1, 100)
    >>> round(low, 3), round(high, 3)
    (0.055, 0.174)
    """
    spread = Z * sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    middle, scale = share + Z**2 / (2 * count), 1 + Z**2 / count
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def _decision(thresholds: Iterable[Mapping[str, Any]]) -> dict:
    rows = list(thresholds)
    better = [row for row in rows if row["net_benefit"] > max(0, row["net_benefit_all"])]
    words = figures.listed([f"{100 * row['threshold']:g} %" for row in better])
    return {
        "summary": f"Acting by the model is worth more than acting on everybody or on nobody at "
        f"{words}." if better else "Acting by the model is not worth more at any threshold shown.",
        "spec": {
            "kind": "lines",
            "decimals": 3,
            "x": {"label": "threshold, %"},
            "y": {"label": "net benefit"},
            "series": [
                {"name": "by this model", "points": _curve(rows, "net_benefit")},
                {"name": "everybody", "points": _curve(rows, "net_benefit_all"), "plain": True},
                {"name": "nobody", "points": [[100 * row["threshold"], 0] for row in rows],
                 "plain": True},
            ],
        },
        "headers": [*map(_num, ["Threshold, %", "By this model", "Everybody"])],
        "rows": [
            [*map(_num, [f"{100 * row['threshold']:g}", f"{row['net_benefit']:.4f}",
                         f"{row['net_benefit_all']:.4f}"])]
            for row in rows
        ],
    }  # fmt: skip


def _curve(rows: Iterable[Mapping[str, Any]], name: str) -> list[list[float]]:
    return [[round(100 * row["threshold"], 2), round(row[name], 4)] for row in rows]


def _thresholds(rows: Iterable[Mapping[str, Any]]) -> dict:
    headers = ["Act from, %", "Flagged", "Found", "Missed", "False alarms", "Sensitivity, %",
               "Specificity, %", "Right of the flagged, %", "Look at, to find one"]  # fmt: skip
    return {
        "headers": [*map(_num, headers)],
        "rows": [[*map(_num, _threshold(row))] for row in rows],
    }


def _threshold(row: Mapping[str, Any]) -> list[str]:
    found = row["number_needed_to_evaluate"]
    return [
        f"{100 * row['threshold']:g}",
        *(f"{row[name]:.0f}" for name in ("flagged", "found", "missed", "false_alarms")),
        f"{100 * row['sensitivity']:.0f}",
        f"{100 * row['specificity']:.0f}",
        "–" if row["ppv"] is None else f"{100 * row['ppv']:.0f}",
        "–" if found is None else f"{found:.1f}",
    ]


def _subgroups(rows: Iterable[Mapping[str, Any]]) -> dict:
    headers = ["People", "Events", "AUROC", "Observed / expected", "Calibration slope"]
    return {
        "headers": ["Group", "Part", *map(_num, headers)],
        "rows": [
            [
                row["group"].replace("_", " "),
                row["part"].replace("_", " "),
                *map(_num, [_count(row["count"]), _count(row["events"])]),
                *(_num(_value(row[name])) for name in ("auroc", "observed_expected", "slope")),
            ]
            for row in rows
        ],
    }


def _scenarios(rows: Iterable[Mapping[str, Any]]) -> dict:
    return {
        "headers": ["What is known", *map(_num, ["AUROC", "Slope", "Observed / expected"])],
        "rows": [
            [row["title"], *(_num(_value(row[name]))
                             for name in ("auroc", "calibration_slope", "observed_expected"))]
            for row in rows
        ],
    }  # fmt: skip


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
        ("People", f"{_count(data['cohort'])} of {_count(data['rows'])} rows fit the population"),
        ("Events", _count(manifest["metrics"]["events"])),
        ("Cycles", ", ".join(data["cycles"])),
        ("Data digest", data["sha256"]),
        ("Study digest", manifest["study"]["digest"]),
        ("Made on", manifest["created_on"]),
        ("Made with", ", ".join(f"{name} {number}" for name, number in libraries.items())),
        ("Seed", str(manifest["seed"])),
    ]


def _num(text: Any) -> dict:
    return {"text": text, "num": True}


def _count(count: int | None) -> str:
    return "too few to show" if count is None else f"{count:,}".replace(",", "\u202f")


def _value(value: float | None) -> str:
    return "too few to show" if value is None else f"{value:.3f}"


def _with_interval(found: Mapping[str, float] | float | None) -> str:
    if found is None:
        return "not measured"
    if isinstance(found, int | float):
        return _value(found)
    return f"{found['value']:.3f} ({found['low']:.3f}–{found['high']:.3f})"
