# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Analysis: do groups differ, and what belongs together?
#
# Question: how do people with known type 2 diabetes differ from the others? The rule for the test
# is fixed beforehand (see `ml.eda.hypothesis`), every difference comes with its size and interval,
# and q-values allow for the number of questions asked.

# %%
from datetime import date

from ml import eda
from ml.datasets.opening import describe
from ml.datasets.synthetic import cohort
from ml.eda import trends
from ml.eda.correlation import matrix
from ml.plots import eda as plots

made = cohort.generate(2000, seed=11, as_of=date(2026, 1, 1))
chosen = ["person", "sex", "age", "smoking", "has_t2d", "BMI", "SBP", "HBA1C", "LDL", "EGFR", "CRP"]
options = eda.Options(group="has_t2d", person="person", keep=("age >= 40",))
found = eda.explore(describe(made.people[chosen], "cohort"), options)
found.frames["flow"]

# %% [markdown]
# ## Table One
# Means or medians by the skewness of the column; `smd` is the standardised difference, which does
# not grow with the number of people as a p-value does.

# %%
found.frames["table_one"]

# %%
found.frames["comparisons"][
    ["column", "test", "effect_name", "effect", "effect_low", "effect_high", "q"]
]

# %%
plots.effects(found.frames["comparisons"])

# %% [markdown]
# HbA1c differs most, and must: it *defines* the disease. A difference found here is a difference
# between people, not the effect of a cause.
#
# ## Correlations

# %%
pairs = found.frames["correlations"]
names = ["age", "BMI", "SBP", "HBA1C", "LDL", "EGFR", "CRP"]
squares = {kind.title(): matrix(pairs, kind, names) for kind in ("pearson", "spearman")}
qs = {kind.title(): matrix(pairs, f"{kind}_q", names) for kind in ("pearson", "spearman")}
plots.correlations(squares, matrix(pairs, "n", names).fillna(0), qs)

# %% [markdown]
# ## Trends within people
# Five yearly visits each. The slope is taken within persons, so that who comes does not count.

# %%
visits = made.visits
slopes = trends.slopes(visits[["EGFR", "HBA1C", "SBP", "LDL"]], visits["year"], visits["person"])
slopes

# %%
plots.trend(
    trends.periods(visits[["EGFR"]], visits["year"]),
    "mL/min/1.73 m²",
    "years before the last visit",
)
