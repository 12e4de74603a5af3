"""The hand-written patients: what they must be offered and what they must not."""

import json
from pathlib import Path

import pytest

from recommendations import catalogue, engine
from tests.recommendations.people import person

DATA = Path(__file__).parent / "data"
SCENARIOS = [
    scenario
    for name in ("catalogue_scenarios", "further_scenarios")
    for scenario in json.loads((DATA / f"{name}.json").read_text())
]


def outcome(scenario):
    return engine.recommend(person(**scenario["patient"]), catalogue.load())


def named(scenario):
    return pytest.param(scenario, id=f"{scenario['id']}: {scenario['description']}")


PATIENTS = [named(scenario) for scenario in SCENARIOS]


@pytest.mark.parametrize("scenario", PATIENTS)
def test_what_the_patient_needs_is_recommended(scenario):
    recommended = {item.id for item in outcome(scenario).recommended}
    assert set(scenario["must_include"]) - recommended == set()


@pytest.mark.parametrize("scenario", PATIENTS)
def test_what_would_harm_or_not_help_is_not_recommended(scenario):
    forbidden = {*scenario["must_block_or_not_recommend"], *scenario["must_not_recommend"]}
    assert forbidden & {item.id for item in outcome(scenario).recommended} == set()


@pytest.mark.parametrize("scenario", PATIENTS)
def test_nothing_comes_without_reason_source_and_wording(scenario):
    found = outcome(scenario)
    assert not found.safety_failed
    for item in found.items:
        assert item.source
        assert item.evidence_grade
        assert item.patient_text
        assert item.reasons


@pytest.mark.parametrize("scenario", PATIENTS)
def test_what_is_blocked_or_to_be_checked_says_why(scenario):
    found = outcome(scenario)
    assert all(item.blocked_by for item in found.blocked)
    assert all(item.check_first for item in found.check_first)
