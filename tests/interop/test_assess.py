import pytest
from django.db import connection
from django.urls import reverse

from healthcare.accounts.models import User
from predictions.models import ModelVersion
from predictions.services import registry
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PERSON = {
    "as_of": "2015-06-30",
    "sex": "female",
    "age": 61,
    "pregnant": False,
    "ethnicity": "non_hispanic_black",
    "conditions": ["htn"],
    "medications": ["acei"],
    "allergies": ["penicillin"],
    "family_history": ["diabetes"],
    "lifestyle": {"smoking": "former", "pack_years": 12, "self_rated_health": 3},
    "done": {"colonoscopy": {"months_ago": 38}},
    "scores": {"CHA2DS2_VASC": 4},
    "measurements": [
        {"code": "2160-0", "value": 1.1, "unit": "mg/dL", "collected": "2015-06-28"},
        {"code": "SBP", "value": 148, "unit": "mm[Hg]"},
        {"code": "BMI", "value": 31, "unit": "kg/m2"},
        {"code": "LDL", "value": 5.2, "unit": "mmol/L"},
    ],
}
TASKS = {"undiagnosed_diabetes", "ckd", "death_10y", "cvd_death_10y"}


@pytest.fixture
def post(client):
    registry.install_builtin()
    client.force_login(UserFactory(role=User.Role.API_CLIENT))

    def send(body):
        return client.post(reverse("api-assess"), body, content_type="application/json")

    return send


def test_the_answer_has_the_keys_of_the_contract(post):
    answer = post(PERSON).json()

    assert set(answer) >= {
        "as_of", "predictions", "abstained", "scores", "recommendations", "blocked", "check_first",
    }  # fmt: skip
    assert {row["task"] for row in answer["predictions"] + answer["abstained"]} == TASKS


def test_a_prediction_says_its_interval_tier_and_reasons(post):
    for row in post(PERSON).json()["predictions"]:
        assert row["low"] <= row["risk"] <= row["high"]
        assert row["tier"] in {"T0", "ND", "T1", "T2", "T3"}
        assert {"feature", "value", "points"} <= set(row["contributions"][0])


def test_a_known_disease_abstains_with_its_reason(post):
    known = PERSON | {"conditions": ["E11.9", "ckd"]}

    abstained = {row["task"]: row["reason"] for row in post(known).json()["abstained"]}

    assert set(abstained) == {"undiagnosed_diabetes", "ckd"}
    assert all(abstained.values())


def test_almost_nothing_known_gives_reasons_and_next_tests(post):
    answer = post({"sex": "male", "age": 50}).json()

    assert answer["predictions"] == []
    assert {row["task"] for row in answer["abstained"]} == TASKS
    assert all(row["next_test"] for row in answer["abstained"])


def test_published_scores_stand_beside(post):
    scores = {row["id"]: row for row in post(PERSON).json()["scores"]}

    assert scores["CKD_EPI_2021"]["values"]
    assert "cholesterol" in scores["PREVENT_CVD_10Y"]["reason"]
    assert scores["CHA2DS2_VASC"]["values"] == {"value": 4}


def test_an_item_says_why_with_grade_and_source(post):
    for item in post(PERSON).json()["recommendations"]:
        assert item["reasons"]
        assert item["evidence_grade"]
        assert item["source"]


def test_each_reason_has_value_unit_day_and_source(post):
    answer = post(PERSON).json()
    told = answer["recommendations"] + answer["check_first"] + answer["blocked"]
    reasons = {(one["kind"], one["code"]): one for item in told for one in item.get("reasons", ())}

    def said(kind, code):
        return [reasons[kind, code][key] for key in ("value", "unit", "collected", "source")]

    assert said("number", "SBP") == [148, "mm[Hg]", None, "as sent"]
    assert said("number", "EGFR") == [
        pytest.approx(57.2, abs=0.1), "mL/min/{1.73_m2}", "2015-06-28", "calculated (CKD-EPI 2021)",
    ]  # fmt: skip
    assert said("condition", "htn") == [None, "", None, "as sent"]


def test_a_bad_person_is_a_problem_that_names_its_keys(post):
    response = post(PERSON | {"weight": 80})

    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert list(response.json()["errors"]) == ["weight"]


def test_people_are_answered_in_order_with_an_error_for_each_bad_one(post):
    people = [PERSON, {"sex": "x"}, PERSON | {"age": 30}]

    answers = post({"people": people}).json()["people"]

    assert answers[0]["predictions"]
    assert (answers[1]["index"], sorted(answers[1]["error"]["errors"])) == (1, ["age", "sex"])
    assert answers[2]["as_of"] == "2015-06-30"


def test_people_together_and_one_by_one_get_the_same_numbers(post):
    younger = PERSON | {"age": 40}

    together = post({"people": [PERSON, younger]}).json()["people"]

    assert together == [post(PERSON).json(), post(younger).json()]


@pytest.mark.parametrize("people", [[{}] * 1001, "all", None])
def test_too_many_people_or_none_are_refused(post, people):
    assert post({"people": people}).status_code == 400


@pytest.mark.parametrize("body", ["[]", "3", "{", '"x"'])
def test_what_is_not_a_person_is_refused_and_not_an_error(post, body):
    assert post(body).status_code == 400


def test_nothing_is_stored(post):
    def rows():
        tables = connection.introspection.table_names()
        with connection.cursor() as cursor:
            for table in sorted(set(tables) - {"django_session", "accounts_user"}):
                cursor.execute(f'SELECT count(*) FROM "{table}"')
                yield table, cursor.fetchone()

    before = list(rows())
    post(PERSON)

    assert list(rows()) == before


@pytest.mark.parametrize(
    "body",
    [
        {**PERSON, "age": 10**400},
        {**PERSON, "birth_date": "1015-01-01", "age": None},
        {**PERSON, "measurements": [{"code": "SBP", "value": 10**400, "unit": "mm[Hg]"}]},
        '{"sex": "female", "age": 61, "\\ud800": 1}',
        "[" * 100_000,
    ],
    ids=["huge age", "a thousand years", "huge value", "half a character", "deep nesting"],
)
def test_a_hostile_body_is_refused_and_not_a_crash(post, body):
    response = post(body)

    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


def test_missing_tests_come_with_their_chance_to_change_the_tier(post):
    for row in post(PERSON).json()["predictions"]:
        chances = [test["changes_tier"] for test in row["next_tests"]]
        assert chances == sorted(chances, reverse=True)
        assert all(0 <= chance <= 1 for chance in chances)
        assert all(test["code"] and test["label"] for test in row["next_tests"])
        assert bool(row["next_tests"]) == bool(row["missing"])


def test_a_recommendation_keeps_the_short_form_of_the_contract(post):
    answer = post(PERSON).json()
    for item in answer["recommendations"]:
        assert {"id", "name", "urgency", "tier", "rank", "grade", "source", "why", "benefit",
                "warnings"} <= set(item)  # fmt: skip
        if item["benefit"]:
            assert {"risk", "horizon_years", "arr", "low", "high", "nnt"} <= set(item["benefit"])
    for item in answer["blocked"] + answer["check_first"]:
        assert item["reason"]
        assert item["rule"]


def test_an_open_risk_names_the_test_that_would_decide_it_and_it_is_recommended(post):
    answer = post(PERSON).json()
    decided = [row["decided_by"] for row in answer["predictions"] if row["decided_by"]]

    assert all({"code", "label", "changes_tier", "value"} <= set(test) for test in decided)
    told = [item for item in answer["recommendations"] if item["decides"]]
    assert len(told) == 1 if decided else not told
    assert all(item["source"] and item["why"] for item in told)


def test_who_abstains_is_told_which_test_would_bring_a_number(post):
    answer = post({"sex": "male", "age": 50}).json()

    for row in answer["abstained"]:
        assert row["next_tests"][0]["changes_tier"] == 1
    (told,) = [item for item in answer["recommendations"] if item["decides"]]
    assert told["source"]


def test_an_old_measurement_is_asked_for_again_with_its_age(post):
    old = [row | {"collected": "2008-01-01"} for row in PERSON["measurements"]]

    answer = post(PERSON | {"measurements": old}).json()

    asked = [test for row in answer["predictions"] for test in row["next_tests"]]
    assert any(test["months_old"] and test["months_old"] > 80 for test in asked)


def test_without_a_model_that_opens_the_rest_is_answered(post):
    ModelVersion.objects.update(stage=ModelVersion.Stage.RETIRED)

    together = post({"people": [PERSON, PERSON]}).json()["people"]

    assert [(one["predictions"], one["abstained"]) for one in together] == [([], []), ([], [])]
    assert all(one["scores"] and one["recommendations"] for one in together)
