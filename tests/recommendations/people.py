"""People for the tests: from the short notation of the scenarios to Facts."""

from datetime import date
from typing import Any

from ml import analytes
from ml.facts import Facts, Lifestyle, Measurement

TODAY = date(2026, 11, 22)
PLANTED = "M99"  # metformin under another name, wanted for everybody, never to be excluded
NOT_MEASURED = {
    "sex", "age", "pregnant", "breastfeeding", "smoker", "has", "on", "allergy", "flag", "score",
    "done", "alcohol_week", "gest_weeks", "n_drugs", "pack_years", "quit_years", "birth_year",
}  # fmt: skip
UNITS = {analyte.code: analyte.unit for analyte in analytes.all()}


def person(collected: date | None = None, **known: Any) -> Facts:
    """Facts from keywords as in the scenarios: `person(age=60, has=["t2d"], EGFR=25)`."""
    return Facts(
        as_of=TODAY,
        sex=known.get("sex", "male"),
        age=known.get("age", 60),
        birth_date=_born(known.get("birth_year")),
        pregnant=known.get("pregnant"),
        breastfeeding=known.get("breastfeeding"),
        gestation_weeks=known.get("gest_weeks"),
        conditions=_codes(known.get("has", [])),
        medications=_drugs(known.get("on", []), known.get("n_drugs", 0)),
        allergies=_codes(known.get("allergy", [])),
        flags=frozenset(known.get("flag", [])),
        lifestyle=_lifestyle(known),
        done=known.get("done", {}),
        scores=known.get("score", {}),
        measurements={
            code: Measurement(code, value, UNITS.get(code, "1"), collected)
            for code, value in known.items()
            if code not in NOT_MEASURED
        },
    )


def _codes(codes: list[str] | None) -> frozenset[str] | None:
    return None if codes is None else frozenset(codes)


def _drugs(codes: list[str] | None, count: int) -> frozenset[str] | None:
    """The named drugs, filled up with others to the number the scenario gives."""
    if codes is None:
        return None
    others = [f"other_drug_{number}" for number in range(count - len(codes))]
    return frozenset(codes) | frozenset(others)


def _born(year: int | None) -> date | None:
    return None if year is None else date(year, 1, 1)


def _lifestyle(known: dict[str, Any]) -> Lifestyle:
    smoker = known.get("smoker")
    return Lifestyle(
        smoking={True: "current", False: "never"}.get(smoker),  # type: ignore[arg-type]
        pack_years=known.get("pack_years"),
        quit_years=known.get("quit_years"),
        alcohol_drinks_week=known.get("alcohol_week"),
    )
