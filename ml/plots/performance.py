"""Figures of a performance report, from the tables of an evaluation as JSON knows them.

Every colour is one of `performance_drawing.PALETTE`, so that a page can replace it by its twin of a
dark theme.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ml.plots.performance_drawing import (
    OTHER,
    OURS,
    PER_CENT,
    QUIET,
    Rows,
    axes,
    column,
    end_of_axis,
    graph_objects,
    line,
)


def calibration(curve: Rows, smooth: Rows = ()):
    """Observed against predicted risk: groups of equal size, smooth curve, diagonal."""
    go = graph_objects()
    figure = go.Figure()
    top = end_of_axis([row["predicted"] for row in curve] + [row["observed"] for row in curve])
    line(figure, [0, top], [0, top], "perfect", QUIET, dash="dot")
    if smooth:
        line(figure, column(smooth, "predicted"), column(smooth, "observed"), "smooth", OURS)
    figure.add_trace(
        go.Scatter(
            x=column(curve, "predicted"),
            y=column(curve, "observed"),
            error_y=_errors(curve),
            mode="markers",
            name="groups of people",
            marker={"size": 9, "color": OURS},
            customdata=column(curve, "count"),
            hovertemplate="foretold %{x:.1%}<br>happened %{y:.1%}<br>%{customdata} people",
        )
    )
    axes(figure, "foretold risk", "share with the outcome", PER_CENT, [0, top])
    figure.update_yaxes(range=[0, top])
    return figure


def risk_distribution(bins: Rows):
    """How many people have each risk, those with the outcome above, those without below."""
    go = graph_objects()
    figure = go.Figure()
    middle = [(row["low"] + row["high"]) / 2 for row in bins]
    for name, color in (("events", OTHER), ("others", OURS)):
        counts = column(bins, name)
        total = sum(counts) or 1
        sign = 1 if name == "events" else -1
        figure.add_trace(
            go.Bar(
                x=middle,
                y=[sign * count / total for count in counts],
                name="with the outcome" if name == "events" else "without",
                marker={"color": color},
                customdata=counts,
                hovertemplate="risk %{x:.0%}<br>%{customdata} people",
            )
        )
    figure.update_layout(barmode="relative", bargap=0.08)
    axes(figure, "foretold risk", "share of its group", PER_CENT)
    figure.update_yaxes(tickvals=[], zeroline=True)
    return figure


def decision_curve(points: Rows, thresholds: Sequence[float] = ()):
    """Net benefit per 100 people of the model, of acting on all, and of acting on none."""
    figure = graph_objects().Figure()
    x = column(points, "threshold")
    line(figure, x, [0] * len(x), "act on nobody", QUIET, dash="dot")
    line(figure, x, column(points, "everybody"), "act on everybody", OTHER, dash="dash")
    line(figure, x, column(points, "model"), "act by the model", OURS)
    axes(figure, "risk at which one would act", "net benefit per 100 people", PER_CENT)
    top = max([*column(points, "model"), 0.1])
    figure.update_yaxes(range=[-0.25 * top, 1.1 * top])
    for at in thresholds:
        figure.add_vline(x=at, line={"color": QUIET, "width": 1, "dash": "dot"})
    return figure


def roc(points: Rows):
    """Sensitivity against false alarms."""
    figure = graph_objects().Figure()
    line(figure, [0, 1], [0, 1], "chance", QUIET, dash="dot")
    x, y = column(points, "false_positive_rate"), column(points, "sensitivity")
    line(figure, [0, *x], [0, *y], "model", OURS, fill=True)
    axes(figure, "false alarms among those without", "found among those with it", PER_CENT, [0, 1])
    figure.update_yaxes(range=[0, 1.01])
    return figure


def precision_recall(points: Rows, prevalence: float):
    """Precision against sensitivity; the floor is the prevalence."""
    figure = graph_objects().Figure()
    line(figure, [0, 1], [prevalence, prevalence], "flag everybody", QUIET, dash="dot")
    x, y = column(points, "sensitivity"), column(points, "precision")
    line(figure, x, y, "model", OURS)
    axes(figure, "found among those with it", "right among the flagged", PER_CENT, [0, 1])
    figure.update_yaxes(range=[0, 1.01])
    return figure


def dots(labels: Sequence[str], found: Sequence[Mapping | None], title: str, ideal: float | None):
    """One estimate with interval a line; a line without an estimate stays empty."""
    go = graph_objects()
    told = [(label, row) for label, row in zip(labels, found, strict=True) if row]
    figure = go.Figure(
        go.Scatter(
            x=[row["value"] for _, row in told],
            y=[label for label, _ in told],
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [row["high"] - row["value"] for _, row in told],
                "arrayminus": [row["value"] - row["low"] for _, row in told],
                "color": OURS,
                "thickness": 1.5,
            },
            mode="markers",
            marker={"size": 9, "color": OURS},
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
            showlegend=False,
        )
    )
    axes(figure, title, "", "")
    if ideal is not None:
        figure.add_vline(x=ideal, line={"color": QUIET, "width": 1, "dash": "dot"})
    figure.update_yaxes(automargin=True, autorange="reversed", type="category")
    figure.update_layout(height=max(180, 90 + 30 * len(told)))
    return figure


def learning(rows: Rows, name: str):
    """Quality on the same held-out people by number of training people."""
    go = graph_objects()
    told = [row for row in rows if row["metric"]]
    figure = go.Figure(
        go.Scatter(
            x=column(told, "people"),
            y=[row["metric"]["value"] for row in told],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [row["metric"]["high"] - row["metric"]["value"] for row in told],
                "arrayminus": [row["metric"]["value"] - row["metric"]["low"] for row in told],
            },
            mode="lines+markers",
            marker={"size": 8, "color": OURS},
            line={"color": OURS},
            showlegend=False,
        )
    )
    axes(figure, "people to learn from", name, "")
    return figure


def _errors(curve: Rows) -> dict[str, Any]:
    """Wilson intervals of the share in each group."""
    limits = [_wilson(row["observed"], row["count"]) for row in curve]
    observed = column(curve, "observed")
    return {
        "type": "data",
        "symmetric": False,
        "array": [max(0, high - at) for (_, high), at in zip(limits, observed, strict=True)],
        "arrayminus": [max(0, at - low) for (low, _), at in zip(limits, observed, strict=True)],
        "color": OURS,
        "thickness": 1.2,
        "width": 3,
    }


def _wilson(share: float, count: int, z: float = 1.96) -> tuple[float, float]:
    spread = z * ((share * (1 - share) + z * z / (4 * count)) / count) ** 0.5
    middle, scale = share + z * z / (2 * count), 1 + z * z / count
    return (middle - spread) / scale, (middle + spread) / scale
