"""Studies of a table by their commands, and drafted from the columns of a file."""

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from ml import datasets
from ml.evaluation import recalibration
from ml.studies import command, draft, repair, tablefiles
from ml.studies.beside import Beside
from ml.studies.problem import BadProblem, Input
from ml.studies.table import FittedTable, TableStudy, fit
from tests.ml.wards import prepare, problem, stays, study


def loaded(name, path=None):
    return pd.read_csv(path) if path else stays()


@pytest.fixture(scope="module")
def run_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(datasets, "load", loaded)
        command.main(study(), ["run", "--out", str(folder / "model")])
    return folder


@pytest.fixture
def stored(monkeypatch, tmp_path, run_once):
    monkeypatch.setattr(datasets, "load", loaded)
    stays(60, seed=3).to_csv(tmp_path / "fresh.csv", index=False)
    shutil.copytree(run_once / "model", tmp_path / "model")
    return tmp_path


def test_command_writes_model_report_and_card(stored):
    written = {path.name for path in (stored / "model").iterdir()}

    assert {"manifest.json", "report.html", "report.json", "card.json"} <= written


def test_command_scores_a_file_row_by_row(stored):
    out = stored / "risks.csv"

    command.main(study(), _asked("score", stored, "--out", out))

    assert len(pd.read_csv(out)) == 60


def test_command_validates_with_intervals(stored):
    out = stored / "figures.json"

    command.main(study(), _asked("validate", stored, "--json", out))

    found = json.loads(out.read_text())
    assert found["rows"] == 60
    assert found["metrics"]["auroc"]["low"] < found["metrics"]["auroc"]["high"]


def test_a_run_draws_the_learning_curve_and_takes_the_optimism_away(stored):
    told = json.loads((stored / "model" / "report.json").read_text())

    assert [size["figure"] for size in told["learning_curve"]] == ["auroc"] * 5
    people = [size["people"] for size in told["learning_curve"]]
    assert people == sorted(people)
    auroc = told["record"]["optimism"]["figures"]["auroc"]
    assert auroc["apparent"] > auroc["corrected"] > 0.6
    page = (stored / "model" / "report.html").read_text(encoding="utf-8")
    assert "Would more patients help?" in page
    assert "Optimism" in page


def test_a_metric_that_does_not_exist_is_told_before_the_fit(stored, capsys):
    for asked, name in ((study(metrics=("AUROC",)), "AUROC"), (ward_of(("auc",)), "auc")):
        with pytest.raises(SystemExit) as ended:
            command.main(asked, ["run", "--out", str(stored / "other")])

        assert ended.value.code == 2
        assert f"There is no metric {name}; there are " in capsys.readouterr().err
        assert not (stored / "other").exists()


def ward_of(metrics):
    asked = problem(kind="classes", outcome="ward", classes=("medical", "surgical", "cardiac"),
                    inputs=problem().inputs[:4], metrics=metrics)  # fmt: skip
    return TableStudy(asked, prepare)


def test_a_score_beside_is_told_without_the_metrics_that_it_lacks(stored, capsys):
    age = Beside("Age", lambda rows: rows["age"].to_numpy(float))
    asked = TableStudy(problem(metrics=("auroc", "brier")), prepare, beside={"age": age})

    command.main(asked, ["run", "--out", str(stored / "other")])

    told = dict(line.strip().split(": ", 1) for line in capsys.readouterr().out.splitlines()[1:])
    assert "brier" in told["cross_fitted"]
    assert told["age"].startswith("auroc")
    assert "brier" not in told["age"]


def overstated(rows, seed):
    """Stays at a site where half as many die."""
    frame = stays(rows, seed=seed)
    spared = np.random.default_rng(seed).random(rows) < 0.5
    return frame.assign(died=frame["died"].where(~spared, 0.0))


def test_a_site_where_fewer_die_repairs_the_risks(stored, capsys):
    overstated(3000, 5).to_csv(stored / "fresh.csv", index=False)
    command.main(study(), _asked("validate", stored, "--json", stored / "before.json"))
    assert "see `recalibrate`" in capsys.readouterr().out

    command.main(study(), _asked("recalibrate", stored, "--out", stored / "repaired"))

    repaired = FittedTable.load(stored / "repaired", prepare)
    rows = overstated(3000, 6)
    told, raw = repaired.predict(rows), FittedTable.load(stored / "model", prepare).predict(rows)
    assert raw["risk"].mean() > 1.5 * rows["died"].mean()
    assert told["risk"].mean() == pytest.approx(rows["died"].mean(), rel=0.15)
    assert told["risk"].between(told["low"], told["high"]).all()
    assert repaired.manifest["version"] != tablefiles.read_manifest(stored / "model")["version"]


@pytest.fixture(scope="module")
def simple():
    """A model of a truth that it can hold: what is left open is the level of each site."""
    inputs = tuple(Input(name) for name in ("age", "albumin", "frail"))
    asked = TableStudy(problem(inputs=inputs), lambda rows: rows)
    return fit(asked, known_truth(2500, 0, shift=0.0))


def known_truth(rows, seed, *, shift):
    rng = np.random.default_rng(seed)
    found = pd.DataFrame({
        "person": np.arange(rows), "age": rng.normal(65, 12, rows),
        "albumin": rng.normal(38, 5, rows), "frail": rng.integers(0, 2, rows),
    })  # fmt: skip
    z = shift - 1.5 + (found["age"] - 65) / 12 - (found["albumin"] - 38) / 6 + found["frail"]
    return found.assign(truth=expit(z), died=(rng.random(rows) < expit(z)).astype(float))


@pytest.mark.parametrize(("rows", "method"), [(90, "intercept"), (500, "sigmoid")])
def test_intervals_after_a_repair_hold_nine_in_ten_true_risks_of_small_sites(simple, rows, method):
    fresh, held, ignored = known_truth(150, 1, shift=1.0), [], []
    for number in range(30):
        site = known_truth(rows, 100 + number, shift=1.0)
        risk = simple.predict(site)["risk"].to_numpy()
        offer = recalibration.offer(site["died"], risk, method=method, random_state=1)
        for told, repaired in (
            (held, offer.repair),
            (ignored, replace(offer.repair, covariance=recalibration.NOTHING_OPEN)),
        ):
            numbers = {**simple.serving, repair.KEY: repaired.to_json()}
            found = replace(simple, serving=numbers).predict(fresh)
            told.append(fresh["truth"].between(found["low"], found["high"]).mean())

    assert 0.86 <= np.mean(held) <= 0.98
    assert np.mean(ignored) < 0.75


def test_a_model_is_not_repaired_on_its_own_rows(stored, capsys):
    stays().to_csv(stored / "fresh.csv", index=False)

    with pytest.raises(SystemExit):
        command.main(study(), _asked("recalibrate", stored, "--out", stored / "repaired"))

    assert "bring rows that it has not seen" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "share"), [(399, 0, "100%"), (200, 200, r"(4|5)\d%")], ids=["less one", "half"]
)
def test_a_model_is_not_repaired_on_a_part_of_its_own_rows(stored, capsys, old, new, share):
    mixed = pd.concat([stays().tail(old), overstated(3000, 5).head(new)])
    mixed.to_csv(stored / "fresh.csv", index=False)

    with pytest.raises(SystemExit):
        command.main(study(), _asked("recalibrate", stored, "--out", stored / "repaired"))

    said = capsys.readouterr().err
    assert re.search(f"About {share} of these rows are rows that the model was fitted on", said)


def test_no_file_of_a_report_holds_the_marks_of_the_training_rows(stored):
    told = json.loads((stored / "model" / "report.json").read_text())

    assert "seen" not in told["record"]
    assert "seen" in tablefiles.read_manifest(stored / "model")


def test_facts_of_a_file_fill_the_card_and_a_bad_file_is_told_before_the_fit(stored, capsys):
    (stored / "facts.toml").write_text('"1.i" = "Our team"\n[hospital_death]\n"8.i" = "Monthly"\n')
    model = stored / "model"

    command.report(study().problem, model, stored / "facts.toml")

    texts = {
        a["code"]: a["text"] for a in json.loads((model / "card.json").read_text())["attributes"]
    }
    assert (texts["1.i"], texts["8.i"], texts["9.i"]) == ("Our team", "Monthly", "")
    (stored / "facts.toml").write_text("1.i = Our team")
    with pytest.raises(SystemExit):
        command.main(study(), ["run", "--out", str(stored), "--facts", str(stored / "facts.toml")])
    assert "cannot be read as TOML" in capsys.readouterr().err


def test_command_says_what_is_wrong_in_one_sentence(stored, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(study(), _asked("score", stored / "nowhere", "--out", stored / "x.csv"))

    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_command_names_the_column_that_a_file_lacks(stored, capsys):
    fresh = pd.read_csv(stored / "fresh.csv")
    fresh.drop(columns="age").to_csv(stored / "fresh.csv", index=False)

    with pytest.raises(SystemExit):
        command.main(study(), _asked("score", stored, "--out", stored / "x.csv"))

    assert "The table lacks" in (said := capsys.readouterr().err)
    assert "age" in said


def test_command_makes_the_folder_of_its_answer(stored):
    command.main(study(), _asked("score", stored, "--out", stored / "new" / "x.csv"))

    assert (stored / "new" / "x.csv").is_file()


def test_a_column_that_the_code_of_a_study_asks_for_is_named():
    assert command.sentence(KeyError("sysBP")) == "The table lacks the column sysBP"
    with pytest.raises(KeyError) as asked:
        stays()[["age", "sysBP", *(f"c{number}" for number in range(6))]]

    assert (
        command.sentence(asked.value)
        == "The table lacks the columns sysBP, c0, c1, c2, c3 and 2 more"
    )


def _asked(what, folder, option, out):
    fresh = (folder if (folder / "fresh.csv").is_file() else folder.parent) / "fresh.csv"
    asked = [what, "--model", folder / "model", "--data", fresh, option, out]
    return [str(part) for part in asked]


def test_draft_guesses_kinds_from_the_columns():
    asked = draft.draft(stays(), outcome="died", person="person")

    assert asked.kind == "binary"
    assert asked.input("diabetic").kind == "flag"
    assert asked.input("ward").kind == "category"


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (pd.Series(["a", "b", "c"] * 9), "classes"),
        (pd.Series([0.0, 1.0] * 9), "binary"),
        (pd.Series(range(40)), "number"),
    ],
)
def test_kind_of_an_outcome(column, kind):
    assert draft.kind_of(column) == kind


def test_draft_of_a_column_that_is_absent_is_refused():
    with pytest.raises(BadProblem, match="no column weight"):
        draft.draft(stays(), outcome="weight")


def test_dates_keys_and_empty_columns_are_no_inputs_and_the_problem_says_so():
    frame = stays().assign(
        admitted=pd.date_range("2020-01-01", periods=400).astype(str),
        file_number=[f"F{number}" for number in range(400)],
        day=pd.date_range("2020-01-01", periods=400).strftime("%d/%m/%Y"),
        empty=np.nan,
    )

    asked = draft.study(frame, outcome="died", person="person").problem

    assert not {"admitted", "file_number", "day", "empty"} & set(asked.names)
    assert "admitted (a date), file_number (a key)" in asked.notes[-1]
    assert "admitted" in draft.study(frame, outcome="died", every=True).problem.names


def test_outcome_of_two_words_becomes_a_flag():
    frame = stays().assign(died=lambda rows: rows["died"].map({0.0: "no", 1.0: "yes"}))

    drafted = draft.study(frame, outcome="died", person="person")

    assert drafted.cohort(frame).y.mean() == stays()["died"].mean()
