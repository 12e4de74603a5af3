"""Absolute benefit in words a clinician can check and a patient can picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from healthcare.common import figures
from ml import rules
from ml.rules.labels import lowered
from ml.studies.registry import STUDIES

Benefit = Mapping[str, Any]  # `outcome.ItemBenefit` as stored with the recommendation
TIED = "cannot be told apart from the best"


NOT_READ = "not re-read in its source"


def lines(benefits: Sequence[Benefit]) -> list[dict]:
    """Each benefit of one item: a sentence, the interval, and a row for each horizon."""
    return [
        {
            "text": sentence(each),
            "interval": interval(each),
            "basis": basis(each),
            "rows": [_row(row) for row in sorted(each["by_years"].values(), key=_years)],
        }
        for each in benefits
    ]


def sentence(one: Benefit) -> str:
    """Such as "Heart attack or stroke in 10 years: 10 in 100, about 3 fewer with it"."""
    risk, fewer = figures.in_100(one["baseline"]), figures.in_100(abs(one["arr"]))
    horizon = _span(one["horizon_years"])
    return f"{_name(one)} {horizon}: {risk} in 100, {fewer} {_fewer(one['arr'])} with it"


def interval(one: Benefit) -> str:
    """The 95 % interval and how many have to be treated for one to gain."""
    if one["low"] <= 0 <= one["high"]:
        span = f"{figures.in_100(abs(one['low']))} more to {figures.in_100(one['high'])} fewer"
        return f"95 % interval {span}: it may help nobody"
    ends = sorted([abs(one["low"]), abs(one["high"])])
    text = f"95 % interval {figures.span_in_100(*ends)}"
    if one["nnt"] is None:
        return text
    treated = f"{one['nnt']:.0f} ({one['nnt_low']:.0f}–{one['nnt_high']:.0f})"
    return f"{text}; number needed to treat {treated}"


def basis(one: Benefit) -> str:
    """Which risk and which trials the number rests on, and whether anybody re-read them."""
    return rests_on(one) if one["verified"] else f"{rests_on(one)}, {NOT_READ}"


def rests_on(one: Benefit) -> str:
    """The same without that remark."""
    study = STUDIES.get(one["risk"])
    name = study.title if study else rules.readable(one["risk"])
    rr = f"{one['rr']:.2f} ({one['rr_low']:.2f}–{one['rr_high']:.2f})"
    return f"Risk by {name}; relative risk {rr}{_reckoned(one)}: {one['source']}"


def _reckoned(one: Benefit) -> str:
    """Nothing where a trial counted the outcome."""
    factor = one.get("reckoned_from")
    return f", reckoned from {lowered(rules.readable(factor))}" if factor else ""


def trials(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """What has no number here: "Heart failure: 28 % fewer in trials (relative risk ...)"."""
    return [
        f"{_name(one)}: {abs(100 * (1 - one['rr'])):.0f} % {_fewer(1 - one['rr'])} in trials "
        f"(relative risk {one['rr']:.2f}, {one['rr_low']:.2f}–{one['rr_high']:.2f}); "
        f"in numbers for this person it is not known"
        for one in found
    ]


def harms(found: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """What speaks against it, each with whom it was seen in and where that stands."""
    return [
        {
            "text": f"{_name(one)} {_span(one['years'])}: {figures.in_100(one['more'])} "
            f"more in 100{_of(one)}",
            "net": _net(one),
            "basis": f"{one['population']}: {one['source']}"
            + ("" if one["verified"] else f", {NOT_READ}"),
        }
        for one in found
    ]


def _of(harm: Mapping[str, Any]) -> str:
    if harm["taking"] is None or harm["without"] is None:
        return ""
    taking, without = figures.in_100(harm["taking"]), figures.in_100(harm["without"])
    return f" ({taking} with it, {without} without)"


def _net(harm: Mapping[str, Any]) -> str:
    if harm["net"] is None:
        return ""
    size, way = figures.in_100(abs(harm["net"])), _fewer(harm["net"])
    return (
        f"Benefit less this harm {_span(harm['years'])}: {size} {way} in 100, if both count alike"
    )


def _fewer(reduction: float) -> str:
    return "fewer" if reduction >= 0 else "more"


def _name(one: Mapping[str, Any]) -> str:
    name = one["name"].removeprefix("a ")
    return f"{name[0].upper()}{name[1:]}"


def do_nothing(items: Iterable[Mapping[str, Any]]) -> list[str]:
    """What stands beside every choice: the risks as they are, each once."""
    found: dict[str, str] = {}
    for content in items:
        for one in content.get("benefits", ()):
            name, risk = one["name"], figures.in_100(one["baseline"])
            found.setdefault(one["outcome"], f"{name} {_span(one['horizon_years'])}: {risk} in 100")
    return list(found.values())


def tie(benefits: Sequence[Benefit]) -> str:
    """Said of all but one item whose benefit overlaps with that of the best."""
    return TIED if benefits and benefits[0]["place"] == 1 else ""


def _row(row: Mapping[str, Any]) -> dict[str, str]:
    after = row["risk"] - row["arr"]
    return {
        "years": f"{row['years']:g}",
        "risk": figures.in_100(row["risk"]),
        "after": figures.in_100(max(after, 0.0)),
        "fewer": figures.in_100(abs(row["arr"])) if row["arr"] >= 0 else "none",
        "interval": f"{_signed(row['low'])} to {_signed(row['high'])}",
    }


def _signed(share: float) -> str:
    text = figures.in_100(abs(share))
    return f"−{text}" if share < 0 else text


def _span(years: float) -> str:
    return "in a year" if years == 1 else f"in {years:g} years"


def _years(row: Mapping[str, Any]) -> float:
    return float(row["years"])
