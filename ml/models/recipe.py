"""What the builders of models need to know."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ml.models.encoding import Columns

Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recipe:
    """The columns, the kind of outcome (binary, classes, number, survival), seed and threads."""

    columns: Columns
    kind: str
    random_state: int = 0
    threads: int = 1

    @property
    def classifies(self) -> bool:
        return self.kind in ("binary", "classes")


@dataclass(frozen=True, slots=True)
class Entry:
    """A model form. `space` maps a parameter to the values that a search tries.

    `missing`: takes unknown numbers as they are. `most_rows`: beyond that many it is trained on
    a sample, because its cost grows with the square of the rows. `artefact` is the file format;
    "" for models that keep patients' rows inside and are therefore not stored.
    """

    name: str
    title: str
    kinds: tuple[str, ...]
    build: Callable[[Recipe, Parameters], Any]
    space: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    missing: bool = False
    interpretable: bool = False
    artefact: str = "skops"
    most_rows: int | None = None
