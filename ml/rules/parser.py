"""From the text of a rule to its tree, by recursive descent; nothing is ever executed.

rule       = conjunction { "or" conjunction }
conjunction = negation { "and" negation }
negation   = "not" negation | "(" rule ")" | leaf
leaf       = truth name
           | ("has" | "on" | "allergy" | "flag") "(" code ")"
           | "due" "(" code "," months ")"
           | (number name | "score" "(" code ")") operator number
           | text name "==" code
"""

import re
from collections.abc import Collection
from functools import lru_cache

from ml.rules.lexer import Token, UnreadableRule, tokens
from ml.rules.syntax import (
    FUNCTIONS,
    PERSON_NUMBERS,
    TEXT_VALUES,
    TRUTH_NAMES,
    And,
    Call,
    Comparison,
    Expression,
    Name,
    Not,
    Or,
    joined,
)

MAX_LENGTH = 2_000  # characters; the longest rule of the catalogue has about 250
MAX_DEPTH = 32  # brackets and negations inside one another
ANALYTE = re.compile(r"[A-Z][A-Z0-9_]*", re.ASCII)


@lru_cache(maxsize=4096)
def parse(rule: str, analytes: frozenset[str] | None = None) -> Expression:
    """The tree of a rule. With `analytes`, a measurement of another name is refused.

    Raises UnreadableRule with a sentence and the position of the fault.
    """
    if len(rule) > MAX_LENGTH:
        raise UnreadableRule(f"The rule is longer than {MAX_LENGTH} characters", rule, MAX_LENGTH)
    return _Parser(rule, analytes).whole()


class _Parser:
    def __init__(self, rule: str, analytes: Collection[str] | None):
        self.rule = rule
        self.analytes = analytes
        self.tokens = list(tokens(rule))
        self.place = 0
        self.depth = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.place]

    def whole(self) -> Expression:
        tree = self.disjunction()
        if self.next.kind == "operator":
            raise self.fault("Only one comparison at a time: join two with «and»")
        if self.next.kind != "end":
            raise self.fault(f"Expected «and», «or» or the end, found «{self.next.text}»")
        return tree

    def disjunction(self) -> Expression:
        terms = [self.conjunction()]
        while self.took("or"):
            terms.append(self.conjunction())
        return joined(Or, terms)

    def conjunction(self) -> Expression:
        terms = [self.negation()]
        while self.took("and"):
            terms.append(self.negation())
        return joined(And, terms)

    def negation(self) -> Expression:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fault(f"More than {MAX_DEPTH} levels inside one another")
        tree = self.primary()
        self.depth -= 1
        return tree

    def primary(self) -> Expression:
        if self.took("not"):
            return Not(self.negation())
        if self.took("("):
            tree = self.disjunction()
            self.expect(")")
            return tree
        return self.leaf()

    def leaf(self) -> Expression:
        word = self.take("word", "a fact such as has('t2d'), smoker or EGFR<30")
        if word.text in FUNCTIONS:
            call = self.call(word)
            return self.comparison(call) if word.text == "score" else call
        if word.text in TRUTH_NAMES:
            return Name(word.text)
        if word.text in TEXT_VALUES:
            return self.text_comparison(word)
        self.check_number_name(word)
        return self.comparison(Name(word.text))

    def call(self, word: Token) -> Call:
        self.expect("(")
        code = self.take("code", "a code in single quotes").text
        months = None
        if word.text == "due":
            self.expect(",")
            months = self.number("the number of months")
            if months < 0:
                raise self.fault("A number of months cannot be negative")
        self.expect(")")
        return Call(word.text, code, months)

    def comparison(self, left: Name | Call) -> Comparison:
        operator = self.take("operator", f"a comparison: «{left}» is a number")
        return Comparison(left, operator.text, self.number("a number to compare with"))  # type: ignore[arg-type]

    def text_comparison(self, word: Token) -> Comparison:
        operator = self.take("operator", f"«{word.text}=='...'»")
        if operator.text != "==":
            raise self.fault(f"«{word.text}» can only be compared by «==»")
        value = self.take("code", "a word in single quotes")
        if value.text not in TEXT_VALUES[word.text]:
            known = " or ".join(sorted(TEXT_VALUES[word.text]))
            raise UnreadableRule(f"«{word.text}» is {known}", self.rule, value.position)
        return Comparison(Name(word.text), "==", value.text)

    def check_number_name(self, word: Token) -> None:
        known = word.text in PERSON_NUMBERS or (
            ANALYTE.fullmatch(word.text) and (self.analytes is None or word.text in self.analytes)
        )
        if not known:
            sentence = f"«{word.text}» is no known fact"
            raise UnreadableRule(sentence, self.rule, word.position)

    def number(self, expected: str) -> float:
        return float(self.take("number", expected).text)

    def take(self, kind: str, expected: str) -> Token:
        if self.next.kind != kind:
            found = self.next.text or "the end"
            raise self.fault(f"Expected {expected}, found «{found}»")
        self.place += 1
        return self.tokens[self.place - 1]

    def took(self, text: str) -> bool:
        matches = self.next.kind in ("connective", "mark") and self.next.text == text
        self.place += matches
        return matches

    def expect(self, mark: str) -> None:
        if not self.took(mark):
            raise self.fault(f"Expected «{mark}», found «{self.next.text or 'the end'}»")

    def fault(self, sentence: str) -> UnreadableRule:
        return UnreadableRule(sentence, self.rule, self.next.position)
