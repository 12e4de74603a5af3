"""Names, formats and plain sentences for figures."""

from collections.abc import Mapping
from typing import Any

# Name → label, format and what it says.
METRICS: Mapping[str, tuple[str, str, str]] = {
    "observed_expected": ("Observed to expected", ".2f", "1 is ideal; below, risks are too high"),
    "calibration_intercept": ("Calibration in the large", ".3f", "0 is ideal (logit)"),
    "calibration_slope": ("Calibration slope", ".2f", "1 is ideal; below, risks too extreme"),
    "ici": ("Mean distance from truth (ICI)", ".3f", "risk points between told and smoothed"),
    "e90": ("Distance of the worst tenth (E90)", ".3f", "90th percentile of the same"),
    "brier": ("Brier score", ".4f", "mean squared error; lower is better"),
    "brier_skill": ("Brier skill", ".1%", "share of the prevalence's error taken away"),
    "log_loss": ("Log-loss", ".4f", "nats; lower is better"),
    "auroc": ("AUROC", ".3f", "chance that an event ranks above a non-event"),
    "auc": ("AUC by that time", ".3f", "corrected for censoring"),
    "average_precision": ("Average precision", ".3f", "area under precision and recall"),
    "prevalence": ("Prevalence", ".1%", "share with the outcome"),
    "observed_risk": ("Observed risk", ".1%", "Kaplan-Meier"),
    "c_index": ("C-index (Harrell)", ".3f", "pairs in the right order"),
    "c_index_uno": ("C-index (Uno)", ".3f", "corrected for censoring"),
    "sensitivity": ("Sensitivity (recall)", ".1%", "flagged among those with the outcome"),
    "specificity": ("Specificity", ".1%", "left alone among those without"),
    "ppv": ("PPV (precision)", ".1%", "right among the flagged"),
    "npv": ("NPV", ".1%", "right among those not flagged"),
    "accuracy": ("Accuracy", ".1%", "right decisions; depends on prevalence"),
    "balanced_accuracy": ("Balanced accuracy", ".1%", "mean of sensitivity and specificity"),
    "f1": ("F1", ".3f", "of precision and recall; ignores true negatives"),
    "f1_macro": ("F1, mean of classes", ".3f", "each class counts the same"),
    "f1_weighted": ("F1, weighted", ".3f", "by size of class"),
    "auroc_macro": ("AUROC, mean of classes", ".3f", "each class against the rest"),
    "mcc": ("Matthews correlation", ".3f", "-1 to 1"),
    "alerts_per_100": ("Alerts per 100", ".1f", "flagged of 100 predictions"),
    "number_needed_to_evaluate": ("Number needed to evaluate", ".1f", "flagged for one found"),
    "net_benefit": ("Net benefit", ".4f", "true positives less false ones at their price"),
    "net_benefit_gain": ("Net benefit over all or none", ".4f", "gain on the better of the two"),
    "bias": ("Mean error", ".3f", "foretold less observed"),
    "mae": ("Mean absolute error", ".3f", "in the unit of the outcome"),
    "rmse": ("Root mean squared error", ".3f", "in the unit of the outcome"),
    "r2": ("R²", ".3f", "share of the variance explained"),
    "pinball_50": ("Pinball loss, median", ".3f", "half the absolute error"),
    "pinball_low": ("Pinball loss, lower limit", ".3f", "lower is better"),
    "pinball_high": ("Pinball loss, upper limit", ".3f", "lower is better"),
    "within_one": ("Within one unit", ".1%", "no further off than 1"),
    "same_when_rounded": ("Exact when rounded", ".1%", "right to the whole unit"),
    "coverage": ("Inside the interval", ".1%", "share of outcomes that it held"),
    "below_interval": ("Below the interval", ".1%", "share of outcomes"),
    "above_interval": ("Above the interval", ".1%", "share of outcomes"),
    "interval_width": ("Width of the interval", ".2f", "in the unit of the outcome"),
}
COLUMNS: Mapping[str, tuple[str, str]] = {
    "threshold": ("Act from", ".1%"),
    "flagged": ("Flagged", ",.0f"),
    "found": ("Found", ".0f"),
    "missed": ("Missed", ".0f"),
    "false_alarms": ("False alarms", ".0f"),
    "net_benefit_all": ("Net benefit of all", ".4f"),
    "number_needed_to_evaluate": ("NNE", ".1f"),
    "predicted": ("Foretold", ".3f"),
    "observed": ("Observed", ".3f"),
    "count": ("People", "d"),
    "false_positive_rate": ("False alarm rate", ".3f"),
    "precision": ("Precision", ".3f"),
    "risk": ("Risk", ".3f"),
    "low": ("From", ".3f"),
    "high": ("To", ".3f"),
    "events": ("With the outcome", "d"),
    "others": ("Without", "d"),
    "model": ("By the model", ".3f"),
    "everybody": ("On everybody", ".3f"),
    "interventions_avoided": ("False alarms avoided per 100", ".1f"),
    "true_positive": ("True +", ",.0f"),
    "false_positive": ("False +", ",.0f"),
    "false_negative": ("False −", ",.0f"),
    "true_negative": ("True −", ",.0f"),
    "true": ("Came true", ""),
    "people": ("People", "d"),
    "rows": ("Rows", "d"),
    "time": ("Time", ".1f"),
    "free": ("Still free", ".3f"),
    "fourth": ("Fourth of risk", "d"),
    "class": ("Class", ""),
}
EMPTY = "–"
NOT_ENOUGH = "not enough data"


def label(name: str) -> str:
    """Label of a metric, also at a threshold or of a class.

    >>> label("ppv@0.15"), label("auroc[died]")
    ('PPV (precision) at 15%', 'AUROC of died')
    """
    plain, at, where = name.partition("@")
    if at:
        return f"{label(plain)} at {_place(where)}"
    plain, of, rest = name.partition("[")
    words = METRICS[plain][0] if plain in METRICS else plain.replace("_", " ").capitalize()
    return f"{words} of {rest[:-1]}" if of else words


def _place(where: str) -> str:
    """A threshold as a per cent; a horizon as it is."""
    return f"{float(where):.3g}" if float(where) >= 1 else f"{100 * float(where):.3g}%"


def meaning(name: str) -> str:
    """What a metric says, "" when it says it itself."""
    plain = name.partition("@")[0].partition("[")[0]
    return METRICS[plain][2] if plain in METRICS else ""


def number(value: Any, name: str = "") -> str:
    """A value in the format of its metric or column."""
    if value is None:
        return EMPTY
    if isinstance(value, bool | str):
        return str(value)
    plain = name.partition("@")[0].partition("[")[0]
    shape = METRICS[plain][1] if plain in METRICS else COLUMNS.get(plain, ("", ""))[1]
    if plain in COLUMNS:
        shape = COLUMNS[plain][1]
    if shape == "d" or (not shape and float(value).is_integer()):
        return f"{value:,.0f}"
    told = format(value, shape or ".3g")
    # A rounded nought has no sign.
    return told.lstrip("-") if not told.strip("-0.%") else told.replace("-", "−")


def estimate(found: Mapping[str, Any] | None, name: str) -> str:
    """`0.812 (0.790 to 0.834)`, or that there is not enough data."""
    if not found or found.get("value") is None:
        return NOT_ENOUGH
    low, high = number(found["low"], name), number(found["high"], name)
    return f"{number(found['value'], name)} ({low} to {high})"


def column(name: str) -> str:
    """Heading of a column."""
    return COLUMNS[name][0] if name in COLUMNS else label(name)


def summary(found: Mapping[str, Any], kind: str) -> list[str]:
    """What a reader in a hurry must know: calibration, benefit, discrimination, in this order."""
    metrics = found.get("metrics", {})
    if all(metric.get("value") is None for metric in metrics.values()):
        return []
    return [sentence for sentence in map(_sentence, _leading(metrics, kind)) if sentence]


def _leading(metrics: Mapping[str, Any], kind: str) -> list[tuple[str, Any]]:
    wanted = {
        "binary": ("observed_expected", "calibration_slope", "net_benefit_gain", "auroc"),
        "survival": ("observed_expected", "calibration_slope", "c_index", "auc"),
        "number": ("bias", "mae", "r2", "coverage"),
        "classes": ("log_loss", "accuracy", "auroc_macro"),
    }[kind]
    first = {}
    for name, value in metrics.items():
        first.setdefault(name.partition("@")[0], (name, value))
    return [first[name] for name in wanted if name in first]


def _sentence(pair: tuple[str, Any]) -> str:
    name, found = pair
    if not found or found.get("value") is None:
        return f"{label(name)}: {NOT_ENOUGH}."
    plain, _, at = name.partition("@")
    if plain == "net_benefit_gain":
        return _gain(found, at)
    share, told = f"{found['value']:.0%}", estimate(found, name)
    return {
        "observed_expected": _happened(found),
        "auroc": "Of two patients, one with and one without the outcome, it ranks the right one "
        f"higher {share} of the time (AUROC {_plain(told)}).",
        "c_index": "Of two patients, it ranks the one with the earlier event higher "
        f"{share} of the time (C-index {_plain(told)}).",
        "mae": f"It is off by {told} on average.",
        "coverage": f"Its intervals held {told} of the outcomes.",
    }.get(plain, f"{label(name)}: {told}; {meaning(name)}.")


def _plain(told: str) -> str:
    """An estimate that stands in brackets itself."""
    return told.replace(" (", ", ").removesuffix(")")


def _happened(found: Mapping[str, float]) -> str:
    value, low, high = (round(100 * found[name]) for name in ("value", "low", "high"))
    return f"For 100 events foretold, {value} happened ({low} to {high})."


def _gain(found: Mapping[str, float], at: str) -> str:
    """Net benefit in people: true positives gained per 1,000 at no more false alarms."""
    if found["low"] > 0:
        return (
            f"Acting from a risk of {float(at):.0%} is worth {1000 * found['value']:.1f} more "
            "patients rightly treated per 1,000, at no more false alarms, than the better of "
            f"treating all or none ({1000 * found['low']:.1f} to {1000 * found['high']:.1f})."
        )
    return (
        f"At a threshold of {float(at):.0%} a benefit over treating all or none is not shown "
        f"({1000 * found['low']:.1f} to {1000 * found['high']:.1f} per 1,000)."
    )
