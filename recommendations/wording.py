"""Facts, reasons and effects of the engine in words."""

from collections.abc import Sequence

from ml import rules
from recommendations.catalogue.entries import NO_EFFECT, Change
from recommendations.outcome import ASK_CLINICIAN, Fact

# What trials counted, where the code does not say it in words.
OUTCOMES = {
    "aki": "acute kidney injury",
    "ascvd_events": "a heart attack or a stroke",
    "bmd_loss": "loss of bone density",
    "breast_ca": "breast cancer",
    "breast_ca_mortality": "death from breast cancer",
    "crc_mortality": "death from bowel cancer",
    "cvd_events": "a heart attack, a stroke or heart failure",
    "cvd_risk": "cardiovascular disease",
    "diabetes_incidence": "type 2 diabetes",
    "egfr_decline": "loss of kidney function",
    "gout_flares": "gout flares",
    "hf_hosp": "admission for heart failure",
    "hf_readmission": "readmission for heart failure",
    "hiv_incidence": "HIV infection",
    "influenza_illness": "influenza",
    "lung_ca_mortality": "death from lung cancer",
    "mortality": "death from any cause",
    "neural_tube_defect": "a neural tube defect",
    "preeclampsia": "pre-eclampsia",
    "quit_rate": "having stopped smoking",
    "severe_hypo": "severe hypoglycaemia",
    "zoster": "shingles",
}


def fact(reason: rules.Reason) -> Fact:
    """A leaf of a rule as the outcome carries it."""
    return Fact(
        text=rules.sentence(reason),
        kind=reason.kind,
        code=reason.name,
        value=reason.value,
        unit=reason.unit,
        collected=reason.collected,
        source=reason.source,
    )


def facts(reasons: Sequence[rules.Reason]) -> tuple[Fact, ...]:
    return tuple(fact(reason) for reason in telling(reasons))


def telling(reasons: Sequence[rules.Reason]) -> list[rules.Reason]:
    """Each fact once; that something is absent only counts when nothing else speaks."""
    present = [reason for reason in reasons if not reason.is_absence]
    once: dict[tuple[str, str], rules.Reason] = {}
    for reason in present or reasons:
        once.setdefault((reason.kind, reason.name), reason)
    return list(once.values())


def reason_text(reasons: Sequence[rules.Reason]) -> str:
    return "; ".join(rules.sentence(reason) for reason in telling(reasons))


def patient_text(text: str, needs_clinician: bool) -> str:
    """Plain wording; a decision that is a clinician's is never put as an order."""
    return f"{text} {ASK_CLINICIAN}" if needs_clinician else text


def outcome_name(code: str) -> str:
    """What a trial counted, in words.

    >>> outcome_name("aki"), outcome_name("kidney_failure")
    ('acute kidney injury', 'kidney failure')
    """
    return OUTCOMES.get(code) or code.replace("_", " ")


def change_text(change: Change) -> str:
    """One effect in words, such as "LDL cholesterol −49 to −30 % by 3 months"."""
    return _CHANGES[change.op](change) if change.feature else NO_EFFECT


def _absolute(change: Change) -> str:
    return f"{rules.readable(change.feature)} {_span(change)} {change.unit} {_by(change)}"


def _relative(change: Change) -> str:
    remark = change.unit.removeprefix("%").strip().strip("()")
    text = f"{rules.readable(change.feature)} {_span(change)} % {_by(change)}"
    return f"{text} ({remark})" if remark else text


def _relative_risk(change: Change) -> str:
    remark = f" ({change.unit})" if change.unit else ""
    text = f"Relative risk of {outcome_name(change.feature)}: {change.low:g} to {change.high:g}"
    return f"{text} over {change.months:g} months{remark}"


def _target(change: Change) -> str:
    values = (
        f"{change.low:g}" if change.low == change.high else f"{change.low:g} to {change.high:g}"
    )
    return f"{rules.readable(change.feature)} to {values} {change.unit} {_by(change)}"


def _span(change: Change) -> str:
    return f"{_signed(change.low)} to {_signed(change.high)}"


def _signed(value: float) -> str:
    return f"{value:+g}".replace("-", "−") if value else "0"


def _by(change: Change) -> str:
    return f"by {change.months:g} month{'' if change.months == 1 else 's'}"


_CHANGES = {"abs": _absolute, "pct": _relative, "rr": _relative_risk, "set": _target}
