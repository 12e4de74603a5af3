"""Words of the rule language with their place in the text."""

import re
from collections.abc import Iterator
from typing import NamedTuple

PATTERN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | '(?P<code>[A-Za-z0-9_.+-]{1,80})'
      | (?P<operator>>=|<=|==|<|>)
      | (?P<mark>[(),])
    """,
    re.VERBOSE | re.ASCII,
)
CONNECTIVES = frozenset({"and", "or", "not"})


class UnreadableRule(ValueError):
    """A rule that does not follow the grammar; says what was expected and where."""

    def __init__(self, sentence: str, rule: str, position: int):
        super().__init__(f"{sentence} (at character {position + 1} of «{rule[:200]}»)")
        self.sentence = sentence
        self.rule = rule
        self.position = position


class Token(NamedTuple):
    kind: str  # number, word, code, operator, mark, connective or end
    text: str
    position: int


def tokens(rule: str) -> Iterator[Token]:
    """Tokens of a rule, then one of kind "end"."""
    position = 0
    while position < len(rule):
        found = PATTERN.match(rule, position)
        if found is None:
            raise UnreadableRule(f"«{rule[position]}» has no meaning here", rule, position)
        kind = found.lastgroup or ""
        if kind != "space":
            text = found[kind]
            yield Token("connective" if text in CONNECTIVES else kind, text, position)
        position = found.end()
    yield Token("end", "", len(rule))
