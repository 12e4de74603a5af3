"""Is there enough data? The criteria of Riley and colleagues, asked before training.

Riley et al., BMJ 2020;368:m441; binary and survival outcomes Stat Med 2019;38:1276 (with the
Cox-Snell R² taken from a fraction of its maximum), continuous outcomes Stat Med 2019;38:1262.
The inputs are counted as parameters: a number or flag is one, a category one less than its levels.
They are criteria for regression; trees need more (van der Ploeg et al., BMC Med Res Methodol
2014;14:137).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHRINKAGE = 0.9
OPTIMISM = 0.05
MARGIN = 0.05
NAGELKERKE = 0.15  # share of the explainable that a model is expected to explain
R2 = 0.3
# Below these no penalty saves a model: refused, not just warned of.
EVENTS_PER_PARAMETER = 5
SHARE_OF_NEEDED = 0.2


class TooFewRows(ValueError):
    """A model is not trained on so few; the text says how many there should be."""


@dataclass(frozen=True, slots=True)
class SampleSize:
    """What there is, and what each criterion asks for."""

    kind: str
    rows: int
    events: int | None
    parameters: int
    needed: int
    criteria: dict[str, int]

    @property
    def enough(self) -> bool:
        return self.rows >= self.needed

    @property
    def sentence(self) -> str:
        have = f"{self.rows:,} rows"
        if self.events is not None:
            per = self.events / max(self.parameters, 1)
            have += f" with {self.events:,} events, {per:.1f} for each of"
        else:
            have += " for"
        asked = (
            f"{have} {self.parameters} parameters; Riley's criteria ask for {self.needed:,} rows"
        )
        return asked + (": enough." if self.enough else ": too few.")


def binary(rows: int, events: int, parameters: int) -> SampleSize:
    """Shrinkage of 0.9, optimism of 0.05 and the prevalence within 0.05.

    >>> binary(rows=500, events=40, parameters=25).enough
    False
    """
    share = min(max(events / rows, 1e-9), 1 - 1e-9)
    cox_snell = NAGELKERKE * _largest_cox_snell(share)
    needed = {
        "shrinkage": _for_shrinkage(parameters, SHRINKAGE, cox_snell),
        "optimism": _for_optimism(parameters, cox_snell, _largest_cox_snell(share)),
        "prevalence": math.ceil((1.96 / MARGIN) ** 2 * share * (1 - share)),
    }
    return SampleSize("binary", rows, events, parameters, max(needed.values()), needed)


def survival(rows: int, events: int, parameters: int) -> SampleSize:
    """Shrinkage and optimism; R² from the share of people with the event."""
    found = binary(rows, events, parameters)
    needed = {name: found.criteria[name] for name in ("shrinkage", "optimism")}
    return SampleSize("survival", rows, events, parameters, max(needed.values()), needed)


def number(rows: int, parameters: int, r2: float = R2) -> SampleSize:
    """Shrinkage of 0.9, optimism of R² under 0.05, residual deviation and mean within 10 %."""
    at_shrinkage = 1 + parameters / ((SHRINKAGE - 1) * math.log(1 - r2 / SHRINKAGE))
    needed = {
        "shrinkage": math.ceil(at_shrinkage),
        "optimism": math.ceil(1 + parameters * (1 - r2) / OPTIMISM),
        # Multiplicative margin of error of 10 % needs 234 residual degrees of freedom.
        "residual": 234 + parameters,
    }
    return SampleSize("number", rows, None, parameters, max(needed.values()), needed)


def classes(rows: int, counts: dict[str, int], parameters: int) -> SampleSize:
    """Each class against the largest, the hardest of them deciding (Pate et al., Stat Methods
    Med Res 2023;32:555); a simplification that looks at pairs."""
    largest = max(counts.values())
    pairs = [binary(count + largest, count, parameters) for count in counts.values()]
    needed = {
        name: max(math.ceil(found.criteria[name] * rows / found.rows) for found in pairs)
        for name in pairs[0].criteria
    }
    return SampleSize(
        "classes", rows, min(counts.values()), parameters, max(needed.values()), needed
    )


def _largest_cox_snell(share: float) -> float:
    """The largest R² of Cox and Snell at this prevalence."""
    log_likelihood = share * math.log(share) + (1 - share) * math.log(1 - share)
    return 1 - math.exp(2 * log_likelihood)


def _for_shrinkage(parameters: int, shrinkage: float, cox_snell: float) -> int:
    return math.ceil(parameters / ((shrinkage - 1) * math.log(1 - cox_snell / shrinkage)))


def _for_optimism(parameters: int, cox_snell: float, largest: float) -> int:
    shrinkage = cox_snell / (cox_snell + OPTIMISM * largest)
    return _for_shrinkage(parameters, shrinkage, cox_snell)


def of(kind: str, y: NDArray[np.float64], parameters: int) -> SampleSize:
    """The criteria for these outcomes: 0/1, signed times, classes by place, or numbers."""
    if kind == "number":
        return number(len(y), parameters)
    if kind == "classes":
        names, counts = np.unique(y, return_counts=True)
        by_name = {str(name): int(count) for name, count in zip(names, counts, strict=True)}
        return classes(len(y), by_name, parameters)
    return (binary if kind == "binary" else survival)(len(y), int((y > 0).sum()), parameters)


def refuse_hopeless(found: SampleSize, override: str = "") -> None:
    """Raises TooFewRows below five events a parameter or a fifth of the rows asked for.

    Between that and enough the report says so; with a reason in `override` training goes on.
    """
    events = found.rows if found.events is None else found.events
    hopeless = (
        events < EVENTS_PER_PARAMETER * found.parameters
        or found.rows < SHARE_OF_NEEDED * found.needed
    )
    if hopeless and not override.strip():
        raise TooFewRows(
            f"Training is refused: {found.sentence} Use fewer inputs, bring more data, or name "
            "SAMPLE_SIZE in the problem's overrides with your reason."
        )
