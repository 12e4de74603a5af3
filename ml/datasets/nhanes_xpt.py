"""One NHANES cycle straight from the original SAS transport files.

`load(folder)` joins the files of a cycle (`DEMO_G.XPT`, gzip or not) by person into the names
and units of the prepared table (`ml.datasets.nhanes`), adults of 20 years and over. Which
variable of which file becomes which column stands in `nhanes_xpt.csv`; several variables of one
column are readings whose mean is taken (blood pressure). Beware: as in the prepared table, a
diastolic reading of 0 (a sound that did not vanish) counts in that mean; only a mean of 0 is
missing.

Columns whose files are absent from the folder are absent from the frame; questions of the MCQ
file and linked mortality are not in these files.
"""

import csv
import warnings
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import pandas as pd

from ml.datasets.dataset import NotThisDataset

VARIABLES = Path(__file__).parent / "nhanes_xpt.csv"
FIRST_CYCLE, YEARS_A_CYCLE, ADULT = 1999, 2, 20
# RIDRETH1 (1 Mexican American, 2 other Hispanic, 3 White, 4 Black, 5 other) -> `ethnicity4`.
ETHNICITY4 = {1: 3, 2: 3, 3: 1, 4: 2, 5: 4}


@cache
def variables() -> Mapping[str, tuple[str, tuple[str, ...]]]:
    """Column of the table -> (file without its cycle letter, variables)."""
    with VARIABLES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["column"]: (row["file"], tuple(row["variables"].split("|"))) for row in rows}


def load(folder: str | Path) -> pd.DataFrame:
    """Adults of the cycle in `folder`, one row a person, named as in the prepared table."""
    folder = Path(folder)
    people = _people(folder)
    columns = [people]
    for file, wanted in _by_file().items():
        path = _find(folder, file)
        if path is not None:
            columns.append(_columns(read_xpt(path), wanted, people.index))
    frame = pd.concat(columns, axis=1)
    if {"sbp_mmhg", "dbp_mmhg"} <= set(frame):
        frame["pulse_pressure_mmhg"] = frame["sbp_mmhg"] - frame["dbp_mmhg"]
    return frame.reset_index()


def read_xpt(path: Path) -> pd.DataFrame:
    """A transport file, one row a person (`SEQN` as index, whole numbers)."""
    compression = "gzip" if path.suffix == ".gz" else None
    frame = pd.read_sas(path, format="xport", compression=compression, encoding="ISO-8859-1")
    if "SEQN" not in frame or frame["SEQN"].duplicated().any():
        raise NotThisDataset(f"{path} does not have one row a person (SEQN).")
    # The format has no exact zero: pandas reads 5e-79 for it.
    numbers = frame.select_dtypes("number")
    frame[numbers.columns] = numbers.mask(numbers.abs() < 1e-70, 0.0)
    return frame.assign(SEQN=frame["SEQN"].astype("int64")).set_index("SEQN")


def labels(path: Path) -> dict[str, str]:
    """Variable -> label of the source, which mostly ends in the unit: `Albumin (g/dL)`."""
    compression = "gzip" if path.suffix == ".gz" else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader = pd.read_sas(path, format="xport", compression=compression, iterator=True)
    with reader:
        return {field["name"].decode(): field["label"].decode() for field in reader.fields}


def _people(folder: Path) -> pd.DataFrame:
    path = _find(folder, "DEMO")
    if path is None:
        raise NotThisDataset(
            f"{folder} has no DEMO file. Put the transport files of one cycle there "
            "(`python -m ml.datasets fetch nhanes_xpt --to DIR`)."
        )
    demo = read_xpt(path)
    demo = demo[demo["RIDAGEYR"] >= ADULT]
    cycle = FIRST_CYCLE + YEARS_A_CYCLE * (demo["SDDSRVYR"] - 1)
    return pd.DataFrame(
        {
            "cycle_start": cycle.astype("int64"),
            "ethnicity4": demo["RIDRETH1"].map(ETHNICITY4).astype(float),
            "pregnant": (demo["RIDEXPRG"] == 1).astype(float),
        }
    )


def _by_file() -> dict[str, dict[str, tuple[str, ...]]]:
    grouped: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for column, (file, names) in variables().items():
        grouped[file][column] = names
    return grouped


def _find(folder: Path, file: str) -> Path | None:
    """`DEMO` -> DEMO_G.XPT.gz, DEMO_G.xpt or DEMO.XPT, whichever lies there."""
    found = [
        path
        for path in sorted(folder.glob(f"{file}*"))
        if path.name.upper().split(".")[0].removeprefix(file) in ("", *_letters())
        and ".XPT" in path.name.upper()
    ]
    return found[0] if found else None


def _letters() -> Sequence[str]:
    return [f"_{letter}" for letter in "ABCDEFGHIJKL"]


def _columns(
    source: pd.DataFrame, wanted: Mapping[str, tuple[str, ...]], people: pd.Index
) -> pd.DataFrame:
    source = source.reindex(people)
    return pd.DataFrame(
        {
            column: _mean(source, present)
            for column, names in wanted.items()
            if (present := [name for name in names if name in source])
        },
        index=people,
    )


def _mean(source: pd.DataFrame, names: Sequence[str]) -> pd.Series:
    values = source[list(names)].astype(float)
    if len(names) == 1:
        return values.iloc[:, 0]
    mean = values.mean(axis=1)
    return mean.mask(mean == 0)
