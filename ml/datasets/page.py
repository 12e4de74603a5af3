"""One self-contained HTML page: style inside, works offline, light and dark, readable by ear."""

import re
from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path

import pandas as pd

LONG = 28  # characters from which a cell may wrap
STYLE = Path(__file__).parent / "page.css"
THEME_SWITCH = Path(__file__).parent / "page.js"


def page(
    title: str,
    lead: str,
    sections: Sequence[tuple[str, str, str]],
    *,
    scripts: str = "",
    footer: str = "",
) -> str:
    """A whole page. `sections` are (anchor, heading, inner HTML); texts other than HTML escaped."""
    links = "".join(f'<a href="#{anchor}">{escape(name)}</a>' for anchor, name, _ in sections)
    body = "".join(
        f'<section id="{anchor}" aria-labelledby="{anchor}-h"><h2 id="{anchor}-h">{escape(name)}'
        f"</h2>{inner}</section>\n"
        for anchor, name, inner in sections
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE.read_text(encoding='utf-8')}</style></head>\n"
        '<body><a class="skip" href="#main">Skip to content</a>'
        f'<header class="top"><div><h1>{escape(title)}</h1><p>{escape(lead)}</p></div>'
        '<button id="theme" type="button" aria-label="Switch between light and dark">Dark</button>'
        "</header>\n"
        f'<nav class="toc" aria-label="Sections">{links}</nav>\n'
        f'<main id="main">\n{body}</main>\n<footer>{escape(footer)}</footer>\n'
        f"<script>{scripts}{THEME_SWITCH.read_text(encoding='utf-8')}</script></body></html>\n"
    )


def table(
    frame: pd.DataFrame,
    *,
    caption: str = "",
    limit: int | None = None,
    formats: dict[str, Callable] | None = None,
) -> str:
    """A frame as an HTML table in a box that scrolls; first column is the row's heading."""
    shown = frame if limit is None else frame.head(limit)
    formats = formats or {}
    right = {name for name in shown if pd.api.types.is_numeric_dtype(shown[name].dtype)}
    head = "".join(
        _cell("th", str(name).replace("_", " "), name in right, ' scope="col"') for name in shown
    )
    rows = "".join(_row(shown.columns, values, right, formats) for values in _records(shown))
    if len(shown) < len(frame):
        caption = f"{caption} First {len(shown):,} of {len(frame):,} rows; all in the CSV.".strip()
    told = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption or "Table")}">'
        f"<table>{told}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _records(frame: pd.DataFrame) -> Iterable[tuple]:
    return frame.itertuples(index=False, name=None)


def _row(names, values, right, formats) -> str:
    cells = [
        _cell(
            "th" if place == 0 else "td",
            formats.get(name, chance if _is_chance(str(name)) else number)(value),
            name in right,
            ' scope="row"' if place == 0 else "",
        )
        for place, (name, value) in enumerate(zip(names, values, strict=True))
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _cell(tag: str, value, right: bool, more: str = "") -> str:
    text = str(value)
    kind = ' class="n"' if right else ' class="t"' if len(text) > LONG else ""
    return f"<{tag}{kind}{more}>{escape(text)}</{tag}>"


def _is_chance(name: str) -> bool:
    return name in ("p", "q") or name.endswith(("_p", "_q"))


def chance(value) -> str:
    """A p or q value for a reader: never 0, three digits at most."""
    if value is None or value != value:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def number(value) -> str:
    """A value for a reader: four significant digits, thousands parted, missing as a dash."""
    if value is None or (isinstance(value, float) and value != value) or value is pd.NaT:
        return "–"
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return str(value)


def cards(facts: Sequence[tuple[str, str]]) -> str:
    """Figures that stand out: (figure, what it is)."""
    inner = "".join(
        f'<div class="card"><b>{escape(figure)}</b><span>{escape(what)}</span></div>'
        for figure, what in facts
    )
    return f'<div class="cards">{inner}</div>'


def paragraph(text: str, kind: str = "") -> str:
    """Escaped text as a paragraph, of a class of the style sheet."""
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def findings(sentences: Sequence[str]) -> str:
    """Sentences as a list; nothing when there are none."""
    inner = "".join(f"<li>{_code(escape(sentence))}</li>" for sentence in sentences)
    return f'<ul class="findings">{inner}</ul>' if sentences else ""


def _code(text: str) -> str:
    """What stands between backticks, as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
