"""The list as a whole: of alternatives one is offered, and nothing that its betters forbid.

Runs over the ranked items after each has its own verdict. A better ranked item that is
safe keeps its place; what is the same thing again, belongs to the same group, or would be
contraindicated once the better one is taken, is blocked with that reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ml import rules
from recommendations import safety
from recommendations.catalogue import Catalogue, Intervention
from recommendations.catalogue.entries import Group
from recommendations.outcome import Block, Caution
from recommendations.safety import Verdict
from recommendations.wording import reason_text

SOURCE = "Catalogue: one of several alternatives"


def settle(
    ranked: Sequence[Intervention],
    verdicts: Mapping[str, Verdict],
    env: rules.FactsEnvironment,
    catalogue: Catalogue,
) -> dict[str, Verdict]:
    """Verdicts with the alternatives resolved; items in order of rank, best first."""
    settled = dict(verdicts)
    for group in catalogue.groups:
        if group.keep == "first listed":
            _keep_first(group, settled, catalogue)
    concerned = [item for item in ranked if item.drug_classes or safety.drugs_named(item.exclusion)]
    kept: list[Intervention] = []
    for status in ("recommended", "check_first"):
        for item in concerned:
            if settled[item.id].status == status:
                _place(item, kept, settled, env, catalogue)
    return settled


def _keep_first(group: Group, settled: dict[str, Verdict], catalogue: Catalogue) -> None:
    """Of a group with a clinical order the first member that is safe stays."""
    members = [member for member in group.members if member in settled]
    for status in ("recommended", "check_first"):
        alive = [member for member in members if settled[member].status == status]
        if alive:
            for member in members:
                if member != alive[0] and settled[member].status != "blocked":
                    block = _alternative(catalogue.by_id[alive[0]], group.reason)
                    settled[member] = _blocked(settled[member], block)
            return


def _place(
    item: Intervention,
    kept: list[Intervention],
    settled: dict[str, Verdict],
    env: rules.FactsEnvironment,
    catalogue: Catalogue,
) -> None:
    for better in kept:
        block = _same_thing(item, better, catalogue) or _clash(item, better, env, catalogue)
        if block:
            settled[item.id] = _blocked(settled[item.id], block)
            return
    together = tuple(
        caution for better in kept for caution in _cautions(item, better, env, catalogue)
    )
    verdict = settled[item.id]
    settled[item.id] = replace(verdict, cautions=verdict.cautions + together)
    kept.append(item)


def _same_thing(item: Intervention, better: Intervention, catalogue: Catalogue) -> Block | None:
    for group in catalogue.groups:
        if item.id in group.members and better.id in group.members:
            return _alternative(better, group.reason)
    shared = set(item.drug_classes) & set(better.drug_classes)
    if item.is_drug and better.is_drug and shared:
        classes = " and ".join(rules.label(name) for name in sorted(shared))
        return _alternative(better, f"Both hold {classes}.")
    return None


def _clash(
    item: Intervention,
    better: Intervention,
    env: rules.FactsEnvironment,
    catalogue: Catalogue,
) -> Block | None:
    """The two would be contraindicated together, whichever rule says so."""
    for one, other in ((item, better), (better, item)):
        with_other = env.taking_also(frozenset(other.drug_classes))
        if _newly(one.exclusion, other, env, with_other):
            text = reason_text(rules.explain(one.exclusion, with_other))  # type: ignore[arg-type]
            reason = f"Not together with {better.name} ({better.id}): {text}"
            return Block(reason, f"{one.id}.exclusion", one.evidence.source, better=better.id)
        for row in catalogue.interactions_of(one):
            if row.severity == "contraindicated" and _newly(row.trigger, other, env, with_other):
                reason = f"Not together with {better.name} ({better.id}): {row.effect}"
                return Block(
                    reason, row.id, row.evidence.source, (), row.evidence.verified, better.id
                )
    return None


def _cautions(
    item: Intervention,
    better: Intervention,
    env: rules.FactsEnvironment,
    catalogue: Catalogue,
) -> Iterator[Caution]:
    """Lesser interactions that would begin if both items of the list were chosen."""
    for one, other in ((item, better), (better, item)):
        with_other = env.taking_also(frozenset(other.drug_classes))
        for row in catalogue.interactions_of(one):
            if _newly(row.trigger, other, env, with_other):
                yield safety.caution(row, with_item=better.id)


def _newly(
    rule: rules.Expression | None,
    other: Intervention,
    env: rules.FactsEnvironment,
    with_other: rules.FactsEnvironment,
) -> bool:
    """True when the rule holds with the other item and would not hold without it."""
    if rule is None or not safety.drugs_named(rule) & with_other.proposed:
        return False
    return rules.evaluate(rule, with_other) is True and rules.evaluate(rule, env) is not True


def _alternative(better: Intervention, reason: str) -> Block:
    text = f"Alternative to {better.name} ({better.id}), which ranks higher. {reason}"
    return Block(text, "group", SOURCE, better=better.id)


def _blocked(verdict: Verdict, block: Block) -> Verdict:
    return replace(verdict, blocks=(*verdict.blocks, block))
