"""Who taught a served risk and with what weight, in the words of its model card."""

from collections.abc import Mapping
from typing import Any

from ml.studies.masking import HIDDEN_COPIES, UNLISTED_SHARE
from ml.studies.spec import Study

# The survey visits households: of all others it knows nothing.
NOT_SURVEYED = (
    "Not in hospital or acute illness, on dialysis or with a transplant, in a nursing home, in "
    "palliative care, in pregnancy or where it is not ruled out, nor on values that contradict "
    "each other."
)


def avoid(study: Study) -> str:
    """Populations and situations to avoid (3.i)."""
    return f"Anybody outside: {study.population}. {NOT_SURVEYED}"


def criteria(study: Study, data: Mapping[str, Any]) -> str:
    """Inclusion and exclusion of the training data (4.i); `data` is that of the manifest."""
    cycles = f"{data['cycles'][0]} to {data['cycles'][-1]}"
    of_all = f"{data['cohort']:,} of the {data['rows']:,} people of {data['name']}"
    told = [
        f"{study.population}; examined {cycles}, the outcome known: {of_all}.",
        f"Left out: {'; '.join(_left_out(study))}.",
    ]
    if unfinished := data.get("unfinished"):
        told.append(
            f"Beside them teach {unfinished:,} people not yet followed for {study.horizon_years} "
            "years, each with the outcome to be expected after what was seen; no figure is of them."
        )
    return " ".join(told)


def _left_out(study: Study) -> list[str]:
    pregnant = ["pregnant women"] if study.refuses_pregnant else []
    unknown = "who were not followed" if study.horizon_years else "whose outcome was not measured"
    return [
        f"people under {study.age_min}",
        *pregnant,
        "people in hospital, a nursing home or prison, whom the survey does not visit",
        f"people {unknown}",
    ]


def weights(study: Study) -> str:
    """How bias was managed (5.ii): what is seen how often, and what single trees learn."""
    copies = (
        f"Each person is seen {1 + HIDDEN_COPIES} times and counts once: as surveyed with a weight "
        f"of {study.as_surveyed:g}, and {HIDDEN_COPIES} times with groups of inputs hidden, so "
        "that gaps in a record do not bend the risk."
    )
    told = [copies]
    if study.often_unlisted:
        names = ", ".join(study.often_unlisted)
        told.append(f"Of {UNLISTED_SHARE:.0%} of those who have it the list lacks: {names}.")
    if study.graded_trees:
        told.append(
            f"The first {study.graded_trees} of {study.trees} trees learn grades, how far the "
            "measurement lies beyond its limit; the others learn the outcome and set the level."
        )
    if study.settling_trees:
        told.append(
            f"The last {study.settling_trees} of {study.trees} trees learn only from people whose "
            "outcome is known."
        )
    return " ".join([*told, "Events weigh no more than others; no input defines the outcome."])
