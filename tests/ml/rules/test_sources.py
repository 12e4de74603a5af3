"""Every fact that explains a rule says since when it holds and who said so."""

from dataclasses import replace
from datetime import date

import pytest

from ml import rules
from ml.facts import Facts, Lifestyle, Measurement

TODAY = date(2026, 11, 22)
SPRING, AUTUMN = date(2026, 3, 1), date(2026, 10, 1)
PERSON = Facts(
    as_of=TODAY,
    sex="female",
    age=61,
    conditions=frozenset({"mi", "t2d"}),
    medications=frozenset({"simvastatin"}),
    allergies=frozenset({"penicillin"}),
    flags=frozenset({"strength_training"}),
    lifestyle=Lifestyle(smoking="former", alcohol_drinks_week=9, active_minutes_week=40),
    done={"fit": 14, "hba1c": 30},
    measurements={
        "EGFR": Measurement("EGFR", 48, "mL/min/{1.73_m2}", AUTUMN),
        "HBA1C": Measurement("HBA1C", 6.1, "%", SPRING),
    },
    recorded={
        "condition:mi": SPRING, "condition:t2d": date(2019, 5, 4),
        "medication:simvastatin": SPRING, "allergy:penicillin": SPRING,
        "flag:strength_training": AUTUMN, "lifestyle:smoking": AUTUMN,
        "lifestyle:alcohol_drinks_week": AUTUMN, "lifestyle:active_minutes_week": SPRING,
        "done:fit": date(2025, 9, 20), "done:hba1c": date(2024, 5, 22), "score:FRAIL": AUTUMN,
    },
    sources={
        "condition:mi": "FHIR", "condition:t2d": "entered by hand",
        "medication:simvastatin": "FHIR", "allergy:penicillin": "entered by hand",
        "flag:strength_training": "questionnaire", "lifestyle:smoking": "questionnaire",
        "lifestyle:alcohol_drinks_week": "questionnaire",
        "lifestyle:active_minutes_week": "watch",
        "done:fit": "registry", "done:hba1c": "registry", "number:EGFR": "lab file",
        "number:HBA1C": "HL7 message", "score:FRAIL": "calculated",
    },
)  # fmt: skip


def told(rule, person=PERSON, scores=None):
    """Day and source of the one fact that decides the rule."""
    (reason,) = rules.explain(rules.parse(rule), rules.FactsEnvironment(person, scores))
    return reason.collected, reason.source


@pytest.mark.parametrize(
    ("rule", "day", "source"),
    [
        ("EGFR<60", AUTUMN, "lab file"),
        ("has('t2d')", date(2019, 5, 4), "entered by hand"),
        ("has('ascvd')", SPRING, "FHIR"),  # by the infarction
        ("on('statin')", SPRING, "FHIR"),  # by the simvastatin
        ("allergy('penicillin')", SPRING, "entered by hand"),
        ("flag('strength_training')", AUTUMN, "questionnaire"),
        ("flag('ever_smoked')", AUTUMN, "questionnaire"),
        ("flag('mi')", SPRING, "FHIR"),  # a condition is a flag as well
        ("not smoker", AUTUMN, "questionnaire"),
        ("alcohol_week>=7", AUTUMN, "questionnaire"),
        ("ACTIVE_MIN<150", SPRING, "watch"),
        ("due('fit',12)", date(2025, 9, 20), "registry"),
        ("due('hba1c',6)", SPRING, "HL7 message"),  # the result is newer than what was said
    ],
)
def test_the_fact_names_its_day_and_source(rule, day, source):
    assert told(rule) == (day, source)


def test_a_computed_score_names_the_day_of_its_inputs():
    assert told("score('FRAIL')>=3", scores={"FRAIL": 4.0}) == (AUTUMN, "calculated")
    assert told("due('frail',1)", scores={"FRAIL": 4.0}) == (AUTUMN, "calculated")


@pytest.mark.parametrize(
    "rule",
    ["not has('gout')", "not on('metformin')", "not flag('gi_bleed')", "age>=60", "due('ldct',12)",
     "POTASSIUM>5", "not on('ibuprofen')"],
)  # fmt: skip
def test_what_nobody_has_said_has_neither(rule):
    assert told(rule) == (None, "")


def test_of_several_entries_the_one_that_stands_longest_is_named():
    both = replace(
        PERSON,
        conditions=frozenset({"mi", "pad"}),
        recorded={"condition:mi": SPRING, "condition:pad": date(2011, 1, 1)},
        sources={"condition:mi": "FHIR", "condition:pad": "entered by hand"},
    )
    assert told("has('ascvd')", both) == (date(2011, 1, 1), "entered by hand")


def test_a_source_without_a_day_is_named_all_the_same():
    sent = replace(PERSON, recorded={}, sources={"condition:mi": "as sent"})
    assert told("has('ascvd')", sent) == (None, "as sent")


def test_a_drug_that_is_only_proposed_has_no_source():
    env = rules.FactsEnvironment(PERSON).taking_also(frozenset({"metformin"}))
    (reason,) = rules.explain(rules.parse("on('metformin')"), env)
    assert (reason.collected, reason.source) == (None, "")
