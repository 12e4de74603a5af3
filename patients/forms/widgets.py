"""Fields that several forms of the record use."""

from __future__ import annotations

from collections.abc import Iterable

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


class SuggestInput(forms.TextInput):
    """A text with suggestions as one types, by the browser alone: no script is needed."""

    def __init__(self, suggestions: Iterable[str]):
        super().__init__(attrs={"autocomplete": "off"})
        self.suggestions = sorted(set(suggestions), key=str.casefold)

    def render(self, name, value, attrs=None, renderer=None) -> SafeString:
        list_id = f"{name}-suggestions"
        field = super().render(name, value, (attrs or {}) | {"list": list_id}, renderer)
        options = format_html_join("", '<option value="{}"></option>', zip(self.suggestions))
        return format_html('{}<datalist id="{}">{}</datalist>', field, list_id, options)


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class MomentInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        # With seconds: a form that is sent back untouched must change nothing.
        super().__init__(attrs={"step": "1"}, format="%Y-%m-%dT%H:%M:%S")


def choices(words: Iterable[tuple[str, str]], *, first: str = "") -> list[tuple[str, str]]:
    """Codes with their words in the order of the alphabet; `first` is what choosing none says."""
    ordered = sorted(words, key=lambda pair: pair[1].casefold())
    return [("", first or "Choose one"), *ordered]
