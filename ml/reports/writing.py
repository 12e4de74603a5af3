"""Files of a report."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ml.evaluation import Evaluation
from ml.evaluation.result import plain
from ml.reports import audit, card, chai, exports, page, tripod
from ml.reports.study import Study, as_json

SHOWN_ALREADY = ("figures", "recalibration", "learning_curve")


def write(
    evaluations: Evaluation | Mapping[str, Evaluation | Mapping[str, Any]],
    problem: Any,
    folder: str | Path,
    **told: Any,
) -> dict[str, Path]:
    """Write the files of `gathered(evaluations, problem, **told)`; gives the paths."""
    return save(gathered(evaluations, problem, **told), folder)


def gathered(
    evaluations: Evaluation | Mapping[str, Evaluation | Mapping[str, Any]],
    problem: Any,
    *,
    comparisons: Mapping[str, Any] | None = None,
    recalibration: Any = None,
    learning_curve: Sequence[Any] = (),
    record: Mapping[str, Any] | None = None,
    facts: Mapping[str, str] | None = None,
) -> Study:
    """What a report, a card and a self-audit are made of.

    `evaluations` maps names to what `evaluate` found (or to its JSON): `cross_fitted`, `later`,
    `site`, `external` … are this model (see `evaluation.validation.OF_NAME`), any other name is
    another model on the same people. `comparisons` maps the other model's name to a
    `evaluation.comparison.Comparison`. `record` is the artefact's manifest, which may hold
    `recalibration` and `learning_curve` itself, and the findings of `leakage` and
    `sample_size`; `facts` are what only people know, by the code of the card's attribute ("1.i" is
    the developer).
    """
    if isinstance(evaluations, Evaluation):
        evaluations = {"cross_fitted": evaluations}
    record = plain(dict(record or {}))
    comparisons = comparisons or _differences(evaluations)
    recalibration = recalibration or record.get("recalibration")
    return Study(
        problem,
        {name: as_json(found) for name, found in evaluations.items()},
        {name: as_json(found) for name, found in comparisons.items()},
        as_json(recalibration) if recalibration else None,
        plain(list(learning_curve or record.get("learning_curve", ()))),
        record,
        dict(facts or {}),
    )


def save(study: Study, folder: str | Path) -> dict[str, Path]:
    """Write report.(html|json), audit.json, card.(json|txt|fhir.json|chai.xml); gives the paths."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "report.html": page.render(study),
        "report.json": _text(contents(study)),
        "card.json": _text(_card(study)),
        "card.txt": exports.text(study),
        "card.fhir.json": _text(exports.fhir(study)),
        "card.chai.xml": chai.xml(study),
        "audit.json": _text(_audit(study)),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return {name: folder / name for name in texts}


def _differences(evaluations: Mapping[str, Any]) -> dict[str, Any]:
    """What evaluations (as JSON) say of the gain over them."""
    told = {name: found for name, found in evaluations.items() if isinstance(found, Mapping)}
    return {name: found["difference"] for name, found in told.items() if found.get("difference")}


def contents(study: Study) -> dict[str, Any]:
    """Everything that the page shows, for machines."""
    return {
        "task": study.problem.task,
        "title": study.problem.title,
        "status": str(study.status),
        "validations": {name: str(kind) for name, kind in study.validations.items()},
        "problem": _specification(study.problem),
        "evaluations": dict(study.evaluations),
        "comparisons": dict(study.comparisons),
        "recalibration": study.recalibration,
        "learning_curve": list(study.learning_curve),
        "record": {
            name: value for name, value in study.record.items() if name not in SHOWN_ALREADY
        },
        "card": _card(study),
        "audit": _audit(study),
    }


def _specification(problem: Any) -> dict[str, Any]:
    return plain(problem.to_dict()) if hasattr(problem, "to_dict") else plain(vars(problem))


def _card(study: Study) -> dict[str, Any]:
    attributes = card.card(study)
    return {
        "rule": "45 CFR 170.315(b)(11)(iv)(B)",
        "status": str(study.status),
        "empty": card.empty(attributes),
        "attributes": plain(attributes),
    }


def _audit(study: Study) -> dict[str, Any]:
    return {
        "probast_ai": {
            "development": plain(audit.development(study)),
            "evaluation": plain(audit.evaluation(study)),
        },
        "tripod_ai": plain(tripod.items(study)),
    }


def _text(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
