"""What one step would change for a person, in people of 100 and in short words.

Taken from the trial-based benefit that is stored with the recommendation; never from a model that
was asked again. Dying is not told as a number to a person alone with a page (see `plain`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from healthcare.common import figures

Benefit = Mapping[str, Any]  # `recommendations.outcome.ItemBenefit` as stored
EVENTS = {  # outcome of the trials -> what people do or get; what is not here is not told
    "cvd_events": "have a heart attack, a stroke or a weak heart",
    "ascvd_events": "have a heart attack or a stroke",
    "hf_hosp": "get a weak heart",
    "kidney_failure": "have kidneys that stop working",
    "stroke": "have a stroke",
    "diabetes_incidence": "get type 2 diabetes",
}
NOT_SURE = "We are not sure of this number yet."


def sentence(content: Mapping[str, Any]) -> str:
    """The largest benefit that can be told, or nothing: no number is better than a guess.

    Nothing, too, where the trials leave open whether it helps at all.
    """
    told = (one for one in content.get("benefits", ()) if _can_be_told(one))
    return next((_words(one) for one in told), "")


def _can_be_told(one: Benefit) -> bool:
    return one["outcome"] in EVENTS and one["low"] > 0 and _people(one["baseline"]) >= 1


def _words(one: Benefit) -> str:
    now = figures.people_of_100(one["baseline"]).removeprefix("about ")
    years = one["horizon_years"]
    when = "in a year" if years == 1 else f"in {years:g} years"
    before = f"Of 100 people like you, about {now} {EVENTS[one['outcome']]} {when}."
    doubt = "" if one["verified"] else f" {NOT_SURE}"
    return f"{before} {_after(one)}{doubt}"


def _after(one: Benefit) -> str:
    now, count = _people(one["baseline"]), _people(one["baseline"] - one["arr"])
    if count == now:
        return "If all of them do this, it is a bit less, by fewer than 1 of the 100."
    fewest, most = sorted(_people(one["baseline"] - one[end]) for end in ("low", "high"))
    told = f"If all of them do this, {f'about {count}' if count else 'fewer than 1'} will"
    if most == now:
        return f"{told}. It may also be no fewer."
    return f"{told} (likely {fewest} to {most})." if fewest < most else f"{told}."


def _people(risk: float) -> int:
    return round(100 * max(risk, 0.0))
