"""What a reader should know first: figures and findings, each with its number."""

from ml.eda.exploration import Exploration

MANY_MISSING = 50  # per cent
STRONG = 0.9  # correlation
LEVEL = 0.05


def figures(exploration: Exploration) -> list[tuple[str, str]]:
    """Figures of the overview: (figure, what it is)."""
    frame, columns = exploration.table.frame, exploration.frames["columns"]
    cells = frame.shape[0] * frame.shape[1]
    repeated = int(exploration.frames["duplicates"]["count"].iloc[1])
    found = [
        (f"{len(frame):,}", "rows"),
        (f"{frame.shape[1]:,}", "columns"),
        (f"{exploration.explored.numbers.shape[1]:,}", "numbers"),
        (f"{exploration.explored.categories.shape[1]:,}", "categories"),
        (f"{100 * columns['missing'].sum() / max(cells, 1):.1f} %", "of cells missing"),
        (f"{repeated:,}", "repeated rows"),
    ]
    if exploration.options.person:
        persons = int(frame[exploration.options.person].nunique())
        found.insert(1, (f"{persons:,}", "persons"))
    return found


def findings(exploration: Exploration) -> list[str]:
    """Sentences on what needs attention, and the traps that the data set is known for."""
    makers = (_missing, _impossible, _repeats, _constant, _strong, _different, _traps)
    return [sentence for make in makers for sentence in make(exploration)]


def _missing(exploration: Exploration) -> list[str]:
    columns = exploration.frames["columns"]
    many = columns.loc[columns["missing_percent"] > MANY_MISSING, "column"].tolist()
    found = [f"More than half missing: {_listed(many)}."] if many else []
    if not exploration.mcar.note:
        found.append(exploration.mcar.sentence)
    return found


def _impossible(exploration: Exploration) -> list[str]:
    wrong = exploration.frames["impossible_values"]
    if wrong.empty:
        return []
    total, names = int(wrong["outside"].sum()), wrong["column"].tolist()
    told = f"Impossible values: {total:,}, in {_listed(names)}"
    return [f"{told}; `python -m ml.datasets clean` removes and logs them."]


def _repeats(exploration: Exploration) -> list[str]:
    rows = len(exploration.table.frame)
    repeated = int(exploration.frames["duplicates"]["count"].iloc[1])
    if not repeated:
        return []
    told = f"{repeated:,} rows repeat another ({rows - repeated:,} distinct)"
    return [f"{told}: split them together, or a model is judged on rows it has seen."]


def _constant(exploration: Exploration) -> list[str]:
    names = [name for name, why in exploration.explored.left_out.items()
             if why in ("constant", "nothing known")]  # fmt: skip
    return [f"Say nothing (constant or empty): {_listed(names)}."] if names else []


def _strong(exploration: Exploration) -> list[str]:
    pairs = exploration.frames["correlations"]
    if pairs.empty:
        return []
    strong = pairs[pairs["spearman"].abs() > STRONG].head(5)
    told = [f"{row.a} and {row.b} ({row.spearman:+.2f})" for row in strong.itertuples()]
    return [f"Nearly the same by rank: {_listed(told)}."] if told else []


def _different(exploration: Exploration) -> list[str]:
    if "comparisons" not in exploration.frames:
        return []
    table = exploration.frames["comparisons"]
    count = int((table["q"] < LEVEL).sum())
    name = exploration.options.group or exploration.options.outcome
    return [f"{count} of {len(table)} columns differ between the groups of {name} (q < {LEVEL})."]


def _traps(exploration: Exploration) -> list[str]:
    dataset = exploration.table.dataset
    return [f"Known trap: {trap}." for trap in dataset.traps] if dataset is not None else []


def _listed(names: list[str], most: int = 6) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(str, names[:most])) + more
