"""US adults of the NHANES survey, 1999 to 2016, as a frame and as facts.

Source: National Center for Health Statistics, public-use files with linked mortality to
31 December 2019. US government work, public domain; NCHS asks that the data serve statistics
only and that nobody try to re-identify a person. The table is not part of the repository:
`load` takes the path of `nhanes_adults_1999_2016.csv.gz` or of the folder that holds it.

Schema: one row a person (`SEQN`), columns and units as in the `DICTIONARY.csv` beside the
table. Answers are 1 yes, 2 no, 7 refused, 9 unknown; blank means not asked.

Beware: `osmolality_mmol_kg` is not measured but calculated as 1.86 sodium + glucose/18 +
urea nitrogen/2.8 + 9. It gives the serum glucose away to any model that also sees sodium and
urea nitrogen (99 % of rows agree with the formula within 1 mmol/kg).
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from ml.datasets import catalogue, tables
from ml.datasets import nhanes_answers as answers
from ml.facts import Facts, Lifestyle, Measurement, Sex

FILE_NAME = "nhanes_adults_1999_2016.csv.gz"
NAME = "NHANES adults, public part, 1999-2016"
LICENCE = "Public domain (US government, NCHS); statistics only, no re-identification"

# Column of the table -> (analyte, canonical unit, factor from the table's unit).
MEASUREMENTS: Mapping[str, tuple[str, str, float]] = {
    "bmi": ("BMI", "kg/m2", 1),
    "height_cm": ("HEIGHT", "cm", 1),
    "weight_kg": ("WEIGHT", "kg", 1),
    "waist_cm": ("WAIST", "cm", 1),
    "sbp_mmhg": ("SBP", "mm[Hg]", 1),
    "dbp_mmhg": ("DBP", "mm[Hg]", 1),
    "albumin_g_dl": ("ALB", "g/dL", 1),
    "alp_u_l": ("ALP", "U/L", 1),
    "bun_mg_dl": ("BUN", "mg/dL", 1),
    "creatinine_mg_dl": ("CREAT", "mg/dL", 1),
    "glucose_serum_mg_dl": ("GLU", "mg/dL", 1),
    "glucose_fasting_mg_dl": ("GLU_FAST", "mg/dL", 1),
    "bilirubin_total_mg_dl": ("TBIL", "mg/dL", 1),
    "uric_acid_mg_dl": ("URIC", "mg/dL", 1),
    "ggt_u_l": ("GGT", "U/L", 1),
    "crp_mg_dl": ("CRP", "mg/L", 10),
    "hscrp_mg_l": ("HSCRP", "mg/L", 1),
    "hba1c_pct": ("HBA1C", "%", 1),
    "cholesterol_total_mg_dl": ("TC", "mg/dL", 1),
    "hdl_mg_dl": ("HDL", "mg/dL", 1),
    "ldl_mg_dl": ("LDL", "mg/dL", 1),
    "triglycerides_mg_dl": ("TG", "mg/dL", 1),
    "insulin_uu_ml": ("INS_FAST", "u[IU]/mL", 1),
    "wbc_10e3_ul": ("WBC", "10*3/uL", 1),
    "rbc_10e6_ul": ("RBC", "10*6/uL", 1),
    "mcv_fl": ("MCV", "fL", 1),
    "mch_pg": ("MCH", "pg", 1),
    "mchc_g_dl": ("MCHC", "g/dL", 1),
    "mpv_fl": ("MPV", "fL", 1),
    "rdw_pct": ("RDW", "%", 1),
    "lymphocytes_pct": ("LYMPH_PCT", "%", 1),
    "neutrophils_pct": ("NEUT_PCT", "%", 1),
    "lymphocytes_10e3_ul": ("LYMPH_ABS", "10*3/uL", 1),
    "neutrophils_10e3_ul": ("NEUT_ABS", "10*3/uL", 1),
    "hemoglobin_g_dl": ("HGB", "g/dL", 1),
    "hematocrit_pct": ("HCT", "%", 1),
    "platelets_10e3_ul": ("PLT", "10*3/uL", 1),
    "ast_u_l": ("AST", "U/L", 1),
    "alt_u_l": ("ALT", "U/L", 1),
    "ldh_u_l": ("LDH", "U/L", 1),
    "sodium_mmol_l": ("SODIUM", "mmol/L", 1),
    "potassium_mmol_l": ("POTASSIUM", "mmol/L", 1),
    "chloride_mmol_l": ("CL", "mmol/L", 1),
    "bicarbonate_mmol_l": ("CO2", "mmol/L", 1),
    "calcium_mg_dl": ("CA", "mg/dL", 1),
    "phosphorus_mg_dl": ("PHOS", "mg/dL", 1),
    "total_protein_g_dl": ("TP", "g/dL", 1),
    "globulin_g_dl": ("GLOB", "g/dL", 1),
    "iron_ug_dl": ("IRON", "ug/dL", 1),
    "osmolality_mmol_kg": ("OSM", "mosm/kg", 1),
    "cystatin_c_mg_l": ("CYSC", "mg/L", 1),
    "vitamin_b12_pg_ml": ("B12", "pg/mL", 1),
    "urine_albumin_ug_ml": ("UALB", "mg/L", 1),
    "urine_creatinine_mg_dl": ("UCREAT", "mg/dL", 1),
}
FEATURE_COLUMNS = (*MEASUREMENTS, *answers.COLUMNS)
FACT_COLUMNS = (*FEATURE_COLUMNS, "cycle_start", "age", "sex")
FEWEST_KNOWN = 0.05  # share of the columns by which another survey's table is known as such
CYCLES = (1999, 2099)
OLDEST = 125  # nobody is known to have lived longer
SEXES: Mapping[float, Sex] = {1: "male", 2: "female"}


class DataSetAbsent(FileNotFoundError):
    """The table is not where it was looked for."""

    def __init__(self, path: Path):
        super().__init__(
            f"No NHANES table at {path}. Give --data the path of {FILE_NAME} or of its folder."
        )


def table_path(path: str | Path) -> Path:
    """The table itself, given its path or the folder that holds it."""
    path = Path(path)
    path = path / FILE_NAME if path.is_dir() else path
    if not path.is_file():
        raise DataSetAbsent(path)
    return path


def load(path: str | Path) -> pd.DataFrame:
    """Read the table: one row a person, columns of numbers named as in the dictionary.

    A table may lack columns, as cycles do that did not ask. Raises DataSetAbsent, NotThisDataset.
    """
    return tables.read(catalogue.get("nhanes"), table_path(path), fewest=FEWEST_KNOWN)


def source_digest(path: str | Path) -> str:
    """SHA-256 of the table as it lies on disk."""
    return hashlib.sha256(table_path(path).read_bytes()).hexdigest()


def to_facts(frame: pd.DataFrame) -> list[Facts]:
    """Every row as `Facts`, in order. About 25 kB a person: give it slices of large frames.

    The frame has the `FACT_COLUMNS`; an empty cell is an answer that is not known.
    """
    return list(iter_facts(frame))


def iter_facts(frame: pd.DataFrame) -> Iterator[Facts]:
    """Rows as `Facts`, one at a time."""
    for values in frame[list(FACT_COLUMNS)].to_numpy(float):
        yield _person(dict(zip(FACT_COLUMNS, values.tolist(), strict=True)))


def _person(row: dict[str, float]) -> Facts:
    as_of = _day(row["cycle_start"])
    return Facts(
        as_of=as_of,
        sex=SEXES.get(row["sex"]),
        age=row["age"] if 0 <= row["age"] <= OLDEST else np.nan,
        pregnant=row["pregnant"] == 1,
        ethnicity=answers.ethnicity(row),
        conditions=answers.conditions(row),
        medications=answers.medications(row),
        family_history=answers.family_history(row),
        lifestyle=Lifestyle(
            smoking=answers.smoking(row),
            cigarettes_day=answers.cigarettes_day(row),
            self_rated_health=answers.self_rated_health(row),
        ),
        measurements=_measurements(row, as_of),
    )


def _day(cycle: float) -> date:
    """The turn of the two years of a cycle; nothing finer is told, and all was measured then."""
    first, last = CYCLES
    return date(int(cycle if first <= cycle <= last else first) + 1, 1, 1)


def _measurements(row: dict[str, float], as_of: date) -> dict[str, Measurement]:
    found = {
        code: Measurement(code, row[column] * factor, unit, as_of)
        for column, (code, unit, factor) in MEASUREMENTS.items()
        if not np.isnan(row[column])
    }
    if "UALB" in found and "UCREAT" in found and found["UCREAT"].value > 0:
        ratio = 100 * found["UALB"].value / found["UCREAT"].value
        found["UACR"] = Measurement("UACR", ratio, "mg/g", as_of)
    return found
