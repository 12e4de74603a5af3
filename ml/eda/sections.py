"""Sections of the page: each takes an exploration and returns HTML, or nothing."""

from collections.abc import Callable, Sequence

import pandas as pd

from ml.datasets import page
from ml.eda import summary
from ml.eda.charts import chart
from ml.eda.correlation import matrix
from ml.eda.exploration import Exploration
from ml.plots import eda as plots

MOST_MAPPED = 45  # columns of the correlation map
MOST_TRENDS = 24
LEVEL = 0.05


def overview(exploration: Exploration) -> str:
    """Figures and findings that matter first."""
    return page.cards(summary.figures(exploration)) + page.findings(summary.findings(exploration))


def entry(exploration: Exploration) -> str:
    """Who stays."""
    steps = exploration.flow.steps
    items = []
    for place, step in enumerate(steps):
        persons = f", {step.persons:,} persons" if step.persons is not None else ""
        if place and step.excluded:
            items.append(f'<li class="out">{step.excluded:,} left out: not '
                         f"{page.escape(step.step)}</li>")  # fmt: skip
        label = step.step if place == 0 or step.excluded else f"{step.step}: nobody left out"
        items.append(f"<li><b>{step.rows:,} rows{persons}</b><br>{page.escape(label)}</li>")
    note = ""
    if exploration.independent < len(exploration.table.frame):
        note = page.paragraph(
            f"Tests, correlations, components and Table One use the first row of each person "
            f"({exploration.independent:,} rows), because rows of one person are not independent.",
            "note",
        )
    return f'<ol class="flow">{"".join(items)}</ol>{note}'


def columns(exploration: Exploration) -> str:
    """Every column with what it holds."""
    shown = exploration.frames["columns"].drop(columns=["kurtosis"])
    return page.table(shown, caption="One row a column.")


def gaps(exploration: Exploration) -> str:
    """What is missing."""
    frame = exploration.frames["columns"]
    if not (frame["missing"] > 0).any():
        return page.paragraph("Nothing is missing.")
    found = exploration.frames["missing_patterns"]
    total = found.attrs.get("all", len(found))
    drawn = chart(plots.missing_bars(frame), "c-missing", "Share missing of each column")
    squares = chart(
        plots.missing_patterns(found), "c-patterns", "The commonest combinations of missing columns"
    )
    test = exploration.mcar
    used = f" Columns: {', '.join(test.columns)}; {test.rows:,} rows." if not test.note else ""
    return (
        f'<div class="grid2"><div><h3>By column</h3>{drawn}</div><div><h3>Combinations</h3>'
        f"{page.paragraph(f'{total:,} combinations occur; the commonest are drawn.', 'note')}"
        f"{squares}</div></div><h3>Is it chance? Little's test</h3>"
        f"{page.paragraph(test.sentence + used)}"
    )


def distributions(exploration: Exploration) -> str:
    """A small chart a column."""
    bins = exploration.frames["distributions"]
    units = {column.name: column.unit for column in exploration.table.columns}
    cells = []
    for place, (name, rows) in enumerate(bins.groupby("column", sort=False)):
        unit = units.get(name, "")
        cells.append(
            f"<div><h3>{page.escape(str(name))}</h3>"
            f"{chart(plots.distribution(rows, unit), f'c-dist-{place}', f'Distribution of {name}')}"
            "</div>"
        )
    note = page.paragraph(
        "Tails beyond the 0.5 % quantiles are gathered in the end bins; of categories the eight "
        "commonest levels are drawn.", "note",
    )  # fmt: skip
    return note + f'<div class="grid3">{"".join(cells)}</div>' if cells else ""


def outliers(exploration: Exploration) -> str:
    """Far values, impossible ones and contradictions."""
    boxes = exploration.frames["boxes"]
    if boxes.empty:
        return ""
    inner = chart(plots.boxes(boxes), "c-boxes", "Box plots of all numbers")
    far = boxes[boxes["far_out_percent"] > 0].sort_values("far_out_percent", ascending=False)
    inner += page.table(far, caption="Values beyond three interquartile ranges.", limit=40)
    for name, title in (("impossible_values", "Impossible values"),
                        ("inconsistencies", "Contradictions and suspicions")):  # fmt: skip
        frame = exploration.frames[name]
        body = page.table(frame, caption=f"{title}.", limit=60) if len(frame) else (
            page.paragraph("None found."))  # fmt: skip
        inner += f"<h3>{title}</h3>{body}"
    return inner


def repeats(exploration: Exploration) -> str:
    """Rows, persons and columns that repeat."""
    inner = page.table(exploration.frames["duplicates"], caption="Repeated rows and persons.")
    twins = exploration.frames["twin_columns"]
    if len(twins):
        inner += "<h3>Columns that say the same</h3>" + page.table(twins, caption="Equal columns.")
    return inner


def correlated(exploration: Exploration) -> str:
    """Heat map and the strongest pairs."""
    pairs = exploration.frames["correlations"]
    if pairs.empty:
        return page.paragraph("There are no two numbers that vary.")
    names = _strongest(pairs)
    squares = {kind.title(): matrix(pairs, kind, names) for kind in ("pearson", "spearman")}
    qs = {kind.title(): matrix(pairs, f"{kind}_q", names) for kind in ("pearson", "spearman")}
    drawn = chart(
        plots.correlations(squares, matrix(pairs, "n", names).fillna(0), qs),
        "c-correlations", f"Correlations of {len(names)} numbers; values are in the table",
    )  # fmt: skip
    note = (
        f"{len(pairs):,} pairs, each over the rows in which both are known; q is "
        f"Benjamini-Hochberg over all pairs. {(pairs['spearman_q'] < LEVEL).sum():,} Spearman q "
        f"lie below {LEVEL}."
    )
    if (pairs["spearman_n"] < pairs["n"]).any():
        note += (
            " Where spearman_n is smaller than n, ranks were taken of a random part of the rows."
        )
    return (
        page.paragraph(note, "note")
        + drawn
        + page.table(pairs, caption="Strongest pairs.", limit=30)
    )


def _strongest(pairs: pd.DataFrame) -> list[str]:
    """At most `MOST_MAPPED` columns, those in the strongest pairs, in their own order."""
    found: dict[str, None] = {}
    for a, b in pairs[["a", "b"]].itertuples(index=False):
        if len(found | {a: None, b: None}) > MOST_MAPPED:
            break
        found |= {a: None, b: None}
    return list(found)


def groups(exploration: Exploration) -> str:
    """Table One and, with groups, tests and effects."""
    table = exploration.frames["table_one"]
    inner = page.table(table, caption="Table One.")
    if "groups" in exploration.notes:
        return page.paragraph(exploration.notes["groups"], "note") + inner
    comparisons = exploration.frames["comparisons"]
    rule = (
        "Two groups: Welch's t where each has 30 values and skewness below 1, else Mann-Whitney. "
        "More groups: Kruskal-Wallis. Categories: chi-squared, or Fisher's exact test where "
        "expected counts are small. q is Benjamini-Hochberg over all columns. Differences are "
        "associations of these rows, not effects of a cause."
    )
    drawn = chart(plots.effects(comparisons), "c-effects", "Effect sizes with 95 % intervals")
    return (
        page.paragraph(rule, "note") + inner + "<h3>Effect sizes</h3>" + drawn
        + page.table(comparisons, caption="Tests with effect sizes and 95 % intervals.")
    )  # fmt: skip


def over_time(exploration: Exploration) -> str:
    """Trend lines."""
    if "trends" not in exploration.frames:
        return page.paragraph(exploration.notes["trends"], "note")
    slopes, periods = exploration.frames["trends"], exploration.frames["trend_periods"]
    units = {column.name: column.unit for column in exploration.table.columns}
    time = exploration.notes["trend_time"]
    cells = [
        f"<div><h3>{page.escape(str(name))}</h3>"
        + chart(plots.trend(periods[periods["column"] == name], units.get(name, ""), time),
                f"c-trend-{place}", f"Mean of {name} over time")
        + "</div>"
        for place, name in enumerate(slopes["column"].head(MOST_TRENDS))
    ]  # fmt: skip
    kind = "within persons" if slopes["within"].any() else "over all rows"
    note = f"Means by period with 95 % bands; slopes {kind} per unit of {time}; q over all columns."
    grid = f'<div class="grid3">{"".join(cells)}</div>'
    return page.paragraph(note, "note") + grid + page.table(slopes, caption="Slopes.")


def shape(exploration: Exploration) -> str:
    """Components and clusters."""
    found = exploration.structure
    if found.note:
        return page.paragraph(found.note, "note")
    names = [f"pc{number}" for number in range(1, min(5, len(found.variance)) + 1)]
    top = found.loadings.assign(weight=found.loadings[names].abs().max(axis=1))
    top = top.nlargest(30, "weight").drop(columns="weight")
    profile = found.clusters.set_index("cluster").drop(columns="rows").T
    profile.columns = [f"cluster {number}" for number in profile.columns]
    spread = profile.abs().max(axis=1).nlargest(30).index
    profile = profile.loc[spread].rename_axis("column").reset_index()
    parts = (
        ("Variance", plots.scree(found.variance), "c-scree"),
        ("Rows on two components", plots.points(found.points), "c-points"),
        ("Loadings", plots.grid(top, names, "column", 1), "c-loadings"),
        ("Clusters, SD from the mean", plots.grid(profile, list(profile)[1:], "column"), "c-cl"),
    )
    cells = "".join(
        f"<div><h3>{title}</h3>{chart(figure, anchor, title)}</div>"
        for title, figure, anchor in parts
    )
    return page.paragraph(found.sentence) + f'<div class="grid2">{cells}</div>'


def telling(exploration: Exploration) -> str:
    """Which columns tell the outcome."""
    note = exploration.notes["importance"]
    if "importance" not in exploration.frames:
        return page.paragraph(note, "note")
    table = exploration.frames["importance"]
    figure = plots.importance(table, exploration.notes["metric"])
    return (
        page.paragraph(note)
        + chart(figure, "c-importance", "Importance of columns")
        + (page.table(table, caption="Permutation importance.", limit=40))
    )


Section = tuple[str, str, Callable[[Exploration], str]]
SECTIONS: Sequence[Section] = (
    ("overview", "Overview", overview),
    ("flow", "Cohort flow", entry),
    ("columns", "Columns", columns),
    ("missing", "Missing values", gaps),
    ("distributions", "Distributions", distributions),
    ("outliers", "Outliers and contradictions", outliers),
    ("duplicates", "Duplicates", repeats),
    ("correlations", "Correlations", correlated),
    ("groups", "Groups", groups),
    ("trends", "Trends", over_time),
    ("structure", "Components and clusters", shape),
    ("importance", "What tells the outcome", telling),
)
