"""What a patient may prefer or rather not have, and the features of the catalogue it means."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ml.recommenders.ranking import NO_PREFERENCES, Preferences


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to have an opinion on, in a clinician's words and in plain ones."""

    code: str
    label: str
    plain: str
    features: frozenset[str]  # of `recommendations.need.preferable`


def _option(code: str, label: str, plain: str, features: str) -> Option:
    return Option(code, label, plain, frozenset(features.split()))


OPTIONS = (
    _option("habits", "Changes of habits", "Changing habits, like food and moving more",
            "category:lifestyle"),
    _option("medicines", "Medicines", "Taking medicines", "category:medication"),
    _option("needles", "Injections and infusions", "Medicines given with a needle",
            "tag:injection tag:infusion"),
    _option("vaccines", "Vaccinations", "Vaccines", "category:vaccination"),
    _option("operations", "Operations and procedures", "Operations",
            "tag:surgery delivery:procedure"),
    _option("diet", "Changes of diet", "Changing what I eat", "tag:diet"),
    _option("activity", "Physical activity", "Moving more", "tag:activity"),
    _option("groups", "Classes, groups and programmes", "Doing it in a group",
            "delivery:class delivery:programme tag:group"),
    _option("home", "Care at home and by oneself", "Doing it at home, on my own",
            "delivery:self delivery:home delivery:home_kit delivery:home_test "
            "delivery:self_sample tag:home"),
    _option("distance", "Telephone, app or online", "By phone or with an app",
            "delivery:phone delivery:app delivery:digital tag:digital"),
    _option("travel", "Travel to other places of care", "Going to other places for care",
            "delivery:specialist delivery:imaging delivery:class delivery:programme "
            "delivery:gym delivery:procedure delivery:physio"),
    _option("devices", "Devices and wearables", "Wearing or using a device",
            "delivery:wearable delivery:device tag:wearable tag:device"),
    _option("high_cost", "What costs much", "Things that cost a lot", "cost:4 cost:5"),
    _option("low_cost", "What costs little", "Things that cost little", "cost:1"),
    _option("high_effort", "What takes much effort", "Things that take a lot of effort",
            "effort:4 effort:5"),
    _option("low_effort", "What takes little effort", "Things that take little effort",
            "effort:1"),
)  # fmt: skip
BY_CODE = {option.code: option for option in OPTIONS}


def features(prefers: Collection[str], declines: Collection[str]) -> Preferences:
    """Codes of options as the ranking takes them; a code that is no longer offered is left out."""
    if not prefers and not declines:
        return NO_PREFERENCES
    return Preferences(_features(prefers), _features(declines))


def _features(codes: Iterable[str]) -> frozenset[str]:
    known = [BY_CODE[code].features for code in codes if code in BY_CODE]
    return frozenset().union(*known)
