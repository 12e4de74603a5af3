"""TRIPOD+AI (Collins et al., BMJ 2024;385:e078378): where each of the 27 items is reported."""

from collections.abc import Callable
from dataclasses import dataclass

from ml.reports import audit, limits
from ml.reports.audit import Finding, Rule
from ml.reports.study import Study

NOT_TOLD = ("Not known", "Not stated")
ABSENT = "Not in the specification or the figures: a person has to add it."
# Words of which one shows in a title that the study foretells (item 1).
FORETELLING = ("predict", "forecast", "foret", "risk", "prognos")


@dataclass(frozen=True, slots=True)
class Item:
    """One item: "yes" or "partly" with the section, or "unknown" with what is lacking."""

    number: int
    title: str
    answer: str
    evidence: str
    link: str


def items(study: Study) -> list[Item]:
    """All 27, in our words."""
    return [
        _item(number, title, rule(study), link)
        for number, (title, rule, link) in enumerate(_ITEMS, start=1)
    ]


def _item(number: int, title: str, found: Finding, link: str) -> Item:
    answer, evidence = found
    return Item(number, title, answer, evidence, "" if evidence == ABSENT else link)


def _shown(text: Callable[[Study], str]) -> Rule:
    """Reported where there is a text; a text that says that nothing is known reports nothing."""

    def rule(study: Study) -> Finding:
        told = text(study)
        return ("unknown" if not told or told.startswith(NOT_TOLD) else "yes"), told or ABSENT

    return rule


def _field(name: str) -> Rule:
    return _shown(lambda study: str(getattr(study.problem, name, "") or ""))


def _fact(code: str) -> Rule:
    return _shown(lambda study: study.facts.get(code, ""))


def _title(study: Study) -> Finding:
    """Item 1 wants the kind of study, the people and the outcome in the title."""
    told = study.problem.title
    if any(word in told.lower() for word in FORETELLING):
        return "yes", told
    return "partly", f"{told}: the title does not say that this is a prediction model."


def _source(study: Study) -> Finding:
    data = study.record.get("data", {})
    told = "; ".join(
        f"{name}: {data[name]}" for name in ("name", "file", "digest") if data.get(name)
    )
    if not told:
        return "unknown", ABSENT
    if cycles := data.get("cycles"):
        return "yes", f"{told}; {cycles[0]} to {cycles[-1]}"
    return "partly", f"{told}; no dates are told."


def _counts(study: Study) -> str:
    found = study.main
    if not found:
        return ""
    events = "" if found["events"] is None else f", {found['events']:,} with the outcome"
    row, person = study.counted
    return f"{found['people']:,} {person}, {found['rows']:,} {row}{events}."


def _sample_size(study: Study) -> str:
    ratio = study.events_per_input
    return f"{ratio:.1f} events or rows for each input." if ratio is not None else ""


def _inputs(study: Study) -> str:
    return f"{len(study.inputs)} inputs with unit, source and moment." if study.inputs else ""


def _method(study: Study) -> str:
    model, search = getattr(study.problem, "model", ""), getattr(study.problem, "search", None)
    return f"{model}, search: {getattr(search, 'method', 'none')}." if model else ""


def _validations(study: Study) -> str:
    return ", ".join(sorted({str(kind) for kind in study.validations.values()}))


def _analyses(study: Study) -> str:
    """People in each analysis of this model."""
    told = [
        f"{study.validations[name]}: {study.extent(study.evaluations[name])}"
        for name in study.validations
    ]
    return "; ".join(told)


def _figures(study: Study) -> str:
    return "Every figure with its 95 % interval." if study.main.get("metrics") else ""


def _fairness(study: Study) -> str:
    rows = study.main.get("tables", {}).get("subgroups", []) if study.main else []
    return f"{len(rows)} parts of the population." if rows else ""


def _libraries(study: Study) -> str:
    found = study.record.get("libraries", {})
    return ", ".join(f"{name} {version}" for name, version in found.items())


def _limits(study: Study) -> str:
    return " ".join(limits.all_of(study))


def _imbalance(study: Study) -> str:
    return study.balancing or "No weighting or resampling of outcomes."


def _updating(study: Study) -> str:
    return "Repair of the risks offered." if study.recalibration else ""


_ITEMS: tuple[tuple[str, Rule, str], ...] = (
    ("Title", _title, "top"),
    ("Abstract", _shown(_figures), "short"),
    ("Background and existing models", _field("published_score"), "comparison"),
    ("Objectives", _field("outcome_text"), "problem"),
    ("Data: source and dates", _source, "provenance"),
    ("Participants: setting and eligibility", _field("population"), "problem"),
    ("Data preparation", _field("look_back"), "problem"),
    ("Outcome: definition and time", _field("outcome_text"), "problem"),
    ("Predictors", _shown(_inputs), "inputs"),
    ("Sample size", _shown(_sample_size), "counts"),
    ("Missing data", audit.missing, "problem"),
    ("Analytical methods", _shown(_method), "problem"),
    ("Class imbalance", _shown(_imbalance), "calibration"),
    ("Fairness", _shown(_fairness), "subgroups"),
    ("Model output", _shown(lambda s: s.problem.kind), "problem"),
    ("Training versus evaluation", _shown(_validations), "validations"),
    ("Ethical approval", _fact("ethics"), "card"),
    ("Open science: funding, code, data", _fact("1.ii"), "card"),
    ("Patient and public involvement", _fact("involvement"), "card"),
    ("Results: participants", _shown(_counts), "counts"),
    ("Results: model development", _shown(_analyses), "validations"),
    ("Results: model specification", _shown(_libraries), "provenance"),
    ("Results: performance", _shown(_figures), "calibration"),
    ("Results: updating", _shown(_updating), "recalibration"),
    ("Interpretation", _fact("interpretation"), "short"),
    ("Limitations", _shown(_limits), "card"),
    ("Usability in current care", _fact("4.iv"), "card"),
)
