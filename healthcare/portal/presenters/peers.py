"""A patient among people of the same sex and age band: dot-plot, radar and table of one list."""

from __future__ import annotations

from healthcare.common import figures, tables
from healthcare.portal.queries import Record
from ml import analytes
from ml.facts import Measurement
from ml.features import peers as reference
from ml.scores.derived import derived

LEAST = 3  # fewer compared values make no picture
# Fixed order and direction: where a higher value is the less favourable one, and where not.
HIGHER_IS_WORSE = {
    "SBP": True,
    "BMI": True,
    "WAIST": True,
    "NONHDL": True,
    "HDL": False,
    "TG": True,
    "HBA1C": True,
    "EGFR": False,
}
HEADERS = [
    "Test",
    *map(
        tables.numeric,
        ["Value", "Less favourable than, of 100", "Median of peers", "Middle half", "Peers"],
    ),
    "Measured",
]


def peers(record: Record) -> dict | None:
    """Charts of one list of percentiles, each turned so that further out is less favourable."""
    sex = record.facts.sex
    known = derived(record.facts).facts.measurements
    axes = [_axis(known[code], record) for code in HIGHER_IS_WORSE if sex and code in known]
    found = [axis for axis in axes if axis]
    if len(found) < LEAST:
        return None
    who = _who(record)
    shown = [{name: axis[name] for name in ("label", "text", "percentile")} for axis in found]
    return {
        "title": f"Among {who}",
        "summary": _summary(found),
        "dots": {"kind": "peers", "who": who, "axes": shown},
        "radar": {"kind": "radar", "who": who, "axes": shown},
        **tables.table(HEADERS, [axis["row"] for axis in found]),
        "source": "Peers: NHANES adults 1999–2016, the United States, ill and well together. "
        "What is usual is not always healthy.",
    }  # fmt: skip


def _who(record: Record) -> str:
    first = reference.band_of(record.facts.age)
    sex = "women" if record.facts.sex == "female" else "men"
    if first == reference.BANDS[-1]:
        return f"{sex} from {first} years"
    return f"{sex} of {first} to {first + 9} years" if first else sex


def _axis(measurement: Measurement, record: Record) -> dict | None:
    code, sex = measurement.code, record.facts.sex
    position = sex and reference.percentile(code, sex, record.facts.age, measurement.value)
    if not position:
        return None
    worse = HIGHER_IS_WORSE[code]
    share = position.percentile if worse else 100 - position.percentile
    label, unit = analytes.get(code).display, figures.unit(measurement.unit)
    text = f"{figures.number(measurement.value)} {unit}"
    return {
        "label": label if worse else f"{label} (turned)",
        "text": text,
        "percentile": round(share),
        "row": [
            label,
            tables.numeric(text),
            tables.numeric(f"{share:.0f}"),
            tables.numeric(figures.number(position.p50)),
            tables.numeric(f"{figures.number(position.p25)}–{figures.number(position.p75)}"),
            tables.numeric(figures.number(position.count)),
            figures.day(measurement.collected),
        ],
    }


def _summary(axes: list[dict]) -> str:
    """Which values stand out, in one sentence."""
    high = [axis["label"].removesuffix(" (turned)") for axis in axes if axis["percentile"] > 75]
    if not high:
        return "Every value lies within the middle half of peers or on its favourable side."
    words = figures.listed(high)
    return f"{words} {'is' if len(high) == 1 else 'are'} less favourable than in 75 of 100 peers."
