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
# # Modelling: from a table to a model whose figures can be believed
#
# Question: who will have a first cardiovascular event within ten years? The cohort is synthetic and
# its outcomes are drawn from a published equation (PREVENT), so for once the truth is known and we
# can see how near a model comes.
#
# A study is a *problem* (who, when, what, from which inputs, known when) and a `prepare` that makes
# the cohort. The leakage linter, patient-wise cross-fitting and the sample-size check come with it.

# %%
from dataclasses import replace
from datetime import date

from ml.datasets.synthetic import cohort
from ml.leakage import lint
from ml.studies.columns import demographic, flags, numbers
from ml.studies.problem import Input, Problem, Split
from ml.studies.table import TableStudy, fit

people = cohort.generate(9000, seed=5, as_of=date(2026, 1, 1)).people
people = people.assign(smokes=(people["smoking"] == "current").astype(float))
people["cvd_event"].value_counts(dropna=False)

# %%
problem = Problem(
    task="first_cvd",
    title="First cardiovascular event within ten years (synthetic)",
    population="Synthetic adults of 30 to 79 years without cardiovascular disease",
    index_time="admission",
    outcome="cvd_event",
    outcome_text="Simulated event within ten years",
    kind="binary",
    inputs=(
        demographic("age", "Age", "a", 1, "risk rises with age"),
        *flags({"smokes": "Smokes", "has_t2d": "Diabetes", "takes_statin": "Takes a statin"}),
        *numbers(
            (
                ("SBP", "Systolic blood pressure", "mm[Hg]", 1, "drives vascular disease"),
                ("TC", "Total cholesterol", "mg/dL"),
                ("HDL", "HDL cholesterol", "mg/dL"),
                ("EGFR", "eGFR", "mL/min/{1.73_m2}"),
            )
        ),
    ),
    person="person",
    split=Split(folds=3),
    model="logistic",
    thresholds=(0.075,),
)
study = TableStudy(problem, lambda frame: frame[frame["cvd_event"].notna()])
print(problem.digest()[:16], "names this specification")

# %% [markdown]
# ## Does an input give the outcome away?
# These do not. The time of the event would, and the linter says so before anything is fitted.

# %%
leaking = replace(problem, inputs=(*problem.inputs, Input("cvd_years", available="after")))
[finding.sentence for finding in lint(leaking, study.prepare(people))]

# %% [markdown]
# ## Fit
# Figures are cross-fitted: no person is judged by a model that has seen them.

# %%
fitted = fit(study, people, random_state=1, threads=1)
fitted.manifest["sample_size"]["sentence"]

# %%
metrics = fitted.manifest["figures"]["cross_fitted"]["metrics"]
{name: metrics[name] for name in ("observed_expected", "calibration_slope", "auroc")}

# %% [markdown]
# ## Against the truth
# The equation that drew the outcomes is the best any model can do on new people.

# %%
fresh = cohort.generate(10_000, seed=6, as_of=date(2026, 1, 1)).people
fresh = fresh[fresh["cvd_event"].notna()]
fresh = fresh.assign(smokes=(fresh["smoking"] == "current").astype(float))
risk = fitted.predict(fresh)["risk"].to_numpy()
fresh = fresh.assign(risk=risk)
fresh[["risk", "prevent_cvd_10y"]].corr("spearman").round(3)

# %%
fresh.groupby(fresh["risk"].rank(pct=True).mul(5).clip(upper=4.999).astype(int))[
    ["risk", "prevent_cvd_10y", "cvd_event"]
].mean().round(4)
