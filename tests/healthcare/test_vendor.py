"""The third-party files in static/vendor are those of the manifest, with their licences."""

import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "static" / "vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text())
LISTED = [
    listed
    for package in MANIFEST["packages"]
    for listed in [*package["files"], package["licence_file"]]
]


@pytest.mark.parametrize("listed", LISTED, ids=lambda listed: listed["path"])
def test_each_vendored_file_has_the_digest_of_the_manifest(listed):
    content = (VENDOR / listed["path"]).read_bytes()

    assert hashlib.sha256(content).hexdigest() == listed["sha256"]
    assert len(content) == listed["bytes"]


def test_nothing_lies_in_the_vendor_folder_that_the_manifest_does_not_list():
    found = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()}

    assert found == {listed["path"] for listed in LISTED} | {"manifest.json"}


def test_versions_are_those_the_maintainers_build_from():
    wanted = json.loads((ROOT / "deploy" / "vendor" / "package.json").read_text())

    for package in MANIFEST["packages"]:
        assert wanted["devDependencies"][package["name"]] == package["version"]


@pytest.mark.parametrize("listed", LISTED, ids=lambda listed: listed["path"])
def test_no_vendored_file_is_larger_than_a_mebibyte(listed):
    assert listed["bytes"] < 1024 * 1024


def test_every_icon_that_a_template_names_is_in_the_sprite():
    sprite = (VENDOR / "icons" / "sprite.svg").read_text()
    known = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    used = set()
    for template in (ROOT / "templates").rglob("*.html"):
        used |= set(re.findall(r'icon\.html" with name="([a-z0-9-]+)" ', template.read_text()))

    assert used - known == set()
    assert len(used) > 10
