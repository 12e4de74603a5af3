"""Acute deterioration: NEWS2, qSOFA and CURB-65."""

import numpy as np

from ml.scores.body import PRESSURES
from ml.scores.engine import published
from ml.scores.inputs import agreeing, choice, count, flag, number, positive
from ml.scores.points import steps, total

RESPIRATION = number("resp_rate", "respiratory rate", 0, 120)
SBP = number("sbp", "systolic blood pressure", 0, 350)


@published(
    "NEWS2",
    RESPIRATION,
    number("spo2", "oxygen saturation", 0, 100),
    count("spo2_scale", "oxygen saturation scale", 1, 2),
    flag("on_oxygen", "supplemental oxygen"),
    SBP,
    number("pulse", "pulse", 0, 400),
    choice("consciousness", "consciousness (ACVPU)", ("A", "C", "V", "P", "U", "CVPU")),
    number("temp_c", "temperature", 20, 46),
    number("age", "age", 16, 120, default=None),
    unit="points",
    reference="Royal College of Physicians, NEWS2, 2017",
    notes=("Not under 16 years or in pregnancy", "Scale 2 only on a clinician's word"),
)
def news2(resp_rate, spo2, spo2_scale, on_oxygen, sbp, pulse, consciousness, temp_c, age):
    """Points 0 to 20 with the band; one parameter of 3 points alone is low_medium.

    Age gives no points; where it is known, children are refused.
    """
    parts = [
        steps(resp_rate, [9, 12, 21, 25], [3, 1, 0, 2, 3]),
        np.where(
            spo2_scale == 2, _scale_2(spo2, on_oxygen), steps(spo2, [92, 94, 96], [3, 2, 1, 0])
        ),
        2 * on_oxygen,
        steps(sbp, [91, 101, 111, 220], [3, 2, 1, 0, 3]),
        steps(pulse, [41, 51, 91, 111, 131], [3, 1, 0, 1, 2, 3]),
        np.where(consciousness == "A", 0, 3),
        # Tenths of a degree: 35.0 is red and 35.1 is not.
        steps(np.round(temp_c, 1), [35.0, 36.0, 38.0, 39.0], [3, 1, 0, 1, 2], side="left"),
    ]
    points = total(*parts)
    red = np.any([np.asarray(part) == 3 for part in parts], axis=0)
    return {"points": points, "band": _news_band(points, red)}


def _scale_2(spo2, on_oxygen):
    """Saturation points for a target of 88 to 92 % in hypercapnic failure."""
    low = steps(spo2, [84, 86, 88], [3, 2, 1, 0])
    too_much = steps(spo2, [93, 95, 97], [0, 1, 2, 3])
    return np.where(on_oxygen == 1, np.maximum(low, too_much), low)


def _news_band(points, red):
    conditions = [points >= 7, points >= 5, red]
    return np.select(conditions, ["high", "medium", "low_medium"], "low")


@published(
    "QSOFA",
    RESPIRATION,
    SBP,
    flag("altered_mentation", "altered mentation"),
    unit="points",
    reference="Singer (Sepsis-3), JAMA 2016;315:801",
    notes=("Two or more positive; not to be the only sepsis screen (SSC 2021)",),
)
def qsofa(resp_rate, sbp, altered_mentation):
    """Points 0 to 3."""
    return {"points": total(resp_rate >= 22, sbp <= 100, altered_mentation)}


@published(
    "CURB65",
    positive("age", "age", 120),
    flag("confusion", "confusion"),
    number("urea_mmol_l", "urea", 0, default=None),
    number("bun_mg_dl", "urea", 0, default=None),
    RESPIRATION,
    SBP,
    number("dbp", "diastolic blood pressure", 0, 250),
    either=(("urea_mmol_l", "bun_mg_dl"),),
    together=(agreeing("urea_mmol_l", "bun_mg_dl", 0.357), PRESSURES),
    unit="points",
    reference="Lim, Thorax 2003;58:377",
)
def curb65(age, confusion, urea_mmol_l, bun_mg_dl, resp_rate, sbp, dbp):
    """Points 0 to 5 for pneumonia; urea above 7 mmol/L or urea nitrogen above 19 mg/dL."""
    urea = np.where(np.isnan(urea_mmol_l), bun_mg_dl > 19, urea_mmol_l > 7)
    low_pressure = (sbp < 90) | (dbp <= 60)
    return {"points": total(confusion, urea, resp_rate >= 30, low_pressure, age >= 65)}
