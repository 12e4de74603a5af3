"""The hard filter: it runs after the ranking, and no weight or learnt score reaches it.

One item at a time (`judge`): its own exclusion rules, allergies, interactions with each of
its drug classes. Then the list as a whole (`alternatives.settle`): alternatives, double drugs,
and items that would not go with a better one of the same list.

What is unknown is never taken as safe. An exclusion that hangs on a missing fact asks for
that fact first, and so does a contraindicated interaction that hangs on a list nobody has
taken (drugs, allergies, problems, pregnancy). A contraindicated interaction that hangs on
a missing result alone (lactate before metformin) does not hold an item up, since the
exclusion rule names the results to know beforehand; it stays visible as "unchecked". So does an
exclusion that only counts where it is known (`if_known`: potassium before advice on vegetables),
and a drug on the list that no rule knows.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ml import codes, rules
from recommendations.catalogue import Catalogue, Interaction, Intervention
from recommendations.outcome import CHECK_FAILED, Block, Caution, Check, Status
from recommendations.wording import fact, facts, reason_text

log = logging.getLogger(__name__)
DRUGS_NAMED = 3  # of those that cannot be classified; the rest is counted


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the filter says of one item."""

    blocks: tuple[Block, ...] = ()
    checks: tuple[Check, ...] = ()
    cautions: tuple[Caution, ...] = ()

    @property
    def status(self) -> Status:
        if self.blocks:
            return "blocked"
        return "check_first" if self.checks else "recommended"

    @property
    def has_major_caution(self) -> bool:
        return any(caution.severity == "major" for caution in self.cautions)

    @property
    def failed(self) -> bool:
        return any(block.rule == "check" for block in self.blocks)


FAILED = Verdict(blocks=(Block(CHECK_FAILED, "check", "Safety filter"),))


def judge(intervention: Intervention, env: rules.FactsEnvironment, catalogue: Catalogue) -> Verdict:
    """The verdict on one item. An error in the check blocks the item and is never raised."""
    try:
        findings = tuple(_findings(intervention, env, catalogue))
    except Exception as error:
        # Its type only: the text may hold a value of the patient.
        log.error("The safety check of %s failed: %s", intervention.id, type(error).__name__)
        return FAILED
    return Verdict(
        blocks=tuple(found for found in findings if isinstance(found, Block)),
        checks=_once(tuple(found for found in findings if isinstance(found, Check))),
        cautions=tuple(found for found in findings if isinstance(found, Caution)),
    )


Finding = Block | Check | Caution


def _findings(
    intervention: Intervention, env: rules.FactsEnvironment, catalogue: Catalogue
) -> Iterator[Finding]:
    yield from _exclusion(intervention, env)
    if intervention.is_drug:
        yield from _lists(intervention, env)
        yield from _allergies(intervention, env)
        yield from _current_therapy(intervention, env)
    if intervention.checked_classes:
        yield from _unclassified(env)
    for interaction in catalogue.interactions_of(intervention):
        yield from _interaction(interaction, env)


def _exclusion(intervention: Intervention, env: rules.FactsEnvironment) -> Iterator[Finding]:
    """What forbids the item by its own rules, or has to be known first."""
    strict, lenient = intervention.exclusion, intervention.exclusion_if_known
    truth = False if strict is None else rules.evaluate(strict, env)
    if strict is not None and truth is not False:
        yield from _excluded(intervention, rules.explain(strict, env), truth)
    if lenient is not None and truth is False:
        yield from _excluded_if_known(intervention, lenient, env)


def _excluded(
    intervention: Intervention, reasons: tuple[rules.Reason, ...], truth: bool | None
) -> Iterator[Finding]:
    rule, evidence = f"{intervention.id}.exclusion", intervention.evidence
    if truth is None:
        yield from (_check(reason, rule) for reason in reasons)
    else:
        text = f"Not suitable: {reason_text(reasons)}"
        yield Block(text, rule, evidence.source, facts(reasons), evidence.verified)


def _excluded_if_known(
    intervention: Intervention, rule: rules.Expression, env: rules.FactsEnvironment
) -> Iterator[Finding]:
    truth = rules.evaluate(rule, env)
    if truth is None:
        text = f"Not suitable if so: {reason_text(rules.explain(rule, env))}"
        yield Caution("unchecked", text, "", f"{intervention.id}.exclusion")
    elif truth:
        yield from _excluded(intervention, rules.explain(rule, env), truth)


def _lists(intervention: Intervention, env: rules.FactsEnvironment) -> Iterator[Finding]:
    """No drug is offered to somebody whose drugs and allergies nobody has asked for."""
    for kind, known in (("medication", env.medications), ("allergy", env.allergies)):
        if known is None:
            yield _check(rules.Reason(kind, "", None), f"{intervention.id}.lists")  # type: ignore[arg-type]


def _allergies(intervention: Intervention, env: rules.FactsEnvironment) -> Iterator[Finding]:
    for drug_class in intervention.checked_classes:
        if env.allergy(drug_class):
            recorded = rules.Reason(
                "allergy", drug_class, True, collected=env.since("allergy", drug_class),
                source=env.source("allergy", drug_class),
            )  # fmt: skip
            text = f"Allergy to {rules.label(drug_class)}"
            yield Block(text, "allergy", "Allergy list of the person", (fact(recorded),))


def _current_therapy(intervention: Intervention, env: rules.FactsEnvironment) -> Iterator[Finding]:
    if all(env.on(drug_class) for drug_class in intervention.drug_classes):
        names = " and ".join(rules.label(name) for name in intervention.drug_classes)
        yield Caution(
            "duplicate",
            f"Already takes {names}",
            "Review the dose or the preparation; do not add a second drug of the class",
        )


def _unclassified(env: rules.FactsEnvironment) -> Iterator[Finding]:
    """No interaction can be found with a drug that stands on the list by its name alone."""
    names = sorted((env.medications or frozenset()) - codes.vocabulary("drug").keys())
    if names:
        more = f" and {len(names) - DRUGS_NAMED} more" if len(names) > DRUGS_NAMED else ""
        yield Caution(
            "unchecked",
            f"Takes drugs we cannot classify: {', '.join(names[:DRUGS_NAMED])}{more}",
            "Check interactions by hand",
            "unclassified",
        )


def _interaction(interaction: Interaction, env: rules.FactsEnvironment) -> Iterator[Finding]:
    truth = rules.evaluate(interaction.trigger, env)
    if truth is False:
        return
    reasons = rules.explain(interaction.trigger, env)
    if truth is None:
        if interaction.severity == "contraindicated":
            yield from (_unknown_trigger(interaction, reason) for reason in reasons)
    elif interaction.severity == "contraindicated":
        yield contraindication(interaction, reasons)
    else:
        yield caution(interaction)


def _unknown_trigger(interaction: Interaction, reason: rules.Reason) -> Finding:
    if reason.kind != "number":
        return _check(reason, interaction.id)
    text = f"Not known: {rules.sentence(reason)}; {interaction.effect.lower()} if so"
    action = rules.need(reason).text
    evidence = interaction.evidence
    return Caution("unchecked", text, action, interaction.id, evidence.source, evidence.verified)


def contraindication(interaction: Interaction, reasons: tuple[rules.Reason, ...]) -> Block:
    evidence = interaction.evidence
    text = f"Contraindicated: {reason_text(reasons)} ({interaction.effect}). {interaction.action}"
    return Block(text, interaction.id, evidence.source, facts(reasons), evidence.verified)


def caution(interaction: Interaction, with_item: str = "") -> Caution:
    evidence = interaction.evidence
    text = f"{rules.label(interaction.drug_class)} and {interaction.against_text}"
    return Caution(
        interaction.severity,  # type: ignore[arg-type]
        f"{text[0].upper()}{text[1:]}: {interaction.effect}",
        interaction.action,
        interaction.id,
        evidence.source,
        evidence.verified,
        with_item,
    )


def _check(reason: rules.Reason, rule: str) -> Check:
    need = rules.need(reason)
    return Check(need.kind, need.name, need.text, rule)


def _once(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """Each missing fact once, whichever rules ask for it."""
    first: dict[str, Check] = {}
    for check in checks:
        first.setdefault(check.code, check)
    return tuple(first.values())


@lru_cache(maxsize=2048)
def drugs_named(tree: rules.Expression | None) -> frozenset[str]:
    """Drug classes that a rule asks about by on()."""
    if tree is None:
        return frozenset()
    return frozenset(
        leaf.code
        for leaf in rules.leaves(tree)
        if isinstance(leaf, rules.Call) and leaf.function == "on"
    )
