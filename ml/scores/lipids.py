"""Lipid arithmetic: LDL cholesterol by two equations, non-HDL and the triglyceride ratios.

Cholesterol in mg/dL is 38.67 times mmol/L, triglycerides 88.57 times.
"""

import numpy as np

from ml.scores.engine import published
from ml.scores.inputs import Together, agreeing, number, positive

# Cholesterol outside these limits was given in the other unit.
TC = number("tc_mg_dl", "total cholesterol", 20)
HDL = positive("hdl_mg_dl", "HDL cholesterol")
TC_MMOL_HIGH, HDL_MMOL_HIGH = 30, 10


def within_total(total: str, hdl: str) -> Together:
    """HDL is a part of total cholesterol."""
    return Together(
        (total, hdl),
        lambda tc, part: part > tc,
        "total cholesterol of at least HDL cholesterol",
    )


def _friedewald(tc_mg_dl, hdl_mg_dl, tg_mg_dl):
    return tc_mg_dl - hdl_mg_dl - tg_mg_dl / 5


def _sampson(tc_mg_dl, hdl_mg_dl, tg_mg_dl):
    nonhdl = tc_mg_dl - hdl_mg_dl
    remnants = tg_mg_dl / 8.56 + tg_mg_dl * nonhdl / 2140 - tg_mg_dl**2 / 16100
    return tc_mg_dl / 0.948 - hdl_mg_dl / 0.971 - remnants - 9.44


def _leaves_ldl(equation) -> Together:
    return Together(
        ("tc_mg_dl", "hdl_mg_dl", "tg_mg_dl"),
        lambda *lipids: equation(*lipids) < 0,
        "lipids that leave an LDL of zero or more",
    )


@published(
    "LDL_FRIEDEWALD",
    TC,
    HDL,
    positive("tg_mg_dl", "triglycerides", below=400),
    together=(_leaves_ldl(_friedewald),),
    unit="mg/dL",
    reference="Friedewald, Clin Chem 1972;18:499",
    notes=("Inaccurate when the result is below 70 mg/dL",),
)
def ldl_friedewald(tc_mg_dl, hdl_mg_dl, tg_mg_dl):
    """LDL cholesterol in mg/dL; not defined from triglycerides of 400 mg/dL on."""
    return {"value": _friedewald(tc_mg_dl, hdl_mg_dl, tg_mg_dl)}


@published(
    "LDL_SAMPSON_NIH",
    TC,
    HDL,
    positive("tg_mg_dl", "triglycerides", 800),
    together=(_leaves_ldl(_sampson),),
    unit="mg/dL",
    reference="Sampson, JAMA Cardiol 2020;5:540",
)
def ldl_sampson(tc_mg_dl, hdl_mg_dl, tg_mg_dl):
    """LDL cholesterol in mg/dL by NIH equation 2, for triglycerides up to 800 mg/dL."""
    return {"value": _sampson(tc_mg_dl, hdl_mg_dl, tg_mg_dl)}


@published(
    "NON_HDL",
    positive("tc", "total cholesterol"),
    positive("hdl", "HDL cholesterol"),
    together=(within_total("tc", "hdl"),),
    unit="unit of the inputs",
    reference="Definition; ACC/AHA dyslipidaemia guideline 2026",
)
def non_hdl(tc, hdl):
    """Non-HDL cholesterol, in the unit of its two inputs."""
    return {"value": tc - hdl}


@published(
    "AIP",
    positive("tg_mmol_l", "triglycerides", default=None),
    positive("hdl_mmol_l", "HDL cholesterol", HDL_MMOL_HIGH, default=None),
    positive("tg_mg_dl", "triglycerides", default=None),
    positive("hdl_mg_dl", "HDL cholesterol", default=None),
    either=(("tg_mmol_l", "tg_mg_dl"), ("hdl_mmol_l", "hdl_mg_dl")),
    together=(agreeing("tg_mg_dl", "tg_mmol_l", 88.57), agreeing("hdl_mg_dl", "hdl_mmol_l", 38.67)),
    reference="Dobiasova, Clin Biochem 2001;34:583",
)
def aip(tg_mmol_l, hdl_mmol_l, tg_mg_dl, hdl_mg_dl):
    """Atherogenic index of plasma, log10 of the molar ratio (the mg/dL ratio is another index)."""
    triglycerides = np.where(np.isnan(tg_mmol_l), tg_mg_dl / 88.57, tg_mmol_l)
    hdl = np.where(np.isnan(hdl_mmol_l), hdl_mg_dl / 38.67, hdl_mmol_l)
    return {"index": np.log10(triglycerides / hdl)}


@published(
    "TG_HDL_LOG10_MGDL",
    positive("tg", "triglycerides"),
    positive("hdl", "HDL cholesterol"),
    reference="Definition; 0.360 above the molar index AIP",
)
def log10_tg_hdl(tg, hdl):
    """log10 of triglycerides over HDL in mg/dL. Not the AIP, which is molar."""
    return {"index": np.log10(tg / hdl)}
