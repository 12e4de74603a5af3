"""The hard filter over many people: what is recommended, to be checked first, or blocked."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ml.rules.population import People
from ml.rules.setwise import Truths
from ml.rules.syntax import And, Comparison, Expression, Name, Not, Or
from recommendations.setwise.compiled import Compiled

Bits = NDArray[np.uint8]  # people, eight to a byte


class Verdicts:
    """Packed bits of each item, shape (items, bytes): indicated, blocked, to be checked, warned."""

    def __init__(self, catalogue: Compiled, people: People, said: Mapping[str, Truths]):
        self._catalogue, self._people, self._said = catalogue, people, said
        self.indicated = np.stack([said[rule].true for rule in catalogue.indication])
        self.blocked = np.zeros_like(self.indicated)
        self.unknown = np.zeros_like(self.indicated)
        self.warned = np.zeros_like(self.indicated)  # a major interaction
        self._exclusions()
        self._lists()
        self._interactions()

    def _exclusions(self) -> None:
        rows = zip(self._catalogue.exclusion, self._catalogue.if_known, strict=True)
        for item, (strict, lenient) in enumerate(rows):
            if strict is not None:
                truths = self._said[strict]
                self.blocked[item] |= truths.true
                self.unknown[item] |= truths.unknown
            if lenient is not None:
                allowed = np.uint8(255) if strict is None else self._said[strict].false
                self.blocked[item] |= self._said[lenient].true & allowed

    def _lists(self) -> None:
        """A drug needs a known list of drugs and of allergies, and meets no allergy."""
        drugs = np.flatnonzero(self._catalogue.is_drug)
        for known in (self._people.medications.known, self._people.allergies.known):
            if known is not None:
                self.unknown[drugs] |= np.packbits(~known)
        for item, drug_class in self._catalogue.allergies:
            self.blocked[item] |= self._people.allergy(drug_class).true

    def _interactions(self) -> None:
        for item, trigger, severity in self._catalogue.triggers:
            truths = self._said[str(trigger)]
            if severity == "contraindicated":
                self.blocked[item] |= truths.true
                self.unknown[item] |= self._unmeasured(trigger)
            elif severity == "major":
                self.warned[item] |= truths.true

    def _unmeasured(self, tree: Expression) -> Bits:
        """Where the rule is unknown for something else than a result that was not measured."""
        unknown = self._said[str(tree)].unknown
        if isinstance(tree, Not):
            return unknown & self._unmeasured(tree.term)
        if isinstance(tree, And | Or):
            return unknown & np.bitwise_or.reduce([self._unmeasured(term) for term in tree.terms])
        return np.zeros_like(unknown) if _is_result(tree) else unknown


def _is_result(leaf: Expression) -> bool:
    """A comparison of a laboratory result: its absence only warns."""
    return isinstance(leaf, Comparison) and isinstance(leaf.left, Name) and leaf.left.name.isupper()
