"""Drugs: who is given what, since when, and what it does to the values afterwards.

Sizes of effect are round figures of the drug labels and guideline summaries: a moderate
statin lowers LDL by about a third, an ACE inhibitor systolic pressure by about 9 mmHg.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ml.datasets.synthetic.derived import Values
from ml.datasets.synthetic.disease import NEVER, Diseases
from ml.datasets.synthetic.people import People, Random
from ml.datasets.synthetic.visits import Visits

FULL_EFFECT_DAYS = 42
NORMAL_A1C = 5.4


@dataclass(frozen=True, slots=True)
class Drug:
    """One drug class with its commonest preparation and its effects at full dose.

    `adds` shifts a marker, `scales` multiplies it, `a1c` is the share of the HbA1c above
    normal that remains.
    """

    name: str
    dose: str
    adds: Mapping[str, float] | None = None
    scales: Mapping[str, float] | None = None
    a1c: float = 1.0


DRUGS: Mapping[str, Drug] = {
    "statin": Drug("Atorvastatin", "20 mg daily", scales={"LDL": 0.65, "TG": 0.88}),
    "high_intensity_statin": Drug(
        "Atorvastatin", "80 mg daily", scales={"LDL": 0.50, "TG": 0.82}
    ),
    "ezetimibe": Drug("Ezetimibe", "10 mg daily", scales={"LDL": 0.82}),
    "acei": Drug(
        "Lisinopril", "10 mg daily",
        adds={"SBP": -9, "DBP": -5, "POTASSIUM": 0.12}, scales={"UACR": 0.72},
    ),
    "arb": Drug(
        "Losartan", "50 mg daily",
        adds={"SBP": -9, "DBP": -5, "POTASSIUM": 0.10}, scales={"UACR": 0.72},
    ),
    "ccb_dhp": Drug("Amlodipine", "5 mg daily", adds={"SBP": -9, "DBP": -5}),
    "thiazide": Drug(
        "Chlortalidone", "12.5 mg daily",
        adds={"SBP": -9, "DBP": -4, "POTASSIUM": -0.2, "SODIUM": -0.8, "URIC": 0.6},
    ),
    "beta_blocker": Drug("Metoprolol", "50 mg daily", adds={"SBP": -5, "DBP": -3, "HR": -9}),
    "metformin": Drug("Metformin", "1000 mg twice daily", a1c=0.62),
    "sglt2i": Drug(
        "Empagliflozin", "10 mg daily", adds={"SBP": -4}, scales={"UACR": 0.7}, a1c=0.8
    ),
    "glp1ra": Drug("Semaglutide", "1 mg weekly", scales={"BMI": 0.93}, a1c=0.62),
    "insulin": Drug("Insulin glargine", "20 units at night", a1c=0.6),
    "aspirin": Drug("Aspirin", "81 mg daily"),
    "clopidogrel": Drug("Clopidogrel", "75 mg daily"),
    "apixaban": Drug("Apixaban", "5 mg twice daily"),
    "loop_diuretic": Drug("Furosemide", "40 mg daily", adds={"SBP": -3, "POTASSIUM": -0.15}),
    "laba_lama": Drug("Umeclidinium/vilanterol", "1 inhalation daily"),
    "ics": Drug("Budesonide", "200 micrograms twice daily"),
    "allopurinol": Drug("Allopurinol", "300 mg daily", scales={"URIC": 0.65}),
    "bisphosphonate": Drug("Alendronate", "70 mg weekly"),
    "ppi": Drug("Pantoprazole", "40 mg daily"),
    "ssri": Drug("Sertraline", "50 mg daily", scales={"PHQ9": 0.65, "GAD7": 0.7}),
    "levothyroxine": Drug("Levothyroxine", "75 micrograms daily", scales={"TSH": 0.7}),
    "nsaid": Drug("Naproxen", "500 mg as needed"),
}  # fmt: skip
ASCVD = ("mi", "cad", "stroke_tia")
# (class, conditions that call for it, share of those who get it); the first that fits stands.
INDICATIONS: tuple[tuple[str, tuple[str, ...], float], ...] = (
    ("acei", ("htn", "hfref"), 0.50),
    ("arb", ("htn",), 0.15),
    ("ccb_dhp", ("htn",), 0.38),
    ("thiazide", ("htn",), 0.22),
    ("metformin", ("t2d",), 0.80),
    ("sglt2i", ("t2d", "hfref"), 0.20),
    ("glp1ra", ("t2d",), 0.12),
    ("insulin", ("t2d",), 0.10),
    ("high_intensity_statin", ASCVD, 0.62),
    ("statin", ("dyslipidaemia", "t2d", *ASCVD), 0.60),
    ("ezetimibe", ASCVD, 0.10),
    ("aspirin", ASCVD, 0.75),
    ("clopidogrel", ("stroke_tia",), 0.3),
    ("beta_blocker", ("mi", "hfref", "afib"), 0.65),
    ("apixaban", ("afib",), 0.65),
    ("loop_diuretic", ("hfref",), 0.55),
    ("laba_lama", ("copd",), 0.6),
    ("ics", ("asthma",), 0.6),
    ("allopurinol", ("gout",), 0.5),
    ("bisphosphonate", ("osteoporosis",), 0.45),
)
BY_CHANCE: Mapping[str, float] = {
    "ppi": 0.08, "ssri": 0.09, "levothyroxine": 0.05, "nsaid": 0.06,
}  # fmt: skip
NOT_TOGETHER = (("arb", "acei"), ("statin", "high_intensity_statin"), ("clopidogrel", "apixaban"))
NOT_IN_PREGNANCY = ("acei", "arb", "statin", "high_intensity_statin", "ezetimibe", "thiazide",
                    "sglt2i", "glp1ra", "bisphosphonate", "apixaban", "nsaid")  # fmt: skip


def prescribe(people: People, diseases: Diseases, random: Random) -> dict[str, np.ndarray]:
    """Start day of each drug class a person, inf for never."""
    starts = {}
    for drug, conditions, share in INDICATIONS:
        wait = random.integers(0, 60, len(people))
        given = random.random(len(people)) < share
        day = np.minimum(diseases.since(*conditions) + wait, -1)
        starts[drug] = np.where(given & diseases.has(*conditions), day, NEVER)
    for drug, share in BY_CHANCE.items():
        given = random.random(len(people)) < share
        starts[drug] = np.where(given, -random.integers(30, 3000, len(people)), NEVER)
    for loser, winner in NOT_TOGETHER:
        starts[loser] = np.where(starts[winner] < NEVER, NEVER, starts[loser])
    for drug in NOT_IN_PREGNANCY:
        starts[drug] = np.where(people.is_pregnant, NEVER, starts[drug])
    return starts


def treat(values: Values, starts: Mapping[str, np.ndarray], visits: Visits) -> Values:
    """Values after treatment: nothing before a drug starts, its whole effect six weeks on."""
    treated = dict(values)
    for code, start in starts.items():
        drug = DRUGS[code]
        share = np.clip((visits.day - start[visits.person]) / FULL_EFFECT_DAYS, 0, 1)
        for marker, shift in (drug.adds or {}).items():
            treated[marker] = treated[marker] + share * shift
        for marker, factor in (drug.scales or {}).items():
            treated[marker] = treated[marker] * (1 - share * (1 - factor))
        if drug.a1c < 1:
            excess = np.clip(treated["A1C"] - NORMAL_A1C, 0, None)
            treated["A1C"] = treated["A1C"] - share * (1 - drug.a1c) * excess
    return treated
