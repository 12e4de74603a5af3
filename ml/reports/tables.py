"""Tables of the report: headings and cells as text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml.reports import wording

HIDDEN_COLUMNS = ("net_benefit_all",)


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows of text; the first cell of a row names it."""

    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


def of_rows(caption: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """Every column of rows that are alike."""
    names = [name for name in rows[0] if name not in HIDDEN_COLUMNS] if rows else []
    return Table(
        caption,
        [wording.column(name) for name in names],
        [[wording.number(row[name], name) for name in names] for row in rows],
    )


def of_metrics(caption: str, metrics: Mapping[str, Any], names: Sequence[str]) -> Table:
    """One line for each metric: its name, estimate with interval, and meaning."""
    return Table(
        caption,
        ["Figure", "Estimate (95 % interval)", "How to read it"],
        [
            [wording.label(name), wording.estimate(metrics[name], name), wording.meaning(name)]
            for name in names
            if name in metrics
        ],
    )


def of_evaluations(
    caption: str, found: Mapping[str, Mapping[str, Any]], names: Sequence[str]
) -> Table:
    """One line for each metric, one column for each evaluation."""
    shown = [name for name in names if any(name in e["metrics"] for e in found.values())]
    counts = ["People", *(f"{e['people']:,}" for e in found.values())]
    events = ["With the outcome", *(wording.number(e["events"], "events") for e in found.values())]
    return Table(
        caption,
        ["", *found],
        [
            counts,
            *([events] if any(e["events"] is not None for e in found.values()) else []),
            *(
                [
                    wording.label(n),
                    *(wording.estimate(e["metrics"].get(n), n) for e in found.values()),
                ]
                for n in shown
            ),
        ],
    )


def of_parts(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Parts of the population, with what is out of the band."""
    names = list(dict.fromkeys(name for row in rows for name in row["metrics"]))
    events = int(any(row["events"] for row in rows))  # a number has none
    return Table(
        "Parts of the population",
        ["Part", "People", *(["Events"] * events), *map(wording.label, names), "Look at"],
        [
            [
                part_name(row) + (" (reference)" if row["reference"] else ""),
                _grouped(row["count"]),
                *([_grouped(row["events"])] * events),
                *(
                    wording.estimate(row["metrics"].get(name), name)
                    if row["metrics"]
                    else wording.EMPTY
                    for name in names
                ),
                ", ".join(wording.label(name) for name in row["flagged"]) or wording.EMPTY,
            ]
            for row in rows
        ],
    )


def of_ratios(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Each part as a ratio to the reference part."""
    names = list(dict.fromkeys(name for row in rows for name in row["ratios"]))
    return Table(
        "As a ratio to the reference part (0.8 to 1.25 is the band)",
        ["Part", *map(wording.label, names)],
        [
            [
                part_name(row),
                *(_ratio(row["ratios"].get(name), name in row["flagged"]) for name in names),
            ]
            for row in rows
            if row["ratios"]
        ],
    )


def part_name(row: Mapping[str, Any]) -> str:
    """`age band: under 45`."""
    return f"{row['group'].replace('_', ' ')}: {row['part']}"


def _grouped(count: str) -> str:
    return f"{int(count):,}" if count.isdigit() else count


def _ratio(found: Mapping[str, float] | None, flagged: bool) -> str:
    if not found or found.get("value") is None:
        return wording.NOT_ENOUGH
    told = f"{found['value']:.2f} ({found['low']:.2f} to {found['high']:.2f})"
    return f"{told} ⚑" if flagged else told
