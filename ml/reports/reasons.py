"""The section on what moves the model."""

from ml.reports import wording
from ml.reports.parts import Section
from ml.reports.study import Study
from ml.reports.tables import Table

UNITS = {"logit": "log-odds", "prediction": "the unit of the outcome"}
MEANING = {
    "faithfulness": "taking the inputs away in the claimed order moves the prediction early",
    "stability": "nearly the same people get nearly the same reasons",
}


def explanation(study: Study) -> Section | None:
    """Mean size of each contribution, and whether the reasons of single people can be believed."""
    found = study.record.get("explanation")
    if not found:
        return None
    caption = f"Mean size of a contribution, in {UNITS[found['scale']]}: {found['rows']} people"
    movers = [
        [_title(study, one["name"]), wording.number(one["mean_size"], "bias")]
        for one in found["movers"]
    ]
    quality = [
        [
            one["measure"].capitalize(),
            MEANING[one["measure"]],
            f"{one['score']:.2f} ({one['low']:.2f} to {one['high']:.2f})",
            f"{one['shuffled']:.2f}",
        ]
        for one in found["quality"]
    ]
    headings = ["Measure", "High when", "These reasons (95 % interval)", "The same, shuffled"]
    lead = (
        f"By {found['method']}, which is exact. What moves the model is no cause, and inputs that "
        "say the same share their part."
    )
    told = [
        Table(caption, ["Input", "Mean size"], movers),
        Table("How far the reasons may be believed, from 0 to 1", headings, quality),
    ]
    return Section("reasons", "What moves the model", lead, (), told)


def _title(study: Study, name: str) -> str:
    return next((one.title for one in study.inputs if one.name == name), name)
