"""TRIPOD+AI (Collins et al., BMJ 2024;385:e078378): where each of the 27 items is reported."""

from collections.abc import Callable
from dataclasses import dataclass

from ml.reports.study import Study


@dataclass(frozen=True, slots=True)
class Item:
    """One item: "yes" with the section that reports it, or "unknown" with what is lacking."""

    number: int
    title: str
    answer: str
    evidence: str
    link: str


def items(study: Study) -> list[Item]:
    """All 27, in our words."""
    return [
        Item(number, title, *_told(study, where, link))
        for number, (title, where, link) in enumerate(_ITEMS, start=1)
    ]


def _told(study: Study, where: Callable[[Study], str], link: str) -> tuple[str, str, str]:
    evidence = where(study)
    if evidence:
        return "yes", evidence, link
    return "unknown", "Not in the specification or the figures: a person has to add it.", ""


def _field(name: str) -> Callable[[Study], str]:
    return lambda study: str(getattr(study.problem, name, "") or "")


def _fact(code: str) -> Callable[[Study], str]:
    return lambda study: study.facts.get(code, "")


def _source(study: Study) -> str:
    data = study.record.get("data", {})
    told = [f"{name}: {data[name]}" for name in ("name", "file", "digest") if data.get(name)]
    return "; ".join(told)


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


def _figures(study: Study) -> str:
    return "Every figure with its 95 % interval." if study.main.get("metrics") else ""


def _fairness(study: Study) -> str:
    rows = study.main.get("tables", {}).get("subgroups", []) if study.main else []
    return f"{len(rows)} parts of the population." if rows else ""


def _libraries(study: Study) -> str:
    found = study.record.get("libraries", {})
    return ", ".join(f"{name} {version}" for name, version in found.items())


def _limits(study: Study) -> str:
    return " ".join(study.main.get("flags", ())) or _field("notes")(study)


def _imbalance(study: Study) -> str:
    return study.balancing or "No weighting or resampling of outcomes."


def _updating(study: Study) -> str:
    return "Repair of the risks offered." if study.recalibration else ""


_ITEMS = (
    ("Title", _field("title"), "top"),
    ("Abstract", _figures, "short"),
    ("Background and existing models", _field("published_score"), "comparison"),
    ("Objectives", _field("outcome_text"), "problem"),
    ("Data: source and dates", _source, "provenance"),
    ("Participants: setting and eligibility", _field("population"), "problem"),
    ("Data preparation", _field("look_back"), "problem"),
    ("Outcome: definition and time", _field("outcome_text"), "problem"),
    ("Predictors", _inputs, "inputs"),
    ("Sample size", _sample_size, "counts"),
    ("Missing data", lambda s: str(getattr(s.problem, "most_missing", "") or ""), "problem"),
    ("Analytical methods", _method, "problem"),
    ("Class imbalance", _imbalance, "calibration"),
    ("Fairness", _fairness, "subgroups"),
    ("Model output", lambda s: s.problem.kind, "problem"),
    ("Training versus evaluation", _validations, "validations"),
    ("Ethical approval", _fact("ethics"), "card"),
    ("Open science: funding, code, data", _fact("1.ii"), "card"),
    ("Patient and public involvement", _fact("involvement"), "card"),
    ("Results: participants", _counts, "counts"),
    ("Results: model development", _counts, "counts"),
    ("Results: model specification", _libraries, "provenance"),
    ("Results: performance", _figures, "calibration"),
    ("Results: updating", _updating, "recalibration"),
    ("Interpretation", _fact("interpretation"), "short"),
    ("Limitations", _limits, "flags"),
    ("Usability in current care", _fact("4.iv"), "card"),
)
