"""Items of the catalogue that do not come up for a person at all, each with the reason.

They stand in `blocked` after what was weighed and taken out, so that whoever asks "why not this
one?" finds every item of the catalogue once in the answer. What would be unsafe besides says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ml import rules
from ml.facts import Facts
from ml.scores.derived import derived
from recommendations import safety
from recommendations.catalogue import Catalogue, expiry
from recommendations.unindicated import Unindicated, unindicated


def rows(
    facts: Facts, catalogue: Catalogue, numbers: Mapping[str, float | None]
) -> list[dict[str, Any]]:
    """Short rows, what is contraindicated before what only lacks its indication."""
    found = list(_rows(derived(facts).facts, expiry.active(catalogue, facts.as_of), numbers))
    return sorted(found, key=lambda row: row["because"] != "contraindicated")


def _rows(
    facts: Facts, catalogue: Catalogue, numbers: Mapping[str, float | None]
) -> Iterator[dict[str, Any]]:
    env = rules.FactsEnvironment(facts, numbers)
    for passed in unindicated(facts, catalogue, numbers):
        verdict = safety.judge(catalogue.by_id[passed.id], env, catalogue)
        yield _row(passed) | (_unsafe(verdict) if verdict.blocks else {})


def _row(passed: Unindicated) -> dict[str, Any]:
    return {
        "id": passed.id,
        "name": passed.name,
        "reason": passed.reason,
        "rule": f"{passed.id}.indication",
        "source": passed.source,
        "because": "not_known" if passed.is_undetermined else "not_indicated",
    }


def _unsafe(verdict: safety.Verdict) -> dict[str, Any]:
    first = verdict.blocks[0]
    return {
        "reason": "; ".join(block.reason for block in verdict.blocks),
        "rule": first.rule,
        "source": first.source,
        "because": "contraindicated",
    }
