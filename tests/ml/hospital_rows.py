"""Synthetic rows in the form of the hospital tables."""

import numpy as np
import pandas as pd

from ml import datasets
from ml.studies import diabetes130, los_microsoft, los_vitaldb


def stays(count: int = 400, *, seed: int = 1) -> pd.DataFrame:
    """Rows of the diabetes-130 table: about two stays a person."""
    rng = np.random.default_rng(seed)

    def one_of(*values: object) -> np.ndarray:
        return rng.choice(np.array(values, dtype=object), count)

    inpatient = rng.poisson(1, count)
    early = rng.random(count) < 0.1 + 0.08 * np.minimum(inpatient, 4)
    frame = pd.DataFrame(
        {
            "encounter_id": rng.permutation(count) * 1_000_000 + 2_000_000,
            "patient_nbr": rng.integers(0, 1 + count // 2, count),
            "race": one_of("Caucasian", "Asian"), "gender": one_of("Female", "Male"),
            "age": one_of("[50-60)", "[60-70)", "[70-80)"), "weight": one_of(None, "[75-100)"),
            "admission_type_id": one_of(1.0, 2.0, 3.0), "admission_source_id": one_of(1.0, 7.0),
            "discharge_disposition_id": one_of(1.0, 1.0, 1.0, 3.0, 6.0, 11.0),
            "payer_code": one_of(None, "MC"), "medical_specialty": one_of(None, "Cardiology"),
            "number_inpatient": inpatient, "number_diagnoses": rng.integers(1, 10, count),
            "diag_1": one_of("428", "250.83", "V57"), "diag_2": one_of("276", "E812"),
            "diag_3": one_of(None, "401"), "A1Cresult": one_of("None", ">8"),
            "max_glu_serum": one_of("None", "Norm"), "change": one_of("No", "Ch"),
            "diabetesMed": one_of("Yes", "No"),
            "time_in_hospital": 1.0 + np.minimum(rng.poisson(2 + inpatient), 13),
            "readmitted": np.where(early, "<30", one_of("NO", ">30")),
        }
    )  # fmt: skip
    counts = ("num_lab_procedures", "num_procedures", "num_medications", "number_outpatient",
              "number_emergency")  # fmt: skip
    frame[list(counts)] = rng.integers(0, 20, (count, len(counts))).astype(float)
    for drug in (*diabetes130.DRUGS, *diabetes130.RARE_DRUGS):
        frame[drug] = one_of("No", "Steady", "Up")
    return frame


def admissions(count: int = 400, *, seed: int = 1) -> pd.DataFrame:
    """Rows of the Microsoft table: the stay follows readmissions, flags and values outside."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({
        "row_id": [f"r{number}" for number in range(count)],
        "rcount": rng.choice(["0", "1", "2", "5+"], count),
        "gender": rng.choice(["F", "M"], count),
        "facid": rng.choice(list("ABC"), count),
        "weekday_admit": rng.choice(list(los_microsoft.WEEKDAYS), count),
        "eid": np.arange(count, dtype=float),
        "secondarydiagnosisnonicd9": rng.integers(0, 10, count).astype(float),
    })  # fmt: skip
    for flag in los_microsoft.FLAGS:
        frame[flag] = (rng.random(count) < 0.1).astype(float)
    for name, (low, high) in los_microsoft.BANDS.items():
        frame[name] = rng.normal((low + high) / 2, (high - low) / 2.3, count)
    told = los_microsoft.prepare(frame)
    stay = 1 + told["readmissions"] + told["conditions"] + told["values_outside"] // 2
    begun = pd.Timestamp("2012-01-01") + pd.to_timedelta(rng.integers(0, 300, count), unit="D")
    return frame.assign(
        lengthofstay=stay, vdate=begun, discharged=begun + pd.to_timedelta(stay, unit="D")
    )


def operations(count: int = 400, *, seed: int = 1) -> pd.DataFrame:
    """Rows of the VitalDB table."""
    rng = np.random.default_rng(seed)
    major = rng.random(count) < 0.5
    waited, after = rng.integers(1, 4, count), 1 + rng.poisson(np.where(major, 9, 2))
    frame = pd.DataFrame({
        "case_id": np.arange(count), "subjectid": np.arange(count) + 500,
        "adm": -86_400.0 * waited, "dis": 86_400.0 * after,
        "opname": np.where(major, "Low anterior resection", "Cholecystectomy "),
        "dx": np.where(major, "Rectal cancer", "Gallbladder stone"),
        "asa": rng.integers(1, 4, count).astype(float), "emop": 0.0, "preop_htn": 0.0,
        "preop_dm": 0.0,
    })  # fmt: skip
    for name in los_vitaldb.CATEGORIES:
        frame[name] = rng.choice(["a", "b"], count)
    for name in (*los_vitaldb.BODY, *los_vitaldb.LABS):
        frame[name] = rng.normal(50, 5, count)
    return frame


def seriously_ill(count: int = 400, *, seed: int = 1) -> pd.DataFrame:
    """Rows of the SUPPORT2 table, every column of its schema."""
    rng = np.random.default_rng(seed)
    columns = datasets.get("support2").columns
    frame = pd.DataFrame({
        column.name: rng.normal(50, 10, count) if column.is_numeric
        else rng.choice(["one", "other"], count) for column in columns
    })  # fmt: skip
    flags = {name: (rng.random(count) < 0.3).astype(float) for name in ("diabetes", "dementia")}
    return frame.assign(**flags, sno=np.arange(count), slos=3.0 + rng.poisson(9, count))


def ward_admissions(days: int = 200, *, seed: int = 1) -> pd.DataFrame:
    """Admissions of two wards in the form of the table of dates; stays of 1 to 8 days."""
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2012-01-01")
    rows = [
        (start + pd.Timedelta(days=day), ward, str(rng.integers(0, 3)), int(rng.integers(1, 9)))
        for day in range(days)
        for ward, rate in (("A", 12), ("B", 4))
        for _ in range(rng.poisson(rate))
    ]
    frame = pd.DataFrame(rows, columns=["vdate", "facid", "rcount", "lengthofstay"])
    gone = frame["vdate"] + pd.to_timedelta(frame["lengthofstay"], unit="D")
    return frame.assign(discharged=gone, eid=range(len(frame)), gender="F")
