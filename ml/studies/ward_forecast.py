"""Discharges and beds of each ward for the coming week, from the stays of its patients.

    python -m ml.studies.ward_forecast run [--data FILE] [--out DIR]
    python -m ml.studies.ward_forecast score --model DIR --data FILE --out FILE [--as-of DAY]
    python -m ml.studies.ward_forecast validate --model DIR --data FILE --json FILE

The Microsoft table of admissions (2012, dates and facility, no laboratory values) is the material;
a facility stands for a ward. `score` writes a row for each ward, day and quantity, not for each
admission. Judged on the last quarter of the year by a model of what was known before it.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml import datasets
from ml.evaluation import bootstrap
from ml.evaluation.continuous import mae, pinball
from ml.studies import wardreport, wards
from ml.studies.wards import WardModel

TASK, DATASET = "ward_forecast", "los_microsoft_admissions"
LEVEL = 0.8
QUANTILES = (0.1, 0.5, 0.9)
AHEAD = (1, 2, 3, 5, 7)  # days
TRAINING = 0.75  # share of the days
SEED = 20260101
FORMAT = 1
NOTES = (
    "Semi-synthetic admissions of one year: a test of the method, not of a hospital.",
    "A stay depends on facility and readmission count alone here; labs are not in this table.",
    "The interval is the one of counts whose chance comes nearest to 80 %.",
)

PROBLEM = wardreport.problem(TASK, LEVEL, NOTES, SEED)


class NotThisModel(ValueError):
    """A folder holds no ward model, or one that was changed."""


def prepare(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns ward, group, admitted, discharged. A stay that goes on has no day of discharge."""
    discharged = frame.get("discharged", pd.NaT)  # a ward now: nobody there has left
    return pd.DataFrame(
        {
            "ward": frame["facid"].astype(str),
            "group": frame["facid"].astype(str) + " " + frame["rcount"].astype(str),
            "admitted": pd.to_datetime(frame["vdate"]),
            "discharged": pd.to_datetime(discharged),
        }
    ).dropna(subset="admitted")


def forecasts(model: WardModel, table: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """A row for each ward, day ahead and quantity: expected, low, high, quantiles."""
    return pd.DataFrame([_told(row) for row in wards.forecast(model, table, as_of, AHEAD)])


def _told(row: dict[str, Any]) -> dict[str, Any]:
    chance = row.pop("chance")
    low, high = wards.interval(chance, LEVEL)
    quantiles = {f"q{100 * at:.0f}": wards.quantile(chance, at) for at in QUANTILES}
    return {**row, "expected": wards.expected(chance), "low": low, "high": high, **quantiles}


def judge(model: WardModel, table: pd.DataFrame, days: pd.DatetimeIndex) -> dict[str, Any]:
    """Coverage and errors of the forecasts of these days, with 95 % intervals by week.

    `history_*` are the same quantiles of the ward's own past counts; `compared` sets the error
    beside theirs and beside the counts of today, by the days ahead: what a ward clerk knows.
    """
    return _judged(*answers(model, table, days), days)


def answers(
    model: WardModel, table: pd.DataFrame, days: pd.DatetimeIndex
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The forecasts of these days with what came and what was, and the ward's own history.

    Columns `observed` and `today`: the count of the day foretold, and that of the day it was told.
    """
    told = pd.concat([forecasts(model, table, day) for day in days], ignore_index=True)
    told["observed"] = observed(table, told)
    told["today"] = observed(table, told.assign(day=told["as_of"]))
    return told, _history(table, days[0], told)


def _judged(told: pd.DataFrame, past: pd.DataFrame, days: pd.DatetimeIndex) -> dict[str, Any]:
    week = wardreport.weeks(told)

    def figures(weight: np.ndarray) -> Mapping[str, float]:
        return _figures(told, past, weight)

    metrics = bootstrap.intervals(figures, week, random_state=SEED, rounds=200)
    shown = {name: vars_of(found) for name, found in metrics.items()}
    parts = told.assign(inside=told["observed"].between(told["low"], told["high"]))
    by_part = parts.groupby(["what", "ward"])["inside"].agg(["mean", "size"]).reset_index()
    return {
        "task": TASK, "rows": len(told), "days": [f"{days[0]:%Y-%m-%d}", f"{days[-1]:%Y-%m-%d}"],
        "metrics": shown, "compared": wardreport.against(told, past, SEED),
        "subgroups": by_part.to_dict("records"), "notes": list(NOTES),
    }  # fmt: skip


def vars_of(found: Any) -> dict[str, float] | None:
    return found and {"value": found.value, "low": found.low, "high": found.high}


def observed(table: pd.DataFrame, told: pd.DataFrame) -> list[int]:
    """What came: discharges of the day, or people in bed at its end."""
    days = pd.date_range(table["admitted"].min(), told["day"].max())
    into, out = (_daily(table, column, days) for column in ("admitted", "discharged"))
    counts = {"discharges": out, "census": (into - out).cumsum()}
    return [int(counts[row.what].at[row.day, row.ward]) for row in told.itertuples()]


def _daily(table: pd.DataFrame, column: str, days: pd.DatetimeIndex) -> pd.DataFrame:
    return table.groupby([column, "ward"]).size().unstack(fill_value=0).reindex(days, fill_value=0)


def _history(table: pd.DataFrame, start: pd.Timestamp, told: pd.DataFrame) -> pd.DataFrame:
    """Quantiles of each ward's own counts before the test began, in the rows of `told`."""
    first = table["admitted"].min() + pd.Timedelta(days=wards.LONGEST)
    days = pd.date_range(first, start - pd.Timedelta(days=1))
    keys = told[["what", "ward"]].drop_duplicates()
    before = keys.merge(pd.DataFrame({"day": days}), how="cross")
    before["count"] = observed(table, before)
    past = before.groupby(["what", "ward"])["count"].quantile(list(QUANTILES)).unstack()
    return past.loc[pd.MultiIndex.from_frame(told[["what", "ward"]])].reset_index(drop=True)


def _figures(told: pd.DataFrame, past: pd.DataFrame, weight: np.ndarray) -> dict[str, float]:
    y = told["observed"].to_numpy(float)
    inside = ((told["low"] <= y) & (y <= told["high"])).to_numpy(float)
    loss = [pinball(y, told[f"q{100 * at:.0f}"].to_numpy(), at, weight) for at in QUANTILES]
    known = [pinball(y, past[at].to_numpy(), at, weight) for at in QUANTILES]
    return {
        "coverage": float(np.average(inside, weights=weight)),
        "mae": mae(y, told["expected"].to_numpy(), weight),
        "pinball": float(np.mean(loss)),
        "history_pinball": float(np.mean(known)),
        "pinball_50": loss[1],
        "history_pinball_50": known[1],
        "pinball_skill": 1 - float(np.sum(loss) / np.sum(known)),
    }


def testable(table: pd.DataFrame, start: pd.Timestamp) -> pd.DatetimeIndex:
    """Days from `start` whose week ahead the table tells. Raises ValueError without any."""
    days = pd.date_range(start, table["admitted"].max() - pd.Timedelta(days=max(AHEAD) + 1))
    if days.empty:
        raise ValueError("The table ends too early: bring admissions of at least three months")
    return days


def run(options: argparse.Namespace) -> None:
    table = prepare(datasets.load(DATASET, options.data))
    first, last = table["admitted"].min(), table["admitted"].max()
    cut = (first + (last - first) * TRAINING).normalize()
    days = testable(table, cut)
    told, past = answers(wards.fit(table, cut), table, days)
    found, folder = _judged(told, past, days), Path(options.out)
    save(wards.fit(table, last), found, folder)
    record = {
        "data": {"name": DATASET, "rows": len(table), "tested": found["days"]},
        "seed": SEED,
        "created_on": datetime.now(UTC).date().isoformat(),
    }
    wardreport.write(PROBLEM, told, past, folder, record)
    _say(f"{TASK}: {len(table)} admissions, trained up to {cut:%Y-%m-%d}; {options.out}", found)


def score(options: argparse.Namespace) -> None:
    table = prepare(datasets.load(DATASET, options.data))
    as_of = pd.Timestamp(options.as_of) if options.as_of else table["admitted"].max()
    forecasts(load(Path(options.model)), table, as_of).to_csv(options.out, index=False)


def validate(options: argparse.Namespace) -> None:
    table = prepare(datasets.load(DATASET, options.data))
    start = table["admitted"].min() + pd.Timedelta(days=2 * wards.LONGEST)
    found = judge(load(Path(options.model)), table, testable(table, start))
    Path(options.json).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    _say(f"{TASK}: {found['rows']} forecasts", found)


def save(model: WardModel, found: Mapping[str, Any], folder: Path) -> None:
    """`model.json`, and a manifest with its digest and the figures."""
    parts = {
        name: {key: values.tolist() for key, values in getattr(model, name).items()}
        for name in ("stays", "mix", "arrivals")
    }
    raw = json.dumps(parts, sort_keys=True).encode()
    manifest = {"format": FORMAT, "sha256": hashlib.sha256(raw).hexdigest(), "figures": found}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.json").write_bytes(raw)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def load(folder: Path) -> WardModel:
    """Raises NotThisModel when the file is not the one that the manifest names."""
    try:
        raw = (folder / "model.json").read_bytes()
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError as absent:
        raise NotThisModel(f"{folder} holds no ward model: write one with `run`") from absent
    if hashlib.sha256(raw).hexdigest() != manifest.get("sha256"):
        raise NotThisModel(f"{folder}/model.json was changed since it was written: run again")
    parts = json.loads(raw)
    return WardModel(
        *({key: np.array(row) for key, row in parts[name].items()}
          for name in ("stays", "mix", "arrivals"))
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; what goes wrong by the user's hand is one sentence and exit code 2."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except (ValueError, KeyError, FileNotFoundError) as problem:
        text = f"The table lacks {problem}" if isinstance(problem, KeyError) else problem
        sys.stderr.write(f"{TASK}: {text}\n")
        raise SystemExit(2) from problem


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Discharges and beds of each ward")
    commands = parser.add_subparsers(required=True)
    made = commands.add_parser("run", help="fit, judge on later days and store")
    made.add_argument("--data", help="file; default: the folder of data sets")
    made.add_argument("--out", default=f"var/studies/{TASK}", help="folder to write")
    made.set_defaults(command=run)
    scored = commands.add_parser("score", help="forecast the coming week of each ward")
    scored.add_argument("--out", required=True, help="CSV file to write")
    scored.add_argument("--as-of", help="last day that is known; default: of the last admission")
    scored.set_defaults(command=score)
    checked = commands.add_parser("validate", help="judge a stored model on a file")
    checked.add_argument("--json", required=True, help="JSON file to write")
    checked.set_defaults(command=validate)
    for later in (scored, checked):
        later.add_argument("--model", required=True, help="folder that `run` wrote")
        later.add_argument("--data", required=True, help="table in the form of the data set")
    return parser


def _say(text: str, found: Mapping[str, Any]) -> None:
    told = [f"{name} {m['value']:.3f} ({m['low']:.3f} to {m['high']:.3f})"
            for name, m in found["metrics"].items() if m]  # fmt: skip
    sys.stdout.write(f"{text}\n  {', '.join(told)}\n")


if __name__ == "__main__":
    main()
