"""Laboratory arithmetic: anion gap, corrected calcium, neutrophil-lymphocyte ratio."""

from ml.scores.engine import published
from ml.scores.inputs import number, positive


@published(
    "ANION_GAP",
    positive("na", "sodium"),
    positive("cl", "chloride"),
    positive("hco3", "bicarbonate"),
    positive("albumin_g_dl", "albumin", default=None),
    unit="mmol/L",
    reference="Emmett, Medicine 1977;56:38; Figge, Crit Care Med 1998;26:1807 (albumin)",
)
def anion_gap(na, cl, hco3, albumin_g_dl):
    """Anion gap in mmol/L; with albumin (g/dL) also corrected to 4 g/dL."""
    gap = na - cl - hco3
    return {"anion_gap": gap, "corrected": gap + 2.5 * (4 - albumin_g_dl)}


@published(
    "CORRECTED_CALCIUM",
    # Below 3 mg/dL a calcium was given in mmol/L.
    number("calcium_mg_dl", "calcium", 3),
    positive("albumin_g_dl", "albumin"),
    unit="mg/dL",
    reference="Payne, BMJ 1973;4:643",
)
def corrected_calcium(calcium_mg_dl, albumin_g_dl):
    """Total calcium in mg/dL corrected to an albumin of 4 g/dL."""
    return {"value": calcium_mg_dl + 0.8 * (4 - albumin_g_dl)}


@published(
    "NLR",
    positive("neutrophils", "neutrophil count"),
    positive("lymphocytes", "lymphocyte count"),
    reference="Zahorec, Bratisl Lek Listy 2001;102:5",
)
def nlr(neutrophils, lymphocytes):
    """Ratio of neutrophils to lymphocytes, both in the same unit."""
    return {"ratio": neutrophils / lymphocytes}
