import datetime as dt

import pytest

from patients.models import (
    FamilyHistory,
    PreventiveCare,
    SurveyAnswer,
    WearableDay,
)
from tests.factories import ResultFactory
from tests.portal.reading import text

pytestmark = pytest.mark.django_db
DAY = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)


def test_a_critical_result_stands_above_everything_else(page, patient):
    ResultFactory(patient=patient, code="POTASSIUM", value=6.8, flag="HH")

    said = text(page())

    assert "Critical result" in said
    assert "6.8 ↑↑ critically high mmol/L" in said
    assert said.index("Critical result") < said.index("Recommendations")


def test_a_critical_result_that_was_repeated_and_is_normal_raises_no_alarm(page, patient):
    ResultFactory(patient=patient, code="POTASSIUM", value=6.8, flag="HH")
    later = DAY + dt.timedelta(days=1)
    ResultFactory(patient=patient, code="POTASSIUM", value=4.4, flag="N", collected_at=later)

    assert page().context["criticals"] == []


def test_the_overview_says_that_a_test_was_repeated_on_one_day(page, patient):
    ResultFactory(patient=patient, code="POTASSIUM", value=6.8, flag="HH")
    later = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    ResultFactory(patient=patient, code="POTASSIUM", value=4.4, flag="N", collected_at=later)

    response = page()

    (test,) = response.context["grid"]["tests"]
    assert [(cell["value"], cell["earlier"]) for cell in test["cells"]] == [("4.4", 1)]
    assert "4.4 1 earlier that day" in text(response)


def test_a_corrected_result_shows_what_was_believed_before(page, patient):
    old = ResultFactory(patient=patient, code="CREAT", value=1.9, superseded_at=DAY)
    ResultFactory(
        patient=patient, code="CREAT", value=1.1, status="corrected", accession=old.accession,
        issued_at=DAY + dt.timedelta(hours=3),
    )  # fmt: skip

    response = page()

    (change,) = response.context["corrections"]
    assert ([was["value"] for was in change["old"]], change["value"]) == (["1.9"], "1.1")
    assert "<del>1.9 mg/dL</del>" in response.content.decode()


def test_trends_put_the_abnormal_first_and_name_the_old(page, patient):
    ResultFactory(patient=patient, code="SODIUM", value=140, flag="N")
    ResultFactory(
        patient=patient, code="LDL", value=170, flag="H",
        collected_at=DAY - dt.timedelta(days=430),
    )  # fmt: skip

    trends = page().context["trends"]

    assert [row["label"] for row in trends] == ["LDL cholesterol", "Sodium"]
    assert trends[0]["stale"] == "14 months old"


def test_the_chart_is_of_the_analyte_that_was_asked_for(page, patient):
    ResultFactory(patient=patient, code="SODIUM", value=140)
    ResultFactory(patient=patient, code="LDL", value=170, flag="H")

    assert page("?analyte=SODIUM").context["chart"]["title"] == "Sodium"
    assert page("?analyte=nonsense").context["chart"]["title"] == "LDL cholesterol"


def test_peers_turn_every_axis_so_that_further_out_is_worse(page, patient):
    for code, value in [("HDL", 30), ("SBP", 160), ("BMI", 38)]:
        ResultFactory(patient=patient, code=code, value=value)

    peers = page().context["peers"]

    assert peers["dots"]["axes"] == peers["radar"]["axes"]
    assert all(axis["percentile"] > 80 for axis in peers["dots"]["axes"])
    assert len(peers["rows"]) == 3


def test_the_record_lists_say_source_day_and_whether_anybody_asked(page, patient):
    common = {"patient": patient, "recorded_at": DAY, "source": "intake form"}
    FamilyHistory.objects.create(code="diabetes", relation="mother", **common)
    PreventiveCare.objects.create(item="flu_vaccine", done_on=dt.date(2025, 10, 1), **common)
    SurveyAnswer.objects.create(
        instrument="lifestyle", item="smoking", text="former", answered_on=DAY.date(), **common
    )
    SurveyAnswer.objects.create(
        instrument="flags", item="strength_training", number=1, answered_on=DAY.date(), **common
    )
    SurveyAnswer.objects.create(
        instrument="lifestyle", item="pack_years", number=12, answered_on=DAY.date(), **common
    )
    WearableDay.objects.create(day=DAY.date(), steps=4200, **common)

    lists = {table["title"]: table for table in page().context["lists"]}

    def first(title):
        return [[cell["text"] for cell in row][:2] for row in lists[title]["rows"]]

    assert lists["Medicines"]["note"] == "Not recorded: nobody has asked yet"
    assert lists["Family history"]["note"] == "Not reviewed: may be incomplete"
    assert [len(first("Family history")), first("Family history")[0][1]] == [1, "mother"]
    assert len(first("Prevention done")) == 1
    answers = [["Strength training", "yes"], ["Pack years", "12"], ["Smoking", "former"]]
    assert sorted(first("Answers and habits")) == sorted(answers)
    assert first("Wearable devices") == [["Steps a day", "4200"]]


def test_a_cancelled_result_counts_nowhere_but_stays_in_its_history(page, patient):
    old = ResultFactory(patient=patient, code="SODIUM", value=140, superseded_at=DAY)
    ResultFactory(
        patient=patient, code="SODIUM", value=None, value_as_sent="", status="cancelled",
        accession=old.accession, issued_at=DAY + dt.timedelta(hours=1),
    )  # fmt: skip

    context = page().context

    assert context["trends"] == []
    assert context["corrections"][0]["value"] == "no value"


def test_the_laboratorys_own_range_goes_before_the_table(page, patient):
    ResultFactory(patient=patient, code="SODIUM", value=140, reference_low=130, reference_high=None)

    chart = page().context["chart"]

    assert chart["spec"]["reference"] == {"low": 130, "high": None, "label": "usual 130 or more"}


def test_peers_of_the_oldest_have_no_upper_age(page, patient):
    patient.birth_date = dt.date(1940, 1, 1)
    patient.save()
    for code, value in [("HDL", 60), ("SBP", 110), ("BMI", 20), ("WAIST", 80)]:
        ResultFactory(patient=patient, code=code, value=value)

    peers = page().context["peers"]

    assert peers["title"] == "Among women from 80 years"
    assert peers["summary"].startswith("Every value lies within")
