"""How well a model does: measures, comparison, calibration, decisions, parts, scenarios."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import sqrt
from typing import Any

from healthcare.common import figures
from healthcare.common.tables import numeric
from predictions.presenters import carried, count, value, with_interval

Z = 1.96  # 95 % interval
PERCENT_SCALES = [5, 10, 20, 40, 60, 80, 100]
COMPARED = ("auroc", "calibration_slope", "observed_expected")
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


def measures(metrics: Mapping[str, Any]) -> dict:
    columns = [("Cross-fitted", "cross_fitted"), ("Held-out fifth", "held_out_fifth")]
    there = [(label, metrics[name]) for label, name in columns if name in metrics]
    rows = [
        [label, *(numeric(with_interval(found.get(name))) for _, found in there), meaning]
        for name, label, meaning in MEASURES
    ]
    headers = ["Measure", *(numeric(f"{label} (95 % interval)") for label, _ in there), "Meaning"]
    return {"headers": headers, "rows": rows}


def comparison(metrics: Mapping[str, Any]) -> dict:
    """This model, the simplest one, the published score, and later years."""
    own, simple = metrics["cross_fitted"], metrics["age_and_sex_logistic"]
    pairs = (("This model, everybody", own), ("Age and sex alone (logistic)", simple))
    rows = [
        [name, count(metrics["people"]), *(with_interval(found[key]) for key in COMPARED)]
        for name, found in pairs
    ]
    rows += _published(metrics.get("published")) + _temporal(metrics.get("temporal"))
    headers = ["Model", "People", "AUROC", "Calibration slope", "Observed / expected"]
    return {
        "headers": [headers[0], *map(numeric, headers[1:])],
        "rows": [[first, *map(numeric, rest)] for first, *rest in rows],
    }


def _published(found: Mapping[str, Any] | None) -> list[list[str]]:
    if not found:
        return []
    people = count(found["people"])
    return [
        [found["score"], people, value(found["auroc"]), "–", "–"],
        ["This model, the same people", people, value(found["model_auroc"]), "–", "–"],
    ]


def _temporal(found: Mapping[str, Any] | None) -> list[list[str]]:
    if not found:
        return []
    name = f"Trained before {found['trained_before']}, tested on later years"
    values = [carried(found[key], found.get("events")) for key in COMPARED]
    return [[name, count(found["people"]), *values]]


def calibration(curve: Iterable[Mapping[str, Any]], measures: Mapping[str, Any]) -> dict:
    bins = [_bin(point) for point in curve]
    furthest = max(max(point["high"], point["predicted"]) for point in bins)
    slope = with_interval(measures["calibration_slope"])
    return {
        "summary": f"Groups of similar risk, how many were foretold and how many happened. Slope "
        f"{slope}; on the dashed line foretold equals observed.",
        "spec": {
            "kind": "calibration",
            "max": next(scale for scale in PERCENT_SCALES if scale >= min(furthest, 100)),
            "bins": bins,
        },
        "headers": [*map(numeric, ["Foretold, %", "Observed, %", "95 % interval", "People"])],
        "rows": [
            [*map(numeric, [f"{point['predicted']:.1f}", f"{point['observed']:.1f}",
                         f"{point['low']:.1f}–{point['high']:.1f}", count(point["n"])])]
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


def decision(thresholds: Iterable[Mapping[str, Any]]) -> dict:
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
        "headers": [*map(numeric, ["Threshold, %", "By this model", "Everybody"])],
        "rows": [
            [*map(numeric, [f"{100 * row['threshold']:g}", f"{row['net_benefit']:.4f}",
                         f"{row['net_benefit_all']:.4f}"])]
            for row in rows
        ],
    }  # fmt: skip


def _curve(rows: Iterable[Mapping[str, Any]], name: str) -> list[list[float]]:
    return [[round(100 * row["threshold"], 2), round(row[name], 4)] for row in rows]


def thresholds(rows: Iterable[Mapping[str, Any]]) -> dict:
    headers = ["Act from, %", "Flagged", "Found", "Missed", "False alarms", "Sensitivity, %",
               "Specificity, %", "Right of the flagged, %", "Look at, to find one"]  # fmt: skip
    return {
        "headers": [*map(numeric, headers)],
        "rows": [[*map(numeric, _threshold(row))] for row in rows],
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


def subgroups(rows: Iterable[Mapping[str, Any]]) -> dict:
    headers = ["People", "Events", "AUROC", "Observed / expected", "Calibration slope"]
    return {
        "headers": ["Group", "Part", *map(numeric, headers)],
        "rows": [
            [
                row["group"].replace("_", " "),
                row["part"].replace("_", " "),
                *map(numeric, [count(row["count"]), count(row["events"])]),
                *(
                    numeric(carried(row[name], row["events"]))
                    for name in ("auroc", "observed_expected", "slope")
                ),
            ]
            for row in rows
        ],
    }


def scenarios(rows: Iterable[Mapping[str, Any]]) -> dict:
    return {
        "headers": ["What is known", *map(numeric, ["AUROC", "Slope", "Observed / expected"])],
        "rows": [
            [row["title"], *(numeric(with_interval(row[name])) for name in COMPARED)]
            for row in rows
        ],
    }
