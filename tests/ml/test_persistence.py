"""The manifest of a model: a byte that has changed is noticed."""

import json
import shutil

import pytest

from ml import persistence
from tests.ml.people import ARTIFACTS


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(ARTIFACTS / "ckd", tmp_path / "ckd")


def changed(folder, change):
    path = folder / persistence.MANIFEST
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def edit(manifest):
    manifest["card"][20]["text"] = "AUROC 0.999, externally validated"


def edit_without_digest(manifest):
    edit(manifest)
    del manifest[persistence.WHOLE]


@pytest.mark.parametrize("change", [edit, edit_without_digest])
def test_an_edited_card_is_not_opened_whether_its_digest_stands_or_is_deleted(folder, change):
    changed(folder, change)

    with pytest.raises(persistence.DigestMismatch, match="manifest"):
        persistence.load(folder)


def test_a_manifest_from_before_cards_and_their_digest_opens(folder):
    def old(manifest):
        del manifest["card"], manifest[persistence.WHOLE]

    changed(folder, old)

    assert persistence.load(folder).manifest["task"] == "ckd"


def test_a_manifest_that_is_no_table_of_values_is_refused_by_name(folder):
    (folder / persistence.MANIFEST).write_text("[]")

    with pytest.raises(persistence.DigestMismatch, match="manifest"):
        persistence.read_manifest(folder)
