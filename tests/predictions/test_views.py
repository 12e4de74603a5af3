import re
from html import unescape

import pytest
from django.urls import reverse
from django.utils.html import escape

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from predictions.models import ModelVersion
from predictions.presenters import performance
from tests.factories import ModelVersionFactory, UserFactory
from tests.factories.predictions import attributes

pytestmark = pytest.mark.django_db
Stage = ModelVersion.Stage


def interval(value):
    return {"value": value, "low": value - 0.01, "high": value + 0.01}


def figures(**other):
    names = ["auroc", "average_precision", "brier", "brier_skill", "log_loss",
             "calibration_slope", "calibration_intercept", "observed_expected"]  # fmt: skip
    return {name: interval(0.5) for name in names} | other


MANIFEST = {
    "task": "undiagnosed_diabetes",
    "inputs": [{"name": "waist", "label": "Waist circumference", "unit": "cm", "group": "waist"}],
    "serving": {"ages": [20, 80]},
    "study": {
        "digest": "d" * 64,
        "population": "Adults never told that they have diabetes",
        "outcome": "HbA1c of 6.5 % or more",
        "horizon_years": None,
        "banned": {"HBA1C": "defines the outcome"},
        "monotone": {"waist": [1, "visceral fat drives insulin resistance"]},
        "tiers": [{"tier": "T2", "from": 0.05, "advice": "Measure HbA1c.", "source": "own"}],
        "published_score": "ADA risk test",
        "notes": ["Survey people of the United States."],
    },
    "data": {"name": "NHANES", "licence": "Public domain", "sha256": "a" * 64, "rows": 40000,
             "cohort": 31442, "cycles": ["1999-2000"]},
    "metrics": {
        "people": 31442,
        "events": 1363,
        "how": "cross-fitted over 5 folds",
        "cross_fitted": figures(auroc=interval(0.864)),
        "held_out_fifth": figures(),
        "scenarios": [{"title": "Blood count only", "auroc": 0.7, "calibration_slope": 1.0,
                       "observed_expected": 1.0}],
        "calibration_curve": [{"count": 100, "predicted": 0.1, "observed": 0.12},
                              {"count": 100, "predicted": 0.3, "observed": 0.28}],
        "thresholds": [{"threshold": 0.05, "flagged": 242.8, "found": 34.3, "missed": 9.0,
                        "false_alarms": 208.4, "sensitivity": 0.79, "specificity": 0.78,
                        "ppv": 0.14, "number_needed_to_evaluate": 7.1, "net_benefit": 0.0234,
                        "net_benefit_all": -0.007}],
        "subgroups": [{"group": "ethnicity", "part": "Other", "count": None, "events": None,
                       "auroc": None, "observed_expected": None, "slope": None}],
        "age_and_sex_logistic": {"auroc": 0.7, "calibration_slope": 1.0, "observed_expected": 1.0},
        "temporal": {"trained_before": 2013, "people": 7262, "auroc": 0.83,
                     "calibration_slope": 0.8, "observed_expected": 0.93},
        "published": {"score": "ADA test", "people": 30953, "auroc": 0.769, "model_auroc": 0.866},
    },
    "libraries": {"python": "3.11"},
    "card": attributes("undiagnosed_diabetes"),
    "created_on": "2026-11-22",
    "seed": 1,
}  # fmt: skip


@pytest.fixture
def version():
    return ModelVersionFactory(manifest=MANIFEST)


@pytest.fixture
def challenger():
    return ModelVersionFactory(number=2, stage=Stage.CHALLENGER, manifest=MANIFEST)


@pytest.fixture
def as_scientist(client, data_scientist):
    client.force_login(data_scientist)
    return client


def confirmation(client, challenger):
    """The hidden fields of the page that asks once more."""
    page = client.get(reverse("model-promote", args=[challenger.pk])).content.decode()
    return dict(re.findall(r'<input type="hidden" name="(replacing)" value="([^"]*)"', page))


def promote(client, challenger, page=None):
    """Say yes to the page that asks, to that of now if none is given."""
    fields = confirmation(client, challenger) if page is None else page
    return client.post(reverse("model-promote", args=[challenger.pk]), fields)


def test_the_register_lists_every_version_with_its_stage(signed_in, version, challenger):
    rows = signed_in.get(reverse("models")).context["rows"]

    assert [(row["name"], row["stage_label"]) for row in rows] == [
        ("undiagnosed_diabetes v2", "Challenger"), ("undiagnosed_diabetes v1", "Serving"),
    ]  # fmt: skip
    assert rows[0]["auroc"] == "0.864 (0.854–0.874)"


@pytest.mark.parametrize("count", [1, 3])
def test_the_register_costs_the_same_queries_for_any_number(
    signed_in, count, django_assert_num_queries
):
    for number in range(count):
        ModelVersionFactory(number=number, stage=Stage.RETIRED, manifest=MANIFEST)

    with django_assert_num_queries(3):  # session, user, versions
        signed_in.get(reverse("models"))


def test_the_card_starts_with_the_intended_use(signed_in, version):
    html = signed_in.get(reverse("model", args=[version.pk])).content.decode()

    headings = ["Intended use", "Calibration", "per 1,000 people", "Where it comes from"]
    places = [html.index(heading) for heading in headings]
    assert places == sorted(places)
    for told in ["visceral fat drives insulin resistance", "Public domain", "defines the outcome",
                 "Survey people of the United States."]:  # fmt: skip
        assert told in html


def test_small_cells_are_not_shown(signed_in, version):
    card = signed_in.get(reverse("model", args=[version.pk])).context["card"]

    assert {cell["text"] for cell in card["subgroups"]["rows"][0][2:]} == {"too few to show"}


def part_of(found, events):
    """What the model page says of the AUROC of a part."""
    row = {"group": "age", "part": "20-39", "count": 5000, "events": events, "auroc": found,
           "observed_expected": found, "slope": found}  # fmt: skip
    return performance.subgroups([row])["rows"][0][4]["text"]


@pytest.mark.parametrize(
    ("found", "events", "told"),
    [
        (0.695, 12, "too few to show"),
        (0.695, 100, "0.695"),
        ({"value": 0.695, "low": 0.52, "high": 0.84}, 12, "0.695 (0.520–0.840)"),
    ],
)
def test_a_figure_of_a_part_has_its_interval_or_enough_events(found, events, told):
    assert part_of(found, events) == told


def test_gaps_and_later_years_show_their_intervals(signed_in):
    found = {name: interval(0.8) for name in performance.COMPARED}
    metrics = MANIFEST["metrics"] | {
        "scenarios": [{"title": "Blood count only", **found}],
        "temporal": {"trained_before": 2013, "people": 7262, "events": 300, **found},
    }
    version = ModelVersionFactory(manifest=MANIFEST | {"metrics": metrics})

    card = signed_in.get(reverse("model", args=[version.pk])).context["card"]

    assert card["scenarios"]["rows"][0][1]["text"] == "0.800 (0.790–0.810)"
    assert card["comparison"]["rows"][-1][2]["text"] == "0.800 (0.790–0.810)"


def test_every_chart_has_a_table_of_the_same_numbers(signed_in, version):
    card = signed_in.get(reverse("model", args=[version.pk])).context["card"]

    bins = card["calibration"]["spec"]["bins"]
    shown = [row[1]["text"] for row in card["calibration"]["rows"]]
    assert [f"{point['observed']:.1f}" for point in bins] == shown == ["12.0", "28.0"]
    assert card["decision"]["rows"][0][1]["text"] == "0.0234"


def test_an_interval_of_a_share_holds_the_share():
    low, high = performance.wilson(0.12, 100)

    assert (round(low, 3), round(high, 3)) == (0.07, 0.198)


def test_a_version_without_figures_says_so(signed_in):
    bare = ModelVersionFactory()

    assert b"No model card" in signed_in.get(reverse("model", args=[bare.pk])).content


def test_a_challenger_serves_after_a_person_has_said_so_twice(as_scientist, version, challenger):
    url = reverse("model-promote", args=[challenger.pk])
    assert b"will retire" in as_scientist.get(url).content
    challenger.refresh_from_db()
    assert challenger.stage == Stage.CHALLENGER

    promote(as_scientist, challenger)

    challenger.refresh_from_db()
    version.refresh_from_db()
    assert (challenger.stage, version.stage) == (Stage.SERVING, Stage.RETIRED)
    assert AuditEvent.objects.filter(action="model.promoted").count() == 1


def test_a_blank_attribute_is_a_conflict_and_shown(as_scientist, version, challenger):
    first, *others = challenger.manifest["card"]
    challenger.manifest = MANIFEST | {"card": [first | {"text": ""}, *others]}
    challenger.save()

    response = promote(as_scientist, challenger)

    assert response.status_code == 409
    assert f"lacks {first['title']}" in response.content.decode()
    version.refresh_from_db()
    assert version.stage == Stage.SERVING


def test_the_page_shows_every_attribute(signed_in, version):
    page = signed_in.get(reverse("model", args=[version.pk])).content.decode()

    assert all(escape(row["text"]) in page for row in version.manifest["card"])


def test_what_serves_cannot_be_promoted_again(as_scientist, version):
    response = promote(as_scientist, version)

    version.refresh_from_db()
    assert (response.status_code, version.stage) == (409, Stage.SERVING)
    assert "is not challenger" in response.content.decode()


def test_who_saw_another_version_serve_is_asked_again(as_scientist, version, challenger):
    page = confirmation(as_scientist, challenger)
    other = ModelVersionFactory(number=3, stage=Stage.CHALLENGER, manifest=MANIFEST)
    promote(as_scientist, other)

    response = promote(as_scientist, challenger, page)

    other.refresh_from_db()
    assert (response.status_code, other.stage) == (409, Stage.SERVING)
    assert f"{other} serves now, which was not so" in response.content.decode()
    assert promote(as_scientist, challenger).status_code == 302


def test_a_model_whose_files_do_not_open_is_told_on_both_pages(signed_in):
    absent = ModelVersionFactory(folder="models/none/0", manifest=MANIFEST)

    for url in [reverse("models"), reverse("model", args=[absent.pk])]:
        page = unescape(signed_in.get(url).content.decode())
        assert f"{absent} does not open" in page


def test_only_those_who_may_promote_are_offered_it(client, signed_in, as_scientist, challenger):
    url = reverse("model", args=[challenger.pk])
    assert as_scientist.get(url).context["may_promote"]

    client.force_login(UserFactory(role=User.Role.CLINICIAN))

    assert not client.get(url).context["may_promote"]
    assert client.post(reverse("model-promote", args=[challenger.pk])).status_code == 403


@pytest.mark.parametrize("role", [User.Role.LAB_STAFF, User.Role.PATIENT])
def test_models_are_not_for_everybody(client, version, role):
    client.force_login(UserFactory(role=role))

    for url in [reverse("models"), reverse("model", args=[version.pk])]:
        assert client.get(url).status_code == 403
