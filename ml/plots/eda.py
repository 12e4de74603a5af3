"""Figures of an exploration. Each function takes frames of `ml.eda` and returns a figure.

Colours are those of Okabe and Ito (told apart by colour-blind readers); backgrounds are
transparent, so that a page in light or dark can show the same figure.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

BLUE, ORANGE, RED, GREY = "#0072B2", "#D55E00", "#b3261e", "#8a93a3"
PALETTE = (BLUE, "#E69F00", "#009E73", "#CC79A7", "#56B4E9", ORANGE, "#7a6ff0", GREY)
DIVERGING = [[0, "#b3261e"], [0.5, "rgba(138,147,163,0.10)"], [1, "#0072B2"]]
BAND = "rgba(0,114,178,0.18)"
ROW = 22  # pixels of a row of a bar chart or heat map
LEAST = 200
MOST_SHOWN = 40
SHORT = 26  # characters of a label
# UCUM as readers write it.
SPOKEN = {"1": "", "a": "years", "d": "days", "mo": "months", "mm[Hg]": "mmHg", "[pH]": "pH",
          "Cel": "°C", "u[IU]/mL": "µU/mL", "m[IU]/L": "mU/L", "10*3/uL": "10³/µL",
          "10*6/uL": "10⁶/µL", "/uL": "/µL", "umol/L": "µmol/L", "ug/dL": "µg/dL"}  # fmt: skip


def _layout(height: int) -> dict:
    return {
        "height": height, "template": "none", "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)", "showlegend": False, "font": {"size": 12},
        "hoverlabel": {"font": {"size": 12}}, "margin": {"l": 8, "r": 8, "t": 8, "b": 40},
    }  # fmt: skip


def _figure(height: int, **layout) -> "Figure":
    from plotly import graph_objects as go

    return go.Figure(layout={**_layout(height), **layout})


def _axes(figure: "Figure", x: str = "", y: str = "", **more) -> "Figure":
    figure.update_xaxes(title_text=x, automargin=True, zeroline=False)
    figure.update_yaxes(title_text=y, automargin=True, zeroline=False, **more)
    return figure


def short(name: object) -> str:
    """A label that fits beside a bar."""
    text = str(name)
    return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"


def missing_bars(columns: pd.DataFrame) -> "Figure":
    """Share missing of each column that lacks something, most first."""
    shown = columns[columns["missing"] > 0].nlargest(MOST_SHOWN, "missing")[::-1]
    figure = _figure(max(LEAST, ROW * len(shown) + 60), bargap=0.25)
    figure.add_bar(
        x=shown["missing_percent"], y=[short(name) for name in shown["column"]], orientation="h",
        marker_color=BLUE, customdata=shown["missing"],
        hovertemplate="%{y}: %{x:.1f} % (%{customdata:,} rows)<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(range=[0, 100])
    return _axes(figure, "missing, %")


def missing_patterns(patterns: pd.DataFrame, most: int = 15) -> "Figure":
    """The commonest combinations: a row a pattern, a square a missing column."""
    shown = patterns.head(most)[::-1]
    absent = [set(json.loads(text)) for text in shown["missing"]]
    names = sorted(set().union(*absent))[:MOST_SHOWN]
    grid = [[int(name in some) for name in names] for some in absent]
    labels = [f"{rows:,} rows" for rows in shown["rows"]]
    figure = _figure(max(LEAST, ROW * len(shown) + 130))
    figure.add_heatmap(
        z=grid, x=[short(name) for name in names], y=[f"{i}" for i in range(len(labels))],
        colorscale=[[0, "rgba(138,147,163,0.12)"], [1, ORANGE]], showscale=False, xgap=2, ygap=2,
        hovertemplate="%{x}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(
        showgrid=False, tickvals=[f"{i}" for i in range(len(labels))], ticktext=labels
    )
    return _axes(figure)


def distribution(bins: pd.DataFrame, unit: str = "") -> "Figure":
    """Histogram of a number or counts of levels, from the rows of one column."""
    if bins["kind"].iloc[0] == "number":
        low, high = bins["low"].to_numpy(float), bins["high"].to_numpy(float)
        middle, width = _drawn(low, high)
        told = [f"{a:.4g} to {b:.4g}" for a, b in zip(low, high, strict=True)]
        bars = {
            "type": "bar", "x": middle, "y": bins["count"].to_numpy(), "width": width * 0.96,
            "marker": {"color": BLUE}, "customdata": told,
            "hovertemplate": "%{customdata}: %{y:,}<extra></extra>",
        }  # fmt: skip
        return _small([bars], SPOKEN.get(unit, unit))
    shown = bins.nlargest(8, "count")[::-1]
    bars = {
        "type": "bar", "x": shown["count"].to_numpy(), "orientation": "h",
        "y": [short(level) for level in shown["level"]], "marker": {"color": "#009E73"},
        "hovertemplate": "%{y}: %{x:,}<extra></extra>",
    }  # fmt: skip
    return _small([bars], yaxis={"type": "category"}, bargap=0.3)


def _small(traces: list[dict], x: str = "", y: str = "", **layout) -> "Figure":
    """One of many charts of a page: made in one go, which is several times as quick."""
    from plotly import graph_objects as go

    axis = {"automargin": True, "zeroline": False}
    settings = {**_layout(210), "bargap": 0.04, **layout}
    settings["margin"] = {"l": 8, "r": 8, "t": 4, "b": 38}
    settings["xaxis"] = {**axis, "title": {"text": x}}
    settings["yaxis"] = {**axis, "title": {"text": y}, **layout.get("yaxis", {})}
    return go.Figure({"data": traces, "layout": settings})


def _drawn(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, float]:
    """Middles and common width of bars; end bins that gather a tail are drawn like the others."""
    width = float(np.median(high - low))
    middle = (low + high) / 2
    if len(low) > 2:
        middle[0], middle[-1] = high[0] - width / 2, low[-1] + width / 2
    return middle, width


def boxes(table: pd.DataFrame) -> "Figure":
    """All numbers as boxes, in interquartile ranges from their median."""
    shown = table[table["q3"] > table["q1"]].head(MOST_SHOWN)[::-1]
    spread = shown["q3"] - shown["q1"]
    scaled = {
        name: ((shown[name] - shown["median"]) / spread).tolist()
        for name in ("lower_whisker", "q1", "median", "q3", "upper_whisker")
    }
    figure = _figure(max(LEAST, 26 * len(shown) + 60))
    figure.add_box(
        y=[short(name) for name in shown["column"]], q1=scaled["q1"], median=scaled["median"],
        q3=scaled["q3"], lowerfence=scaled["lower_whisker"], upperfence=scaled["upper_whisker"],
        orientation="h", marker_color=BLUE, fillcolor=BAND, line_width=1.5,
    )  # fmt: skip
    return _axes(figure, "interquartile ranges from the median")


def correlations(
    squares: dict[str, pd.DataFrame], counts: pd.DataFrame, qs: dict[str, pd.DataFrame]
) -> "Figure":
    """Heat map with a button for each kind of correlation; hover tells n and q."""
    names = [short(name) for name in counts.columns]
    height = int(np.clip(16 * len(names) + 160, 380, 1100))
    figure = _figure(height, margin={"l": 8, "r": 8, "t": 46, "b": 60})
    for place, (kind, square) in enumerate(squares.items()):
        figure.add_heatmap(
            z=square.to_numpy().round(3), x=names, y=names, zmin=-1, zmax=1,
            colorscale=DIVERGING, visible=place == 0, xgap=1, ygap=1,
            colorbar={"thickness": 10, "outlinewidth": 0},
            customdata=np.dstack([counts.to_numpy(), qs[kind].to_numpy()]),
            hovertemplate="%{y} × %{x}<br>r = %{z:.3f}<br>n = %{customdata[0]:,}"
            "<br>q = %{customdata[1]:.2g}<extra></extra>",
        )  # fmt: skip
    buttons = [
        {"label": kind, "method": "update",
         "args": [{"visible": [other == kind for other in squares]}]} for kind in squares
    ]  # fmt: skip
    figure.update_layout(
        updatemenus=[{"type": "buttons", "direction": "right", "buttons": buttons, "x": 0,
                      "xanchor": "left", "y": 1.0, "yanchor": "bottom", "pad": {"b": 8}}]
    )  # fmt: skip
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(showgrid=False, autorange="reversed")
    return _axes(figure)


def effects(comparisons: pd.DataFrame, level: float = 0.05) -> "Figure":
    """Effect sizes with intervals, those with q below the level in colour."""
    shown = comparisons[comparisons["effect"].notna()].head(30)[::-1]
    labels = [short(name) for name in shown["column"]]
    significant = shown["q"] < level
    figure = _figure(max(LEAST, ROW * len(shown) + 70))
    figure.add_scatter(
        x=shown["effect"], y=labels, mode="markers",
        marker={"size": 9, "color": np.where(significant, ORANGE, GREY).tolist()},
        error_x={"type": "data", "symmetric": False, "thickness": 1.2, "width": 0, "color": GREY,
                 "array": shown["effect_high"] - shown["effect"],
                 "arrayminus": shown["effect"] - shown["effect_low"]},
        customdata=np.column_stack([shown["effect_name"], shown["test"], shown["q"]]),
        hovertemplate="%{y}<br>%{customdata[0]} %{x:.3f}<br>%{customdata[1]}, "
        "q = %{customdata[2]:.2g}<extra></extra>",
    )  # fmt: skip
    figure.add_vline(x=0, line_width=1, line_color=GREY)
    return _axes(figure, "effect size (see the table for its kind)", type="category")


def trend(periods: pd.DataFrame, unit: str = "", time: str = "") -> "Figure":
    """Mean over time of one column with its 95 % band."""
    x = periods["at"].tolist()
    band = {
        "type": "scatter", "x": [*x, *x[::-1]], "y": [*periods["high"], *periods["low"][::-1]],
        "fill": "toself", "fillcolor": BAND, "line": {"width": 0}, "hoverinfo": "skip",
        "mode": "lines",
    }  # fmt: skip
    line = {
        "type": "scatter", "x": x, "y": periods["mean"].to_numpy(), "mode": "lines+markers",
        "line": {"color": BLUE, "width": 2}, "customdata": periods["n"].to_numpy(),
        "hovertemplate": "%{y:.4g} (n = %{customdata:,})<extra></extra>",
    }  # fmt: skip
    return _small([band, line], time, SPOKEN.get(unit, unit))


def scree(variance: pd.DataFrame) -> "Figure":
    """Share of variance of each component and the sum so far."""
    figure = _figure(300, bargap=0.3)
    figure.add_bar(
        x=variance["component"], y=100 * variance["share"], marker_color=BLUE,
        hovertemplate="%{x}: %{y:.1f} %<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=variance["component"], y=100 * variance["cumulative"], mode="lines+markers",
        line={"color": ORANGE}, hovertemplate="sum so far: %{y:.1f} %<extra></extra>",
    )  # fmt: skip
    return _axes(figure, "", "variance, %")


def points(sample: pd.DataFrame) -> "Figure":
    """Rows on the first two components, coloured by cluster."""
    figure = _figure(380, showlegend=True, legend={"orientation": "h", "y": 1.08})
    for cluster, rows in sample.groupby("cluster"):
        figure.add_scattergl(
            x=rows["pc1"], y=rows["pc2"], mode="markers", name=f"cluster {cluster}",
            marker={"size": 4, "opacity": 0.55, "color": PALETTE[(int(cluster) - 1) % 8]},
            hoverinfo="skip",
        )  # fmt: skip
    return _axes(figure, "pc1", "pc2")


def grid(table: pd.DataFrame, rows: Sequence[str], label: str, limit: float = 2) -> "Figure":
    """A diverging heat map of a small table: `rows` are its columns, `label` names the bars."""
    figure = _figure(max(LEAST, 18 * len(table) + 110))
    figure.add_heatmap(
        z=table[list(rows)].to_numpy(float).round(3), x=list(rows),
        y=[short(name) for name in table[label]], zmin=-limit, zmax=limit, colorscale=DIVERGING,
        xgap=1, ygap=1, colorbar={"thickness": 10, "outlinewidth": 0},
        hovertemplate="%{y}, %{x}: %{z:.2f}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(showgrid=False, autorange="reversed")
    return _axes(figure, type="category")


def importance(table: pd.DataFrame, metric: str) -> "Figure":
    """What the score loses when a column is shuffled, with its standard deviation."""
    shown = table.head(25)[::-1]
    figure = _figure(max(LEAST, ROW * len(shown) + 60), bargap=0.3)
    figure.add_bar(
        x=shown["importance"], y=[short(name) for name in shown["column"]], orientation="h",
        marker_color=np.where(shown["suspicious"], RED, BLUE).tolist(),
        error_x={"type": "data", "array": shown["sd"], "thickness": 1, "width": 0, "color": GREY},
        hovertemplate="%{y}: %{x:.4f}<extra></extra>",
    )  # fmt: skip
    return _axes(figure, f"{metric} lost when shuffled", type="category")
