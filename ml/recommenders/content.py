"""Content similarity: how well the features of an item match the needs of a person.

Items and needs live in one space of named features (`risk:cvd`, `tag:bp`, `moves:SBP`).
The similarity is the cosine between the two vectors, so a broad item does not win by
having many features, and a person with few known needs is compared by those.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Features = Mapping[str, float]
Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ItemSpace:
    """Unit feature vectors of items: `matrix` is items x features, rows in the order of `ids`."""

    ids: tuple[str, ...]
    columns: Mapping[str, int]  # feature -> column
    matrix: Vector

    def vector(self, needs: Features) -> Vector:
        """A person's needs as a unit vector; needs that no item serves are left out."""
        vector = np.zeros(len(self.columns))
        for name, weight in needs.items():
            column = self.columns.get(name)
            if column is not None:
                vector[column] = weight
        return _unit(vector)

    def similarity(self, needs: Features) -> dict[str, float]:
        """Cosine of every item with the needs, from -1 (works against) to 1.

        >>> space = item_space({"walk": {"tag:bp": 1.0}, "salt": {"tag:bp": 1.0, "tag:diet": 1.0}})
        >>> space.similarity({"tag:bp": 0.5})["walk"]
        1.0
        """
        cosines = self.matrix @ self.vector(needs)
        return dict(zip(self.ids, cosines.tolist(), strict=True))

    def like_those(self, past: Vector) -> Vector:
        """Cosine of every item with what each person took before, (people, items) from 0 or 1."""
        return _unit(past @ self.matrix) @ self.matrix.T

    @property
    def vectors(self) -> dict[str, Vector]:
        return dict(zip(self.ids, self.matrix, strict=True))


def item_space(items: Mapping[str, Features]) -> ItemSpace:
    """The space spanned by the features of these items (id -> feature -> weight)."""
    names = sorted({name for features in items.values() for name in features})
    columns = {name: column for column, name in enumerate(names)}
    matrix = np.zeros((len(items), len(names)))
    for row, features in enumerate(items.values()):
        for name, weight in features.items():
            matrix[row, columns[name]] = weight
    return ItemSpace(tuple(items), columns, _unit(matrix))


def strongest(sources: Sequence[Features]) -> dict[str, float]:
    """One set of needs from several: of each feature the weight furthest from zero."""
    needs: dict[str, float] = {}
    for source in sources:
        for name, weight in source.items():
            if abs(weight) > abs(needs.get(name, 0.0)):
                needs[name] = weight
    return needs


def _unit(vectors: Vector) -> Vector:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
