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
# # Evaluation: what are a model's figures worth?
#
# Two sets of risks for the same 6,000 synthetic people: the equation that drew their outcomes (the
# truth) and the same risks sharpened by half, as an overfitted model would. Both rank people
# equally. Which one may be shown to a patient?

# %%
from datetime import date

import pandas as pd
from scipy.special import expit, logit

from ml.datasets.synthetic import cohort
from ml.evaluation import evaluate

people = cohort.generate(9000, seed=21, as_of=date(2026, 1, 1)).people
people = people[people["cvd_event"].notna()].reset_index(drop=True)
truth = people["prevent_cvd_10y"].to_numpy(float)
centre = logit(truth).mean()
sharp = expit(centre + 1.5 * (logit(truth) - centre))
outcome = people["cvd_event"].to_numpy(int)
bands = pd.cut(people["age"], [0, 50, 65, 120], labels=["under 50", "50-64", "65 and over"])

# %% [markdown]
# ## One door
# Calibration first, then discrimination, each with a 95 % interval from resampling people.

# %%
judged = {
    name: evaluate(
        outcome,
        risk,
        "binary",
        person=people["person"],
        groups={"sex": people["sex"], "age": bands.astype(str)},
        thresholds=(0.075, 0.2),
        random_state=1,
        rounds=60,
    )
    for name, risk in {"equation": truth, "sharpened": sharp}.items()
}
pd.DataFrame(
    {
        name: {
            key: found and f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"
            for key, found in one.metrics.items()
        }
        for name, one in judged.items()
    }
).head(16)

# %% [markdown]
# The AUROC is the same to the last digit; the slope and the net benefit are not. Ranking is not
# enough when a number is shown.

# %%
for name, one in judged.items():
    print(name, list(one.flags) or "nothing to look at")

# %% [markdown]
# ## By part of the population

# %%
parts = judged["equation"].to_json()["tables"]["subgroups"]
pd.DataFrame(
    {
        f"{part['group']}: {part['part']}": {
            "people": part["count"],
            "events": part["events"],
            **{
                name: round(part["metrics"][name]["value"], 3)
                for name in ("observed_expected", "auroc")
            },
        }
        for part in parts
    }
).T

# %% [markdown]
# Within a narrow band of age the AUROC falls: much of the ranking in the whole is age. That is no
# fault of the model, and a reason never to compare AUROCs of different populations.
#
# ## Too few people
# Ask for figures of twenty people and none is given: a figure without a count and an interval is
# decoration.

# %%
evaluate(outcome[:20], truth[:20], "binary", random_state=1, rounds=60).notes
