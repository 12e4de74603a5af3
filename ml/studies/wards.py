"""Beds and discharges of a ward from the stays of its patients.

Each patient in bed leaves on a day with a chance that follows from the days already stayed; people
not yet admitted arrive at the ward's own rate for the weekday (Poisson). The number who leave, or
stay, is the sum of these: a Poisson-binomial and a Poisson variable, convolved exactly.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import poisson

LONGEST = 40  # days; longer stays count as this long
RECENT = 56  # days whose admissions tell the present level
PRIOR = 20.0  # stays of everybody that are added to those of a group
WEEK = 7


@dataclass(frozen=True)
class WardModel:
    """Chance of a stay of 0, 1, ... days by group of patients, and arrivals a day by ward.

    `stays[group]` has shape (LONGEST + 1,) and sums to 1; `mix[ward]` is the same for whoever will
    arrive; `arrivals[ward]` are admissions a day, Monday first. Their level is taken anew from
    the last RECENT days of the table that is forecast, their course over the week from here.
    """

    stays: Mapping[str, NDArray[np.float64]]
    mix: Mapping[str, NDArray[np.float64]]
    arrivals: Mapping[str, NDArray[np.float64]]


def fit(admissions: pd.DataFrame, until: pd.Timestamp) -> WardModel:
    """From admissions up to `until`, as one could know them on that day.

    Columns: ward, group, admitted, discharged. Stays are learned from admissions of LONGEST days
    before `until` and earlier, whose end is known, so that long stays do not drop out.
    """
    known = admissions[admissions["admitted"] <= until]
    settled = known[known["admitted"] <= until - pd.Timedelta(days=LONGEST)]
    if settled.empty:
        raise ValueError(f"No admission lies {LONGEST} days before {until:%Y-%m-%d}: bring more")
    days = (settled["discharged"] - settled["admitted"]).dt.days
    everybody = _chances(days)
    return WardModel(
        _by(settled["group"], days, everybody), _by(settled["ward"], days, everybody), _rates(known)
    )


def _chances(days: pd.Series) -> NDArray[np.float64]:
    counts = np.bincount(days.clip(0, LONGEST).astype(int), minlength=LONGEST + 1)
    return counts / counts.sum()


def _by(part: pd.Series, days: pd.Series, everybody: NDArray) -> dict[str, NDArray]:
    return {
        str(name): (_chances(own) * len(own) + PRIOR * everybody) / (len(own) + PRIOR)
        for name, own in days.groupby(part)
    }


def _rates(known: pd.DataFrame) -> dict[str, NDArray]:
    every = pd.date_range(known["admitted"].min(), known["admitted"].max())
    days_of = np.bincount(every.day_of_week, minlength=WEEK)
    return {
        str(ward): np.bincount(own.dt.day_of_week, minlength=WEEK) / np.maximum(days_of, 1)
        for ward, own in known.groupby("ward")["admitted"]
    }


def forecast(
    model: WardModel, admissions: pd.DataFrame, as_of: pd.Timestamp, horizons: tuple[int, ...]
) -> Iterator[dict[str, object]]:
    """For each ward, day ahead and quantity (discharges, census) the chance of 0, 1, 2, ...

    `as_of` is the end of a day: later admissions and discharges are not looked at.
    """
    past = admissions[admissions["admitted"] <= as_of]
    there = past[~(past["discharged"] <= as_of)]
    stayed = (as_of - there["admitted"]).dt.days.clip(upper=LONGEST)
    for ward in sorted(model.arrivals):
        own = there["ward"] == ward
        rates = _present(model.arrivals[ward], past.loc[past["ward"] == ward, "admitted"], as_of)
        patients = _conditional(model, there.loc[own, "group"], stayed[own])
        for ahead in horizons:
            common = {"ward": ward, "as_of": as_of, "ahead": ahead,
                      "day": as_of + pd.Timedelta(days=ahead)}  # fmt: skip
            leave, stay = _arriving(model.mix[ward], rates, as_of, ahead)
            yield {**common, "what": "discharges", "chance": _sum(patients[:, ahead], leave)}
            still = 1 - patients[:, : ahead + 1].sum(axis=1)
            yield {**common, "what": "census", "chance": _sum(still, stay)}


def _conditional(model: WardModel, groups: pd.Series, stayed: pd.Series) -> NDArray[np.float64]:
    """Chance to leave 0, 1, 2, ... days from now, of patients who are still there."""
    found = np.zeros((len(groups), LONGEST + 1))
    every = np.mean(list(model.stays.values()), axis=0)
    for row, (group, days) in enumerate(zip(groups, stayed, strict=True)):
        later = model.stays.get(str(group), every)[days + 1 :]
        if later.sum() > 0:
            found[row, 1 : len(later) + 1] = later / later.sum()
        else:  # longer than anybody before: tomorrow is the best guess
            found[row, 1] = 1.0
    return found


def _present(rates: NDArray, admitted: pd.Series, as_of: pd.Timestamp) -> NDArray[np.float64]:
    """The rates of the week at the level of the last RECENT days; as they are without so many."""
    if admitted.empty or (as_of - admitted.min()).days < RECENT or not rates.any():
        return rates
    recent = (admitted > as_of - pd.Timedelta(days=RECENT)).sum() / RECENT
    return rates * recent / rates.mean()


def _arriving(
    chance: NDArray, rates: NDArray, as_of: pd.Timestamp, ahead: int
) -> tuple[float, float]:
    """Expected people of the coming days who leave on the last of them, and who are then there."""
    leave, stay = 0.0, 0.0
    for day in range(1, ahead + 1):
        rate = rates[(as_of + pd.Timedelta(days=day)).day_of_week]
        leave += rate * chance[ahead - day]
        stay += rate * chance[ahead - day + 1 :].sum()
    return leave, stay


def _sum(chances: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """Distribution of independent yes-or-no events plus a Poisson count."""
    total = np.ones(1)
    for chance in chances:
        total = np.convolve(total, (1 - chance, chance))
    return np.convolve(total, poisson.pmf(np.arange(poisson.ppf(1 - 1e-9, rate) + 2), rate))


def expected(chance: NDArray[np.float64]) -> float:
    return float(chance @ np.arange(len(chance)))


def quantile(chance: NDArray[np.float64], at: float) -> int:
    """The smallest count reached with probability `at`."""
    return int(np.searchsorted(np.cumsum(chance), at - 1e-12))


def interval(chance: NDArray[np.float64], level: float) -> tuple[int, int]:
    """The counts around the median whose chance comes nearest to `level`.

    Central quantiles of a count hold more than the level; one end is given up where that brings
    the chance nearer.
    """
    tail = (1 - level) / 2
    low, high = quantile(chance, tail), quantile(chance, 1 - tail)
    tried = [(low, high), (low + 1, high), (low, high - 1), (low + 1, high - 1)]
    usable = [pair for pair in tried if pair[0] <= pair[1]]
    return min(usable, key=lambda pair: abs(chance[pair[0] : pair[1] + 1].sum() - level))
