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
# # Exploration: what is in a table, and can it be believed?
#
# A table arrives. Before anything is modelled: what do the columns hold, what is missing and why,
# which values cannot be. We use 1,500 people who never lived (`ml.datasets.synthetic`), spoil
# their table as real ones are spoilt, and look whether the tools notice.

# %%
from datetime import date

import numpy as np
import pandas as pd

from ml import eda
from ml.datasets import cleaning, dictionary
from ml.datasets.opening import describe
from ml.datasets.synthetic import cohort
from ml.plots import eda as plots

people = cohort.generate(1500, seed=7, as_of=date(2026, 1, 1)).people
chosen = ["person", "sex", "age", "smoking", "BMI", "SBP", "DBP", "HGB", "HBA1C", "LDL", "CREAT"]
raw = people[chosen].astype(dict.fromkeys(chosen[4:], float)).round(2)
raw.head()

# %% [markdown]
# ## Spoil it
# A haemoglobin of −10, creatinine in µmol/L for one person, sex in capitals, twenty people twice,
# and HbA1c measured mostly in the obese: missing, but not at random.

# %%
rng = np.random.default_rng(7)
raw.loc[3, "HGB"] = -10
raw.loc[5, "CREAT"] = 88.4
raw.loc[10:14, "sex"] = raw.loc[10:14, "sex"].str.upper()
raw.loc[(raw["BMI"] < 27) & (rng.random(len(raw)) < 0.7), "HBA1C"] = np.nan
spoilt = pd.concat([raw, raw.head(20)], ignore_index=True)
table = describe(spoilt, "clinic")

# %% [markdown]
# ## Clean it, with a log
# Nothing is changed silently: each change and each dropped row has a line with its reason.

# %%
cleaned = cleaning.clean(table)
print(cleaned.summary)
cleaned.log.groupby(["column", "action"]).agg(lines=("row", "size"), example=("reason", "first"))

# %%
dictionary.dictionary(cleaned)[["column", "type", "unit", "known", "content", "log_entries"]]

# %% [markdown]
# ## Explore what is left
# `explore` gives every number as a frame; `python -m ml.eda report` writes the same as a page.

# %%
found = eda.explore(describe(cleaned.frame, "clinic"), eda.Options(person="person"))
print(found.mcar.sentence)
found.frames["columns"][["column", "missing_percent", "mean", "sd", "median", "skewness"]]

# %%
plots.missing_bars(found.frames["columns"])

# %% [markdown]
# The test says what we did: HbA1c is not missing by chance. Whoever drops the incomplete rows now
# studies the obese.

# %%
plots.boxes(found.frames["boxes"])
