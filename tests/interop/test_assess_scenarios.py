"""Whole patients through the door: what they must be offered, and what is named as withheld."""

import json
from pathlib import Path

import pytest
from django.urls import reverse

from healthcare.accounts.models import User
from predictions.services import registry
from tests.factories import UserFactory
from tests.recommendations.people import UNITS

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parents[1] / "recommendations/data"
SCENARIOS = [
    scenario
    for name in ("catalogue_scenarios", "further_scenarios")
    for scenario in json.loads((DATA / f"{name}.json").read_text())
]
KEYS = {"id", "name", "urgency", "tier", "rank", "grade", "source", "why", "benefit", "warnings",
        "harms", "in_trials", "shares"}  # fmt: skip
CALCULATED = {"FIB4"}  # named like a result, and sent as a score
SAME = ("sex", "age", "pregnant", "breastfeeding")
LISTS = {"conditions": "has", "medications": "on", "allergies": "allergy", "flags": "flag"}


def as_posted(known):
    """The notation of the scenarios as `assess` takes it; a list that is None is not sent."""
    lists = {key: known[short] for key, short in LISTS.items() if known[short] is not None}
    if "medications" in lists:
        others = range(known["n_drugs"] - len(known["on"]))
        lists["medications"] = known["on"] + [f"other_drug_{place}" for place in others]
    lifestyle = {
        "smoking": "current" if known["smoker"] else "never",
        "pack_years": known["pack_years"],
        "alcohol_drinks_week": known["alcohol_week"],
    }
    return {
        **{key: known[key] for key in SAME},
        **lists,
        "gestation_weeks": known["gest_weeks"],
        "scores": known["score"] | {code: known[code] for code in CALCULATED if code in known},
        "done": known["done"],
        "lifestyle": lifestyle,
        "measurements": [
            {"code": code, "value": value, "unit": UNITS[code]}
            for code, value in known.items()
            if code in UNITS
        ],
    }


@pytest.fixture
def answer_to(client):
    registry.install_builtin()
    client.force_login(UserFactory(role=User.Role.API_CLIENT))

    def send(scenario):
        body = as_posted(scenario["patient"])
        response = client.post(reverse("api-assess"), body, content_type="application/json")
        assert response.status_code == 200, response.json()
        return response.json()

    return send


each_scenario = pytest.mark.parametrize(
    "scenario",
    [pytest.param(each, id=f"{each['id']}: {each['description']}") for each in SCENARIOS],
)


@each_scenario
def test_what_is_needed_is_offered_and_what_is_withheld_is_named(answer_to, scenario):
    answer = answer_to(scenario)
    offered = {item["id"] for item in answer["recommendations"]}
    named = {item["id"] for item in answer["blocked"] + answer["check_first"]}
    forbidden = {*scenario["must_block_or_not_recommend"], *scenario["must_not_recommend"]}

    assert set(scenario["must_include"]) - offered == set()
    assert forbidden & offered == set()
    assert forbidden - named == set()
    assert all(set(item) >= KEYS and item["source"] for item in answer["recommendations"])


def test_every_item_of_the_catalogue_stands_once_in_the_answer(answer_to):
    answer = answer_to(SCENARIOS[0])
    ids = [
        item["id"]
        for part in ("recommendations", "blocked", "check_first")
        for item in answer[part]
        if not item["id"].startswith("test-")
    ]
    assert len(ids) == len(set(ids)) == 203


def test_what_is_withheld_says_of_which_kind_and_the_unsafe_comes_first(answer_to):
    pregnant = answer_to(SCENARIOS[0])["blocked"]
    kind = {item["id"]: item["because"] for item in pregnant}

    assert (kind["M15"], kind["M08"]) == ("contraindicated", "contraindicated")
    assert kind["M40"] == "not_indicated"
    assert all(item["reason"] and item["rule"] and item["source"] for item in pregnant)
    rest = [item["because"] for item in pregnant if "rank" not in item]
    assert rest == sorted(rest, key=lambda because: because != "contraindicated")


def test_a_benefit_in_relative_terms_harms_and_shares_stand_beside_the_fixed_keys(answer_to):
    heart = next(each for each in SCENARIOS if each["id"] == "SC04")
    items = {item["id"]: item for item in answer_to(heart)["recommendations"]}

    doac = items["M32"]
    assert doac["harms"] or doac["in_trials"]
    for item in items.values():
        assert sum(item["shares"].values()) == pytest.approx(item["score"], abs=0.02)
        assert all(trial["rr"] > 0 and trial["source"] for trial in item["in_trials"])
        assert all(harm["name"] and harm["source"] for harm in item["harms"])
