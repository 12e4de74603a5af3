"""The exploration as one self-contained page and every number as CSV."""

from pathlib import Path

from ml.datasets import page
from ml.eda import sections
from ml.eda.charts import scripts
from ml.eda.exploration import Exploration

FILE = "report.html"


def write(exploration: Exploration, folder: Path) -> Path:
    """Write report.html and NAME.csv for every frame into `folder`; returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in exploration.frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    target = folder / FILE
    target.write_text(html(exploration), encoding="utf-8")
    return target


def html(exploration: Exploration) -> str:
    """The page."""
    table = exploration.table
    parts = [(anchor, name, make(exploration)) for anchor, name, make in sections.SECTIONS]
    shown = [part for part in parts if part[2]]
    lead = f"{len(table.frame):,} rows, {table.frame.shape[1]:,} columns. " + _terms(exploration)
    return page.page(
        f"Exploration: {table.title}", lead, shown, scripts=scripts(), footer=_footer(exploration)
    )


def _terms(exploration: Exploration) -> str:
    dataset = exploration.table.dataset
    return f"Terms: {dataset.licence}." if dataset is not None else ""


def _footer(exploration: Exploration) -> str:
    names = ", ".join(f"{name}.csv" for name in exploration.frames)
    return (
        "Made by python -m ml.eda. Every number is in the files beside this page: "
        f"{names}. The page holds counts and summaries, small ones too; it is for analysts and is "
        "no release."
    )


def summary_line(exploration: Exploration, path: Path) -> str:
    """One line for the terminal."""
    rows = len(exploration.table.frame)
    return f"{rows:,} rows explored: {path} and {len(exploration.frames)} CSV files"
