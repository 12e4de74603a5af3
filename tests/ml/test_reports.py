"""Files and pages of a report."""

import base64
import json
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from ml import reports
from ml.evaluation import comparison, evaluate, recalibration
from ml.reports import chai, wording
from tests.ml.report_studies import judged, problem, sample


class Page(HTMLParser):
    """Texts, anchors and links of a page without its scripts."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.outside, self.order = set(), [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if "id" in found:
            self.ids.add(found["id"])
            self.order.append(found["id"])
        link = found.get("href", "")
        (self.links if link.startswith("#") else self.outside).append(link)
        self.outside.append(found.get("src", ""))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    y, risk = sample()
    paths = reports.write(
        {"cross_fitted": judged(), "later": judged(seed=5), "simplest": judged(shift=0.3)},
        problem(title="Readmission <script>"),
        tmp_path_factory.mktemp("report"),
        comparisons={
            "simplest": comparison.compare(
                y, risk, risk**2, "binary", thresholds=[0.2], random_state=1, rounds=20
            )
        },
        recalibration=recalibration.offer(y, risk, random_state=1),
        record={"created_on": "2026-01-01", "data": {"name": "made"}, "libraries": {"numpy": "2"}},
        facts={"1.i": "Carelens <b>team</b>"},
    )
    return {name: path.read_text(encoding="utf-8") for name, path in paths.items()}


def test_a_report_is_the_files_that_were_promised(written):
    assert sorted(written) == [
        "audit.json", "card.chai.xml", "card.fhir.json", "card.json", "card.txt", "report.html",
        "report.json",
    ]  # fmt: skip
    assert all(json.loads(written[name]) for name in written if name.endswith("json"))


def test_the_page_needs_nothing_from_elsewhere(written):
    assert {link for link in Page(written["report.html"]).outside if link} == set()


def test_every_link_of_the_page_has_its_place(written):
    page = Page(written["report.html"])

    assert {link.removeprefix("#") for link in page.links} <= page.ids


def test_calibration_and_benefit_stand_before_discrimination(written):
    order = Page(written["report.html"]).order

    assert order.index("calibration") < order.index("benefit") < order.index("discrimination")


def test_every_chart_has_its_table(written):
    text = written["report.html"]

    assert text.count('class="chart"') == text.count("As a table</summary>") > 5


def test_text_of_people_cannot_become_markup(written):
    assert "Readmission <script>" not in written["report.html"]
    assert "Readmission &lt;script&gt;" in written["report.html"]
    assert "Carelens <b>" not in written["report.html"]


def test_the_json_says_what_the_model_may_be_called(written):
    told = json.loads(written["report.json"])

    assert told["status"] == "validated"
    assert told["validations"] == {"cross_fitted": "held-out people", "later": "later years"}
    assert told["comparisons"]["simplest"]["differences"]["auroc"]["value"] == 0


def test_the_fhir_card_is_labelled_as_written_by_a_program(written):
    bundle = json.loads(written["card.fhir.json"])
    device, document, origin = (entry["resource"] for entry in bundle["entry"])

    attributes = json.loads(base64.b64decode(document["content"][0]["attachment"]["data"]))

    assert attributes == json.loads(written["card.json"])["attributes"]
    assert document["subject"]["reference"] == bundle["entry"][0]["fullUrl"]
    assert origin["target"] == [{"reference": bundle["entry"][1]["fullUrl"]}]
    assert document["meta"]["security"][0]["code"] == "AIAST"
    assert device["modelNumber"] == "readmission"


METRIC = ["MetricGoal", "Results", "Interpretation", "TestType", "TestingDataDescription",
          "ValidationProcessAndJustification"]  # fmt: skip
# The required elements of https://mc.chai.org/v0.2/schema.xsd, in its order.
CHAI = {
    ".": ["BasicInfo", "ReleaseInfo", "ModelSummary", "UsesAndDirections", "Warnings",
          "TrustIngredients", "KeyMetrics", "Resources", "Bibliography"],
    "BasicInfo": ["ModelName", "ModelDeveloper", "DeveloperContact"],
    "ReleaseInfo": ["ReleaseStage", "ReleaseDate", "ReleaseVersion", "GlobalAvailability"],
    "ModelSummary": ["Summary", "Keywords"],
    "UsesAndDirections": ["IntendedUseAndWorkflow", "PrimaryIntendedUsers", "HowToUse",
                          "TargetedPatientPopulation", "CautionedOutOfScopeSettings"],
    "Warnings": ["KnownRisksAndLimitations", "KnownBiasesOrEthicalConsiderations",
                 "ClinicalRiskLevel"],
    "TrustIngredients": ["AISystemFacts", "TransparencyInformation"],
    "TrustIngredients/AISystemFacts": [
        "OutcomesAndOutputs", "ModelType", "InputDataSource", "OutputAndInputDataTypes",
        "DevelopmentDataCharacterization", "BiasMitigationApproaches", "OngoingMaintenance"],
    "TrustIngredients/TransparencyInformation": ["FundingSource", "StakeholdersConsulted"],
    "KeyMetrics": ["UsefulnessUsabilityEfficacy", "FairnessEquity", "SafetyReliability"],
    "KeyMetrics/UsefulnessUsabilityEfficacy": METRIC,
    "KeyMetrics/FairnessEquity": METRIC,
    "KeyMetrics/SafetyReliability": METRIC,
    "Resources": ["EvaluationReferences", "PeerReviewedPublications",
                  "PatientConsentOrDisclosure"],
}  # fmt: skip


def chai_card(text):
    """The card without its namespace in the names."""
    return ET.fromstring(text.replace(f' xmlns="{chai.NAMESPACE}"', ""))


def test_the_chai_card_has_every_element_of_its_schema_in_order(written):
    root = chai_card(written["card.chai.xml"])

    for path, children in CHAI.items():
        assert [child.tag for child in root.find(path)] == children, path
    for block in root.find("KeyMetrics"):
        assert {result.tag for result in block.find("Results")} == {"MetricResult"}


def test_the_chai_card_says_the_figures_of_the_report_and_what_nobody_stated(written):
    root, report = chai_card(written["card.chai.xml"]), json.loads(written["report.json"])

    results = {
        one.find("Label").text: json.loads(one.find("ValueJson").text)["value"]
        for one in root.find("KeyMetrics/UsefulnessUsabilityEfficacy/Results")
    }

    auroc = report["evaluations"]["cross_fitted"]["metrics"]["auroc"]
    assert results["AUROC"] == auroc["value"]
    assert results["AUROC, lower limit"] == auroc["low"]
    assert root.find("BasicInfo/ModelName").text == "Readmission <script>"
    assert root.find("TrustIngredients/TransparencyInformation/FundingSource").text == "Not stated."


def test_the_card_as_text_names_what_is_empty(written):
    assert "1.ii Funding of the technical implementation: EMPTY" in written["card.txt"]


@pytest.mark.parametrize(
    ("kind", "y", "prediction", "more"),
    [
        ("number", np.arange(60.0), np.arange(60.0) + 1, {}),
        ("number", np.arange(60.0), np.arange(60.0)[:, None] + [0, -1, 2], {}),
        ("classes", ["a", "b", "c"] * 20, np.full((60, 3), 1 / 3), {}),
        ("survival", np.tile([[1, 1], [9, 0]], (30, 1)), np.linspace(0, 1, 60), {}),
        (
            "survival",
            np.tile([[1, 1], [9, 0]], (30, 1)),
            np.linspace(0, 1, 60)[:, None],
            {"horizons": [5]},
        ),
        ("binary", [0, 1] * 3, [0.2] * 6, {}),
    ],
)
def test_every_kind_of_outcome_has_a_report(tmp_path, kind, y, prediction, more):
    found = evaluate(y, prediction, kind, random_state=1, rounds=5, **more)

    paths = reports.write(
        found, problem(kind=kind, unit="days", classes=("a", "b", "c"), horizon=5), tmp_path
    )

    assert "Model card" in paths["report.html"].read_text(encoding="utf-8")


def test_too_little_data_is_said_aloud_and_proves_nothing(tmp_path):
    found = evaluate([0, 1] * 3, [0.2] * 6, "binary", random_state=1)

    paths = reports.write({"later": found}, problem(), tmp_path)

    assert json.loads(paths["report.json"].read_text())["status"] == "developed"
    assert "not enough data: 3 of 6" in paths["report.html"].read_text()


def test_leaks_of_the_run_stand_in_the_report(tmp_path):
    leaks = [{"severity": "error", "sentence": "discharged gives the outcome away."}]

    paths = reports.write(judged(), problem(), tmp_path, record={"leakage": leaks})

    assert "discharged gives the outcome away." in paths["report.html"].read_text()


@pytest.mark.parametrize(
    ("value", "name", "told"),
    [
        (0.8123, "auroc", "0.812"),
        (-0.0001, "calibration_slope", "0.00"),
        (-0.25, "bias", "−0.250"),
        (12345, "people", "12,345"),
        (None, "ppv", "–"),
    ],
)
def test_numbers_are_told_in_the_format_of_their_figure(value, name, told):
    assert wording.number(value, name) == told
