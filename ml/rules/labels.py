"""Words for the facts of the rule language, as they read inside a sentence."""

from functools import cache

from ml import analytes, codes

PERSON = {
    "age": "age",
    "alcohol_week": "alcohol per week",
    "birth_year": "year of birth",
    "gest_weeks": "weeks of pregnancy",
    "n_drugs": "number of drugs",
    "pack_years": "pack-years",
    "quit_years": "years since stopping smoking",
    "smoker": "smoking",
    "FIB4": "FIB-4",
}
SCORES = {
    "ADA_RISK_TEST": "ADA risk test",
    "ASCVD_PCE": "10-year ASCVD risk (pooled cohort equations)",
    "CHA2DS2_VASC": "CHA₂DS₂-VASc",
    "CHARLSON": "Charlson index",
    "FRAIL": "FRAIL score",
    "HOSPITAL": "HOSPITAL score",
    "KFRE_2Y": "2-year kidney-failure risk (KFRE)",
    "KFRE_5Y": "5-year kidney-failure risk (KFRE)",
    "MELD_3_0": "MELD 3.0",
    "PREVENT_ASCVD_10Y": "10-year ASCVD risk (PREVENT)",
    "PREVENT_CVD_10Y": "10-year cardiovascular risk (PREVENT)",
    "STOPBANG": "STOP-Bang",
}
# Flags and things done whose code alone would read badly.
SPECIAL = {
    "aaa_ge_5_5": "aortic aneurysm of 5.5 cm or more",
    "aaa_us": "aortic ultrasound",
    "abi_le_0_9": "ankle-brachial index ≤ 0.9",
    "ahi_ge_15": "apnoea-hypopnoea index ≥ 15",
    "alt": "ALT",
    "apob": "apolipoprotein B",
    "b12": "vitamin B12",
    "bp_check": "blood-pressure check",
    "brca_assess": "BRCA risk assessment",
    "brca_family_history": "family history suggesting BRCA",
    "cac": "coronary calcium scan",
    "cat_ge_10": "COPD assessment test ≥ 10",
    "chlamydia_gc": "chlamydia and gonorrhoea test",
    "covid_vaccine": "COVID-19 vaccine",
    "cytology": "cervical smear",
    "dxa": "bone density scan",
    "egfr": "eGFR",
    "egfr_drop_20pct": "fall of eGFR by 20 %",
    "exacerbation_year": "exacerbation within a year",
    "fib4": "FIB-4",
    "fit": "stool test (FIT)",
    "flares_ge_2_year": "two or more flares a year",
    "flu_vaccine": "influenza vaccine",
    "frail": "FRAIL screen",
    "gad": "GAD-7",
    "gdm_test": "gestational diabetes test",
    "glp1_unsuitable": "GLP-1 drugs unsuitable",
    "hba1c": "HbA1c",
    "hba1c_or_fpg": "HbA1c or fasting glucose",
    "hbv": "hepatitis B test",
    "hcc_us": "liver ultrasound",
    "hcv": "hepatitis C test",
    "hepa_vaccine": "hepatitis A vaccine",
    "hepb_vaccine": "hepatitis B vaccine",
    "hf_new": "new heart failure",
    "hgb": "haemoglobin",
    "hiv": "HIV test",
    "hla_b5801": "HLA-B*5801",
    "hpv_test": "HPV test",
    "hpv_vaccine": "HPV vaccine",
    "hpylori": "H. pylori test",
    "inr": "INR",
    "ipv": "screen for partner violence",
    "ldct": "low-dose chest CT",
    "lipid_panel": "lipid panel",
    "lithium": "lithium level",
    "lpa": "lipoprotein(a)",
    "lvef_le_40": "ejection fraction ≤ 40 %",
    "menacwy": "meningococcal vaccine",
    "metformin_gt_4y": "metformin for over 4 years",
    "mi_within_12m": "myocardial infarction within 12 months",
    "mmr": "MMR vaccine",
    "mmr_immune": "immune to measles, mumps and rubella",
    "mt_sdna": "stool DNA test",
    "ogtt": "glucose tolerance test",
    "phq": "depression questionnaire (PHQ)",
    "phq9_item9_positive": "positive answer to item 9 of PHQ-9",
    "pneumococcal": "pneumococcal vaccine",
    "prevent_risk": "PREVENT risk estimate",
    "psa_discussion": "talk about PSA",
    "pth": "parathyroid hormone",
    "qtc_long": "long QTc",
    "raas_started_4w": "RAAS drug started within 4 weeks",
    "recent_discharge_30d": "discharged within 30 days",
    "revascularised_12m": "revascularised within 12 months",
    "rsv": "RSV vaccine",
    "rzv": "zoster vaccine",
    "sdoh": "social-needs screen",
    "tb_test": "tuberculosis test",
    "tdap_pregnancy": "Tdap in this pregnancy",
    "tdap_td": "tetanus booster",
    "tsh": "TSH",
    "ttg_iga": "coeliac serology",
    "uacr": "urine albumin/creatinine ratio",
    "varicella": "varicella vaccine",
    "vcte_8_to_15": "liver stiffness 8 to 15 kPa",
    "vcte_gt_12": "liver stiffness over 12 kPa",
}
VOCABULARIES = {"condition": "condition", "medication": "drug", "allergy": "drug"}


@cache
def label(code: str, kind: str = "medication") -> str:
    """A condition, drug, allergy, flag or thing done, in words.

    >>> label("t2d", "condition"), label("fit", "done"), label("gi_bleed", "flag")
    ('type 2 diabetes', 'stool test (FIT)', 'gi bleed')
    """
    vocabulary = VOCABULARIES.get(kind)
    if vocabulary and code in codes.vocabulary(vocabulary):
        return lowered(codes.display(vocabulary, code))
    return SPECIAL.get(code) or PERSON.get(code) or code.replace("_", " ")


@cache
def readable(name: str) -> str:
    """An analyte, score or number about the person, in words.

    >>> readable("SBP"), readable("KFRE_5Y")
    ('Systolic blood pressure', '5-year kidney-failure risk (KFRE)')
    """
    analyte = find_analyte(name)
    if analyte is not None:
        return analyte.display
    return SCORES.get(name) or capitalised(PERSON.get(name) or name.replace("_", " "))


def find_analyte(name: str) -> analytes.Analyte | None:
    try:
        return analytes.get(name)
    except analytes.UnknownAnalyte:
        return None


def lowered(text: str) -> str:
    """Small at the start unless the word is an abbreviation or a name with a digit.

    >>> lowered("Potassium"), lowered("LDL cholesterol")
    ('potassium', 'LDL cholesterol')
    """
    word = text.split(" ", 1)[0]
    plain = word[1:].islower() and word.strip(",").isalpha()
    return text[0].lower() + text[1:] if plain else text


def capitalised(text: str) -> str:
    """Large at the start unless that would spoil an abbreviation.

    >>> capitalised("gout"), capitalised("eGFR")
    ('Gout', 'eGFR')
    """
    return text if text[1:2].isupper() else text[0].upper() + text[1:]
