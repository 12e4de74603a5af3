"""The charts and tables of a report, in the order in which a clinician needs them.

Calibration and benefit come before discrimination: a model that ranks well and tells the wrong
risk does harm (Van Calster et al., Lancet Digit Health 2025).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ml.plots import performance, performance_outcomes
from ml.reports import reasons, tables, trust
from ml.reports.parts import Chart, Section, matching, metrics_table
from ml.reports.study import Study

CALIBRATION = ("observed_expected", "calibration_intercept", "calibration_slope", "ici", "e90",
               "brier", "brier_skill", "log_loss", "observed_risk")  # fmt: skip
RANKING = (
    "auroc",
    "auc",
    "average_precision",
    "c_index",
    "c_index_uno",
    "auroc_macro",
    "prevalence",
)
ERRORS = ("bias", "mae", "rmse", "r2", "calibration_slope", "observed_expected", "within_one",
          "same_when_rounded", "pinball_50")  # fmt: skip
INTERVALS = ("coverage", "below_interval", "above_interval", "interval_width", "pinball_low",
             "pinball_high")  # fmt: skip
CHOICES = ("log_loss", "brier", "brier_skill", "accuracy", "balanced_accuracy", "f1_macro",
           "f1_weighted", "mcc")  # fmt: skip


def of(study: Study) -> list[Section]:
    """Every section that this study has data for."""
    return [
        found for build in _BUILDERS if (found := build(study)) and (found.charts or found.tables)
    ]


def _calibration(study: Study) -> Section | None:
    found, kind = study.main, study.problem.kind
    rows = found["tables"]
    if kind == "number":
        return _number(study)
    charts = []
    if rows.get("calibration_curve"):
        smooth = rows.get("calibration_smooth", ())
        charts = [
            Chart(
                "Does a told risk come true?",
                "On the dotted line, of 100 people told 20 %, 20 have the outcome. Bars: 95 %.",
                performance.calibration(rows["calibration_curve"], smooth),
                tables.of_rows("Groups of equal size by rising risk", rows["calibration_curve"]),
            ),
            Chart(
                "Who is told which risk",
                "People with the outcome above the line, people without it below.",
                performance.risk_distribution(rows["risk_histogram"]),
                tables.of_rows("People by risk", rows["risk_histogram"]),
            ),
        ]
    if rows.get("calibration_by_class"):
        charts = [_class_calibration(rows["calibration_by_class"])]
    names = matching(found["metrics"], CALIBRATION)
    lead = "Whether a told risk means what it says. Everything else depends on it."
    return Section("calibration", "Calibration", lead, charts, [metrics_table(found, names)])


def _class_calibration(rows: Sequence[Mapping[str, Any]]) -> Chart:
    flat = [{"class": row["class"], **point} for row in rows for point in row["curve"]]
    return Chart(
        "Does a told probability come true?",
        "One line a class; on the dotted line told and true agree.",
        performance_outcomes.calibration_by_class(rows),
        tables.of_rows("Groups of equal size by rising probability", flat),
    )


def _number(study: Study) -> Section:
    rows, found = study.main["tables"], study.main
    unit = getattr(study.problem, "unit", "") or ""
    curve, scatter = rows.get("calibration_curve", ()), rows.get("scatter", ())
    charts = []
    if curve:
        grouped = tables.of_rows("Groups of equal size by rising prediction", curve)
        charts = [
            Chart(
                "Does a foretold number come true?",
                "Points on the dotted line are right on average; the cloud shows single people.",
                performance_outcomes.number_calibration(curve, scatter, unit),
                grouped,
            ),
            Chart(
                "How far off",
                "Right of nought the model foretold too much.",
                performance_outcomes.errors(rows["errors"], unit),
                tables.of_rows("People by error", rows["errors"]),
            ),
        ]
    lead = "Whether a foretold number is right on average, and how far off."
    names = matching(found["metrics"], ERRORS)
    return Section(
        "calibration", "Calibration and error", lead, charts, [metrics_table(found, names)]
    )


def _uncertainty(study: Study) -> Section | None:
    found = study.main
    names = matching(found["metrics"], INTERVALS)
    curve = found["tables"].get("calibration_curve", ())
    if not names or not curve or "coverage" not in curve[0]:
        return None
    level = float(getattr(study.problem, "coverage", 0.8))
    unit = getattr(study.problem, "unit", "") or ""
    chart = Chart(
        "Do the intervals hold what they say?",
        f"{level:.0%} of the outcomes should fall inside, at every level of prediction.",
        performance_outcomes.coverage(curve, level, unit),
        tables.of_rows("Bands of prediction", curve),
    )
    lead = "An interval is honest when it holds the stated share, for short and long alike."
    told = [metrics_table(found, names), *_quantiles(study)]
    return Section("uncertainty", "Intervals", lead, [chart], told)


def _quantiles(study: Study) -> list[tables.Table]:
    """Of 100 outcomes 10 should lie up to a tenth percentile, in every part of the population."""
    rows = [row for row in study.quantiles if len(row) > 3]  # a small cell has no shares
    if not rows:
        return []
    names = [name for name in rows[0] if name.startswith("q") and not name.endswith("_raw")]
    whole = [row for row in rows if row["group"] == "everybody"]
    raw = [{name: row[f"{name}_raw"] for name in names} for row in whole]
    return [
        tables.Table(
            "Share of outcomes up to each foretold quantile",
            ["Part", "People", *(f"{name[1:].lstrip('0')} % should" for name in names)],
            [
                *(["everybody, before the shift", row["count"], *_shares(one, names)]
                  for row, one in zip(whole, raw, strict=True)),
                *([tables.part_name(row), row["count"], *_shares(row, names)] for row in rows),
            ],
        )
    ]  # fmt: skip


def _shares(row: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    return [f"{row[name]:.1%}" for name in names]


def _benefit(study: Study) -> Section | None:
    rows, metrics = study.main["tables"], study.main["metrics"]
    points = rows.get("decision_curve")
    if not points:
        return None
    cuts = [row["threshold"] for row in rows.get("thresholds", ())]
    chart = Chart(
        "Is acting on it worth more than acting on all or none?",
        "Above both other lines the model helps at that threshold. 1 on the scale is one patient "
        "in 100 rightly treated, with no harm from false alarms.",
        performance.decision_curve(points, cuts),
        tables.of_rows("Net benefit per 100 people", points),
    )
    told = [
        tables.of_rows("What acting from each threshold means for 1,000 predictions",
                       rows.get("thresholds", ())),
        tables.of_rows("The same by patient: flagged once is flagged",
                       rows.get("thresholds_by_person", ())),
        tables.of_rows("Confusion matrices", rows.get("confusion", ())),
    ]  # fmt: skip
    at = [name for name in metrics if "@" in name and study.problem.kind == "binary"]
    told.append(tables.of_metrics("Figures at each threshold", metrics, at))
    lead = "Whether decisions get better, false alarms counted at their price."
    return Section("benefit", "Benefit", lead, [chart], [table for table in told if table.rows])


def _discrimination(study: Study) -> Section | None:
    found, kind = study.main, study.problem.kind
    rows = found["tables"]
    charts = []
    if rows.get("roc"):
        table = tables.of_rows(
            "Points of both curves", rows["roc"][:: max(1, len(rows["roc"]) // 25)]
        )
        prevalence = _prevalence(rows)
        charts = [
            Chart("ROC curve", "Further to the upper left is better.",
                  performance.roc(rows["roc"]), table),
            Chart("Precision and recall", "The dotted floor is the prevalence.",
                  performance.precision_recall(rows["roc"], prevalence), table),
        ]  # fmt: skip
    if rows.get("kaplan_meier"):
        charts.insert(0, _survival_chart(study, rows["kaplan_meier"]))
    if kind == "classes" and rows.get("confusion"):
        table = tables.of_rows("What came true (lines) and what was likeliest", rows["confusion"])
        charts.append(Chart("Confusion matrix", "Right answers stand on the diagonal.",
                            performance_outcomes.confusion(rows["confusion"]), table))  # fmt: skip
    wanted = (*RANKING, *(CHOICES if kind == "classes" else ()))
    names = matching(found["metrics"], wanted)
    if not names:
        return None
    lead = "Whether those with the outcome rank above those without; silent on the risk itself."
    return Section("discrimination", "Discrimination", lead, charts, [metrics_table(found, names)])


def _survival_chart(study: Study, rows: Sequence[Mapping[str, Any]]) -> Chart:
    flat = [{"fourth": row["fourth"], **point} for row in rows for point in row["curve"][::6]]
    return Chart(
        "Do those told a higher risk go first?",
        "Kaplan-Meier curves of four groups of equal size by told risk; well apart is good.",
        performance_outcomes.kaplan_meier(rows, getattr(study.problem, "unit", "") or ""),
        tables.of_rows("Share still free of the event", flat),
    )


def _prevalence(rows: Mapping[str, Any]) -> float:
    return rows["roc"][-1]["precision"]


_BUILDERS: tuple[Callable[[Study], Section | None], ...] = (
    _calibration,
    _uncertainty,
    _benefit,
    _discrimination,
    trust.subgroups,
    reasons.explanation,
    trust.validations,
    trust.comparison,
    trust.leakage,
    trust.recalibration,
    trust.learning,
)
