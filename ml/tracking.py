"""What was tried and what serves: runs and model versions on a local database, no server.

    store = tracking.open_store("var/mlflow")
    version = store.log(manifest, folder)          # figures, digests, seed, code, environment
    store.promote("los", version, "champion")

With MLflow the store is a SQLite database and a folder of files, which `make mlflow` shows. Without
it the same facts go to one JSON file a run; nothing is lost but the page.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

ALIASES = ("champion", "challenger")
LOCAL = Path("var") / "mlflow"
DATABASE, FILES = "mlflow.db", "files"


class UnknownVersion(KeyError):
    """No such version of this task is in the store."""

    def __str__(self) -> str:
        return str(self.args[0])


class Store(Protocol):
    """Where runs and versions are kept."""

    def log(self, manifest: Mapping[str, Any], folder: str | Path) -> str:
        """Keep a run and register its model; gives the version of the model."""

    def promote(self, task: str, version: str, alias: str) -> None:
        """Let `champion` or `challenger` of a task stand for a version."""

    def holder(self, task: str, alias: str) -> str | None:
        """The version that an alias stands for."""

    def runs(self, task: str) -> list[dict[str, Any]]:
        """Facts of all runs of a task, oldest first."""


def open_store(folder: str | Path = LOCAL, *, mlflow: bool | None = None) -> Store:
    """The MLflow store of the folder, or plain files where MLflow is not installed."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = _installed() if mlflow is None else mlflow
    return MLflowStore(folder) if wanted else FileStore(folder)


def facts(manifest: Mapping[str, Any], folder: str | Path) -> dict[str, Any]:
    """What a run is known by: data, specification, code, seed, environment, files, figures."""
    data = manifest.get("data", {})
    return {
        "task": manifest["task"],
        "version": manifest.get("version", ""),
        "data_digest": data.get("digest") or data.get("sha256", ""),
        "data_rows": data.get("rows"),
        "specification": manifest.get("specification", ""),
        "code": code_version(),
        "seed": manifest.get("seed"),
        "libraries": dict(manifest.get("libraries", {})),
        "files": _digests(Path(folder)),
        "metrics": _metrics(manifest),
    }


def code_version() -> str:
    """Digest of the library's code and reference tables."""
    root, digest = Path(__file__).parent, hashlib.sha256()
    for path in sorted([*root.rglob("*.py"), *(root / "reference").glob("*.csv")]):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


class FileStore:
    """One JSON file a run, one for the aliases."""

    def __init__(self, folder: Path):
        self.folder = folder

    def log(self, manifest: Mapping[str, Any], folder: str | Path) -> str:
        told = facts(manifest, folder)
        place = self.folder / "runs" / told["task"]
        place.mkdir(parents=True, exist_ok=True)
        number = str(len(list(place.glob("*.json"))) + 1)
        told |= {"number": number, "folder": str(Path(folder).resolve())}
        _write(place / f"{int(number):05d}.json", told)
        return number

    def promote(self, task: str, version: str, alias: str) -> None:
        _check(alias)
        if version not in [told["number"] for told in self.runs(task)]:
            raise UnknownVersion(f"{task} has no version {version}")
        _write(self.folder / "aliases.json", self._aliases() | {f"{task}@{alias}": version})

    def holder(self, task: str, alias: str) -> str | None:
        return self._aliases().get(f"{task}@{alias}")

    def runs(self, task: str) -> list[dict[str, Any]]:
        files = sorted((self.folder / "runs" / task).glob("*.json"))
        return [json.loads(path.read_text(encoding="utf-8")) for path in files]

    def _aliases(self) -> dict[str, str]:
        path = self.folder / "aliases.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


class MLflowStore:
    """MLflow's experiments and registry in `mlflow.db`; an experiment and a model name a task."""

    def __init__(self, folder: Path):
        # Before the first import: it phones home otherwise.
        os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
        from mlflow import MlflowClient

        self.folder = folder.resolve()
        with _quiet():
            self.client = MlflowClient(tracking_uri=f"sqlite:///{self.folder / DATABASE}")

    def log(self, manifest: Mapping[str, Any], folder: str | Path) -> str:
        told = facts(manifest, folder)
        with _quiet():
            run = self.client.create_run(self._experiment(told["task"])).info
            self._batch(run, told)
            self.client.log_artifacts(run.run_id, str(folder), "model")
            self.client.log_dict(run.run_id, told, "facts.json")
            self.client.set_terminated(run.run_id)
            source = f"{run.artifact_uri}/model"
            made = self.client.create_model_version(
                self._model(told["task"]), source, run.run_id, tags={"version": told["version"]}
            )
        return str(made.version)

    def promote(self, task: str, version: str, alias: str) -> None:
        _check(alias)
        from mlflow.exceptions import MlflowException

        try:
            self.client.set_registered_model_alias(task, alias, version)
        except MlflowException as problem:
            raise UnknownVersion(f"{task} has no version {version}") from problem

    def holder(self, task: str, alias: str) -> str | None:
        from mlflow.exceptions import MlflowException

        try:
            return str(self.client.get_model_version_by_alias(task, alias).version)
        except MlflowException:
            return None

    def runs(self, task: str) -> list[dict[str, Any]]:
        experiment = self.client.get_experiment_by_name(task)
        if experiment is None:
            return []
        found = self.client.search_runs([experiment.experiment_id])
        told = [{**run.data.params, "metrics": run.data.metrics} for run in found]
        return told[::-1]

    def _batch(self, run: Any, told: Mapping[str, Any]) -> None:
        from mlflow.entities import Metric, Param

        params = [Param(name, value) for name, value in _parameters(told).items()]
        metrics = [
            Metric(name, value, run.start_time, 0) for name, value in told["metrics"].items()
        ]
        self.client.log_batch(run.run_id, metrics, params)

    def _experiment(self, task: str) -> str:
        if found := self.client.get_experiment_by_name(task):
            return found.experiment_id
        # Named here, for MLflow freezes the place at creation and would take the working folder.
        return self.client.create_experiment(task, (self.folder / FILES / task).as_uri())

    def _model(self, task: str) -> str:
        if not self.client.search_registered_models(f"name = '{task}'"):
            self.client.create_registered_model(task)
        return task


@contextmanager
def _quiet() -> Iterator[None]:
    """MLflow warns of its own dependencies; nothing there is for the reader of a run."""
    import logging
    import warnings

    noisy = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    before = [logger.level for logger in noisy]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in noisy:
            logger.setLevel(logging.ERROR)
        yield
    for logger, level in zip(noisy, before, strict=True):
        logger.setLevel(level)


def _installed() -> bool:
    from importlib.util import find_spec

    return find_spec("mlflow") is not None


def _parameters(told: Mapping[str, Any]) -> dict[str, str]:
    plain = {name: value for name, value in told.items() if name not in ("metrics", "files")}
    libraries = plain.pop("libraries")
    plain |= {f"library.{name}": value for name, value in libraries.items()}
    plain |= {f"file.{name}": digest for name, digest in told["files"].items()}
    return {name: str(value) for name, value in plain.items()}


def _metrics(manifest: Mapping[str, Any]) -> dict[str, float]:
    """Each figure with its limits, named by evaluation: `cross_fitted.auroc.low`."""
    return {
        f"{name}.{metric}{end}".replace("@", " at "): float(found[part])
        for name, evaluation in manifest.get("figures", {}).items()
        for metric, found in evaluation["metrics"].items()
        if found.get("value") is not None
        for part, end in (("value", ""), ("low", ".low"), ("high", ".high"))
    }


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.is_file()
    }


def _check(alias: str) -> None:
    if alias not in ALIASES:
        raise ValueError(f"There is no alias {alias!r}; choose one of {', '.join(ALIASES)}")


def _write(path: Path, told: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(told, indent=1, default=float) + "\n", encoding="utf-8")
