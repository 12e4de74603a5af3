"""Fitted table studies on disk: manifest and files that cannot run code.

`manifest.json` names the SHA-256 of every file and of itself; what differs is not opened.
"""

import hashlib
import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ml import persistence
from ml.models import storage, zoo
from ml.persistence import MANIFEST, DigestMismatch, read_manifest
from ml.studies.problem import Problem

FORMAT = 1
LIBRARIES = ("numpy", "pandas", "scikit-learn", "xgboost-cpu")


class KeepsRows(ValueError):
    """The model is made of its training rows."""


def write(
    folder: str | Path,
    problem: Problem,
    parts: Mapping[str, Any],
    serving: Mapping[str, Any],
    manifest: Mapping[str, Any],
) -> Path:
    """Write parts and manifest; gives the folder. `serving` are numbers that predicting needs."""
    if zoo.keeps_rows(problem.model, problem.parameters):
        raise KeepsRows(f"A {problem.model} model holds rows of patients: store another model")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        f"{part}.{name}": content
        for part, model in parts.items()
        for name, content in storage.pack(model).items()
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    full = {
        **manifest,
        "format": FORMAT,
        "problem": problem.to_dict(),
        "serving": serving,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    full["model_digest"] = model_digest(full)
    full["version"] = f"{problem.task}-{full['model_digest'][:12]}"
    persistence.write_manifest(folder, full)
    return folder


def read(folder: str | Path) -> tuple[Problem, dict[str, Any], dict[str, Any]]:
    """Problem, parts and manifest. Raises ArtifactAbsent, DigestMismatch, storage.UnknownParts."""
    folder = Path(folder)
    manifest = read_manifest(folder)
    if model_digest(manifest) != manifest["model_digest"]:
        raise DigestMismatch(folder / MANIFEST)
    packed: dict[str, dict[str, bytes]] = {}
    for name, digest in manifest["files"].items():
        part, _, file = name.partition(".")
        packed.setdefault(part, {})[file] = persistence.verified(folder / name, digest)
    parts = {part: storage.unpack(files) for part, files in packed.items()}
    return Problem.from_dict(manifest["problem"]), parts, manifest


def model_digest(manifest: Mapping[str, Any]) -> str:
    """SHA-256 over problem, data and files; figures and dates stay out of it."""
    covered = [manifest[name] for name in ("problem", "serving", "files")]
    covered.append(manifest["data"]["digest"])
    return hashlib.sha256(json.dumps(covered, sort_keys=True).encode()).hexdigest()


def libraries() -> dict[str, str]:
    """Versions that a fit depends on."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}
