"""The model card: the 31 source attributes of 45 CFR 170.315(b)(11)(iv)(B), filled by code.

What the specification and the figures tell is written from them, also that something was not done:
a model without external validation says so. What only people know (developer, funding, plan of
maintenance …) comes from `facts`; without it the attribute stays empty and is named as empty:
nothing is made up.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ml.evaluation.subgroups import WITH_PREVALENCE
from ml.reports import limits, wording
from ml.reports.study import Study

GROUPS = (
    "Details and output",
    "Purpose",
    "Cautioned out-of-scope use",
    "Development and input features",
    "Fairness in development",
    "External validation",
    "Quantitative measures of performance",
    "Ongoing maintenance",
    "Updates",
)
OUTPUTS = {
    "binary": "a risk between 0 and 1",
    "number": "an expected number with an interval",
    "classes": "a probability for each class",
    "survival": "a risk by a stated time",
}

TODAY = "now"  # time at risk of what is there already
VISIT = "admission or visit"
NOT_EXTERNAL = "Not applicable: it has not been judged on data of another source."
BY_VALUE = ("observed_expected", "calibration_slope")  # a part by itself, not beside another
IN_REPORT = "Rates that move with how common the outcome is stand in the report."
NO_PARTS = "Not known: the study names no parts of the population, so none was looked at by itself."


@dataclass(frozen=True, slots=True)
class Attribute:
    """One source attribute; `text` is "" when nobody has said it."""

    code: str
    group: str
    title: str
    text: str
    source: str  # "specification", "figures", "people" or "" when empty


def card(study: Study) -> list[Attribute]:
    """All 31, in the order of the rule."""
    return [_attribute(study, *row) for row in _rows()]


def titles() -> dict[str, str]:
    """The title of each of the 31 attributes by its code."""
    return {code: title for code, title, *_ in _rows()}


def empty(attributes: Sequence[Attribute]) -> list[str]:
    """Codes that nobody has filled."""
    return [found.code for found in attributes if not found.text]


def _attribute(
    study: Study, code: str, title: str, source: str, text: Callable[[Study], str] | None
) -> Attribute:
    said = study.facts.get(code, "")
    told = said or study.record.get("said", {}).get(code) or (text(study) if text else "")
    return Attribute(
        code,
        GROUPS[int(code.partition(".")[0]) - 1],
        title,
        told,
        ("people" if said else source) if told else "",
    )


def _rows() -> list[tuple[str, str, str, Callable[[Study], str] | None]]:
    return [
        ("1.i", "Developer, with contact", "people", None),
        ("1.ii", "Funding of the technical implementation", "people", None),
        ("1.iii", "Value that is given out", "specification", _output),
        ("1.iv", "Type of output", "specification", lambda s: "Prediction"),
        ("2.i", "Intended use", "specification", _use),
        ("2.ii", "Intended patients", "specification", lambda s: _said(s, "population")),
        ("2.iii", "Intended users", "people", None),
        ("2.iv", "Role in the decision", "people", None),
        ("3.i", "Tasks, situations and populations to avoid", "specification", _avoid),
        ("3.ii", "Known risks and limits", "figures", _limits),
        ("4.i", "Inclusion and exclusion of training data", "specification", _criteria),
        ("4.ii", "Demographic and social inputs", "specification", _demographic),
        ("4.iii", "Demographic make-up of the training data", "figures", _makeup),
        ("4.iv", "Relevance of the training data to where it is used", "people", None),
        ("5.i", "How fairness of the output was sought", "figures", _fair),
        ("5.ii", "How bias was managed", "specification", _bias),
        ("6.i", "Source of external validation data", "figures", _none_external),
        ("6.ii", "Who did the external validation", "figures", _none_external),
        ("6.iii", "Demographic make-up of external data", "figures", _outside(_parts)),
        ("6.iv", "Process of external validation", "figures", _external_process),
        ("7.i", "Validity in data of the same source", "figures", _same_source(_validity)),
        (
            "7.ii",
            "Fairness in data of the same source",
            "figures",
            _same_source(_fairness),
        ),
        ("7.iii", "Validity in other data", "figures", _outside(_validity)),
        ("7.iv", "Fairness in other data", "figures", _outside(_fairness)),
        ("7.v", "Evaluations of effect on outcomes", "people", None),
        ("8.i", "How often validity is monitored", "people", None),
        ("8.ii", "Validity in local data", "people", None),
        ("8.iii", "How often fairness is monitored", "people", None),
        ("8.iv", "Fairness in local data", "people", None),
        ("9.i", "How often it is updated", "people", None),
        ("9.ii", "How often it is corrected when risks are found", "people", None),
    ]


def _said(study: Study, name: str) -> str:
    return str(getattr(study.problem, name, "") or "")


def _output(study: Study) -> str:
    return f"{_said(study, 'outcome_text')}: {OUTPUTS[study.problem.kind]}."


def _use(study: Study) -> str:
    moment = _said(study, "index_time").replace("_", " ").replace("admission", VISIT)
    span = _said(study, "time_at_risk")
    if span == TODAY:
        return f"{study.problem.title}, as it stands at {moment}."
    until = f" over {span}" if span else ""
    return f"{study.problem.title}, foretold at {moment}{until}."


def _avoid(study: Study) -> str:
    return f"Anybody outside: {_said(study, 'population')}."


def _limits(study: Study) -> str:
    return " ".join(limits.all_of(study)) or "No figure is outside its limits in these data."


def _criteria(study: Study) -> str:
    washout = _said(study, "washout")
    return _said(study, "population") + (f". Washout: {washout}" if washout else "")


def _demographic(study: Study) -> str:
    names = [known.label or known.name for known in study.demographic]
    return f"Used as inputs: {', '.join(names)}." if names else "None is used as an input."


def _makeup(study: Study) -> str:
    return _parts(study, study.main)


def _parts(_: Study, found: Mapping) -> str:
    tables = found.get("tables", {})
    told = [f"{row['group']} {row['part']}: {row['count']}" for row in tables.get("subgroups", [])]
    told += [f"{row['label']}: {row['told']}" for row in tables.get("makeup", [])]
    return "; ".join(told) or (NO_PARTS if found else "")


def _fair(study: Study) -> str:
    rows = study.main.get("tables", {}).get("subgroups", [])
    if not rows:
        return NO_PARTS if study.main else ""
    groups = sorted({row["group"] for row in rows})
    return (
        f"Calibration and error rates were measured by {', '.join(groups)}, each part against the "
        "largest one; ratios outside 0.8 to 1.25 and slopes outside 0.8 to 1.2 are flagged."
    )


def _bias(study: Study) -> str:
    used = study.balancing
    if used:
        return f"Events were weighted ({used}), which makes the risks wrong unless recalibrated."
    return "No resampling or weighting of outcomes; no input that defines the outcome."


def _external_process(study: Study) -> str:
    kinds = [str(study.validations[name]) for name in study.external]
    if not kinds:
        return NOT_EXTERNAL
    return f"The fitted model was judged on {' and '.join(kinds)}."


def _none_external(study: Study) -> str:
    """Who and where people have to say; that there was none the figures say."""
    return "" if study.external else NOT_EXTERNAL


Told = Callable[[Study, Mapping], str]


def _outside(text: Told) -> Callable[[Study], str]:
    """The same for every evaluation on data of another source."""
    return lambda study: _each(study, study.external, text) if study.external else NOT_EXTERNAL


def _same_source(text: Told) -> Callable[[Study], str]:
    """The same for held-out people and for later years of the same source."""

    def told(study: Study) -> str:
        shown = study.main and study.main_name not in study.later
        main = text(study, study.main) if shown else ""
        beside = _beside(study) if text is _validity else ""
        return " ".join(part for part in (main, _each(study, study.later, text), beside) if part)

    return told


def _beside(study: Study) -> str:
    """Each score of others with the model on the people whom both accept."""
    found = [told for told in study.comparisons.values() if told.get("beside")]
    return " ".join(sentence for one in found if (sentence := _against(study, one)))


def _against(study: Study, found: Mapping) -> str:
    name = next((name for name in ("auroc", "c_index") if found["differences"].get(name)), "")
    if not name:
        return ""
    parts = (found["theirs"], found["ours"], found["differences"])
    theirs, ours, gain = (wording.estimate(part[name], name) for part in parts)
    note = f" {found['note']}" if found["note"] else ""
    return (
        f"{found['title']} on the same {study.extent(found)}: {wording.label(name)} {theirs}, "
        f"this model {ours}, difference {gain}.{note}"
    )


def _each(study: Study, found: Mapping[str, Mapping], text: Told) -> str:
    told = [
        (str(study.validations[name]).capitalize(), text(study, e)) for name, e in found.items()
    ]
    return " ".join(f"{kind}: {words}" for kind, words in told if words)


def _validity(study: Study, found: Mapping) -> str:
    wanted = (
        ("observed_expected", "calibration_slope", "auroc", "c_index")
        if study.problem.kind in ("binary", "survival")
        else ("mae", "r2", "coverage", "accuracy", "auroc_macro", "log_loss")
    )
    told = [
        f"{wording.label(name)} {wording.estimate(study.metric(name, found), name)}"
        for name in wanted
        if study.metric(name, found)
    ]
    if not told:
        return "; ".join(found.get("notes", ()))
    return f"{study.extent(found)}: {'; '.join(told)}."


def _fairness(_: Study, found: Mapping) -> str:
    rows = found.get("tables", {}).get("subgroups", [])
    if not rows:
        return NO_PARTS if found else ""
    flagged = [told for row in rows if (told := _flagged(row))]
    if not flagged:
        return f"No flag in {len(rows)} parts of the population. {IN_REPORT}"
    return f"Outside 0.8 to 1.25 (slope 0.8 to 1.2): {'; '.join(flagged)}. {IN_REPORT}"


def _flagged(row: Mapping) -> str:
    """Each figure by its value, and rates by their ratio to the reference; "" where none is off."""
    told = [
        f"{wording.label(name)} {wording.estimate(row['metrics'][name], name)}"
        if name in BY_VALUE
        else f"{wording.label(name)} {row['ratios'][name]['value']:.2f} times the reference"
        for name in row["flagged"]
        if not name.startswith(WITH_PREVALENCE)
    ]
    return f"{row['group']} {row['part']} ({', '.join(told)})" if told else ""
