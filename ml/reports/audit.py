"""Self-audit after PROBAST+AI and TRIPOD+AI, answered by code as far as code can tell.

PROBAST+AI (Moons et al., BMJ 2025;388:e082505) asks 16 questions of a model's development and 18 of
its evaluation, in four domains; TRIPOD+AI (Collins et al., BMJ 2024;385:e078378) lists 27 items
to report. The wording here is ours and shorter; the papers are the authority. An answer is "yes",
"partly" (code sees a part of what is asked), "no" or "unknown", with the evidence; what only a
person can judge stays "unknown".
"""

from collections.abc import Callable
from dataclasses import dataclass

from ml.evaluation.subgroups import out_of_band
from ml.evaluation.validation import PROVING, Validation
from ml.reports.study import Study

FEW_PER_INPUT = 10
LEAST_TO_EVALUATE = 100
DOMAINS = ("Participants and data", "Predictors", "Outcome", "Analysis")
PERSON_ONLY = "A person has to judge this."
# Models with one parameter an input, as the count of inputs has it.
ONE_EACH = {"logistic", "linear", "ridge", "lasso", "elastic_net", "cox"}
MORE_PARAMETERS = "Inputs are counted; this model has more parameters than inputs."

Finding = tuple[str, str]
Rule = Callable[[Study], Finding]


@dataclass(frozen=True, slots=True)
class Answer:
    """One question with its answer; `link` is the section of the report with the evidence."""

    code: str
    domain: str
    question: str
    answer: str
    evidence: str
    link: str


def development(study: Study) -> list[Answer]:
    """The 16 questions on quality of development."""
    return [_answer(study, "D", *row) for row in _DEVELOPMENT]


def evaluation(study: Study) -> list[Answer]:
    """The 18 questions on risk of bias of the evaluation."""
    return [_answer(study, "E", *row) for row in _EVALUATION]


def _answer(
    study: Study, part: str, number: str, question: str, rule: Rule, link: str = "problem"
) -> Answer:
    answer, evidence = rule(study)
    domain = DOMAINS[int(number.partition(".")[0]) - 1]
    return Answer(
        f"{part}{number}", domain, question, answer, evidence, "" if rule is _person else link
    )


def _person(_: Study) -> Finding:
    return "unknown", PERSON_ONLY


def _available(study: Study) -> Finding:
    if not study.inputs:
        return "unknown", "No inputs are named."
    if study.late_inputs:
        return "no", f"Known only later: {', '.join(study.late_inputs)}."
    return "yes", f"All {len(study.inputs)} inputs are known at {study.problem.index_time}."


def _no_label(study: Study) -> Finding:
    if not study.inputs:
        return "unknown", "No inputs are named."
    if study.defining_inputs:
        return "no", f"Part of the outcome: {', '.join(study.defining_inputs)}."
    return "yes", "No input is marked as part of the outcome's definition."


def _one_code(_: Study) -> Finding:
    return "yes", "One piece of code makes the cohort, outcome and inputs of every row."


def _span(study: Study) -> Finding:
    told = getattr(study.problem, "time_at_risk", "") or getattr(study.problem, "horizon", None)
    if told:
        return "yes", f"Time at risk: {told}."
    return "unknown", "The specification states no time at risk."


def _population(study: Study) -> Finding:
    told = getattr(study.problem, "population", "")
    return "unknown", f"Stated: {told}. {PERSON_ONLY}" if told else PERSON_ONLY


def _enough_to_learn(study: Study) -> Finding:
    told = study.record.get("sample_size")
    if told:
        return _counted(study, told["enough"], told["sentence"])
    ratio = study.events_per_input
    if ratio is None:
        return "unknown", "No figures."
    what = "rows" if study.main.get("events") is None else "events (or non-events, if fewer)"
    sentence = f"{ratio:.1f} {what} for each input; {FEW_PER_INPUT} are the least."
    return _counted(study, ratio >= FEW_PER_INPUT, sentence)


def _counted(study: Study, enough: bool, sentence: str) -> Finding:
    """Enough for one parameter an input is not yet enough for a model that has more."""
    if not enough:
        return "no", sentence
    if study.problem.model in ONE_EACH:
        return "yes", sentence
    return "partly", f"{sentence} {MORE_PARAMETERS}"


def _kinds(study: Study) -> Finding:
    numbers = sum(known.kind == "number" for known in study.inputs)
    if not study.inputs:
        return "unknown", "No inputs are named."
    return "yes", f"{numbers} of {len(study.inputs)} inputs enter as numbers, not cut into groups."


def _nobody_lost(study: Study) -> Finding:
    """Of those in the cohort all; of those in the table only where both counts are told."""
    if not study.main:
        return "unknown", "No figures."
    withheld, rows = study.main["withheld"], study.main["rows"]
    if withheld:
        return "no", f"{withheld} of {withheld + rows} rows got no prediction and are in no figure."
    told, table = f"All {rows} rows of the cohort got a prediction", study.rows_of_table
    if table == rows:
        return "yes", f"{told}, and the table has no others."
    if table:
        return "partly", f"{told}; {table - rows} of {table} rows of the table are outside it."
    return "partly", f"{told}; how many were left out before is not told."


def missing(study: Study) -> Finding:
    """What is done with inputs that are not known."""
    most = getattr(study.problem, "most_missing", None)
    if most is None:
        return "unknown", PERSON_ONLY
    return "yes", (
        "Unknown inputs stay unknown or are filled inside the training folds; above "
        f"{most:.0%} unknown no number is given."
    )


def _chosen(study: Study) -> Finding:
    if not study.inputs:
        return "unknown", "No inputs are named."
    return "unknown", "Inputs are named in the specification; how they were chosen is not."


def _balance(study: Study) -> Finding:
    if study.balancing:
        return "no", f"{study.balancing} changes what an event weighs; the risks are then too high."
    found = study.metric("observed_expected")
    if found and out_of_band(found["value"]):
        return "no", f"O:E is {found['value']:.2f}: the risks as served are off."
    if not found:
        return "unknown", "Not enough data."
    return "yes", f"No weighting of outcomes; O:E is {found['value']:.2f}."


def _separate(study: Study) -> Finding:
    split = getattr(getattr(study.problem, "split", None), "kind", None)
    if split is None:
        return "unknown", "The specification names no split."
    if split == "row" and getattr(study.problem, "person", None) is None:
        return "unknown", "Rows were split at random; it is not told whether people have several."
    if split == "row":
        return "no", "Rows were split at random: one patient may stand on both sides."
    return "yes", f"Training and test are split by {split}."


def _enough_to_judge(study: Study) -> Finding:
    if not study.main:
        return "unknown", "No figures."
    rows, events = study.main["rows"], study.main["events"]
    if events is None:
        return _at_least(rows, f"{rows:,} rows")
    return _at_least(min(events, rows - events), f"{events:,} events, {rows - events:,} without")


def _at_least(count: int, told: str) -> Finding:
    answer = "yes" if count >= LEAST_TO_EVALUATE else "no"
    return answer, f"{told}; {LEAST_TO_EVALUATE} of each are the least."


def _dependence(study: Study) -> Finding:
    if not study.main:
        return "unknown", "No figures."
    told = "Intervals draw people with all their rows"
    if study.problem.kind == "survival":
        told += "; censoring is weighed in every figure"
    return "yes", told + "."


def _measures(study: Study) -> Finding:
    wanted = {
        "binary": ("calibration_slope", "auroc", "brier"),
        "survival": ("c_index",),
        "number": ("mae", "calibration_slope"),
        "classes": ("log_loss", "auroc_macro"),
    }[study.problem.kind]
    absent = [name for name in wanted if not study.metric(name)]
    if absent:
        return "no", f"Not available: {', '.join(absent)}."
    return "yes", "Calibration, benefit and discrimination, each with its interval."


def _unseen(study: Study) -> Finding:
    """Held-out people were not fitted on; only data of another source were surely not chosen by."""
    kinds = set(study.validations.values())
    held_out = kinds - {Validation.APPARENT}
    if not kinds:
        return "unknown", "No figures."
    if not held_out:
        return "no", "Only figures of the training rows themselves."
    told = f"Measured on {', '.join(sorted(held_out))}"
    if study.external:
        return "yes", f"{told}."
    return "partly", (
        f"{told}: free of the rows used to fit. Whether model, inputs and settings were chosen by "
        "these same figures, code cannot tell."
    )


def _beyond(study: Study) -> Finding:
    proving = PROVING & set(study.validations.values())
    if proving:
        return "yes", f"Measured on {', '.join(sorted(proving))}."
    return "no", f"Only within the same data: it is {study.status}, not validated."


def _fair(study: Study) -> Finding:
    rows = study.main.get("tables", {}).get("subgroups", []) if study.main else []
    if not rows:
        return "no", "No part of the population was looked at by itself."
    flagged = sum(bool(row["flagged"]) for row in rows)
    return "yes", f"{len(rows)} parts with intervals, {flagged} of them flagged."


_DEVELOPMENT = (
    ("1.1", "Are the data sources fit for this question?", _person),
    ("1.2", "Are inclusions and exclusions right?", _population),
    ("1.3", "Do the people stand for those it will be used on?", _person),
    ("2.1", "Were predictors defined alike for all?", _one_code),
    ("2.2", "Were predictors taken without knowledge of the outcome?", _available),
    ("2.3", "Are all predictors there when the model is used?", _available),
    ("3.1", "Was the outcome defined alike for all?", _one_code),
    ("3.2", "Is the outcome free of predictors?", _no_label),
    ("3.3", "Was the outcome determined without knowledge of predictors?", _person),
    ("3.4", "Is the time between predictors and outcome right?", _span),
    ("4.1", "Were there enough events to learn from?", _enough_to_learn, "counts"),
    ("4.2", "Were numbers kept as numbers?", _kinds),
    ("4.3", "Were all enrolled people used?", _nobody_lost, "counts"),
    ("4.4", "Were missing values handled properly?", missing),
    ("4.5", "Were predictors chosen without univariable tests?", _chosen),
    ("4.6", "Was imbalance left alone, or the risk put right after it?", _balance, "calibration"),
)
_EVALUATION = (
    ("1.1", "Are the evaluation data fit for this question?", _person),
    ("1.2", "Are the people those it is meant for?", _population),
    ("1.3", "Are test people strictly apart from training people?", _separate),
    ("2.1", "Were predictors defined as in development?", _one_code),
    ("2.2", "Were predictors taken without knowledge of the outcome?", _available),
    ("2.3", "Were all predictors there at the moment of prediction?", _available),
    ("3.1", "Was the outcome determined as in development?", _one_code),
    ("3.2", "Is the outcome free of predictors?", _no_label),
    ("3.3", "Was the outcome determined without knowledge of predictors?", _person),
    ("3.4", "Is the time between predictors and outcome right?", _span),
    ("4.1", "Were there enough events to judge by?", _enough_to_judge, "counts"),
    ("4.2", "Were all people included in the figures?", _nobody_lost, "counts"),
    ("4.3", "Were missing values handled as in use?", missing),
    ("4.4", "Were repeated rows and censoring accounted for?", _dependence, "counts"),
    ("4.5", "Were calibration and discrimination both measured?", _measures, "calibration"),
    ("4.6", "Were figures free of the rows used to fit and tune?", _unseen, "validations"),
    ("4.7", "Was it tested at other times or places?", _beyond, "validations"),
    ("4.8", "Was performance looked at in parts of the population?", _fair, "subgroups"),
)
