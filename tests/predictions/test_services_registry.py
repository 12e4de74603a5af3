import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from predictions import artifacts
from predictions.models import IncompleteCard, ModelVersion, WrongStage
from predictions.services import registry
from tests.factories import UserFactory
from tests.factories.predictions import attributes

pytestmark = pytest.mark.django_db
Stage = ModelVersion.Stage
DEVELOPER, VALIDITY = "Developer, with contact", "Validity in data of the same source"


def version(number=1, stage=Stage.CHALLENGER, **more):
    manifest = {"card": attributes("ckd")}
    defaults = {"task": "ckd", "title": "CKD", "folder": "builtin/ckd", "manifest": manifest}
    return ModelVersion.objects.create(
        number=number, stage=stage, digest=f"{number:064}", **defaults | more
    )


def test_promoting_retires_the_champion_and_is_written_down(data_scientist):
    champion, challenger = version(1, Stage.SERVING), version(2)

    registry.promote(challenger, replacing="ckd v1", by=data_scientist)

    champion.refresh_from_db()
    assert (champion.stage, challenger.stage) == (Stage.RETIRED, Stage.SERVING)
    assert AuditEvent.objects.get(action="model.promoted").details == {"replaced": "ckd v1"}


def test_a_clinician_may_not_promote(clinician):
    with pytest.raises(PermissionDenied):
        registry.promote(version(), replacing="", by=clinician)


def test_promoting_twice_is_refused(data_scientist):
    challenger = version()
    registry.promote(challenger, replacing="", by=data_scientist)

    with pytest.raises(WrongStage):
        registry.promote(challenger, replacing="ckd v1", by=data_scientist)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("replacing", ["", "ckd v1"])
def test_of_two_who_promote_at_once_the_second_is_told_so(replacing):
    """The second waits for the first to commit, sees what it did, and is refused in words."""
    if replacing:
        version(1, Stage.SERVING)
    first, second = version(2), version(3)
    by = UserFactory(role=User.Role.DATA_SCIENTIST)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            registry.promote(first, replacing=replacing, by=by)
            waiting = pool.submit(promoted_elsewhere, second, replacing, by)
            until_somebody_waits()
        with pytest.raises(WrongStage, match="ckd v2 serves now, which was not so"):
            waiting.result(timeout=30)

    stages = ModelVersion.objects.filter(pk__in=[first.pk, second.pk]).order_by("number")
    assert [each.stage for each in stages] == [Stage.SERVING, Stage.CHALLENGER]


def promoted_elsewhere(challenger, replacing, by):
    try:
        registry.promote(challenger, replacing=replacing, by=by)
    finally:
        connection.close()


def until_somebody_waits():
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    pytest.fail("Nobody waits for the first: the second did not look at the register")


@pytest.mark.parametrize(
    ("card", "said"),
    [
        (attributes("ckd", **{VALIDITY: " "}), f"lacks {VALIDITY}"),
        (attributes("ckd")[:-1], "lacks How often it is corrected"),
        (attributes("ckd", **{DEVELOPER: "Somebody who has left"}), f"out of date on {DEVELOPER}"),
        ([], "has no attributes"),
    ],
)
def test_a_gap_in_the_card_keeps_a_challenger_from_serving(data_scientist, card, said):
    champion, challenger = version(1, Stage.SERVING), version(2, manifest={"card": card})

    with pytest.raises(IncompleteCard, match=said):
        registry.promote(challenger, replacing="ckd v1", by=data_scientist)

    champion.refresh_from_db()
    assert (champion.stage, challenger.stage) == (Stage.SERVING, Stage.CHALLENGER)
    assert not AuditEvent.objects.filter(action="model.promoted").exists()


def test_the_models_of_the_release_have_whole_cards():
    for installed in registry.install_builtin():
        installed.move(Stage.SERVING, to=Stage.CHALLENGER)
        by = UserFactory(role=User.Role.DATA_SCIENTIST)
        registry.promote(installed, replacing="", by=by)
        assert len(installed.manifest["card"]) == 31


def test_a_task_has_one_serving_version():
    version(1, Stage.SERVING)

    with pytest.raises(IntegrityError), transaction.atomic():
        version(2, Stage.SERVING)


def test_a_new_release_replaces_the_one_before_it(settings, tmp_path):
    settings.MODEL_ARTIFACTS = tmp_path
    shutil.copytree(artifacts.settings.BASE_DIR / "ml/artifacts/ckd", tmp_path / "ckd")
    old = version(1, Stage.SERVING)

    (new,) = registry.install_builtin()

    old.refresh_from_db()
    assert (old.stage, new.stage, new.number) == (Stage.RETIRED, Stage.SERVING, 2)


def test_a_model_that_the_site_promoted_goes_on_serving(settings, tmp_path):
    settings.MODEL_ARTIFACTS = tmp_path
    shutil.copytree(artifacts.settings.BASE_DIR / "ml/artifacts/ckd", tmp_path / "ckd")
    own = version(1, Stage.SERVING, folder="models/ckd/abc")

    (new,) = registry.install_builtin()

    own.refresh_from_db()
    assert (own.stage, new.stage) == (Stage.SERVING, Stage.CHALLENGER)


def test_a_file_that_was_changed_is_never_opened(settings, tmp_path):
    settings.MODEL_ARTIFACTS = tmp_path
    shutil.copytree(artifacts.settings.BASE_DIR / "ml/artifacts/ckd", tmp_path / "ckd")
    (installed,) = registry.install_builtin()
    artifacts._registered.cache_clear()
    with (tmp_path / "ckd" / "model.ubj").open("ab") as file:
        file.write(b"x")

    with pytest.raises(artifacts.BrokenArtifact, match=r"model\.ubj"):
        artifacts.load(installed)


def test_other_files_than_the_registered_ones_are_refused():
    other = version(1, Stage.SERVING)

    with pytest.raises(artifacts.BrokenArtifact, match="load_models"):
        artifacts.load(other)
