"""What is known about a data set before it is opened."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ColumnType = Literal["number", "integer", "flag", "code", "category", "text", "date", "identifier"]
Kind = Literal["table", "folder", "arrays", "files"]
ENVIRONMENT = "CARELENS_DATASETS"
BESIDE_CHECKOUT = Path(__file__).parents[3] / "shared" / "datasets"


class UnknownDataset(KeyError):
    """No data set goes by this name."""

    def __init__(self, name: str, known: tuple[str, ...]):
        self.name = name
        super().__init__(f"No data set is called {name!r}. Known: {', '.join(known)}.")

    def __str__(self) -> str:
        return self.args[0]


class DatasetAbsent(FileNotFoundError):
    """The files of a data set are not where they were looked for."""

    def __init__(self, title: str, path: Path, obtain: str):
        super().__init__(
            f"{title} is not at {path}. Give the path, set {ENVIRONMENT} to the folder of data "
            f"sets, or get it: {obtain}."
        )


class NotThisDataset(ValueError):
    """A file does not hold the table that it was read as."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column as the source documents it.

    `type`: number, flag (0/1) and code (numbers that stand for answers) are read as float64,
    integer as int64 where nothing is missing, category, text and identifier as text, date as
    datetime64. `missing` are the texts that stand for "not known". `values` are the texts (or
    codes) that may occur; `low` and `high` what a number may be; `analyte` the short name in
    `ml.analytes`, whose limits hold in `unit` (UCUM).
    """

    name: str
    type: ColumnType
    unit: str = ""
    meaning: str = ""
    missing: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    analyte: str = ""

    @property
    def is_numeric(self) -> bool:
        """Whether the column is read as a number."""
        return self.type in ("number", "integer", "flag", "code")


@dataclass(frozen=True, slots=True)
class Download:
    """A file at a stable public address.

    `digest` is "sha256:..." or "md5:..." of the file at `url`, empty where none is published;
    `member` the file to take out of a ZIP archive.
    """

    url: str
    file: str
    digest: str = ""
    member: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Where a data set comes from, on what terms, what its columns mean, what to beware of."""

    name: str
    title: str
    files: tuple[str, ...]  # below the folder of data sets; the first is the table
    kind: Kind
    columns: tuple[Column, ...]
    person: str | None  # column that tells persons apart; None: each row is one person
    time: str | None
    licence: str
    source: str
    provenance: str
    obtain: str
    traps: tuple[str, ...] = ()
    downloads: tuple[Download, ...] = ()

    def column(self, name: str) -> Column:
        """The column of a name. Raises KeyError."""
        return {column.name: column for column in self.columns}[name]

    @property
    def units(self) -> dict[str, str]:
        """Column -> UCUM unit, for the columns that have one."""
        return {column.name: column.unit for column in self.columns if column.unit}

    def path(self, given: str | Path | None = None) -> Path:
        """The file (or folder) of the set: `given` itself, inside it, or below the default folder.

        Raises DatasetAbsent with a sentence that says how to get it.
        """
        found = next((path for path in self._places(given) if path.exists()), None)
        if found is None:
            looked = Path(given) if given is not None else folder() / self.files[0]
            raise DatasetAbsent(self.title, looked, self.obtain)
        return found

    def _places(self, given: str | Path | None) -> tuple[Path, ...]:
        if given is None:
            return (folder() / self.files[0],)
        given = Path(given)
        if not given.is_dir():
            return (given,)
        inside = (given / self.files[0], given / Path(self.files[0]).name, *self._fetched(given))
        return inside if self.kind == "table" and not self._is_folder else (*inside, given)

    def _fetched(self, given: Path) -> tuple[Path, ...]:
        return tuple(given / (download.member or download.file) for download in self.downloads)

    @property
    def _is_folder(self) -> bool:
        return "." not in Path(self.files[0]).name


def folder() -> Path:
    """Where data sets lie: the environment's word, else `shared/datasets` beside the checkout."""
    return Path(os.environ.get(ENVIRONMENT) or BESIDE_CHECKOUT)
