"""Explore a table: everything that the report shows, as frames."""

from dataclasses import dataclass, field, replace

import pandas as pd

from ml.datasets import consistency
from ml.datasets.cleaning import clean
from ml.datasets.opening import Table
from ml.eda import duplicates, flow, hypothesis, importance, missing, profile, tableone, trends
from ml.eda.correlation import correlations
from ml.eda.structure import Structure, structure
from ml.eda.variables import Variables, as_text, variables

FEWEST_ROWS = 2
OUTCOME_MARK = "Outcome"  # how schemas begin the meaning of a column that is one


class CannotExplore(ValueError):
    """The table or a named column does not allow an exploration, with what to do."""


@dataclass(frozen=True, slots=True)
class Options:
    """Roles of columns and conditions of entry."""

    outcome: str | None = None
    person: str | None = None
    time: str | None = None
    group: str | None = None
    keep: tuple[str, ...] = ()
    random_state: int = 0


@dataclass(frozen=True, slots=True)
class Exploration:
    """Frames by name (each written as a CSV) and sentences by section."""

    table: Table
    options: Options
    flow: flow.Flow
    explored: Variables
    independent: int  # rows in tests and correlations: one a person
    mcar: missing.McarTest
    structure: Structure
    frames: dict[str, pd.DataFrame]
    notes: dict[str, str] = field(default_factory=dict)


def explore(table: Table, options: Options | None = None) -> Exploration:
    """Explore the rows that enter. Raises CannotExplore, UnreadableCondition."""
    options = _roles(table, options or Options())
    entered = flow.flow(
        table, options.keep, outcome=options.outcome, person=options.person, time=options.time
    )
    if len(entered.frame) < FEWEST_ROWS or table.frame.shape[1] == 0:
        raise CannotExplore(_too_little(table, entered))
    table = _with(table, entered.frame, options.person)
    explored = variables(table)
    alone = flow.one_a_person(table.frame, options.person, options.time)
    single = _at(explored, alone.index)
    notes: dict[str, str] = {}
    mcar = missing.little(single.numbers, random_state=options.random_state)
    shape = structure(single.numbers, random_state=options.random_state)
    frames = {
        "flow": entered.table(),
        "columns": profile.columns(table, explored),
        "missing_patterns": missing.patterns(table.frame),
        "mcar": _mcar_frame(mcar),
        "distributions": profile.histograms(explored),
        "boxes": profile.boxes(explored),
        "impossible_values": profile.impossible(table),
        "inconsistencies": _inconsistencies(table),
        "duplicates": duplicates.duplicates(table, explored, options.person),
        "twin_columns": duplicates.twins(explored),
        "correlations": correlations(single.numbers, random_state=options.random_state),
        **_groups(single, alone, options, notes),
        **_trends(explored, table, options, notes),
        "pca_variance": shape.variance,
        "pca_loadings": shape.loadings,
        "pca_points": shape.points,
        "cluster_choice": shape.choice,
        "clusters": shape.clusters,
        **_importance(explored, table, options, notes),
    }
    return Exploration(table, options, entered, explored, len(alone), mcar, shape, frames, notes)


def _roles(table: Table, options: Options) -> Options:
    """Options with the roles that the data set itself knows. Refuses columns that are not there."""
    named = {"outcome": options.outcome, "person": options.person or table.person,
             "time": options.time or table.time, "group": options.group}  # fmt: skip
    for role, name in named.items():
        if name is not None and name not in table.frame:
            listed = ", ".join(list(table.frame)[:12])
            raise CannotExplore(f"There is no column {name!r} for --{role}. Columns: {listed} …")
    return Options(**named, keep=options.keep, random_state=options.random_state)


def _too_little(table: Table, entered: flow.Flow) -> str:
    if table.frame.shape[1] == 0:
        return f"{table.name} has no columns: there is nothing to explore."
    if len(table.frame) < FEWEST_ROWS:
        return f"{table.name} has {len(table.frame)} rows; an exploration needs {FEWEST_ROWS}."
    last = next(step for step in reversed(entered.steps) if step.excluded)
    return (
        f"Only {len(entered.frame)} rows are left after “{last.step}” left out "
        f"{last.excluded:,}. Loosen the conditions or name another column."
    )


def _with(table: Table, frame: pd.DataFrame, person: str | None) -> Table:
    """The rows that enter; the person's column is a key, whatever its content looks like."""
    columns = tuple(
        replace(column, type="identifier") if column.name == person else column
        for column in table.columns
    )
    return replace(table, frame=frame, columns=columns)


def _at(explored: Variables, index: pd.Index) -> Variables:
    return Variables(explored.numbers.loc[index], explored.categories.loc[index], explored.left_out)


def _mcar_frame(test: missing.McarTest) -> pd.DataFrame:
    return pd.DataFrame(
        [{"statistic": test.statistic, "df": test.df, "p": test.p, "patterns": test.patterns,
          "rows": test.rows, "columns": " ".join(test.columns), "note": test.note}]
    )  # fmt: skip


def _inconsistencies(table: Table) -> pd.DataFrame:
    """Rules between values, spellings and suspicions of the cleaning step, with counts."""
    rows = [
        (", ".join(found.columns), found.sentence, len(found.rows), found.checked)
        for found in consistency.check(table.frame, table.columns)
    ]
    log = clean(table).log
    log = log[~log["reason"].isin({row[1] for row in rows}) & (log["action"] != "row dropped")]
    log = log[~log["reason"].astype(str).str.startswith(("outside", "equal to row"))]
    for (column, reason), lines in log.groupby(["column", "reason"], sort=False):
        rows.append((column, reason, len(lines), len(table.frame)))
    names = ["columns", "finding", "rows", "checked"]
    found = pd.DataFrame(rows, columns=names)
    return found[found["rows"] > 0].sort_values("rows", ascending=False, ignore_index=True)


def _groups(
    single: Variables, alone: pd.DataFrame, options: Options, notes: dict[str, str]
) -> dict[str, pd.DataFrame]:
    """Table One and comparisons by --group, else by an outcome of few levels."""
    name = options.group or options.outcome
    if name is None:
        notes["groups"] = "Name a column with --group or --outcome to compare groups."
        return {"table_one": tableone.table_one(single, None)}
    group = as_text(alone[name]).rename(name)
    without = Variables(
        single.numbers.drop(columns=name, errors="ignore"), single.categories, single.left_out
    )
    try:
        comparisons = hypothesis.compare(without, group, leave_out=(name,))
    except hypothesis.NoGroups as refusal:
        notes["groups"] = str(refusal)
        return {"table_one": tableone.table_one(single, None)}
    return {
        "comparisons": comparisons,
        "table_one": tableone.table_one(without, group, comparisons),
    }


def _trends(
    explored: Variables, table: Table, options: Options, notes: dict[str, str]
) -> dict[str, pd.DataFrame]:
    if options.time is None:
        notes["trends"] = "Name a column with --time to see trends."
        return {}
    numbers = explored.numbers.drop(columns=options.time, errors="ignore")
    time = table.frame[options.time]
    moment, unit = _moment(time)
    if moment.nunique() < FEWEST_ROWS or numbers.empty:
        notes["trends"] = f"{options.time} holds no two moments that can be compared."
        return {}
    person = table.frame[options.person] if options.person else None
    if person is not None and person.is_unique:
        person = None
    notes["trend_time"] = unit
    return {
        "trends": trends.slopes(numbers, time, person),
        "trend_periods": trends.periods(numbers, time),
    }


def _moment(time: pd.Series) -> tuple[pd.Series, str]:
    try:
        return trends.as_number(time)
    except (ValueError, TypeError):
        return pd.Series(dtype=float), ""


def _importance(
    explored: Variables, table: Table, options: Options, notes: dict[str, str]
) -> dict[str, pd.DataFrame]:
    if options.outcome is None:
        notes["importance"] = "Name a column with --outcome to see what tells it."
        return {}
    others = tuple(
        column.name for column in table.columns if column.meaning.startswith(OUTCOME_MARK)
    )
    person = table.frame[options.person] if options.person else None
    outcome = table.frame[options.outcome]
    try:
        found = importance.importance(
            explored, outcome, person, leave_out=others, random_state=options.random_state
        )
    except importance.NoOutcome as refusal:
        notes["importance"] = str(refusal)
        return {}
    notes["importance"] = found.sentence
    notes["metric"] = found.metric
    out = [name for name in others if name != options.outcome]
    if out:
        notes["importance"] += f" Left out as other outcomes: {', '.join(out)}."
    return {"importance": found.table}
