"""How fast the whole catalogue is weighed for many people, against a limit and a peer.

python benchmarks/recommend.py [--people 100000] [--loop 200]

In one run, on the same generated people (facts drawn at random from plausible ranges):

- `limit`: numpy's bare work on the same data: the rules as masks in plain two-valued logic, and
  the product of needs and item features;
- `ours`: three-valued rules, safety, alternatives, benefit, content and rank of every item;
- `loop`: the one-person engine, person by person, on some of them, as a rate;
- `one`: milliseconds of CPU for the whole list of one person, published scores included.

Prints one JSON object. No database.
"""

import argparse
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from ml import rules
from ml.rules.population import CodeLists, People
from ml.rules.setwise import Numbers, Truths
from ml.rules.syntax import And, Comparison, Not, Or
from recommendations import catalogue, engine, need, setwise
from recommendations.catalogue import expiry
from recommendations.setwise import columns
from recommendations.setwise.compiled import every_rule
from tests.recommendations.people import person
from tests.recommendations.test_setwise import RANGES, anybody, scored

AT_ONCE = 20_000
RISKS = {"PREVENT_ASCVD_10Y": 0.08, "PREVENT_CVD_10Y": 0.11, "PREVENT_HF_10Y": 0.05,
         "ASCVD_PCE": 0.09, "KFRE_5Y": 0.02}  # fmt: skip


def offered():
    """What a site without edits of its own offers today."""
    return expiry.active(catalogue.load(), datetime.now(UTC).date())


def made_up(people, seed):
    """Columns of that many people, with a third of the values unknown."""
    whole, rng = offered(), np.random.default_rng(seed)
    numbers, scores, items = columns.asked(whole)
    lists = {kind: sorted(codes) for kind, codes in _codes(whole).items()}
    return People(
        people=people,
        numbers={name: Numbers(_values(rng, name, people)) for name in numbers},
        scores={name: Numbers(_risks(rng, name, people)) for name in scores},
        sex=rng.integers(0, 2, people).astype(np.int8),
        truths={name: _truth(rng, people) for name in ("pregnant", "breastfeeding", "smoker")},
        conditions=_lists(rng, lists["has"], people, 0.05),
        medications=_lists(rng, lists["on"], people, 0.05),
        allergies=_lists(rng, lists["allergy"], people, 0.02),
        flags=_lists(rng, lists["flag"], people, 0.02),
        months_since={item: _gaps(rng, rng.uniform(0, 60, people), 0.5) for item in items},
    )


def _codes(whole):
    found = {"has": set(), "on": set(), "allergy": set(), "flag": set()}
    for rule in every_rule(whole):
        for leaf in rules.leaves(rule):
            if isinstance(leaf, rules.Call) and leaf.months is None:
                found[leaf.function].add(leaf.code)
    return found


def _values(rng, name, people):
    low, high = RANGES.get(name, (0, 100))
    return _gaps(rng, rng.uniform(low, high, people), 0.3)


def _risks(rng, name, people):
    drawn = (
        rng.gamma(1.5, RISKS[name] / 1.5, people) if name in RISKS else rng.integers(0, 12, people)
    )
    return _gaps(rng, np.minimum(drawn.astype(float), 0.9 if name in RISKS else 30), 0.3)


def _gaps(rng, values, share):
    return np.where(rng.random(len(values)) < share, np.nan, values)


def _truth(rng, people):
    answer = rng.integers(0, 3, people)
    return Truths.of(answer == 1, answer == 2)


def _lists(rng, codes, people, share):
    known = rng.random(people) > 0.1
    return CodeLists(people, {code: (rng.random(people) < share) & known for code in codes}, known)


def limit(people, whole, space, needs):
    """The bare masks of every rule and one product of matrices."""
    masks = {}
    for rule in every_rule(whole):
        _mask(rule, people, masks)
    return needs @ space.matrix.T


def _mask(tree, people, masks):
    text = str(tree)
    if text not in masks:
        if isinstance(tree, And):
            masks[text] = np.logical_and.reduce([_mask(t, people, masks) for t in tree.terms])
        elif isinstance(tree, Or):
            masks[text] = np.logical_or.reduce([_mask(t, people, masks) for t in tree.terms])
        elif isinstance(tree, Not):
            masks[text] = ~_mask(tree.term, people, masks)
        else:
            masks[text] = _leaf(tree, people)
    return masks[text]


def _leaf(leaf, people):
    if isinstance(leaf, Comparison) and isinstance(leaf.bound, str):
        return people.sex == ("male", "female").index(leaf.bound)
    if isinstance(leaf, Comparison):
        is_score = isinstance(leaf.left, rules.Call)
        source = people.scores[leaf.left.code] if is_score else people.numbers[leaf.left.name]
        return rules.evaluation.COMPARE[leaf.operator](source.values, leaf.bound)
    if isinstance(leaf, rules.Name):
        return people.truths[leaf.name].unpacked(len(people))[0]
    if leaf.months is not None:
        return people.months_since[leaf.code] >= leaf.months
    lists = {"has": people.conditions, "on": people.medications, "allergy": people.allergies,
             "flag": people.flags}  # fmt: skip
    return lists[leaf.function].has[leaf.code]


def timed(work):
    """(wall seconds, CPU seconds)."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def one_by_one(whole, people):
    for facts, numbers in people:
        engine.recommend(facts, whole, numbers)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--loop", type=int, default=200)
    options = parser.parse_args()
    whole = offered()
    space = need.item_space(whole)
    parts = [made_up(AT_ONCE, seed) for seed in range(max(1, options.people // AT_ONCE))]
    needs = np.random.default_rng(0).random((AT_ONCE, len(space.columns)))
    setwise.weigh(made_up(64, 99), whole)  # numba compiles, caches fill
    rng = np.random.default_rng(1)
    some = [scored(anybody(rng)) for _ in range(options.loop)]
    one_by_one(whole, some[:2])
    bare, _ = timed(lambda: [limit(part, whole, space, needs) for part in parts])
    ours, cpu = timed(lambda: [setwise.weigh(part, whole) for part in parts])
    loop, _ = timed(lambda: one_by_one(whole, some))
    _, one = timed(lambda: [engine.recommend(*scored_whole(whole)) for _ in range(20)])
    people = len(parts) * AT_ONCE
    print(json.dumps({
        "people": people, "items": len(whole.interventions),
        "limit_s": round(bare, 2), "ours_s": round(ours, 2), "ours_cpu_s": round(cpu, 2),
        "share_of_limit": round(bare / ours, 2), "ours_people_s": round(people / ours),
        "loop_people_s": round(options.loop / loop, 1),
        "times_loop": round(people / ours * loop / options.loop),
        "one_ms_cpu": round(1000 * one / 20, 1),
    }))  # fmt: skip


def scored_whole(whole):
    facts, numbers = scored(person(age=60, has=["htn", "t2d"], SBP=150, LDL=150, TC=230, HDL=42,
                                   EGFR=70, BMI=31, HBA1C=7.6, smoker=True))  # fmt: skip
    return facts, whole, numbers


if __name__ == "__main__":
    main()
