"""What trials counted against an item, beside its benefit."""

from collections.abc import Sequence
from dataclasses import asdict

from ml.benefit.baseline import over
from recommendations.catalogue import Catalogue
from recommendations.catalogue.entries import TrialHarm
from recommendations.outcome import Harm, ItemBenefit


def harms(item: str, catalogue: Catalogue, made: Sequence[ItemBenefit]) -> tuple[Harm, ...]:
    """Each harm of the item; `made` are its benefits, the largest first."""
    return tuple(
        _harm(harm, made[0] if made else None)
        for harm in catalogue.effects.harms
        if harm.item == item
    )


def _harm(harm: TrialHarm, benefit: ItemBenefit | None) -> Harm:
    told = {n: value for n, value in asdict(harm).items() if n not in ("item", "is_comparable")}
    if benefit is None or not harm.is_comparable:
        return Harm(**told)
    risk = float(over(benefit.baseline, benefit.horizon_years, harm.years))
    return Harm(**told, net=risk * (1 - benefit.rr) - harm.more)
