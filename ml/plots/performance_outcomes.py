"""Figures for outcomes that are a number, one of several classes, or a time."""

from ml.plots.performance_drawing import (
    BAD,
    GOOD,
    INK,
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


def number_calibration(curve: Rows, scatter: Rows, unit: str):
    """Observed against predicted number: people in the background, groups in front."""
    go = graph_objects()
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(
            x=column(scatter, "predicted"),
            y=column(scatter, "observed"),
            mode="markers",
            name="people",
            marker={"size": 4, "color": QUIET, "opacity": 0.35},
            hoverinfo="skip",
        )
    )
    ends = [min(column(curve, "predicted")), max(column(curve, "predicted"))]
    line(figure, ends, ends, "perfect", QUIET, dash="dot")
    figure.add_trace(
        go.Scatter(
            x=column(curve, "predicted"),
            y=column(curve, "observed"),
            mode="lines+markers",
            name="groups of people",
            marker={"size": 9, "color": OURS},
            line={"color": OURS},
            customdata=column(curve, "count"),
            hovertemplate="foretold %{x:.2f}<br>observed %{y:.2f}<br>%{customdata} people",
        )
    )
    axes(figure, f"foretold {unit}".strip(), f"observed {unit}".strip(), "")
    return figure


def errors(bins: Rows, unit: str):
    """Histogram of predicted less observed."""
    go = graph_objects()
    middle = [(row["low"] + row["high"]) / 2 for row in bins]
    figure = go.Figure(
        go.Bar(
            x=middle,
            y=column(bins, "count"),
            marker={"color": OURS},
            showlegend=False,
            hovertemplate="%{x:.2f}: %{y} people<extra></extra>",
        )
    )
    axes(figure, f"foretold less observed {unit}".strip(), "people", "")
    figure.update_layout(bargap=0.05)
    return figure


def coverage(curve: Rows, level: float, unit: str):
    """Share of outcomes inside the interval, by band of prediction."""
    figure = graph_objects().Figure()
    x = column(curve, "predicted")
    line(figure, [min(x), max(x)], [level, level], f"stated {level:.0%}", QUIET, dash="dot")
    line(figure, x, column(curve, "coverage"), "held", OURS, markers=True)
    axes(figure, f"foretold {unit}".strip(), "inside the interval", "")
    figure.update_yaxes(range=[0, 1.02], tickformat=PER_CENT)
    return figure


def confusion(rows: Rows):
    """What came true against what was likeliest; shares of each row."""
    go = graph_objects()
    labels = [row["true"] for row in rows]
    counts = [[row[label] for label in labels] for row in rows]
    shares = [[count / (sum(line) or 1) for count in line] for line in counts]
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=labels,
            y=labels,
            text=counts,
            texttemplate="%{text}",
            colorscale=[[0, "rgba(29,95,166,0.03)"], [1, OURS]],
            zmin=0,
            zmax=1,
            showscale=False,
            hovertemplate="was %{y}, foretold %{x}: %{text}<extra></extra>",
        )
    )
    axes(figure, "foretold", "came true", "")
    figure.update_xaxes(type="category")
    figure.update_yaxes(type="category", autorange="reversed", automargin=True)
    return figure


def calibration_by_class(rows: Rows):
    """Observed against predicted probability, one line a class."""
    figure = graph_objects().Figure()
    points = [point for row in rows for point in row["curve"]]
    top = end_of_axis([p["predicted"] for p in points] + [p["observed"] for p in points])
    line(figure, [0, top], [0, top], "perfect", QUIET, dash="dot")
    colors = (OURS, OTHER, GOOD, BAD, INK)
    for number, row in enumerate(rows):
        x, y = column(row["curve"], "predicted"), column(row["curve"], "observed")
        line(figure, x, y, row["class"], colors[number % len(colors)], markers=True)
    axes(figure, "foretold probability", "share that came true", PER_CENT)
    figure.update_yaxes(tickformat=PER_CENT)
    return figure


def kaplan_meier(rows: Rows, unit: str):
    """Share still free of the event over time, by fourth of predicted risk."""
    figure = graph_objects().Figure()
    colors = (GOOD, OURS, OTHER, BAD)
    for row, color in zip(rows, colors, strict=False):
        x, y = column(row["curve"], "time"), column(row["curve"], "free")
        name = f"fourth {row['fourth']} of risk"
        line(figure, [0, *x], [1, *y], name, color, shape="hv")
    axes(figure, f"time, {unit}" if unit else "time", "still free of the event", "")
    figure.update_yaxes(range=[0, 1.02], tickformat=PER_CENT)
    return figure
