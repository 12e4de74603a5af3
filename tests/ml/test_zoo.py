"""The catalogue of models, what they share, and how they are stored."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from ml.models import comparison, encoding, storage, zoo
from ml.models.early import EarlyStopped
from ml.models.predicting import predicted
from ml.models.published import PublishedScore
from ml.models.splines import RestrictedCubicSpline
from ml.studies import tablecohort
from ml.studies.problem import Split
from tests.ml.wards import days, problem, stays

COLUMNS = encoding.Columns(("age", "albumin", "creatinine", "diabetic"), ("ward",), {"age": 1})
FRAME = stays(240)
X = encoding.typed(FRAME, COLUMNS)
PEOPLE = FRAME["person"].to_numpy()
RISING = np.log(FRAME["creatinine"]) + FRAME["age"] / 30
OUTCOMES = {
    "binary": FRAME["died"].to_numpy(),
    "number": FRAME["days"].to_numpy(),
    "classes": pd.qcut(RISING, 3, labels=False).to_numpy(float),
    "survival": np.where(FRAME["died"] == 1, 1, -1) * FRAME["days"].to_numpy(),
}
# Small and quick: the tests are of the catalogue, not of quality.
QUICK = {
    "forest": {"n_estimators": 5},
    "extra_trees": {"n_estimators": 5},
    "histogram": {"max_iter": 5},
    "xgboost": {"n_estimators": 5},
    "lightgbm": {"n_estimators": 5},
    "network": {"max_iter": 5},
    "additive": {"outer_bags": 1, "max_rounds": 5, "interactions": 0},
    "survival_forest": {"n_estimators": 5},
    "survival_boosting": {"n_estimators": 5},
}
PAIRS = [
    (kind, entry.name)
    for kind in OUTCOMES
    for entry in zoo.of_kind(kind)
    if entry.name != "published"
]


def built(name, kind, **parameters):
    if name in ("blend", "stack"):
        first = {"number": "linear", "survival": "cox"}.get(kind, "logistic")
        second = {"survival": "cox_spline"}.get(kind, "tree")
        parameters = {"members": {first: {}, second: {}}}
    recipe = zoo.Recipe(COLUMNS, kind, random_state=1)
    return zoo.build(name, recipe, {**QUICK.get(name, {}), **parameters})


def fitted(name, kind, **parameters):
    return zoo.fit(built(name, kind, **parameters), X, OUTCOMES[kind], PEOPLE)


@pytest.mark.parametrize(("kind", "name"), PAIRS)
def test_every_model_predicts_and_survives_its_files(kind, name):
    model = fitted(name, kind)
    told = predicted(model, X, kind, horizon=5.0)

    again = storage.unpack(storage.pack(model))

    assert np.isfinite(told).all()
    if kind != "number":
        assert told.min() >= 0
        assert told.max() <= 1
    np.testing.assert_allclose(predicted(again, X, kind, horizon=5.0), told, atol=1e-12)


@pytest.mark.parametrize("name", ["logistic", "forest", "xgboost", "lightgbm", "stack"])
def test_the_same_training_gives_the_same_bytes(name):
    assert storage.pack(fitted(name, "binary")) == storage.pack(fitted(name, "binary"))


def test_types_that_nobody_allowed_are_not_opened(monkeypatch):
    files = storage.pack(fitted("logistic", "binary"))
    monkeypatch.setattr(storage, "ALLOWED", ())

    with pytest.raises(storage.UnknownParts, match="numpy"):
        storage.unpack(files)


@pytest.mark.parametrize("name", [entry.name for entry in zoo.ENTRIES if entry.space])
def test_every_search_space_names_parameters_that_the_model_takes(name):
    entry = zoo.get(name)
    last = {parameter: values[-1] for parameter, values in entry.space.items()}

    entry.build(zoo.Recipe(COLUMNS, entry.kinds[0]), last)


def test_unknown_model_is_refused_with_the_known_ones():
    with pytest.raises(zoo.UnknownModel, match="xgboost"):
        zoo.build("oracle", zoo.Recipe(COLUMNS, "binary"))


def test_model_that_cannot_predict_such_an_outcome_says_which_can():
    with pytest.raises(zoo.UnknownModel, match="cox"):
        zoo.build("logistic", zoo.Recipe(COLUMNS, "survival"))


@pytest.mark.parametrize("name", ["xgboost", "histogram", "lightgbm"])
def test_risk_never_falls_with_a_monotone_input(name):
    model = fitted(name, "binary", learning_rate=0.3)
    rows = pd.concat([X.head(1)] * 40, ignore_index=True).assign(age=np.arange(30.0, 110.0, 2))

    assert (np.diff(predicted(model, rows, "binary")) >= -1e-7).all()


def test_category_nobody_has_seen_is_taken():
    strange = X.head(3).assign(ward="roof")

    for name in ("logistic", "xgboost", "additive"):
        assert np.isfinite(predicted(fitted(name, "binary"), strange, "binary")).all()


def test_text_among_numbers_is_refused_by_column():
    with pytest.raises(encoding.NotANumber, match="age"):
        encoding.typed(FRAME.assign(age="old"), COLUMNS)


def test_whole_numbers_read_with_a_gap_are_the_same_category():
    columns = encoding.Columns((), ("code",))

    with_gap = encoding.typed(pd.DataFrame({"code": [1.0, None]}), columns)
    without = encoding.typed(pd.DataFrame({"code": [1, 2]}), columns)

    assert with_gap["code"].tolist() == ["1", encoding.UNKNOWN]
    assert without["code"].tolist() == ["1", "2"]


def test_splines_are_straight_beyond_the_outer_knots():
    x = np.linspace(0, 1, 200)[:, None]
    spline = RestrictedCubicSpline().fit(x)

    beyond = spline.transform(np.array([[2.0], [3.0], [4.0]]))

    np.testing.assert_allclose(np.diff(beyond, n=2, axis=0), 0, atol=1e-6)
    assert spline.get_feature_names_out(["age"]).tolist() == ["age", "age'", "age''"]


def test_flag_stays_one_column_of_the_splines():
    assert RestrictedCubicSpline().fit_transform([[0.0], [1.0]] * 20).shape == (40, 1)


def test_early_stopping_watches_other_people():
    model = EarlyStopped(built("xgboost", "binary"), patience=5)
    seen = {}
    model._count = lambda a, b, c, d: seen.update(train=a.index, watch=c.index) or 3

    model.fit(X, OUTCOMES["binary"], person=PEOPLE)

    assert not set(PEOPLE[seen["train"]]) & set(PEOPLE[seen["watch"]])
    assert model.trees_ == 3


@pytest.mark.parametrize("name", ["xgboost", "lightgbm"])
def test_early_stopping_finds_fewer_trees_than_allowed(name):
    model = fitted(name, "binary", early_stopping=5, learning_rate=0.5, n_estimators=999)

    assert 1 <= model.trees_ < 100


def test_breslow_risk_agrees_with_the_share_that_died():
    time, event = np.abs(OUTCOMES["survival"]), OUTCOMES["survival"] > 0
    model = fitted("baseline", "survival")

    risk = model.predict_risk(X, 4.0)

    at_risk = np.array([(time >= t).sum() for t in np.unique(time[event]) if t <= 4])
    died = np.array([((time == t) & event).sum() for t in np.unique(time[event]) if t <= 4])
    np.testing.assert_allclose(risk, 1 - np.exp(-np.sum(died / at_risk)))


def test_published_score_is_compared_as_it_was_published():
    frame = pd.DataFrame({"kg": [80.0, np.nan], "cm": [180.0, 170.0]})
    score = PublishedScore("BMI", {"weight_kg": "kg", "height_cm": "cm"}).fit(frame, [0, 1])

    risk = score.predict_proba(frame)[:, 1]

    assert risk[0] == pytest.approx(80 / 1.8**2 / 100, abs=0.001)
    assert risk[1] == 0.5  # refused for want of weight: the prevalence


def test_points_become_risk_on_training_rows():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"kg": rng.normal(80, 15, 300), "cm": 175.0})
    y = (rng.random(300) < (frame["kg"] > 85) * 0.6 + 0.1).astype(int)
    inputs = {"weight_kg": "kg", "height_cm": "cm"}

    score = clone(PublishedScore("BMI", inputs, points=True)).fit(frame, y)

    assert score.predict_proba(frame)[:, 1].mean() == pytest.approx(y.mean(), abs=0.01)


@pytest.fixture(scope="module")
def compared():
    asked = problem()
    found = tablecohort.cohort(asked, stays(600))
    return comparison.compare(asked, found, ["baseline", "logistic"], random_state=1)


def test_baseline_is_marked_as_without_skill(compared):
    assert [one.skilled for one in compared] == [False, True]


def test_comparison_tells_intervals_and_cost(compared):
    auroc = compared[1].metrics["auroc"]

    assert auroc["low"] < auroc["value"] < auroc["high"]
    assert compared[1].cpu_seconds > 0


def test_noise_has_no_skill():
    asked = days(inputs=days().inputs[:2])
    frame = stays(300).assign(days=np.random.default_rng(3).normal(5, 1, 300))

    found = comparison.compare(asked, tablecohort.cohort(asked, frame), ["linear"], random_state=1)

    assert not found[0].skilled


def test_stays_of_a_person_are_drawn_together_for_the_interval_of_a_concordance():
    asked = problem(kind="survival", horizon=5.0, outcome="time", inputs=problem().inputs[:3])
    frame = stays(120).assign(time=OUTCOMES["survival"][:120], person=range(120))
    copies = pd.concat([frame] * 4, ignore_index=True)

    one, four = (
        comparison.compare(asked, tablecohort.cohort(asked, rows), ["cox"], random_state=1)[0].skill
        for rows in (frame, copies)
    )

    # Copies are no people: were rows drawn, the interval would be half as wide.
    assert four.high - four.low > 0.8 * (one.high - one.low)


def test_skill_in_later_years_is_told_although_the_first_are_never_tested():
    asked = problem(time="year", split=Split("time", 3))

    found = comparison.compare(
        asked, tablecohort.cohort(asked, stays(600)), ["logistic"], random_state=1
    )

    assert found[0].skilled
    assert found[0].skill.low < found[0].skill.value < found[0].skill.high


def test_quadratic_models_learn_from_a_sample_of_people():
    asked = problem()
    found = tablecohort.cohort(asked, stays(600))
    how = comparison._How(asked, found, comparison.Search(), 1, 1)
    entry = zoo.Entry("logistic", "Sampled", ("binary",), zoo.get("logistic").build, most_rows=100)

    assert how.judged(entry, np.full(600, 0.4)).rows == 100
