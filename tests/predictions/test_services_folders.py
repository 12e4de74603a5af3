"""What stands in the folders of the release serves, whichever way they were changed."""

import copy
import io
import shutil

import pytest
from django.core.management import call_command

from healthcare.audit.models import AuditEvent
from healthcare.management.commands.doctor import Command
from ml import persistence, serving
from ml.studies import served
from predictions import artifacts
from predictions.models import ModelVersion
from predictions.services import registry
from tests.ml.people import ARTIFACTS, survey

pytestmark = pytest.mark.django_db
Stage = ModelVersion.Stage
TASK, OTHER = "death_10y", "ckd"


@pytest.fixture(scope="module")
def repaired(tmp_path_factory):
    """The delivered model, put right on the rows of a site by the command."""
    folder = tmp_path_factory.mktemp("site")
    survey(700, seed=5).to_csv(folder / "rows.csv", index=False)
    served.main(TASK, ["recalibrate", "--model", str(ARTIFACTS / TASK), "--data",
                       str(folder / "rows.csv"), "--out", str(folder / "model")])  # fmt: skip
    return folder / "model"


@pytest.fixture
def place(settings, tmp_path):
    """The folders of the release, two of them; a call puts another one in place."""
    settings.MODEL_ARTIFACTS = tmp_path / "release"
    for task in (TASK, OTHER):
        shutil.copytree(ARTIFACTS / task, settings.MODEL_ARTIFACTS / task)

    def put(folder):
        shutil.rmtree(settings.MODEL_ARTIFACTS / TASK)
        shutil.copytree(folder, settings.MODEL_ARTIFACTS / TASK)
        restart()

    put.folder = settings.MODEL_ARTIFACTS / TASK
    restart()
    yield put
    restart()


def restart():
    """What a process remembers of its folders is gone."""
    artifacts._registered.cache_clear()


def with_card(folder, change, *, source=ARTIFACTS / TASK):
    """The same model in another folder, its manifest changed and written as training writes it."""
    found = persistence.load(source)
    manifest = copy.deepcopy(found.manifest)
    change(manifest)
    return persistence.save(persistence.Artifact(found.booster, found.refits, manifest), folder)


def blank(manifest):
    manifest["card"][0]["text"] = ""


def install():
    """Run the command as a person does; what it says and what it complains of, as lines."""
    told, held = io.StringIO(), io.StringIO()
    call_command("load_models", stdout=told, stderr=held, no_color=True)
    return told.getvalue().splitlines(), held.getvalue().splitlines()


def stages():
    versions = ModelVersion.objects.filter(task=TASK).order_by("number")
    return [version.stage for version in versions]


def replaced():
    """What each installation of the task replaced, in order."""
    versions = [
        str(pk) for pk in ModelVersion.objects.filter(task=TASK).values_list("pk", flat=True)
    ]
    events = AuditEvent.objects.filter(action="model.installed", target_id__in=versions)
    return [event.details["replaced"] for event in events.order_by("pk")]


def digest(folder):
    return persistence.read_manifest(folder)["model_digest"]


def test_a_repaired_folder_serves_and_the_delivered_one_serves_again(place, repaired):
    install()
    for folder, expected in [
        (repaired, [Stage.RETIRED, Stage.SERVING]),
        (ARTIFACTS / TASK, [Stage.SERVING, Stage.RETIRED]),
        (repaired, [Stage.RETIRED, Stage.SERVING]),
    ]:
        place(folder)

        assert install()[1] == []

        assert stages() == expected
        models = artifacts.serving_models()
        assert models[TASK].digest == digest(folder)
        assert set(models) == {TASK, OTHER}
    assert replaced() == ["", f"{TASK} v1", f"{TASK} v2", f"{TASK} v1"]


def test_a_process_that_opened_the_other_folder_opens_the_right_one_afterwards(place, repaired):
    install()
    shutil.rmtree(place.folder)
    shutil.copytree(repaired, place.folder)
    restart()
    assert TASK not in artifacts.serving_models()

    shutil.rmtree(place.folder)
    shutil.copytree(ARTIFACTS / TASK, place.folder)

    assert artifacts.serving_models()[TASK].digest == digest(ARTIFACTS / TASK)


def test_loading_the_same_folders_again_writes_nothing_down(place):
    install()
    before = AuditEvent.objects.count()

    install()

    assert AuditEvent.objects.count() == before


def test_a_model_of_this_site_put_in_the_place_of_the_delivered_one_leaves_it_again(
    place, repaired
):
    install()
    registry.register(f"models/{TASK}/x", serving.load(repaired), stage=Stage.CHALLENGER)
    place(repaired)
    install()
    assert artifacts.serving_models()[TASK].digest == digest(repaired)

    place(ARTIFACTS / TASK)
    install()

    assert artifacts.serving_models()[TASK].digest == digest(ARTIFACTS / TASK)


@pytest.mark.parametrize("content", ["[]", "{}", "no JSON", None])
def test_a_broken_folder_is_named_and_the_others_are_installed(place, content):
    manifest = place.folder / persistence.MANIFEST
    manifest.write_text(content) if content else manifest.unlink()

    told, held = install()

    assert told == [f"{OTHER} v1: serving"]
    assert len(held) == 1
    assert held[0].startswith(f"builtin/{TASK}: ")
    assert set(artifacts.serving_models()) == {OTHER}


def test_a_broken_model_closes_its_own_door_only(place, caplog):
    install()
    restart()
    with (place.folder / persistence.REFITS).open("ab") as file:
        file.write(b"x")

    assert set(artifacts.serving_models()) == {OTHER}
    assert f"{TASK} v1 does not open" in caplog.text
    assert "refits.npz" in artifacts.fault(ModelVersion.objects.get(task=TASK))
    assert artifacts.fault(ModelVersion.objects.get(task=OTHER)) == ""


def test_the_doctor_names_a_model_that_does_not_open(place):
    registry.install_builtin()
    (place.folder / "model.ubj").write_bytes(b"nothing of the sort")
    restart()

    found = dict(reversed(one) for one in Command()._contents())

    assert [is_fine for said, is_fine in found.items() if TASK in said] == [False]
    assert [is_fine for said, is_fine in found.items() if said.startswith(OTHER)] == [True]


def test_a_folder_with_a_gap_in_its_card_is_held_and_the_earlier_one_serves_again(
    place, repaired, tmp_path
):
    install()
    place(with_card(tmp_path / "gap", blank, source=repaired))

    told, held = install()

    assert f"{TASK} v2: challenger" in told
    assert held[0].startswith(f"{TASK} v2 cannot serve: its model card lacks Developer")
    assert stages() == [Stage.SERVING, Stage.CHALLENGER]
    place(ARTIFACTS / TASK)
    assert install()[1] == []
    assert artifacts.serving_models()[TASK].digest == digest(ARTIFACTS / TASK)


def test_a_held_folder_serves_once_its_card_is_whole(place, repaired, tmp_path):
    install()
    place(with_card(tmp_path / "gap", blank, source=repaired))
    install()

    place(repaired)

    assert install()[1] == []
    assert stages() == [Stage.RETIRED, Stage.SERVING]


def test_a_first_installation_without_a_card_is_held(place, tmp_path):
    place(with_card(tmp_path / "bare", lambda manifest: manifest.pop("card")))

    _, held = install()

    assert held[0].startswith(f"{TASK} v1 cannot serve: its model card has no attributes")
    assert set(artifacts.serving_models()) == {OTHER}


def test_an_upgrade_brings_the_card_to_the_register(place, tmp_path):
    install()
    version = ModelVersion.objects.get(task=TASK)
    whole = version.manifest
    version.manifest = {name: value for name, value in whole.items() if name != "card"}
    version.save()

    install()

    version.refresh_from_db()
    assert (version.stage, version.manifest) == (Stage.SERVING, whole)
    renewed = AuditEvent.objects.get(action="model.manifest_renewed")
    assert renewed.target_id == str(version.pk)


def test_a_folder_with_a_stale_card_does_not_take_the_whole_one_back(place, tmp_path):
    install()
    place(with_card(tmp_path / "gap", blank))

    install()

    version = ModelVersion.objects.get(task=TASK)
    assert version.manifest["card"][0]["text"]
    assert version.stage == Stage.SERVING
