"""What one cell says. Anything doubtful is refused, not guessed.

Readers of single cells are pure: text → meaning, or Refusal. Numbers and text results are read
in `numbers` and `values`, times in `moments`; here is the rest, and the door to all of them.
"""

import re
import unicodedata

from .moments import day, moment
from .numbers import Numbers, Range, number, reference_range
from .refusal import Refusal, Remembered, masked
from .values import Value, flag, one_unit, state, value

__all__ = [
    "WITHOUT_VALUE",
    "Numbers",
    "Range",
    "Refusal",
    "Remembered",
    "Value",
    "day",
    "flag",
    "identifier",
    "masked",
    "moment",
    "number",
    "one_unit",
    "reference_range",
    "short",
    "state",
    "status",
    "value",
]

# Words of English, German, French, Spanish, Italian and Dutch, and the codes of HL7 table 0085
# and FHIR, for the state of a result.
STATUSES = {
    "": "final",
    "final": "final", "f": "final", "complete": "final", "completed": "final",
    "verified": "final",
    "preliminary": "preliminary", "prelim": "preliminary", "p": "preliminary",
    "r": "preliminary", "unverified": "preliminary",
    "registered": "registered", "i": "registered", "pending": "registered",
    "corrected": "corrected", "correction": "corrected", "c": "corrected",
    "amended": "amended",
    "cancelled": "cancelled", "canceled": "cancelled", "x": "cancelled",
    "enteredinerror": "entered-in-error", "w": "entered-in-error", "d": "entered-in-error",
    "wrong": "entered-in-error", "deleted": "entered-in-error",
    "endgültig": "final", "definitief": "final", "définitif": "final", "definitivo": "final",
    "vorläufig": "preliminary", "voorlopig": "preliminary", "provisoire": "preliminary",
    "préliminaire": "preliminary", "preliminar": "preliminary", "preliminare": "preliminary",
    "korrigiert": "corrected", "gecorrigeerd": "corrected", "corrigé": "corrected",
    "corregido": "corrected", "corretto": "corrected",
    "geändert": "amended", "gewijzigd": "amended", "modifié": "amended", "modificado": "amended",
    "storniert": "cancelled", "geannuleerd": "cancelled", "annulé": "cancelled",
    "cancelado": "cancelled", "annullato": "cancelled",
}  # fmt: skip
ROUNDED = re.compile(r"\d[.,]\d+[eE]\+\d{2,3}", re.ASCII)  # as a spreadsheet shows long numbers
WITHOUT_VALUE = {"registered", "cancelled", "entered-in-error"}


def status(text: str) -> str:
    """The state of a result; an empty cell says final."""
    word = re.sub(r"[\s_-]+", "", text.casefold())
    if word not in STATUSES:
        raise Refusal(
            "status",
            "unknown_status",
            "This status is not known.",
            "Use registered, preliminary, final, corrected, amended, cancelled or "
            "entered-in-error.",
            text.strip(),
        )
    return STATUSES[word]


def identifier(text: str) -> str:
    """A patient's number, in one form of Unicode and without what cannot be seen."""
    cell = unicodedata.normalize("NFC", text.strip())
    if not cell:
        raise Refusal(
            "mrn", "missing_patient", "The row names no patient.", "Fill in the patient's number."
        )
    if ROUNDED.fullmatch(cell):
        raise Refusal(
            "mrn",
            "rounded_identifier",
            "A spreadsheet has rounded the patient's number, so that nobody knows whose it was.",
            "Format the column as text and fill in the numbers again.",
            masked(cell),
        )
    if len(cell) > 64 or not cell.isprintable() or any(map(_is_invisible, cell)):
        raise Refusal(
            "mrn",
            "bad_identifier",
            "The patient's number has characters that cannot be seen, or too many.",
            "Type it again.",
            masked(cell),
        )
    return cell


def short(text: str, *, field: str, longest: int) -> str:
    """A code, unit or sample number: one printable line of a known length."""
    cell = text.strip()
    if len(cell) > longest or not cell.isprintable():
        raise Refusal(
            field,
            "cell_too_long",
            f"This cell is longer than {longest} characters or has some that do not print.",
            "Shorten it, or type it again.",
            cell,
        )
    return cell


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in {"Cf", "Cc", "Co", "Cn"}
