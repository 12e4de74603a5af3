"""Fitted studies on disk: numbers and a manifest, nothing that can run code.

A folder holds `model.ubj` (XGBoost, UBJSON), `refits.npz` (arrays, no pickled objects) and
`manifest.json`. The manifest names the SHA-256 of both files; a file that differs is refused by
name. The model's own digest covers both files and every number serving reads from the manifest,
but not the date, so that the same training gives the same digest on any day.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.models import boosting
from ml.models.refits import Refits

if TYPE_CHECKING:
    from xgboost import Booster

MODEL, REFITS, MANIFEST = "model.ubj", "refits.npz", "manifest.json"
WHOLE = "manifest_digest"


class ArtifactAbsent(FileNotFoundError):
    """A folder lacks a file of the artefact."""

    def __init__(self, path: Path):
        super().__init__(f"The model folder {path.parent.name!r} has no {path.name}")


class DigestMismatch(ValueError):
    """A file is not the one that training wrote."""

    def __init__(self, path: Path):
        super().__init__(
            f"{path.name} of {path.parent.name!r} differs from its manifest and is not opened"
        )


@dataclass(frozen=True, slots=True)
class Artifact:
    """What serving needs: the served model, its refits, and the manifest with all figures."""

    booster: "Booster"
    refits: Refits
    manifest: dict[str, Any]


def save(artifact: Artifact, folder: str | Path) -> Path:
    """Write the artefact; the manifest gets its digests here."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = {MODEL: boosting.to_bytes(artifact.booster), REFITS: artifact.refits.to_bytes()}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    manifest = artifact.manifest | {"files": digests}
    manifest["model_digest"] = model_digest(manifest)
    manifest["version"] = f"{manifest['task']}-{manifest['model_digest'][:12]}"
    write_manifest(folder, manifest)
    return folder


def load(folder: str | Path) -> Artifact:
    """Read an artefact. Raises ArtifactAbsent, DigestMismatch."""
    folder = Path(folder)
    manifest = read_manifest(folder)
    if model_digest(manifest) != manifest["model_digest"]:
        raise DigestMismatch(folder / MANIFEST)
    digests = manifest["files"]
    model, refits = (verified(folder / name, digests.get(name)) for name in (MODEL, REFITS))
    return Artifact(boosting.from_bytes(model), Refits.from_bytes(refits), manifest)


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """The manifest alone, for pages that show figures and open no model.

    Raises ArtifactAbsent, and DigestMismatch when a byte of it has changed.
    """
    path = Path(folder) / MANIFEST
    try:
        manifest = json.loads(read(path))
    except ValueError as problem:
        raise DigestMismatch(path) from problem
    if not isinstance(manifest, dict) or not _is_whole(manifest):
        raise DigestMismatch(path)
    return manifest


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """The manifest as JSON, with a digest over all of it, figures and date included."""
    plain = json.loads(json.dumps(manifest, default=float))
    plain[WHOLE] = _digest_of_whole(plain)
    text = json.dumps(plain, indent=1, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _is_whole(manifest: Mapping[str, Any]) -> bool:
    """The digest of the whole came later than the first artefacts, but before the card."""
    if WHOLE in manifest or "card" in manifest:
        return manifest.get(WHOLE) == _digest_of_whole(manifest)
    return True


def _digest_of_whole(manifest: Mapping[str, Any]) -> str:
    covered = {name: value for name, value in manifest.items() if name != WHOLE}
    return hashlib.sha256(json.dumps(covered, sort_keys=True).encode()).hexdigest()


def model_digest(manifest: dict[str, Any]) -> str:
    """SHA-256 over the task, the files and the numbers that serving reads."""
    covered = {name: manifest[name] for name in ("task", "files", "features", "serving")}
    return hashlib.sha256(json.dumps(covered, sort_keys=True).encode()).hexdigest()


def verified(path: Path, digest: str | None) -> bytes:
    """The file's content. Raises ArtifactAbsent, DigestMismatch."""
    content = read(path)
    if hashlib.sha256(content).hexdigest() != digest:
        raise DigestMismatch(path)
    return content


def read(path: Path) -> bytes:
    """The file's content. Raises ArtifactAbsent."""
    if not path.is_file():
        raise ArtifactAbsent(path)
    return path.read_bytes()
