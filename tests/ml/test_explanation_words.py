"""A patient among peers, sentences that point to facts, and the figures of an explanation."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from ml.explanation import cohort, effects, reading, text
from ml.explanation.attributions import Attributions
from ml.types import Assessment, Contribution

PEOPLE = pd.DataFrame(
    {"sex": "female", "age": np.repeat([50, 70], 20), "sbp": np.tile(np.arange(20) + 120.0, 2)}
)


def test_percentile_is_the_empirical_distribution_of_the_stratum():
    found = cohort.profile({"sex": "female", "age": 52, "sbp": 129}, PEOPLE, ["sbp"])

    standing = found.standings[0]
    assert (standing.percentile, standing.count) == (50, 20)
    assert standing.median == 129.5
    assert found.peers == "sex female, age 47 to 57"


def test_fewer_than_ten_peers_give_no_percentile():
    found = cohort.profile({"sex": "female", "age": 52, "sbp": 129}, PEOPLE[:9], ["sbp"])

    assert found.standings[0].percentile is None
    assert found.standings[0].note.startswith("Only 9 people")


def test_peers_need_sex_and_age():
    with pytest.raises(ValueError, match="enter both"):
        cohort.profile({"sbp": 1}, PEOPLE, ["sbp"])


ASSESSMENT = Assessment(
    task="death_10y", model_version="1", model_digest="x", horizon_years=10, risk=0.12, low=0.08,
    high=0.17, tier="T1", tier_label="Lifestyle changes recommended", advice="Talk about smoking.",
    baseline=0.06,
    contributions=(
        Contribution("sbp", "Systolic blood pressure", 162.0, "mm[Hg]", 3.5, "SBP",
                     date(2026, 1, 5)),
        Contribution("hdl", "HDL cholesterol", None, "mg/dL", 1.1, "HDL"),
        Contribution("bmi", "Body mass index", 22.0, "kg/m2", -0.6, "BMI"),
        Contribution("age", "Age", 50.0, "a", 0.01),
    ),
    missing=("HDL cholesterol",), next_test="HDL", next_test_label="Measure HDL cholesterol",
    tier_flip_probability=0.1,
)  # fmt: skip
PLAIN = {"sbp": "blood pressure", "hdl": "good fat in the blood", "bmi": "weight"}


@pytest.mark.parametrize("write", [text.clinician, text.patient])
def test_every_sentence_points_to_stored_facts(write):
    known = text.facts_of(ASSESSMENT)

    sentences = write(ASSESSMENT)

    assert len(sentences) >= 5
    assert all(sentence.facts and set(sentence.facts) <= set(known) for sentence in sentences)


def test_the_patient_reads_at_grade_eight_or_below():
    words = " ".join(sentence.text for sentence in text.patient(ASSESSMENT, plain=PLAIN))

    assert reading.grade(words) <= 8
    assert "12 of 100 people like you" in words
    assert "good fat" not in words  # a gap of the record is no reason of the person's


@pytest.mark.parametrize(("median", "said"), [
    (0.2, "That is less than for most people."),
    (0.03, "That is more than for most people."),
    (None, "That is more than on average."),
])  # fmt: skip
def test_a_risk_is_compared_with_the_middle_of_people_and_not_with_their_average(median, said):
    words = [one.text for one in text.patient(replace(ASSESSMENT, median=median), plain=PLAIN)]

    assert said in words


def test_the_clinician_reads_numbers_with_dates():
    words = [sentence.text for sentence in text.clinician(ASSESSMENT)]

    assert words[0] == "10-year risk 12.0 % (90 % interval 8.0 % to 17.0 %); average 6.0 %."
    assert words[1] == "Systolic blood pressure 162 mm[Hg], 2026-01-05: +3.5 percentage points."
    assert not any("Age" in sentence for sentence in words)  # too little to be spoken of


def test_what_is_not_known_is_summed_and_never_named_as_a_reason():
    words = [sentence.text for sentence in text.clinician(ASSESSMENT)]

    assert "What is not known, together: +1.1 percentage points." in words
    assert not any("percentage points" in each and "HDL" in each for each in words)


def test_hard_words_have_a_high_grade():
    assert (
        reading.grade("Cardiovascular multimorbidity necessitates individualised evaluation.") > 15
    )
    with pytest.raises(ValueError, match="without words"):
        reading.grade("…")


def test_figures_draw_what_was_computed():
    pytest.importorskip("plotly")
    from ml.plots import explanation as plots

    phi = np.array([[0.1, -2.0, 0.5, 1.0]])
    split = Attributions("TreeSHAP", "logit", ("a", "b", "c", "d"), -1.0, phi, True, "source")
    found = cohort.profile({"sex": "female", "age": 52, "sbp": 129}, PEOPLE, ["sbp"])

    assert list(plots.waterfall(split, inputs=2).data[0].y) == [
        "base", "b", "d", "all others", "prediction",
    ]  # fmt: skip
    assert plots.radar(found).data[1].r[0] == 50
    assert plots.dot_plot(found).data[1].x[0] == 50
    assert len(plots.summary(split).data[0].x) == 4
    curve = effects.individual_curves(lambda rows: rows[:, 0], np.eye(5, 2), "a", names=("a", "b"))
    assert len(plots.effect(curve).data) == 6
    with pytest.raises(ValueError, match="nothing to draw"):
        plots.radar(cohort.Profile("", ()))
