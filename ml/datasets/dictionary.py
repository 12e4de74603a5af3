"""A data dictionary: what each column means, what it holds, what cleaning did to it."""

import pandas as pd

from ml.datasets import page
from ml.datasets.cleaning import Cleaned
from ml.datasets.dataset import Column
from ml.datasets.opening import limits

MOST_CATEGORIES = 8


def dictionary(cleaned: Cleaned) -> pd.DataFrame:
    """One row a column of the cleaned table."""
    changes = cleaned.log["column"].value_counts() if len(cleaned.log) else pd.Series(dtype=int)
    return pd.DataFrame(
        [
            _entry(column, cleaned.frame[column.name], int(changes.get(column.name, 0)))
            for column in cleaned.table.columns
            if column.name in cleaned.frame
        ]
    )


def _entry(column: Column, values: pd.Series, changes: int) -> dict[str, object]:
    known = values.dropna()
    bounds = limits(column)
    return {
        "column": column.name,
        "meaning": column.meaning,
        "type": column.type,
        "unit": column.unit,
        "known": len(known),
        "missing_percent": round(100 * (1 - len(known) / max(len(values), 1)), 1),
        "distinct": int(known.nunique()),
        "content": _content(column, known),
        "permitted": f"{bounds[0]:g} to {bounds[1]:g}" if bounds else " | ".join(column.values),
        "missing_codes": " | ".join(column.missing),
        "log_entries": changes,
    }


def _content(column: Column, known: pd.Series) -> str:
    if known.empty:
        return "nothing known"
    if column.type in ("text", "identifier", "integer"):
        return "not listed: may identify a person"
    if column.type in ("number", "flag"):
        low, middle, high = known.astype(float).quantile([0, 0.5, 1])
        return f"{low:.4g} to {high:.4g}, median {middle:.4g}"
    if column.type == "date":
        days = known.astype(str).str[:10]  # text, in a table that nobody described
        return f"{days.min()} to {days.max()}"
    counts = known.value_counts()
    shown = [f"{name:g}" if column.is_numeric else str(name) for name in counts.index]
    listed = "; ".join(
        f"{name} {count:,}" for name, count in zip(shown[:MOST_CATEGORIES], counts, strict=False)
    )
    return listed + (" …" if len(counts) > MOST_CATEGORIES else "")


def html(cleaned: Cleaned, entries: pd.DataFrame) -> str:
    """The dictionary as a page, with the terms of the set and the summary of the cleaning."""
    table = cleaned.table
    sections = [("columns", "Columns", page.table(entries, caption="One row a column."))]
    if len(cleaned.log):
        counts = (
            cleaned.log.groupby(["column", "action"], as_index=False)
            .agg(rows=("row", "size"), example=("reason", "first"))
            .sort_values("rows", ascending=False)
        )
        counts["column"] = counts["column"].replace("", "(whole rows)")
        told = page.table(counts, caption="What cleaning did, by column; every line is in the log.")
        sections.append(("changes", "Changes", told))
    if table.dataset is not None:
        sections.insert(0, ("terms", "Source and terms", _terms(table.dataset)))
    return page.page(f"Data dictionary: {table.title}", cleaned.summary, sections)


def _terms(dataset) -> str:
    facts = [
        f"Source: {dataset.source}",
        f"Terms: {dataset.licence}",
        f"Provenance: {dataset.provenance}",
        *(f"Beware: {trap}" for trap in dataset.traps),
    ]
    return page.findings(facts)
