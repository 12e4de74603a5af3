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
# # Monitoring: has the world moved away from the model?
#
# A model was fitted on last year's people. This year the laboratory has a new HbA1c method (+0.3)
# and the clinic sees older people. Are inputs and figures still what they were? Effect *and* chance
# are needed: with many people everything is significant.

# %%
from datetime import date

import numpy as np
import pandas as pd
from scipy import stats

from ml.datasets.synthetic import cohort
from ml.eda.correlation import q_values
from ml.evaluation import calibration

INPUTS = ["age", "BMI", "SBP", "HBA1C", "LDL", "HDL", "EGFR", "CRP"]
before = cohort.generate(4000, seed=1, as_of=date(2025, 1, 1)).people
now = cohort.generate(6000, seed=2, as_of=date(2026, 1, 1)).people
now = now[(now["age"] > 55) | (np.arange(len(now)) % 2 == 0)].assign(HBA1C=now["HBA1C"] + 0.3)
len(before), len(now)

# %% [markdown]
# ## Inputs
# The population stability index says how much a distribution moved (0.1 some, 0.25 a lot), the
# Kolmogorov-Smirnov test whether chance could do it; q-values over all inputs.

# %%
edges = {name: np.unique(np.quantile(before[name], np.linspace(0, 1, 11)[1:-1])) for name in INPUTS}
shares = {
    name: [
        (np.bincount(np.digitize(part[name], edges[name]), minlength=len(edges[name]) + 1) + 0.5)
        / (len(part) + 0.5 * (len(edges[name]) + 1))
        for part in (before, now)
    ]
    for name in INPUTS
}
drift = pd.DataFrame(
    {
        "psi": {
            name: float(((new - old) * np.log(new / old)).sum())
            for name, (old, new) in shares.items()
        },
        "ks": {name: stats.ks_2samp(before[name], now[name]).statistic for name in INPUTS},
        "p": {name: stats.ks_2samp(before[name], now[name]).pvalue for name in INPUTS},
        "mean shift, SD": {
            name: (now[name].mean() - before[name].mean()) / before[name].std() for name in INPUTS
        },
    }
)
drift["q"] = q_values(drift["p"])
drift.sort_values("psi", ascending=False).round(4)

# %% [markdown]
# HbA1c moved most, age and what hangs on it (eGFR, pressure) next; lipids stayed. A shift of HbA1c
# without one of glucose points at the laboratory, not at the people:

# %%
now["GLU"].mean() - before["GLU"].mean()

# %% [markdown]
# ## Figures, once outcomes are known
# Observed over expected events: 1 is right; outside 0.8 to 1.25 somebody must look.

# %%
known = now[now["cvd_event"].notna()]
stale = known["prevent_cvd_10y"].to_numpy(float) * 0.7  # a model that has lost touch
expected = {"equation": known["prevent_cvd_10y"].to_numpy(float), "stale model": stale}
outcome = known["cvd_event"].to_numpy(int)
events = int(outcome.sum())
low, high = stats.chi2.ppf([0.025, 0.975], [2 * events, 2 * events + 2]) / 2
pd.DataFrame(
    {
        name: {
            "events": events,
            "expected": risk.sum(),
            "observed / expected": calibration.observed_expected(outcome, risk),
            "low": low / risk.sum(),
            "high": high / risk.sum(),
        }
        for name, risk in expected.items()
    }
).T.round(3)
