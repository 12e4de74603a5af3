"""What moves a model, and how far its reasons may be believed, stand in the report of a run."""

import json

import numpy as np
import pytest

from ml import reports
from ml.evaluation.result import plain
from ml.explanation.overview import overview
from ml.studies import learning, tablecohort
from tests.ml.report_studies import judged
from tests.ml.report_studies import problem as study_problem
from tests.ml.wards import days, problem, stays

ROWS = stays(400)


def told(asked):
    found = tablecohort.cohort(asked, ROWS)
    model = learning.fit(asked, found, random_state=1)
    return overview(model, found.X, random_state=1), model, found


@pytest.mark.parametrize("asked", [problem(), problem(model="xgboost"), days()],
                         ids=["logistic", "trees", "linear"])  # fmt: skip
def test_the_reasons_of_an_exact_split_beat_shuffled_ones(asked):
    found, _, _ = told(asked)

    assert [one.measure for one in found.quality] == ["faithfulness", "stability"]
    assert all(one.says_something for one in found.quality)
    assert found.movers[0].name == "age"
    sizes = [one.mean_size for one in found.movers]
    assert sizes == sorted(sizes, reverse=True)


def test_the_size_of_a_mover_is_the_mean_of_its_contributions():
    found, model, cohort = told(problem())
    from ml.explanation import explain

    # As many rows as the table has would all be drawn; of fewer the same hundred.
    chosen = np.random.default_rng(1).permutation(len(cohort.X))[: found.rows]
    rows = cohort.X.iloc[chosen]
    split = explain(model, rows, background=rows)

    size = dict(zip(split.names, np.abs(split.contributions).mean(axis=0), strict=True))
    assert found.movers[0].mean_size == pytest.approx(size["age"])


@pytest.mark.parametrize("name", ["neighbours", "network", "blend"])
def test_a_model_without_an_exact_split_has_no_overview(name):
    assert told(problem(model=name))[0] is None


def test_faithfulness_and_stability_stand_beside_the_movers_in_the_report(tmp_path):
    record = {"explanation": plain(told(problem())[0])}

    paths = reports.write(judged(), study_problem(), tmp_path, record=record)

    page = paths["report.html"].read_text(encoding="utf-8")
    section = page[page.index("What moves the model") :]
    for word in ("Age", "Faithfulness", "Stability", "The same, shuffled"):
        assert word in section
    stored = json.loads(paths["report.json"].read_text())["record"]["explanation"]
    assert stored["movers"][0]["name"] == "age"


def test_a_report_of_a_run_without_reasons_has_no_such_section(tmp_path):
    paths = reports.write(judged(), study_problem(), tmp_path)

    assert "What moves the model" not in paths["report.html"].read_text(encoding="utf-8")
