"""What this person needs, as features, and which predicted risk stands behind each target."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import log
from typing import Protocol

from ml import rules
from ml.recommenders import content
from ml.types import UNDECIDED, Abstention
from recommendations.catalogue import Catalogue, Change, Intervention
from recommendations.catalogue.entries import Goal

# Models of this product -> the target risks of the catalogue they speak for.
TARGETS_OF_TASK = {
    "undiagnosed_diabetes": ("diabetes",),
    "ckd": ("ckd",),
    "cvd_death_10y": ("cvd", "stroke", "heart_failure"),
    "death_10y": ("mortality",),
}
# Outcomes of trials -> target risks; analytes -> the target they are treated for.
TARGET_OF_FEATURE = {
    "aki": "aki",
    "ascvd_events": "cvd",
    "cvd_events": "cvd",
    "cvd_risk": "cvd",
    "diabetes_incidence": "diabetes",
    "exacerbations": "copd",
    "falls": "falls",
    "fracture": "fracture",
    "gout_flares": "gout",
    "hf_hosp": "heart_failure",
    "hf_readmission": "readmission",
    "kidney_failure": "ckd",
    "microvascular": "diabetes",
    "mortality": "mortality",
    "preeclampsia": "pregnancy",
    "quit_rate": "cvd",
    "hiv_incidence": "infection",
    "influenza_illness": "infection",
    "neural_tube_defect": "pregnancy",
    "pancreatitis": "pancreatitis",
    "zoster": "infection",
    "readmission": "readmission",
    "stroke": "stroke",
    "ALT": "liver",
    "alcohol_week": "liver",
    "DBP": "cvd",
    "EGFR": "ckd",
    "FIB4": "liver",
    "GLU_FAST": "diabetes",
    "HBA1C": "diabetes",
    "HDL": "cvd",
    "LDL": "cvd",
    "NONHDL": "cvd",
    "SBP": "cvd",
    "TG": "cvd",
    "UACR": "ckd",
    "WEIGHT": "diabetes",
    "FERR": "anaemia",
    "GAD7": "anxiety",
    "HGB": "anaemia",
    "PHQ9": "depression",
    "URIC": "gout",
}
MORE_IS_BETTER = frozenset({"quit_rate"})
STEPS = frozenset({"quit_rate"})  # trial outcomes that only lead to what a person gains
# What one event weighs beside a death, a stroke or kidney failure, which count 1 (own judgement).
GRAVITY = {
    "diabetes_incidence": 0.5,
    "exacerbations": 0.6,
    "falls": 0.4,
    "gout_flares": 0.4,
    "hf_readmission": 0.6,
    "hiv_incidence": 0.6,
    "influenza_illness": 0.2,
    "microvascular": 0.8,
    "preeclampsia": 0.6,
    "readmission": 0.5,
    "zoster": 0.3,
}
SURROGATE = 0.5  # a changed measurement, or a step, counts half of an outcome (own choice)
FELT = frozenset({"GAD7", "PHQ9"})  # measurements that are themselves what a person suffers
LEVEL_OF_TIER = {"T0": 0.1, UNDECIDED: 0.1, "T1": 0.4, "T2": 0.8, "T3": 1.0}
RISK_OF_FULL_LEVEL = 0.20  # a risk without published tiers counts fully from here (own)


class Predicted(Protocol):
    """A predicted risk, whether just assessed or read from a row."""

    @property
    def task(self) -> str: ...
    @property
    def risk(self) -> float: ...
    @property
    def horizon_years(self) -> int | None: ...
    @property
    def tier(self) -> str: ...


@dataclass(frozen=True, slots=True)
class PublishedScore:
    """A published score as a risk: its targets, horizon, and where T1 and T2 begin (tiers.md)."""

    targets: tuple[str, ...]
    horizon_years: int
    tier_1: float | None = None
    tier_2: float | None = None

    def tier(self, risk: float) -> str:
        if self.tier_2 is None:
            return ""
        if risk >= self.tier_2:
            return "T2"
        return "T1" if self.tier_1 is not None and risk >= self.tier_1 else "T0"


PUBLISHED = {
    "PREVENT_ASCVD_10Y": PublishedScore(("cvd",), 10, 0.03, 0.05),
    "PREVENT_CVD_10Y": PublishedScore(("cvd", "stroke"), 10, None, 0.075),
    "PREVENT_HF_10Y": PublishedScore(("heart_failure",), 10),
    "ASCVD_PCE": PublishedScore(("cvd", "stroke"), 10, 0.05, 0.075),
    "KFRE_5Y": PublishedScore(("ckd",), 5, None, 0.03),
}


@dataclass(frozen=True, slots=True)
class Baseline:
    """The current risk behind a target such as "cvd"."""

    task: str
    risk: float
    horizon_years: int | None
    tier: str

    @property
    def level(self) -> float:
        """Height from 0 to 1, by tier where there is one."""
        return LEVEL_OF_TIER.get(self.tier, min(self.risk / RISK_OF_FULL_LEVEL, 1.0))


def baselines(
    assessments: Iterable[Predicted | Abstention], scores: Mapping[str, float | None]
) -> dict[str, Baseline]:
    """Of each target the highest risk that a model or a published score predicts."""
    found: dict[str, Baseline] = {}
    for target, baseline in (*_predicted(assessments), *_published(scores)):
        if target not in found or baseline.level > found[target].level:
            found[target] = baseline
    return found


def settles(item: Intervention, known: Mapping[str, Baseline]) -> float:
    """1 for a test that answers a high chance of disease now: no treatment goes before it."""
    baseline = known.get(item.target_risks[0])
    is_open = baseline is not None and baseline.horizon_years is None and baseline.tier == "T2"
    return float(is_open and item.category == "screening" and "lab" in item.tags)


def _predicted(
    assessments: Iterable[Predicted | Abstention],
) -> list[tuple[str, Baseline]]:
    return [
        (target, Baseline(made.task, made.risk, made.horizon_years, made.tier))
        for made in assessments
        if not isinstance(made, Abstention)
        for target in TARGETS_OF_TASK.get(made.task, ())
    ]


def _published(scores: Mapping[str, float | None]) -> list[tuple[str, Baseline]]:
    found: list[tuple[str, Baseline]] = []
    for name, published in PUBLISHED.items():
        risk = scores.get(name)
        if risk is not None:
            tier = published.tier(risk)
            baseline = Baseline(name, risk, published.horizon_years, tier)
            found.extend((target, baseline) for target in published.targets)
    return found


def needs(
    env: rules.FactsEnvironment, catalogue: Catalogue, known: Mapping[str, Baseline]
) -> dict[str, float]:
    """Features that would help this person, by what is known of them (0 to 1; moves may be < 0)."""
    predicted = {f"risk:{target}": baseline.level for target, baseline in known.items()}
    met = [need.features for need in catalogue.needs if rules.evaluate(need.when, env)]
    return content.strongest([predicted, *met, _deviations(env, catalogue.goals)])


@lru_cache(maxsize=8)
def named(catalogue: Catalogue) -> frozenset[str]:
    """Every feature that the catalogue's needs give to somebody."""
    return frozenset(name for need in catalogue.needs for name in need.features)


def _deviations(env: rules.FactsEnvironment, goals: Iterable[Goal]) -> dict[str, float]:
    """Wanted direction of each analyte beyond its goal; two spreads count fully."""
    wanted: dict[str, float] = {}
    for goal in goals:
        measured = env.number(goal.analyte)
        if measured is None:
            continue
        if goal.above is not None and measured.value > goal.above:
            excess = (measured.value - goal.above) / goal.spread
            wanted[f"moves:{goal.analyte}"] = -min(excess / 2, 1.0)
        elif goal.below is not None and measured.value < goal.below:
            lack = (goal.below - measured.value) / goal.spread
            wanted[f"moves:{goal.analyte}"] = min(lack / 2, 1.0)
    return wanted


@lru_cache(maxsize=8)
def item_space(catalogue: Catalogue) -> content.ItemSpace:
    """The feature vectors of every intervention; made once for each catalogue."""
    spreads = {goal.analyte: goal.spread for goal in catalogue.goals}
    rarity = _rarity(catalogue)
    return content.item_space(
        {item.id: _features(item, spreads, rarity) for item in catalogue.interventions}
    )


def _features(
    item: Intervention, spreads: Mapping[str, float], rarity: Mapping[str, float]
) -> dict[str, float]:
    features = {f"risk:{target}": 1.0 for target in item.target_risks}
    features |= {f"tag:{tag}": rarity[tag] for tag in item.tags}
    features[f"category:{item.category}"] = 0.3
    for change in item.changes:
        size = movement(change, spreads)
        if size:
            features[f"moves:{change.feature}"] = size
    return features


def movement(change: Change, spreads: Mapping[str, float]) -> float:
    """Signed size of a change: pct/100, rr-1, the absolute change in spreads, -1 for ending it."""
    if change.op == "pct":
        return change.middle / 100
    if change.op == "rr":
        return change.middle - 1
    if change.op == "set":
        return -1.0 if change.middle == 0 else 0.0
    spread = spreads.get(change.feature)
    return change.middle / spread if spread else 0.0


def _rarity(catalogue: Catalogue) -> dict[str, float]:
    """Weight of each tag, 1 for one that a single item has, near 0 for one that all have."""
    total = len(catalogue.interventions)
    count: dict[str, int] = {}
    for item in catalogue.interventions:
        for tag in item.tags:
            count[tag] = count.get(tag, 0) + 1
    return {tag: log(total / n) / log(total) if total > 1 else 1.0 for tag, n in count.items()}


def preferable(catalogue: Catalogue) -> tuple[str, ...]:
    """Everything a person may prefer or decline: "category:X", "tag:X", "delivery:X", "cost:1" to
    "cost:5" and the same of "effort"."""
    return tuple(sorted({each for i in catalogue.interventions for each in preferred_features(i)}))


def preferred_features(item: Intervention) -> frozenset[str]:
    """Features of an item by which a person may prefer or decline it."""
    return frozenset(
        [f"category:{item.category}"]
        + [f"tag:{tag}" for tag in item.tags]
        + [f"delivery:{way}" for way in item.delivery]
        + [f"cost:{item.burden.cost}", f"effort:{item.burden.effort}"]
    )
