"""Ten invented people whose records show what the product does, each with a fixed number.

A course gives the primary markers of `ml.datasets.synthetic.markers` at each visit; what it
does not name is average for the sex and age. Months and days count back from the day of
seeding. The rest of a report (cholesterol, eGFR, cells) follows by arithmetic.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

USUAL = ("vitals", "count", "metabolic", "liver", "lipids")
SUGAR = ("GLU", "GLU_FAST", "HBA1C")
Habits = dict[str, str | float]


@dataclass(frozen=True, slots=True)
class Story:
    """One person: what the record says and what to look at."""

    title: str
    look: str  # what a visitor of the tour should do and see
    family_name: str
    given_name: str
    sex: str
    age: int
    team: str
    months: tuple[int, ...]  # before today of each visit, oldest first
    ethnicity: str = "non_hispanic_white"
    course: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    panels: tuple[str, ...] = USUAL
    more: tuple[str, ...] = ()  # analytes beside the panels
    never: tuple[str, ...] = ()  # analytes that nobody measured
    conditions: Mapping[str, int] = field(default_factory=dict)  # code -> months since
    medications: Mapping[str, tuple[str, str, int]] = field(default_factory=dict)
    allergies: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    family: Mapping[str, str] = field(default_factory=dict)  # code -> relation
    habits: Habits | None = None  # None: nobody asked
    is_reviewed: bool = True
    weeks_pregnant: int | None = None
    # (analyte, value first told, value as corrected) of the newest visit
    corrected: tuple[str, float, float] | None = None


NEVER_SMOKED: Habits = {
    "smoking": "never", "alcohol_drinks_week": 3, "active_minutes_week": 150,
    "self_rated_health": 2,
}  # fmt: skip

STORIES: tuple[Story, ...] = (
    Story(
        title="Cardiovascular risk that rises over the years",
        look="Open the patient: pressure, weight and LDL have climbed for five and a half years. "
        "See which values carry the risk, and accept or put off a recommendation.",
        family_name="Tarrowby", given_name="Edmund", sex="male", age=58, team="North Clinic",
        months=(66, 54, 42, 30, 18, 9, 2),
        course={
            "SBP": (126, 131, 136, 141, 147, 153, 158), "DBP": (80, 82, 85, 87, 90, 92, 94),
            "BMI": (26.8, 27.3, 28.1, 28.9, 29.8, 30.4, 30.9),
            "LDL": (121, 128, 137, 146, 155, 162, 168), "HDL": (47, 46, 44, 42, 41, 39, 38),
            "TG": (124, 138, 155, 171, 187, 203, 214),
            "A1C": (5.4, 5.5, 5.6, 5.8, 5.9, 6.0, 6.1), "GFR": (89, 88, 86, 83, 80, 78, 76),
            "CRP": (1.8, 2.1, 2.4, 2.9, 3.3, 3.8, 4.1), "HEIGHT": (178,) * 7,
        },
        more=("HBA1C", "CRP", "WAIST", "HEIGHT", "UACR"),
        conditions={"htn": 9},
        family={"premature_ascvd": "father"},
        habits={"smoking": "current", "cigarettes_day": 20, "pack_years": 38,
                "alcohol_drinks_week": 10, "active_minutes_week": 40, "self_rated_health": 4},
    ),
    Story(
        title="Too little is known for a number",
        look="Every model declines, says why, and names the next best test. Upload the demo day "
        "file and watch numbers appear.",
        family_name="Quillmere", given_name="Odette", sex="female", age=47, team="North Clinic",
        months=(14,), course={"HR": (76,)}, panels=(), more=("HR", "TEMP"),
        is_reviewed=False, ethnicity="other",
    ),
    Story(
        title="A result that the laboratory corrected",
        look="The newest potassium was first told as 6.1 mmol/L, from a haemolysed sample, and "
        "corrected a day later. Both versions are kept; everything counts with the second.",
        family_name="Vandersley", given_name="Harriet", sex="female", age=66, team="North Clinic",
        months=(25, 13, 1),
        course={"POTASSIUM": (4.3, 4.4, 4.5), "GFR": (74, 72, 70), "SBP": (134, 137, 135),
                "LDL": (118, 92, 88), "A1C": (5.7, 5.8, 5.7)},
        more=("HBA1C",),
        conditions={"htn": 80, "prediabetes": 24},
        medications={"acei": ("Lisinopril", "10 mg daily", 78),
                     "statin": ("Atorvastatin", "20 mg daily", 24)},
        habits={**NEVER_SMOKED, "active_minutes_week": 90},
        corrected=("POTASSIUM", 6.1, 4.5),
    ),
    Story(
        title="A critical value",
        look="Potassium of 6.7 mmol/L three days ago, while on two drugs that raise it. The result "
        "is marked critical, emergency assessment stands first, and what raises potassium further "
        "is blocked.",
        family_name="Ombersley", given_name="Walter", sex="male", age=71, team="North Clinic",
        months=(20, 8, 0),
        course={"POTASSIUM": (4.8, 5.2, 6.7), "GFR": (46, 41, 33), "SBP": (146, 141, 138),
                "BUN": (28, 33, 47), "CO2": (23, 22, 19), "UACR": (180, 240, 310),
                "HGB": (12.8, 12.1, 11.6), "A1C": (7.4, 7.2, 7.1), "LDL": (84, 81, 79)},
        more=("HBA1C", "UACR"),
        conditions={"ckd": 40, "t2d": 130, "htn": 150, "hfref": 18},
        medications={"acei": ("Lisinopril", "20 mg daily", 100),
                     "mra": ("Spironolactone", "25 mg daily", 7),
                     "metformin": ("Metformin", "500 mg twice daily", 120),
                     "statin": ("Atorvastatin", "20 mg daily", 100)},
        habits={"smoking": "former", "pack_years": 22, "quit_years": 15, "self_rated_health": 4},
    ),
    Story(
        title="A patient of another team",
        look="Dr Osei does not belong to South Clinic: the worklist does not list this person, a "
        "search finds nobody, and the address of the page answers as if it did not exist.",
        family_name="Ferndale-Moss", given_name="Imogen", sex="female", age=62,
        team="South Clinic", months=(22, 10, 3), ethnicity="non_hispanic_black",
        course={"SBP": (148, 144, 142), "A1C": (7.9, 7.5, 7.3), "BMI": (34, 33.6, 33.1),
                "GFR": (68, 66, 64), "LDL": (138, 101, 96)},
        more=("HBA1C", "WAIST", "UACR"),
        conditions={"t2d": 60, "htn": 90},
        medications={"metformin": ("Metformin", "1000 mg twice daily", 58),
                     "statin": ("Atorvastatin", "20 mg daily", 20)},
        habits=NEVER_SMOKED,
    ),
    Story(
        title="Diabetes that nobody has looked for",
        look="No glucose and no HbA1c was ever measured, yet weight, waist, triglycerides and "
        "liver enzymes point to diabetes. The model says whom to test. Upload the demo day file, "
        "which brings the HbA1c.",
        family_name="Castellamar", given_name="Rafael", sex="male", age=54, team="North Clinic",
        months=(26, 12, 1), ethnicity="hispanic",
        course={"BMI": (34.2, 35.6, 36.8), "SBP": (141, 145, 148), "DBP": (88, 90, 91),
                "TG": (228, 281, 326), "HDL": (37, 35, 33), "LDL": (129, 132, 131),
                "ALT": (48, 57, 66), "AST": (31, 36, 41), "GGT": (61, 78, 94),
                "URIC": (7.1, 7.6, 7.9), "CRP": (4.2, 5.1, 6.3), "WBC": (8.1, 8.6, 9.0),
                "A1C": (7.2, 7.8, 8.4), "HEIGHT": (172,) * 3},
        more=("WAIST", "HEIGHT", "GGT", "URIC", "CRP"), never=SUGAR,
        family={"diabetes": "mother"},
        habits={"smoking": "former", "pack_years": 12, "quit_years": 9,
                "alcohol_drinks_week": 5, "active_minutes_week": 20, "self_rated_health": 4},
    ),
    Story(
        title="Kidney disease that is not on the problem list",
        look="Three eGFR values below 60 and albumin in the urine over sixteen months, and no "
        "diagnosis. See the trend, the kidney models and what is advised.",
        family_name="Lindqvale", given_name="Agatha", sex="female", age=74, team="North Clinic",
        months=(38, 27, 16, 4),
        course={"GFR": (61, 57, 52, 48), "UACR": (22, 38, 61, 84), "BUN": (19, 22, 25, 28),
                "SBP": (144, 149, 146, 151), "POTASSIUM": (4.4, 4.5, 4.7, 4.8),
                "HGB": (12.9, 12.5, 12.2, 11.9), "URIC": (5.8, 6.2, 6.6, 6.9),
                "A1C": (5.8, 5.8, 5.9, 5.9), "LDL": (124, 126, 122, 125)},
        more=("HBA1C", "UACR", "URIC"),
        conditions={"htn": 130},
        medications={"ccb_dhp": ("Amlodipine", "5 mg daily", 120),
                     "nsaid": ("Naproxen", "500 mg as needed", 30)},
        habits={**NEVER_SMOKED, "active_minutes_week": 60, "self_rated_health": 3},
    ),
    Story(
        title="A statin would help, but must not be given",
        look="After a heart attack and with an LDL of 172 mg/dL a statin leads the list of what is "
        "indicated; the allergy and gemfibrozil block it, with the reason. Look under Blocked for "
        "the rule, and at what is offered instead.",
        family_name="Marchwood", given_name="Desmond", sex="male", age=63, team="Cardiology",
        months=(30, 17, 5, 1),
        course={"LDL": (164, 169, 175, 172), "HDL": (41, 40, 39, 39), "TG": (260, 205, 198, 190),
                "SBP": (138, 134, 132, 131), "GFR": (84, 82, 82, 81), "HR": (66, 62, 61, 60)},
        more=("HBA1C",),
        conditions={"mi": 29, "cad": 29, "htn": 60, "statin_intolerance": 27},
        medications={"gemfibrozil": ("Gemfibrozil", "600 mg twice daily", 26),
                     "aspirin": ("Aspirin", "81 mg daily", 29),
                     "beta_blocker": ("Metoprolol", "50 mg daily", 29),
                     "acei": ("Ramipril", "5 mg daily", 29)},
        allergies={"statin": ("Statins", "Muscle breakdown with creatine kinase of 4,100 U/L")},
        family={"premature_ascvd": "brother"},
        habits={"smoking": "former", "pack_years": 28, "quit_years": 2,
                "alcohol_drinks_week": 6, "active_minutes_week": 120, "self_rated_health": 3},
    ),
    Story(
        title="High blood pressure in pregnancy",
        look="27 weeks pregnant at 152/97 mmHg. The diabetes and kidney models "
        "decline; ACE inhibitors and receptor blockers, else the first choice, are blocked.",
        family_name="Abernoll", given_name="Precious", sex="female", age=33, team="North Clinic",
        months=(15, 3, 0), ethnicity="non_hispanic_black",
        course={"SBP": (138, 141, 152), "DBP": (87, 89, 97), "HGB": (12.6, 11.8, 11.2),
                "BMI": (29.5, 30.4, 32.1), "GFR": (112, 124, 126), "UACR": (9, 14, 24)},
        more=("UACR",),
        conditions={"htn": 14}, weeks_pregnant=27,
        habits={**NEVER_SMOKED, "alcohol_drinks_week": 0},
    ),
    Story(
        title="The patient's own plain view",
        look="Log in as p.demo to read the same record in plain words: what was measured, what it "
        "means and what to talk about at the next visit.",
        family_name="Holloway-Penn", given_name="Miriam", sex="female", age=52,
        team="North Clinic", months=(28, 16, 5),
        course={"SBP": (128, 131, 134), "DBP": (81, 83, 84), "LDL": (131, 138, 144),
                "HDL": (52, 50, 49), "BMI": (27.9, 28.6, 29.2), "A1C": (5.6, 5.7, 5.9),
                "HEIGHT": (165,) * 3},
        more=("HBA1C", "WAIST", "HEIGHT", "CRP"),
        conditions={"prediabetes": 5, "asthma": 300},
        medications={"ics": ("Budesonide", "200 micrograms twice daily", 200)},
        allergies={"penicillin": ("Penicillin", "Rash")},
        family={"diabetes": "father"},
        habits={**NEVER_SMOKED, "active_minutes_week": 90, "self_rated_health": 3},
    ),
)  # fmt: skip
PATIENT_WITH_LOGIN = 9  # place in STORIES of the person who logs in as p.demo


def mrn(person: int) -> str:
    """Medical record number of a person of the demo hospital, counted from 0."""
    return f"CL-{person + 1:06d}"
