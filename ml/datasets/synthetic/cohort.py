"""A flat cohort of people who never lived: one row a person, yearly trends, simulated outcomes.

For scale tests and demonstrations. People, correlated markers, diseases and drugs come from the
same model as the demo hospital (`ml.datasets.synthetic`); outcomes are drawn from published
equations applied to the newest values, so that a model can be judged against a known truth.
Nothing here may train or judge a model that serves real people.

Equal for equal seeds, whatever the number of people or the chunks asked for: people are drawn
in whole blocks of `BLOCK`, each with a random stream of its own.

Schema, canonical units of `ml.analytes`:

- people: person, sex, age, ethnicity, smoking, pack_years, active_minutes; conditions and drugs
  as 0/1 (`has_htn`, `takes_statin` …); every analyte at the newest visit (`HBA1C`, `SBP` …);
  `prevent_cvd_10y` (PREVENT base model, fraction; NaN outside its range or with known
  cardiovascular disease) with `cvd_event` (0/1 within ten years) and `cvd_years` (to event or
  end); `kfre_5y` (kidney failure equation, fraction) with `kidney_failure` and
  `kidney_failure_years`.
- visits: person, year (-4 to 0, 0 is the newest) and the analytes of `TRENDS`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd

from ml.datasets.synthetic import disease, laboratory, people, treatment
from ml.datasets.synthetic.derived import Values, complete
from ml.datasets.synthetic.visits import Visits
from ml.scores import compute

BLOCK = 10_000  # people drawn at once; changing it changes every cohort
YEARS = np.arange(-4, 1)
CONDITIONS = ("htn", "t2d", "prediabetes", "dyslipidaemia", "ckd", "mi", "cad", "stroke_tia",
              "hfref", "afib", "copd", "asthma")  # fmt: skip
CARDIOVASCULAR = ("mi", "cad", "stroke_tia", "hfref")
ANTIHYPERTENSIVE = ("acei", "arb", "ccb_dhp", "thiazide", "beta_blocker")
STATINS = ("statin", "high_intensity_statin")
DRUGS = ("metformin", "insulin", "sglt2i", "glp1ra", "aspirin")
TRENDS = ("HBA1C", "GLU", "SBP", "DBP", "BMI", "WEIGHT", "LDL", "HDL", "TC", "TG", "CREAT", "EGFR",
          "UACR", "HGB", "ALT", "CRP")  # fmt: skip
CVD_HORIZON, KIDNEY_HORIZON = 10, 5  # years that the equations look ahead
SUGAR_SPREAD = {"GLU": 12.0, "GLU_FAST": 6.0}  # mg/dL
MINUTE = 9 * 60


@dataclass(frozen=True, slots=True)
class Cohort:
    """Two tables of some people; see the schema of the module."""

    people: pd.DataFrame
    visits: pd.DataFrame


def generate(count: int, seed: int, as_of: date) -> Cohort:
    """The whole cohort at once."""
    parts = list(blocks(count, seed, as_of))
    return Cohort(
        pd.concat([part.people for part in parts], ignore_index=True),
        pd.concat([part.visits for part in parts], ignore_index=True),
    )


def blocks(count: int, seed: int, as_of: date) -> Iterator[Cohort]:
    """The cohort in blocks of at most `BLOCK` people; a larger one starts with the same people."""
    if count < 1:
        raise ValueError("A cohort has at least one person.")
    for first in range(0, count, BLOCK):
        random = np.random.default_rng([seed, first])
        yield _cut(_block(first, random, as_of), min(BLOCK, count - first))


def write(
    count: int, folder: Path, *, seed: int, as_of: date, screen: TextIO | None = None
) -> tuple[Path, Path]:
    """Write people.parquet and visits.parquet block by block, in constant memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    paths = folder / "people.parquet", folder / "visits.parquet"
    writers: list = []
    done = 0
    try:
        for block in blocks(count, seed, as_of):
            tables = [pa.Table.from_pandas(block.people), pa.Table.from_pandas(block.visits)]
            if not writers:
                pairs = zip(paths, tables, strict=True)
                writers = [pq.ParquetWriter(path, table.schema) for path, table in pairs]
            for writer, table in zip(writers, tables, strict=True):
                writer.write_table(table)
            done += len(block.people)
            if screen is not None:
                screen.write(f"\r{done:,} of {count:,} people")
    finally:
        for writer in writers:
            writer.close()
    if screen is not None:
        screen.write("\n")
    return paths


def _cut(block: Cohort, count: int) -> Cohort:
    if count == len(block.people):
        return block
    return Cohort(block.people.iloc[:count].copy(), block.visits.iloc[: count * len(YEARS)].copy())


def _block(first: int, random: np.random.Generator, as_of: date) -> Cohort:
    drawn = people.draw(BLOCK, first, random, as_of)
    calendar = _yearly(drawn)
    natural = laboratory.true_values(drawn, calendar, random)
    diseases = disease.diagnose(drawn, calendar, natural, random)
    drugs = treatment.prescribe(drawn, diseases, random)
    treated = laboratory.bounded(treatment.treat(natural, drugs, calendar))
    reported = complete(treated, drawn.female[calendar.person], calendar.age)
    for code, spread in SUGAR_SPREAD.items():  # sugar of an hour, not the average of months
        reported[code] = reported[code] + random.normal(0, spread, len(calendar))
    values = _rounded(reported)
    newest = {code: value[calendar.is_last] for code, value in values.items()}
    facts = _facts(drawn, diseases, drugs)
    outcomes = _outcomes(facts, newest, random)
    table = pd.DataFrame({**facts, **newest, **outcomes})
    trends = {
        "person": drawn.number[calendar.person].astype(np.int64),
        "year": np.tile(YEARS, BLOCK).astype(np.int8),
        **{code: values[code] for code in TRENDS},
    }
    return Cohort(table, pd.DataFrame(trends))


def _yearly(drawn: people.People) -> Visits:
    person = np.repeat(np.arange(len(drawn)), len(YEARS))
    day = np.tile(YEARS * 365 - 1, len(drawn))
    minute = np.full(len(person), MINUTE)
    return Visits(person, day, minute, drawn.age[person] + day / 365.25)


def _rounded(values: Values) -> Values:
    """As laboratories print: rounded, single precision."""
    return {
        code: np.round(value, laboratory.DECIMALS.get(code, 0)).astype(np.float32)
        for code, value in values.items()
    }


def _facts(
    drawn: people.People, diseases: disease.Diseases, drugs: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    taken = {code: start < disease.NEVER for code, start in drugs.items()}
    return {
        "person": drawn.number.astype(np.int64),
        "sex": np.where(drawn.female, "female", "male"),
        "age": np.floor(drawn.age).astype(np.float32),
        "ethnicity": np.asarray(drawn.ethnicity),
        "smoking": drawn.smoking,
        "pack_years": drawn.pack_years.astype(np.float32),
        "active_minutes": drawn.active_minutes.astype(np.float32),
        **{f"has_{code}": diseases.has(code).astype(np.int8) for code in CONDITIONS},
        "has_cvd": diseases.has(*CARDIOVASCULAR).astype(np.int8),
        "takes_statin": _any(taken, STATINS),
        "takes_antihypertensive": _any(taken, ANTIHYPERTENSIVE),
        **{f"takes_{code}": _any(taken, (code,)) for code in DRUGS},
    }


def _any(taken: Mapping[str, np.ndarray], codes: tuple[str, ...]) -> np.ndarray:
    return np.any([taken[code] for code in codes], axis=0).astype(np.int8)


def _outcomes(
    facts: Mapping[str, np.ndarray], newest: Values, random: np.random.Generator
) -> dict[str, np.ndarray]:
    cvd = _prevent(facts, newest)
    kidney = _kfre(facts, newest)
    cvd_event, cvd_years = _events(cvd, CVD_HORIZON, random)
    failure, failure_years = _events(kidney, KIDNEY_HORIZON, random)
    return {
        "prevent_cvd_10y": cvd,
        "cvd_event": cvd_event,
        "cvd_years": cvd_years,
        "kfre_5y": kidney,
        "kidney_failure": failure,
        "kidney_failure_years": failure_years,
    }


def _prevent(facts: Mapping[str, np.ndarray], newest: Values) -> np.ndarray:
    result = compute(
        "PREVENT",
        {
            "age": facts["age"].astype(float),
            "sex": facts["sex"],
            "sbp": newest["SBP"].astype(float),
            "bp_treated": facts["takes_antihypertensive"].astype(bool),
            "tc_mg_dl": newest["TC"].astype(float),
            "hdl_mg_dl": newest["HDL"].astype(float),
            "statin": facts["takes_statin"].astype(bool),
            "diabetes": facts["has_t2d"].astype(bool),
            "smoker": facts["smoking"] == "current",
            "egfr": newest["EGFR"].astype(float),
            "bmi": newest["BMI"].astype(float),
        },
    )
    free = facts["has_cvd"] == 0
    return np.where(free, result.values["total_cvd_10y"], np.nan).astype(np.float32)


def _kfre(facts: Mapping[str, np.ndarray], newest: Values) -> np.ndarray:
    result = compute(
        "KFRE_4VAR",
        {
            "age": facts["age"].astype(float),
            "sex": facts["sex"],
            "egfr": newest["EGFR"].astype(float),
            "acr_mg_g": newest["UACR"].astype(float),
            "region": "north_america",
        },
    )
    return np.asarray(result.values["risk_5y"], dtype=np.float32)


def _events(
    risk: np.ndarray, horizon: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Whether and when: exponential times whose chance within the horizon is the risk."""
    draw = random.exponential(size=len(risk))
    with np.errstate(divide="ignore"):
        years = draw * horizon / -np.log1p(-risk.astype(float))
    happened = years <= horizon
    known = ~np.isnan(risk)
    event = np.where(known, happened, np.nan).astype(np.float32)
    return event, np.where(known, np.minimum(years, horizon), np.nan).astype(np.float32)
