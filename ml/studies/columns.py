"""Short ways to name the inputs of a table study."""

from collections.abc import Iterable

from ml.studies.problem import Input

Row = tuple[str, str] | tuple[str, str, str] | tuple[str, str, str, int, str]


def numbers(rows: Iterable[Row], *, available: str = "admission") -> tuple[Input, ...]:
    """Measurements: (column, label), with unit, and with monotone sign and its reason."""
    return tuple(_measured(*row, available=available) for row in rows)


def flags(
    names: dict[str, str], *, available: str = "admission", provenance: str = "history"
) -> tuple[Input, ...]:
    """Yes-or-no columns: column -> label."""
    return tuple(
        Input(name, "flag", label, available=available, provenance=provenance)
        for name, label in names.items()
    )


def categories(
    names: dict[str, str], *, available: str = "admission", provenance: str = "history"
) -> tuple[Input, ...]:
    """Columns of names: column -> label."""
    return tuple(
        Input(name, "category", label, available=available, provenance=provenance)
        for name, label in names.items()
    )


def demographic(name: str, label: str, unit: str = "", sign: int = 0, why: str = "") -> Input:
    """Age, sex and the like, as a number."""
    return Input(name, "number", label, unit, "before", "demographic", sign, why)


def _measured(
    name: str, label: str, unit: str = "", sign: int = 0, why: str = "", *, available: str
) -> Input:
    return Input(name, "number", label, unit, available, "measurement", sign, why)
