"""The relative effect of an intervention on a risk, as trials report it."""

from dataclasses import dataclass
from math import exp, log, sqrt

Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Effect:
    """A relative risk with its 95 % interval; its logarithm is taken as normal.

    `sd` is the standard deviation of the log relative risk. Where a source gives only a range
    between trials, the range is taken as the interval and its geometric middle as the estimate.
    """

    rr: float
    sd: float
    source: str = ""

    @classmethod
    def from_interval(
        cls, low: float, high: float, point: float | None = None, source: str = ""
    ) -> "Effect":
        """
        >>> Effect.from_interval(0.70, 0.81, 0.75).rr
        0.75
        """
        if not 0 < low <= high:
            raise ValueError(f"A relative risk needs 0 < low <= high, not {low} to {high}.")
        if point is not None and not low <= point <= high:
            raise ValueError(f"The estimate {point} lies outside its interval {low} to {high}.")
        rr = sqrt(low * high) if point is None else point
        return cls(rr, (log(high) - log(low)) / (2 * Z95), source)

    @classmethod
    def per_unit(
        cls, low: float, high: float, unit_effect: "Effect", unit: float, source: str = ""
    ) -> "Effect":
        """Of a change of a risk factor between `low` and `high`, from the effect of one `unit`.

        Log-linear: a change twice as large multiplies the log relative risk by two. The range of
        the change and the interval of the unit's effect both widen the result.

        >>> tenth = Effect.from_interval(0.88, 0.92, 0.90)  # per 5 mmHg lower
        >>> round(Effect.per_unit(-10, -10, tenth, -5).rr, 2)
        0.81
        """
        steps, spread = (low + high) / 2 / unit, abs(high - low) / (2 * Z95 * abs(unit))
        middle = log(unit_effect.rr)
        sd = sqrt((steps * unit_effect.sd) ** 2 + (middle * spread) ** 2)
        return cls(exp(middle * steps), sd, source or unit_effect.source)

    @property
    def low(self) -> float:
        return exp(log(self.rr) - Z95 * self.sd)

    @property
    def high(self) -> float:
        return exp(log(self.rr) + Z95 * self.sd)

    @property
    def cautious(self) -> float:
        """Half-way, on the log scale, from the estimate to the upper end of the interval.

        Sets an order in which a wide interval counts less than a narrow one.

        >>> round(Effect.from_interval(0.53, 0.91, 0.70).cautious, 2)
        0.8
        """
        return self.rr * exp(Z95 / 2 * self.sd)
