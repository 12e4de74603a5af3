"""Sections on trust: parts of the population, other people, other models, repairs."""

from collections.abc import Mapping
from typing import Any

from ml.plots import performance
from ml.reports import tables, wording
from ml.reports.parts import HEADLINES, Chart, Section, matching
from ml.reports.study import Study
from ml.reports.tables import Table

TITLES = {"simplest": "the simplest model", "age_and_sex": "age and sex alone"}


def subgroups(study: Study) -> Section | None:
    """Parts of the population, with their ratios to the reference."""
    rows = study.main["tables"].get("subgroups")
    if not rows:
        return None
    labels = [tables.part_name(row) for row in rows]
    ranking = {"binary": "auroc", "survival": "c_index", "number": "mae", "classes": "accuracy"}
    wanted = ("observed_expected", ranking[study.problem.kind])
    charts = [
        Chart(
            wording.label(name),
            f"{wording.meaning(name).capitalize()}. Lines are 95 % intervals.",
            performance.dots(labels, [row["metrics"].get(name) for row in rows],
                             wording.label(name), 1.0 if name == "observed_expected" else None),
            tables.of_parts(rows),
        )
        for name in wanted
        if any(row["metrics"].get(name) for row in rows)
    ]  # fmt: skip
    lead = (
        "Every part against the largest one; a ratio outside 0.8 to 1.25 is flagged. Alerts, "
        "specificity and PPV also differ when only the prevalence does: look at O:E first. Parts "
        "with fewer than ten people or events are not shown."
    )
    told = [tables.of_parts(rows), tables.of_ratios(rows)]
    return Section(
        "subgroups", "Parts of the population", lead, charts, [t for t in told if t.rows]
    )


def validations(study: Study) -> Section | None:
    """The same figures on different people, and what may be said after them."""
    found = {str(kind): study.evaluations[name] for name, kind in study.validations.items()}
    if not found:
        return None
    names = matching(study.main["metrics"], HEADLINES)
    told = [tables.of_evaluations("The same figures on different people", found, names)]
    told += _optimism(study)
    words = {
        "validated": "Measured beyond the data it learned from: it may be called validated.",
        "internally validated": "Measured on held-out people of the same data only. It is not "
        "validated until it has been tested at later times, other sites or on other data.",
        "developed": "Not yet measured on people kept strictly apart: nothing is proven.",
    }
    return Section("validations", "On whom it was measured", words[study.status], (), told)


def _optimism(study: Study) -> list[Table]:
    """Figures of the training people, less what a refit on resamples flatters itself by."""
    found = study.optimism
    if not found:
        return []
    rows = [
        [
            wording.label(name),
            wording.number(one["apparent"], name),
            wording.number(one["optimism"], name),
            wording.estimate(one["interval"], name)
            if one["interval"]
            else wording.number(one["corrected"], name),
        ]
        for name, one in found["figures"].items()
    ]
    caption = f"Internal validation by bootstrap: {found['refits']} refits on people drawn anew"
    headings = ["Figure", "On its training people", "Optimism", "Corrected (95 % interval)"]
    return [Table(caption, headings, rows)]


def comparison(study: Study) -> Section | None:
    """Differences to other models with paired intervals, and both side by side."""
    told = [_against(study, name, found) for name, found in study.comparisons.items()]
    others = {name: found for name, found in study.others.items() if not _ranks(study, name)}
    if others:
        names = matching(study.main["metrics"], HEADLINES)
        told.append(
            tables.of_evaluations("Side by side", {"this model": study.main, **others}, names)
        )
    lead = (
        "Against published scores and simpler models on the same people; nought is no gain. A "
        "score that others made for another outcome or time is judged by its ranking alone."
    )
    return Section("comparison", "Compared with simpler answers", lead, (), told)


def _ranks(study: Study, name: str) -> bool:
    """Whether it is a score of others, which stands in the table of its comparison."""
    return bool(study.comparisons.get(name, {}).get("beside"))


def _against(study: Study, name: str, found: Mapping[str, Any]) -> Table:
    """Figures of both on the people whom both accept, and the paired difference."""
    title = found.get("title") or TITLES.get(name) or name.replace("_", " ")
    both = [found.get(which) or {} for which in ("ours", "theirs")]
    rows = [
        [wording.label(metric), *(wording.estimate(one.get(metric), metric) for one in both),
         wording.estimate(value, metric)]
        for metric, value in found["differences"].items()
    ]  # fmt: skip
    if found.get("delong"):
        told = wording.estimate(found["delong"], "auroc")
        rows.append(["AUROC, by DeLong", wording.EMPTY, wording.EMPTY, told])
    caption = f"This model and {title}: {study.extent(found)}"
    if note := found.get("note"):
        caption += f". {note.rstrip('.')}"
    return Table(caption, ["Figure", "This model", title, "Difference (95 % interval)"], rows)


def leakage(study: Study) -> Section | None:
    """What the linter found."""
    rows = [[sentence] for sentence in study.leaks]
    told = Table("What the leakage linter found", ["Finding"], rows)
    lead = "Inputs that may give the outcome away, and rows that stand on both sides."
    return Section("leakage", "Leakage", lead, (), [told]) if rows else None


def recalibration(study: Study) -> Section | None:
    """The repair on offer and its worth."""
    found = study.recalibration
    if not found:
        return None
    repair = found["repair"]
    rows = [
        ["Method", "", repair["method"]],
        _before_and_after(found, "calibration_slope", "slope"),
        _before_and_after(found, "observed_expected", "observed_expected"),
        ["Log-loss taken away", "", wording.estimate(found["gain"], "log_loss")],
        ["Worth it", "", "yes" if found["worth_it"] else "no: the gain is not shown"],
    ]
    table = Table("Repair of the risks, on people left out of it", ["", "Before", "After"], rows)
    lead = (
        f"Slope and O:E should lie within 0.9 to 1.1 and 0.95 to 1.05. {found['reason']} To apply "
        "a repair, run the study's command “recalibrate” with people whom the model has not seen, "
        "best those of your own site; “score” then tells the repaired risks."
    )
    return Section("recalibration", "Recalibration offered", lead, (), [table])


def _before_and_after(found: Mapping[str, Any], name: str, field: str) -> list[str]:
    before, after = (wording.number(found.get(f"{field}_{when}"), name)
                     for when in ("before", "after"))  # fmt: skip
    return [wording.label(name), before, after]


def learning(study: Study) -> Section | None:
    """Quality by number of training people."""
    rows = study.learning_curve
    if not rows:
        return None
    name = wording.label(rows[0].get("figure", "quality"))
    shown = [{"people": r["people"], "rows": r["rows"], **(r["metric"] or {})} for r in rows]
    chart = Chart(
        "Would more patients help?",
        "The same held-out people, models from ever more training people.",
        performance.learning(rows, name),
        tables.of_rows("Size and quality", [row for row in shown if "value" in row]),
    )
    return Section(
        "learning", "Learning curve", "A curve that still rises asks for more data.", [chart]
    )
