"""The leak museum as one page without scripts."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

MEASURES = {"auroc": "AUROC", "accuracy": "accuracy", "r2": "R²"}
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
section { border-top: 1px solid #ccc; padding: 1rem 0; }
table { border-collapse: collapse; } td, th { padding: .2rem .8rem; text-align: left; }
.bar { background: #e6e9ef; width: 12rem; } .bar i { display: block; height: .9rem; }
.inflated i { background: #b3261e; } .honest i { background: #2f6f4f; }
code { background: #f3f4f6; padding: 0 .2rem; }
"""


def page(shown: Sequence[Mapping[str, Any]]) -> str:
    """HTML of all exhibits."""
    rooms = "\n".join(_room(one) for one in shown)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>The leak museum</title>'
        f"<style>{STYLE}</style><h1>The leak museum</h1>"
        "<p>Figures that are too good, how they come about, and what remains of them. "
        "The same model and the same people stand on both sides; the brackets are 95 % intervals."
        f"</p>{rooms}</html>\n"
    )


def sentence(one: Mapping[str, Any]) -> str:
    """One exhibit in a line."""
    codes = ", ".join(dict.fromkeys(finding["code"] for finding in one["findings"]))
    return (
        f"{one['title']}: {MEASURES[one['measure']]} {_figure(one['inflated'])} instead of "
        f"{_figure(one['honest'])}; stopped by {codes or 'nothing'}"
    )


def _room(one: Mapping[str, Any]) -> str:
    stops = "".join(
        f"<li><code>{escape(found['code'])}</code> {escape(found['sentence'])}</li>"
        for found in one["findings"][:5]
    )
    return (
        f"<section><h2>{escape(one['title'])}</h2>"
        f"<p>{escape(one['mistake'])} Claimed in the wild: {escape(one['claimed'])}. "
        f"Data: {escape(one['dataset'])}, {one['rows']:,} rows as the mistake sees them.</p>"
        f"<table>{_bar('inflated', 'with the mistake', one)}"
        f"{_bar('honest', 'without', one)}</table>"
        f"<p>The linter refuses to train:</p><ul>{stops}</ul>"
        f"<p><strong>{escape(one['lesson'])}</strong></p></section>"
    )


def _bar(side: str, label: str, one: Mapping[str, Any]) -> str:
    width = max(0.0, min(1.0, one[side]["value"])) * 100
    return (
        f"<tr><th>{label}</th><td>{MEASURES[one['measure']]} {_figure(one[side])}</td>"
        f'<td class="bar {side}"><i style="width:{width:.1f}%"></i></td></tr>'
    )


def _figure(found: Mapping[str, float]) -> str:
    return f"{found['value']:.3f} ({found['low']:.3f} to {found['high']:.3f})"
