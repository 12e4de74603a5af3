"""Figures inside a page: drawn when scrolled into view, recoloured with the theme, offline."""

import json
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

SCRIPT = Path(__file__).parent / "charts.js"


def chart(figure: "Figure", anchor: str, told: str) -> str:
    """A figure as a box that is drawn later, with a text for those who cannot see it."""
    data = json.dumps(json.loads(figure.to_json()), separators=(",", ":")).replace("<", "\\u003c")
    height = figure.layout.height or 320
    return (
        f'<div class="chart" id="{anchor}" role="img" aria-label="{escape(told)}" '
        f'style="min-height:{height}px"></div>'
        f'<script type="application/json" id="{anchor}-data">{data}</script>'
    )


def scripts() -> str:
    """Plotly itself (once) and the script that draws."""
    from plotly.offline import get_plotlyjs

    return f"{get_plotlyjs()}\n{SCRIPT.read_text(encoding='utf-8')}"
