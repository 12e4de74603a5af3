"""What a hospital remembers of a person's earlier stays, and nothing later.

The diabetes-130 table has no dates. `encounter_id` rises with time (the mean distance to the next
stay is 8.6 million numbers after a stay marked as back within 30 days, 38.6 million after one
marked as back later), so the order of stays, their distance and the era are read from it.

The history is that of the table given: a stay that the table leaves out is unknown.
"""

import pandas as pd

PERSON, STAY = "patient_nbr", "encounter_id"
ERA = 10_000_000  # encounter numbers an era; the table spans some 45
LAST = {  # column of the last stay: name of the input
    "time_in_hospital": "last_days",
    "number_inpatient": "last_number_inpatient",
    "number_emergency": "last_number_emergency",
    "num_medications": "last_num_medications",
    "num_procedures": "last_num_procedures",
    "num_lab_procedures": "last_num_lab_procedures",
    "number_diagnoses": "last_number_diagnoses",
    "discharge_disposition_id": "last_disposition",
    "medical_specialty": "last_specialty",
    "admission_type_id": "last_admission_type",
    "diag_1": "last_diag_1",
    "diag_2": "last_diag_2",
    "diag_3": "last_diag_3",
}


def of(frame: pd.DataFrame) -> pd.DataFrame:
    """Inputs from earlier stays, one row per row of `frame`, with its index.

    A column that the table lacks (an outcome of the stays) gives an unknown input. A stay that
    stands twice in the table counts once. Raises KeyError without person or encounter number.
    """
    stays = frame.drop_duplicates(STAY).sort_values([PERSON, STAY])
    person = stays[PERSON]
    found = pd.DataFrame({STAY: stays[STAY], "earlier_stays": stays.groupby(person).cumcount()})
    found = found.assign(
        **_last(stays, person), **_returns(stays, person), **_days(stays, person),
        numbers_since_last=stays[STAY] - stays.groupby(person)[STAY].shift(1),
    )  # fmt: skip
    history = found.set_index(STAY).loc[frame[STAY]].set_axis(frame.index)
    return history.assign(era=(frame[STAY] // ERA).astype(float))


def _last(stays: pd.DataFrame, person: pd.Series) -> dict[str, pd.Series]:
    before = stays.reindex(columns=list(LAST)).groupby(person).shift(1)
    return {name: before[column] for column, name in LAST.items()}


def _returns(stays: pd.DataFrame, person: pd.Series) -> dict[str, pd.Series]:
    """Whether earlier stays were followed by another one: known when that other one begins."""
    if "readmitted" not in stays:
        stays = stays.assign(readmitted=pd.NA)
    told = stays["readmitted"].notna()
    early = (stays["readmitted"] == "<30").astype(float).where(told)
    ever = (stays["readmitted"] != "NO").astype(float).where(told)
    known = early.fillna(0.0)
    is_untold = (~told).astype(int)
    untold_before = is_untold.groupby(person).cumsum() - is_untold
    return {
        "last_returned_early": early.groupby(person).shift(1),
        "last_returned": ever.groupby(person).shift(1),
        # A first stay has none before it, whether or not outcomes are told.
        "early_returns": (known.groupby(person).cumsum() - known).where(untold_before == 0),
    }


def _days(stays: pd.DataFrame, person: pd.Series) -> dict[str, pd.Series]:
    before = _last(stays, person)["last_days"].astype(float).groupby(person)
    return {
        "mean_earlier_days": before.expanding().mean().droplevel(0),
        "longest_earlier_stay": before.cummax(),
    }
