"""What the figures of performance reports share: colours, lines, axes."""

from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]
OURS, OTHER, GOOD, BAD, QUIET, INK = (
    "#1d5fa6",
    "#c2571a",
    "#1a7f64",
    "#b3261e",
    "#8a94a3",
    "#1c2733",
)
PALETTE = {
    OURS: "#6fb1f2",
    OTHER: "#f0a26b",
    GOOD: "#5fd0ae",
    BAD: "#ff8a80",
    QUIET: "#7d8794",
    INK: "#e8edf3",
}
FADED = 0.16
PER_CENT = ".0%"


def graph_objects():
    """Plotly, when it is needed."""
    import plotly.graph_objects as go

    return go


def line(figure, x, y, name, color, *, dash="solid", fill=False, markers=False, shape="linear"):
    """Add one line, thin when it is only a reference."""
    figure.add_trace(
        graph_objects().Scatter(
            x=list(x),
            y=list(y),
            name=name,
            mode="lines+markers" if markers else "lines",
            line={"color": color, "dash": dash, "width": 1.5 if dash != "solid" else 2.5}
            | {"shape": shape},
            fill="tozeroy" if fill else None,
            fillcolor=f"rgba(29,95,166,{FADED})" if fill else None,
            hoverinfo="skip" if dash == "dot" else None,
        )
    )


def axes(figure, x: str, y: str, x_format: str, x_range: Sequence[float] | None = None) -> None:
    """Quiet axes with words; the legend stands above so that nothing covers the data."""
    figure.update_xaxes(title=x, tickformat=x_format, range=x_range, zeroline=False)
    figure.update_yaxes(title=y, zeroline=False)
    if x_format == PER_CENT:
        figure.update_yaxes(tickformat=PER_CENT if "net benefit" not in y else "")
    figure.update_layout(
        template="none",
        height=360,
        margin={"l": 60, "r": 12, "t": 34, "b": 48},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": INK, "size": 13},
        xaxis_title_font_size=13,
        yaxis_title_font_size=13,
        hovermode="closest",
    )
    for axis in (figure.update_xaxes, figure.update_yaxes):
        axis(gridcolor="rgba(138,148,163,0.25)", linecolor=QUIET, tickcolor=QUIET)


def column(rows: Rows, name: str) -> list[Any]:
    """One value of each row."""
    return [row[name] for row in rows]


def end_of_axis(values: Sequence[float]) -> float:
    """End of an axis of risk: a little above the highest."""
    return min(1.0, 1.12 * max([*values, 0.01]))
