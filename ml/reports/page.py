"""The report as one HTML file that needs nothing else: no server, no network, no fonts."""

import json
from pathlib import Path
from typing import Any

from ml.plots.performance_drawing import PALETTE
from ml.reports import audit, card, limits, sections, tables, tripod, wording
from ml.reports.study import Study

TEMPLATES = Path(__file__).parent / "templates"


def render(study: Study) -> str:
    """The page. Charts are drawn by the Plotly script inside; each has its table beside it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from plotly.offline import get_plotlyjs

    shelf = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found = sections.of(study)
    row, person = study.counted
    return shelf.get_template("report.html.j2").render(
        study=study,
        # Tables count rows, which are people where each has one.
        rows_heading="People" if row == "rows" else row.capitalize(),
        people_heading=person.capitalize(),
        problem=study.problem,
        cautions=limits.cautions(study),
        summary=wording.summary(study.main, study.problem.kind),
        sections=found,
        attributes=card.card(study),
        empty=card.empty(card.card(study)),
        development=audit.development(study),
        evaluation=audit.evaluation(study),
        tripod=tripod.items(study),
        inputs=_inputs(study),
        style=(TEMPLATES / "report.css").read_text(encoding="utf-8"),
        script=(TEMPLATES / "report.js").read_text(encoding="utf-8"),
        plotly=get_plotlyjs(),
        charts=_safe_json([_spec(chart.figure) for part in found for chart in part.charts]),
        palette=_safe_json(PALETTE),
    )


def _spec(figure: Any) -> dict[str, Any]:
    return json.loads(figure.to_json())


def _safe_json(value: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def _inputs(study: Study) -> tables.Table:
    return tables.Table(
        "Inputs",
        ["Input", "Name in the data", "Unit", "Known from", "Kind of source", "Direction held"],
        [
            [
                known.label or known.name,
                known.name,
                known.unit or wording.EMPTY,
                known.available.replace("_", " "),
                known.provenance.replace("_", " "),
                {1: "up", -1: "down"}.get(known.monotone, wording.EMPTY),
            ]
            for known in study.inputs
        ],
    )
