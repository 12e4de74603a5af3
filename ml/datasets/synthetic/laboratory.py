"""From true values to what the laboratory printed: panels by habit, rounding, limits, errors."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ml.datasets.synthetic.derived import Values, complete
from ml.datasets.synthetic.disease import NEVER, Diseases
from ml.datasets.synthetic.markers import BOUND, FACTORS, MARKERS
from ml.datasets.synthetic.people import People, Random
from ml.datasets.synthetic.visits import Visits

# Panel -> (share of visits at which it is done, analytes in it).
PANELS: Mapping[str, tuple[float, tuple[str, ...]]] = {
    "vitals": (0.95, ("SBP", "DBP", "HR", "WEIGHT", "BMI")),
    "body": (0.35, ("HEIGHT", "WAIST")),
    "observation": (0.15, ("SPO2", "TEMP")),
    "count": (0.72, ("HGB", "HCT", "RBC", "MCV", "MCH", "MCHC", "RDW", "PLT", "WBC")),
    "differential": (0.5, ("NEUT_PCT", "LYMPH_PCT", "NEUT_ABS", "LYMPH_ABS", "MONO_ABS",
                           "EOS_ABS", "BASO_ABS")),
    "metabolic": (0.82, ("SODIUM", "POTASSIUM", "CL", "CO2", "BUN", "CREAT", "EGFR", "GLU", "CA")),
    "liver": (0.65, ("ALT", "AST", "ALP", "TBIL", "ALB", "TP")),
    "liver extra": (0.25, ("GGT", "LDH", "GLOB")),
    "lipids": (0.6, ("TC", "HDL", "LDL", "TG", "NONHDL")),
    "sugar": (0.42, ("HBA1C",)),
    "fasting": (0.2, ("GLU_FAST",)),
    "urine": (0.22, ("UACR",)),
    "minerals": (0.15, ("PHOS", "MG", "URIC")),
    "inflammation": (0.22, ("CRP",)),
    "thyroid": (0.2, ("TSH",)),
    "iron": (0.12, ("FERR", "IRON")),
    "vitamins": (0.12, ("VITD", "B12")),
    "mood": (0.3, ("PHQ9", "GAD7")),
    "alcohol": (0.2, ("AUDITC",)),
}  # fmt: skip
BEDSIDE = frozenset(
    code
    for panel in ("vitals", "body", "observation", "mood", "alcohol")
    for code in PANELS[panel][1]
)
LABORATORY, CLINIC = "laboratory", "clinic"
DECIMALS: Mapping[str, int] = {
    "BMI": 1, "WEIGHT": 1, "WAIST": 1, "HEIGHT": 1, "TEMP": 1, "HGB": 1, "HCT": 1, "RBC": 2,
    "MCV": 1, "MCH": 1, "MCHC": 1, "RDW": 1, "WBC": 1, "NEUT_PCT": 1, "LYMPH_PCT": 1,
    "NEUT_ABS": 2, "LYMPH_ABS": 2, "MONO_ABS": 2, "EOS_ABS": 2, "BASO_ABS": 2, "POTASSIUM": 1,
    "CREAT": 2, "CA": 1, "PHOS": 1, "MG": 1, "URIC": 1, "TBIL": 1, "ALB": 1, "TP": 1, "GLOB": 1,
    "HBA1C": 1, "CRP": 1, "TSH": 2, "VITD": 1,
}  # fmt: skip
DETECTION: Mapping[str, float] = {"CRP": 0.5, "UACR": 3.0}  # printed as "<0.5" below it
SPARSE_SHARE = 0.08  # people of whom hardly anything is measured
SPARSE_HABIT = 0.25
MISSED = 0.02  # single results that never came back
CORRECTED = 0.002  # results the laboratory corrected a day later
MINUTES_A_DAY = 24 * 60


def true_values(people: People, visits: Visits, random: Random) -> Values:
    """Primary markers at each visit as they would be without any drug."""
    years = visits.age - people.age[visits.person]  # negative: before `as_of`
    factors = people.factors[visits.person] + people.slopes[visits.person] * years[:, None]
    ill = random.random(len(visits)) < 0.04  # a passing infection
    factors[:, FACTORS.index("inflammation")] += ill * random.uniform(0.8, 2.2, len(visits))
    factors = np.clip(factors, -BOUND, BOUND)
    female = people.female[visits.person]
    values = {}
    for code, marker in MARKERS.items():
        own = random.standard_normal(len(people))[visits.person]
        average = marker.average(female, visits.age)
        chance = random.standard_normal(len(visits))
        values[code] = marker.value(average, factors, own, chance)
    values["A1C"] += 0.6 * np.exp(1.1 * (factors[:, FACTORS.index("glycaemia")] - 1.2))
    # Past the knee kidneys fail faster than on a straight line.
    values["GFR"] -= 4 * np.exp(1.25 * (factors[:, FACTORS.index("renal")] - 1.3))
    values["GFR"] = np.clip(values["GFR"], 12, 135)
    return values


def bounded(values: Values) -> Values:
    """Values again inside what markers allow, after drugs have moved them."""
    return {
        code: np.clip(value, MARKERS[code].low, MARKERS[code].high)
        for code, value in values.items()
    }


def results(
    people: People, visits: Visits, values: Values, diseases: Diseases, random: Random
) -> pd.DataFrame:
    """Long table of printed results, sorted by person and time; columns as in the package."""
    reported = complete(values, people.female[visits.person], visits.age)
    reported["GLU"] = reported["GLU"] + random.normal(0, 6, len(visits))
    reported["GLU_FAST"] = reported["GLU_FAST"] + random.normal(0, 3, len(visits))
    done = _codes_done(_panels_done(people, visits, diseases, random), random)
    return with_corrections(printed(people, visits, reported, done, random), random)


def printed(
    people: People,
    visits: Visits,
    reported: Values,
    done: Mapping[str, np.ndarray],
    random: Random,
) -> pd.DataFrame:
    """Long table of the values at visits where an analyte is `done` (code -> bool a visit)."""
    parts = [_column(code, reported[code], np.flatnonzero(where)) for code, where in done.items()]
    long = pd.concat(parts, ignore_index=True)
    long = long.sort_values(["visit", "code"], kind="stable", ignore_index=True)
    return _stamped(long, people, visits, random)


def _codes_done(panels: Mapping[str, np.ndarray], random: Random) -> dict[str, np.ndarray]:
    """Analytes that came back: those of the panels done, but for a few that were lost."""
    return {
        code: panels[panel] & (random.random(len(panels[panel])) > MISSED)
        for panel, (_, codes) in PANELS.items()
        for code in codes
    }


def _panels_done(
    people: People, visits: Visits, diseases: Diseases, random: Random
) -> dict[str, np.ndarray]:
    """Which panels are done at which visits: habit, disease, and who is never tested."""
    habit = np.clip(random.normal(1, 0.18, len(people)), 0.5, 1.3)
    habit = np.where(random.random(len(people)) < SPARSE_SHARE, SPARSE_HABIT, habit)[visits.person]
    done = {
        panel: random.random(len(visits)) < share * habit for panel, (share, _) in PANELS.items()
    }
    done["differential"] &= done["count"]
    done["body"] |= visits.is_first & (random.random(len(visits)) < 0.8 * habit)
    diabetic = _known(diseases, "t2d", visits)
    done["sugar"] |= diabetic & (random.random(len(visits)) < 0.85)
    done["urine"] |= (diabetic | _known(diseases, "ckd", visits)) & (
        random.random(len(visits)) < 0.5
    )
    unseen = (diseases.undiagnosed["t2d"] & (random.random(len(people)) < 0.6))[visits.person]
    for panel in ("sugar", "fasting"):
        done[panel] &= ~unseen
    return done


def _known(diseases: Diseases, code: str, visits: Visits) -> np.ndarray:
    since = diseases.onset[code][visits.person]
    return (since < NEVER) & (since <= visits.day)


def _column(code: str, value: np.ndarray, row: np.ndarray) -> pd.DataFrame:
    """One analyte as the laboratory prints it: rounded, "<0.5" below what it can detect."""
    decimals = DECIMALS.get(code, 0)
    rounded = np.round(value[row], decimals)
    limit = DETECTION.get(code, -np.inf)
    below = rounded < limit
    rounded = np.maximum(rounded, limit)
    comparator = np.where(below, "<", "")
    texts = [
        f"{sign}{number:.{decimals}f}" for sign, number in zip(comparator, rounded, strict=True)
    ]
    return pd.DataFrame(
        {
            "visit": row,
            "code": code,
            "value": rounded,
            "comparator": comparator,
            "printed": texts,
            "source": CLINIC if code in BEDSIDE else LABORATORY,
        }
    )


def _stamped(long: pd.DataFrame, people: People, visits: Visits, random: Random) -> pd.DataFrame:
    """Add person, times and sample number. Bedside values are known at once."""
    minutes = (
        np.datetime64(people.as_of, "m") + (visits.day * MINUTES_A_DAY + visits.minute)
    ).astype("datetime64[s]")
    wait = random.integers(120, 20 * 60, len(visits)).astype("timedelta64[m]")
    visit = long.pop("visit").to_numpy()
    laboratory = (long["source"] == LABORATORY).to_numpy()
    collected = minutes[visit]
    number = people.number[visits.person]
    day = np.char.replace(np.datetime_as_string(minutes, unit="D"), "-", "")
    sample = np.char.add(np.char.add(day.astype("U8"), "-"), np.char.zfill(number.astype("U7"), 6))
    long.insert(0, "person", number[visit])
    long["collected_at"] = collected
    long["issued_at"] = np.where(laboratory, collected + wait[visit], collected)
    long["superseded_at"] = np.datetime64("NaT", "s")
    long["status"] = "final"
    long["accession"] = np.where(laboratory, sample.astype(object)[visit], "")
    return long


def with_corrections(long: pd.DataFrame, random: Random) -> pd.DataFrame:
    """Some laboratory results were first told wrong: both versions, the first one replaced."""
    wrong = (
        (long["source"] == LABORATORY)
        & (long["comparator"] == "")
        & (random.random(len(long)) < CORRECTED)
    )
    first = long[wrong].copy()
    later = first["issued_at"] + pd.Timedelta(hours=20)
    factor = random.choice([0.93, 1.08], len(first))
    decimals = first["code"].map(DECIMALS).fillna(0).astype(int)
    texts = [f"{v:.{d}f}" for v, d in zip(first["value"] * factor, decimals, strict=True)]
    first["printed"] = texts
    first["value"] = [float(text) for text in texts]
    first["superseded_at"] = later
    long.loc[wrong, "status"] = "corrected"
    long.loc[wrong, "issued_at"] = later
    both = pd.concat([long, first])
    return both.sort_values(["person", "collected_at", "code", "issued_at"], ignore_index=True)
