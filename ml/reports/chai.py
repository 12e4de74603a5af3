"""The model card as CHAI's Applied Model Card, version 0.2, in XML.

The elements and their order are those of the schema of the Coalition for Health AI
(https://mc.chai.org/v0.2/schema.xsd). Texts are the source attributes of `ml.reports.card`; what
nobody has said stands as "Not stated.", so that an empty field is seen and not taken for a slip.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from ml.evaluation.result import plain
from ml.reports import card, wording
from ml.reports.parts import HEADLINES, matching
from ml.reports.study import Study

NAMESPACE = "https://mc.chai.org/v0.2/schema.xsd"
NOT_STATED = "Not stated."
Tree = Mapping[str, Any] | Sequence[Any] | str | None


def xml(study: Study) -> str:
    """The card of a study; equal studies give equal text."""
    root = ET.Element("AppliedModelCard", xmlns=NAMESPACE)
    _grow(root, _card(study))
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _grow(parent: ET.Element, tree: Tree) -> None:
    """A mapping becomes children, a list of pairs, too; a text the content; None stays empty."""
    if isinstance(tree, str):
        parent.text = _readable(tree) or NOT_STATED
        return
    for name, below in tree.items() if isinstance(tree, Mapping) else tree or ():
        _grow(ET.SubElement(parent, name), below)


def _readable(text: str) -> str:
    """The text without the control characters that XML cannot hold."""
    return "".join(sign for sign in text if sign >= " " or sign in "\n\t").strip()


def _card(study: Study) -> Tree:
    told = {attribute.code: attribute.text for attribute in card.card(study)}

    def said(*codes: str) -> str:
        return " ".join(told[code] for code in codes if told[code])

    problem, record = study.problem, study.record
    return {
        "BasicInfo": {
            "ModelName": problem.title,
            "ModelDeveloper": said("1.i"),
            "DeveloperContact": said("1.i"),
        },
        "ReleaseInfo": {
            "ReleaseStage": str(study.status),
            "ReleaseDate": str(record.get("created_on", "")),
            "ReleaseVersion": str(record.get("version", "")),
            "GlobalAvailability": "",
        },
        "ModelSummary": {
            "Summary": said("2.i", "1.iii"),
            "Keywords": [("Keyword", problem.task)],
        },
        "UsesAndDirections": {
            "IntendedUseAndWorkflow": said("2.i"),
            "PrimaryIntendedUsers": said("2.iii"),
            "HowToUse": said("2.iv"),
            "TargetedPatientPopulation": said("2.ii"),
            "CautionedOutOfScopeSettings": said("3.i"),
        },
        "Warnings": {
            "KnownRisksAndLimitations": said("3.ii"),
            "KnownBiasesOrEthicalConsiderations": said("7.ii", "5.ii"),
            "ClinicalRiskLevel": "",
        },
        "TrustIngredients": {
            "AISystemFacts": {
                "OutcomesAndOutputs": said("1.iii", "1.iv"),
                "ModelType": str(getattr(problem, "model", "")),
                "InputDataSource": said("4.i"),
                "OutputAndInputDataTypes": ", ".join(one.title for one in study.inputs),
                "DevelopmentDataCharacterization": said("4.i", "4.iii", "4.iv"),
                "BiasMitigationApproaches": said("5.i", "5.ii"),
                "OngoingMaintenance": said("8.i", "8.iii", "9.i", "9.ii"),
            },
            "TransparencyInformation": {
                "FundingSource": said("1.ii"),
                "StakeholdersConsulted": "",
            },
        },
        "KeyMetrics": {
            "UsefulnessUsabilityEfficacy": _metrics(
                "Risks that come true and rank people", _figures(study), said("7.i")
            ),
            "FairnessEquity": _metrics(
                "The same quality in every part of the population", _parts(study), said("7.ii")
            ),
            "SafetyReliability": _metrics(
                "The same figures on data of other times, sites or sources", _beyond(study),
                said("7.iii"),
            ),
        },
        "Resources": {
            "EvaluationReferences": "report.html",
            "PeerReviewedPublications": said("7.v"),
            "PatientConsentOrDisclosure": "",
        },
        "Bibliography": None,  # BibTeX or nothing
    }  # fmt: skip


def _metrics(goal: str, figures: Mapping[str, Any], words: str) -> Tree:
    """One block of figures; the schema wants one figure at least."""
    rows = [
        ("MetricResult", {"Label": label, "ValueJson": _value(value)})
        for label, value in (figures or {"None measured": None}).items()
    ]
    return {
        "MetricGoal": goal,
        "Results": rows,
        "Interpretation": words,
        "TestType": "Estimates; limits are 95 % intervals over bootstraps of patients",
        "TestingDataDescription": words,
        "ValidationProcessAndJustification": words,
    }


def _value(value: float | None) -> str:
    return json.dumps({"kind": "single", "value": value, "unit": ""})


def _named(prefix: str, metrics: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Value and both limits of each figure that is known."""
    ends = (("value", ""), ("low", ", lower limit"), ("high", ", upper limit"))
    return {
        f"{prefix}{wording.label(name)}{words}": plain(found[end])
        for name in names
        if (found := metrics.get(name)) and found.get("value") is not None
        for end, words in ends
    }


def _figures(study: Study) -> dict[str, Any]:
    metrics = study.main.get("metrics", {})
    return _named("", metrics, matching(metrics, HEADLINES))


def _parts(study: Study) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in study.main.get("tables", {}).get("subgroups", ()):
        metrics = row["metrics"]
        found |= _named(f"{row['group']} {row['part']}: ", metrics, matching(metrics, HEADLINES))
    return found


def _beyond(study: Study) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, evaluation in study.beyond.items():
        metrics = evaluation["metrics"]
        found |= _named(f"{study.validations[name]}: ", metrics, matching(metrics, HEADLINES))
    return found
