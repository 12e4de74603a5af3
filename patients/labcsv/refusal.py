"""A cell that does not say what its column asks for, and what each text was read as."""

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
MOST_REMEMBERED = 200_000
MOST_SHOWN = 60


class Refusal(Exception):
    """A cell that does not say what its column asks for."""

    def __init__(self, field: str, code: str, message: str, repair: str, seen: str = ""):
        super().__init__(code)
        self.field, self.code, self.message, self.repair = field, code, message, repair
        self.seen = seen[:MOST_SHOWN]


class Reason(NamedTuple):
    """Why a cell is refused, and what to do about it."""

    code: str
    message: str
    repair: str

    def of(self, cell: str, field: str) -> Refusal:
        return Refusal(field, *self, cell)


class Remembered(dict[str, T], Generic[T]):
    """What each text was read as. Laboratory files say the same few thousand things."""

    def __init__(self, read: Callable[[str], T]):
        super().__init__()
        self.read = read

    def __missing__(self, text: str) -> T:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        self[text] = meaning = self.read(text)
        return meaning


def masked(text: str) -> str:
    """An identifier as a problem list may show it: the end, enough to find the row by."""
    shown = text[-2:] if len(text) > 4 else ""
    return "•" * min(8, len(text) - len(shown)) + shown
