"""Figures of explanations: contributions, a patient among peers, effects. Nothing is shown here."""

from typing import TYPE_CHECKING

import numpy as np

from ml.explanation.attributions import Attributions
from ml.explanation.cohort import Profile, Standing
from ml.explanation.effects import Curve

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

RAISES, LOWERS, PEERS, PATIENT = "#b5403a", "#2f6f9f", "#9aa5ad", "#1d3557"


def waterfall(attributions: Attributions, row: int = 0, *, inputs: int = 10) -> "Figure":
    """From the base to one prediction, the largest contributions one by one, the rest together."""
    from plotly import graph_objects as go

    ranked = attributions.ranked(row)
    rest = sum(value for _, value in ranked[inputs:])
    steps = ranked[:inputs] + ([("all others", rest)] if ranked[inputs:] else [])
    names = ["base", *(name for name, _ in steps), "prediction"]
    bars = go.Waterfall(
        x=[attributions.base, *(value for _, value in steps), 0.0],
        y=names,
        measure=["absolute", *["relative"] * len(steps), "total"],
        orientation="h",
        increasing={"marker": {"color": RAISES}},
        decreasing={"marker": {"color": LOWERS}},
        totals={"marker": {"color": PEERS}},
    )
    figure = go.Figure(bars)
    return figure.update_layout(
        title=attributions.method, xaxis_title=attributions.scale, yaxis={"autorange": "reversed"}
    )


def radar(profile: Profile) -> "Figure":
    """Percentiles of a patient among peers around a circle; the peers' median is at 50."""
    from plotly import graph_objects as go

    known = _with_percentile(profile)
    names = [_labelled(one) for one in known]
    shares = [one.percentile for one in known]
    figure = go.Figure(
        [
            go.Scatterpolar(
                r=[50.0] * (len(names) + 1), theta=[*names, *names[:1]], name="median of peers",
                line={"color": PEERS, "dash": "dot"},
            ),
            go.Scatterpolar(
                r=[*shares, *shares[:1]], theta=[*names, *names[:1]], name="patient",
                line={"color": PATIENT}, fill="toself", opacity=0.7,
            ),
        ]
    )  # fmt: skip
    return figure.update_layout(
        title=f"Percentile among peers ({profile.peers})",
        polar={"radialaxis": {"range": [0, 100]}},
    )


def dot_plot(profile: Profile) -> "Figure":
    """The same on a line for each value: easier to read exactly than a radar."""
    from plotly import graph_objects as go

    known = _with_percentile(profile)
    names = [_labelled(one) for one in known]
    figure = go.Figure(
        [
            go.Scatter(
                x=[25, 75, None] * len(names), y=[name for name in names for _ in range(3)],
                mode="lines", name="middle half of peers", line={"color": PEERS, "width": 6},
            ),
            go.Scatter(
                x=[one.percentile for one in known], y=names, mode="markers", name="patient",
                marker={"color": PATIENT, "size": 11}, customdata=[one.value for one in known],
                hovertemplate="%{y}: %{customdata} (percentile %{x:.0f})<extra></extra>",
            ),
        ]
    )  # fmt: skip
    return figure.update_layout(
        title=f"Percentile among peers ({profile.peers})", xaxis={"range": [0, 100]}
    )


def effect(curve: Curve, *, people: int = 50) -> "Figure":
    """An effect curve, with the first people's own curves behind it where there are any."""
    from plotly import graph_objects as go

    own = [
        go.Scatter(
            x=curve.grid, y=one, mode="lines", showlegend=False, hoverinfo="skip",
            line={"color": PEERS, "width": 0.6},
        )
        for one in curve.curves[:people]
    ]  # fmt: skip
    mean = go.Scatter(x=curve.grid, y=curve.effect, name="mean", line={"color": PATIENT})
    return go.Figure([*own, mean]).update_layout(
        title=f"{curve.method}, n = {curve.people}", xaxis_title=curve.name
    )


def summary(attributions: Attributions, *, inputs: int = 15) -> "Figure":
    """Mean absolute contribution of the inputs that matter most over all rows."""
    from plotly import graph_objects as go

    size = np.abs(attributions.contributions).mean(axis=0)
    order = np.argsort(size)[-inputs:]
    bars = go.Bar(
        x=size[order],
        y=[attributions.names[n] for n in order],
        orientation="h",
        marker={"color": PATIENT},
    )
    count = len(attributions.contributions)
    title = f"Mean |contribution| ({attributions.scale}), n = {count}"
    return go.Figure(bars).update_layout(title=title)


def _with_percentile(profile: Profile) -> list[Standing]:
    known = [one for one in profile.standings if one.percentile is not None]
    if not known:
        raise ValueError(
            "No value has ten peers of the same sex and age: there is nothing to draw."
        )
    return known


def _labelled(one: Standing) -> str:
    return f"{one.name} (n = {one.count})"
