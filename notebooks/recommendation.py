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
# # Recommendation: what may be offered, and in which order?
#
# Clinical rules decide what may be offered; nothing learned can overrule them. Among what is left a
# weighted sum of visible components sets the order. Every answer comes with the fact it rests on.

# %%
from datetime import date

import numpy as np
import pandas as pd

from ml import rules
from ml.datasets.synthetic import cohort, cohort_facts
from ml.recommenders import content, metrics, ranking

AS_OF = date(2026, 1, 1)
people = cohort.generate(400, seed=3, as_of=AS_OF).people
facts = cohort_facts.to_facts(people, AS_OF)

# %% [markdown]
# ## Rules
# Three-valued: what is not known is neither yes nor no. The rules here are short forms for the
# example; the reviewed catalogue with sources is in `recommendations/catalogue/`.

# %%
indication = {
    "stop_smoking": rules.parse("smoker"),
    "statin": rules.parse("LDL>=190 or has('t2d')"),
    "lower_pressure": rules.parse("SBP>=140"),
    "move_more": rules.parse("BMI>=30"),
}
against = {"statin": rules.parse("on('statin')")}

# %%
person = next(
    number
    for number, one in enumerate(facts)
    if rules.evaluate(indication["statin"], rules.FactsEnvironment(one))
    and rules.evaluate(indication["lower_pressure"], rules.FactsEnvironment(one))
    and not rules.evaluate(against["statin"], rules.FactsEnvironment(one))
)
environment = rules.FactsEnvironment(facts[person])
for reason in rules.explain(indication["statin"], environment):
    print(rules.sentence(reason))

# %% [markdown]
# ## Order
# What moves the values that are off for this person comes first.

# %%
space = content.item_space(
    {
        "stop_smoking": {"risk:cvd": 1.0, "risk:lung": 1.0},
        "statin": {"moves:LDL": 1.0, "risk:cvd": 1.0},
        "lower_pressure": {"moves:SBP": 1.0, "risk:cvd": 1.0},
        "move_more": {"moves:BMI": 1.0, "moves:SBP": 0.4, "moves:HBA1C": 0.6},
    }
)
needs = people.assign(
    **{
        f"moves:{code}": ((people[code] - people[code].mean()) / people[code].std()).clip(lower=0)
        for code in ("LDL", "SBP", "BMI", "HBA1C")
    },
    **{"risk:cvd": people["prevent_cvd_10y"].fillna(0.2) * 5},
)[["moves:LDL", "moves:SBP", "moves:BMI", "moves:HBA1C", "risk:cvd"]].to_dict("records")
environments = [rules.FactsEnvironment(one) for one in facts]
allowed = [
    [
        item
        for item, rule in indication.items()
        if rules.evaluate(rule, one)
        and not (item in against and rules.evaluate(against[item], one))
    ]
    for one in environments
]
weights = ranking.Weights()
components = [
    {
        item: ranking.Components(0, 0, need["risk:cvd"] / 5, like, 0.8, 0.5)
        for item, like in space.similarity(need).items()
    }
    for need in needs
]
lists = [
    [
        one.id
        for one in ranking.order(
            [
                ranking.Ranked(item, 1, ranking.score(parts[item], weights), parts[item])
                for item in items
            ]
        )
    ]
    for items, parts in zip(allowed, components, strict=True)
]
pd.Series([len(items) for items in lists]).value_counts().sort_index().rename("people")

# %%
pd.DataFrame({item: ranking.parts(components[person][item]) for item in lists[person]}).T.round(3)

# %% [markdown]
# ## Is the order any good?
# With a simulated answer (people mostly take the item that fits their needs, with much chance) the
# order can be judged against one fixed for everybody. The simulation favours the personal order by
# construction; real answers need real people: this shows the method only.

# %%
rng = np.random.default_rng(4)
whim = rng.gumbel(scale=0.3, size=(len(people), len(indication)))
liking = [
    {
        item: space.similarity(need)[item] + chance
        for item, chance in zip(indication, row, strict=True)
    }
    for need, row in zip(needs, whim, strict=True)
]
taken = [
    frozenset(sorted(items, key=like.get)[-1:]) for items, like in zip(allowed, liking, strict=True)
]
fixed = [[item for item in indication if item in items] for items in lists]
personal = metrics.table(1, lists, taken, random_state=1)
same_for_all = metrics.table(1, fixed, taken, random_state=1)
pd.DataFrame(
    {
        "personal": {
            name: f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"
            for name, found in personal.items()
        },
        "same for all": {
            name: f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"
            for name, found in same_for_all.items()
        },
    }
)
