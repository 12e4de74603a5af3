"""What a laboratory's own test code may mean: candidates for a person to choose from.

Never applied without a person: a likeness of names is no proof that two tests are one.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from rapidfuzz import fuzz

from ml import analytes, reference, units
from ml.analytes import Analyte

LEAST = 0.5
ALIKE = 0.6  # below it two names share letters, not a meaning
MOST = 5
LOINC = re.compile(r"(\d{1,7})-(\d)")
# Characters that spreadsheets and word processors put where LOINC has a hyphen.
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\u00ad"
# Words that say where a sample comes from or how it is reported, not what is measured.
SPECIMENS = {
    "s", "p", "b", "ser", "serum", "plas", "plasma", "pl", "bld", "blood", "wb", "whole",
    "venous", "capillary", "lab", "test", "level", "levels", "conc", "concentration", "quant",
    "quantitative", "mass", "molar", "vol", "volume", "result", "in", "im", "of", "the", "en",
    "sang", "sangre", "sangue", "sérum", "suero", "siero",
}  # fmt: skip
SURELY_URINE = {"urine", "urin", "urinary", "urinaire", "urines", "orina", "urinaria", "urinario"}
URINE = {"u", "ur", "spot", *SURELY_URINE}  # "u" may be the unit of an enzyme, too
# Of these no analyte here is measured: a glucose of CSF is no blood glucose.
OTHER_FLUIDS = {
    "csf", "cerebrospinal", "liquor", "pleural", "ascites", "ascitic", "peritoneal", "synovial",
    "fluid", "marrow", "dialysate", "amniotic", "saliva", "sweat", "stool", "faeces", "feces",
    "faecal", "fecal", "stuhl", "lcr", "lcs", "selles", "heces", "feci",
}  # fmt: skip
# Words beside which another word tells nothing: they stand in names of every kind.
GENERAL = {
    "total", "count", "absolute", "abs", "free", "direct", "acid", "cell", "cells", "rate", "ratio",
    "time", "index", "mean", "protein", "fasting", "high", "sensitivity", "hs", "c", "a", "d", "s",
    "volume", "intact", "h", "2",
} | SPECIMENS | URINE  # fmt: skip
UNIT_SIGNS = set("/%^*µ²³")
# A part of the whole that is another test, unless the analyte's own names say the same.
PARTS = (
    {"free", "freies", "frei", "libre", "libera", "libero"},
    {"indirect", "unconjugated", "indirekt", "indirekte", "indirecte", "indirecta", "indiretta"},
    {"fetal", "foetal"},
    {"reverse"},
    {"acid"},
    {"ionized", "ionised", "ionisiert", "ionisiertes", "ionisé", "ionizado", "ionizzato"},
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An analyte that a local code may mean."""

    analyte: Analyte
    score: float  # 0 to 1, for the order and for "likely"; no probability
    why: str
    caution: str = ""  # what to look at before choosing it


def suggest(code: str, name: str = "", unit: str = "") -> list[Suggestion]:
    """Candidates for a local code, the likeliest first; at most five, none below one half.

    `name` is the test's name as the source writes it, `unit` the unit of its rows; either may
    be empty. A unit that an analyte cannot be read in speaks strongly against it.
    """
    found = [_weighed(analyte, code, name, unit) for analyte in analytes.all()]
    likely = [suggestion for suggestion in found if suggestion.score >= LEAST]
    return sorted(likely, key=lambda suggestion: -suggestion.score)[:MOST]


def loinc_problem(text: str) -> str:
    """What is wrong with a LOINC code, as a sentence; "" when nothing is, or it is none.

    >>> loinc_problem("2160-0"), loinc_problem("GLUC-S")
    ('', '')
    >>> loinc_problem("2160-1")
    'The check digit of 2160-1 is wrong: 2160 ends in -0. Check the number.'
    """
    text = text.strip()
    plain = plain_hyphens(text)
    match = LOINC.fullmatch(plain)
    if match is None:
        return ""
    if plain != text:
        dash = next(character for character in text if character in DASHES)
        return (
            f"The hyphen is a {unicodedata.name(dash).lower()} (U+{ord(dash):04X}). "
            f"Write {plain} with a plain hyphen-minus."
        )
    digit = check_digit(match[1])
    if digit == int(match[2]):
        return ""
    return f"The check digit of {plain} is wrong: {match[1]} ends in -{digit}. Check the number."


def plain_hyphens(text: str) -> str:
    """A code with the hyphen that LOINC uses in place of every other dash."""
    return text.translate(str.maketrans(dict.fromkeys(DASHES, "-")))


def check_digit(number: str) -> int:
    """The digit after the hyphen of a LOINC code (modulus 10, LOINC Users' Guide, appendix C).

    >>> check_digit("2160"), check_digit("98979")
    (0, 8)
    """
    total = 0
    for place, digit in enumerate(reversed(number)):
        weighed = int(digit) * (2 if place % 2 == 0 else 1)
        total += weighed // 10 + weighed % 10
    return -total % 10


def _weighed(analyte: Analyte, code: str, name: str, unit: str) -> Suggestion:
    likeness, why, caution = _likeness(analyte, code, name)
    if not likeness or not unit:
        return Suggestion(analyte, likeness * 0.95, why, caution)
    if units.is_accepted(analyte.code, unit):
        return Suggestion(analyte, likeness, f"{why}; the unit {unit} fits", caution)
    return Suggestion(analyte, likeness * 0.5, f"{why}; the unit {unit} does not fit", caution)


def _likeness(analyte: Analyte, code: str, name: str) -> tuple[float, str, str]:
    """How much a code and a name look like an analyte, what they look like, and a caution."""
    loinc = plain_hyphens(code.strip())
    if analytes.by_loinc(loinc) is analyte:
        return 1.0, f"LOINC {loinc}", ""
    said = {*_words(code), *_words(name)}
    if _is_another(analyte, said) or _names_another(analyte, said, name or code):
        return 0.0, "", ""
    code_score, code_like = _nearest(analyte, code)
    name_score, name_like = _nearest(analyte, name)
    if not name_score and not code_score:
        return 0.0, "", ""
    # Two texts that agree say more than one; the better of them counts most.
    best, other = max(name_score, code_score), min(name_score, code_score)
    score = best if not (name and code) else 0.85 * best + 0.15 * other
    part, like = ("name", name_like) if name_score >= code_score else ("code", code_like)
    return score, f"the {part} is like “{like}”", _cautions().get(like, "")


def _is_another(analyte: Analyte, said: set[str]) -> bool:
    """The words of code and name say another sample or another part than the analyte's."""
    if said & OTHER_FLUIDS or (said & SURELY_URINE and analyte.group != "urine"):
        return True
    own = {word for known in _known_names()[analyte.code] for word in _words(known)}
    return any(said & part and not own & part for part in PARTS)


def _names_another(analyte: Analyte, said: set[str], name: str) -> bool:
    """A word tells this analyte from one of like name: LDL cholesterol, troponin T.

    Such a word is one that this analyte is never called by, and that either stands in the name of
    another beside words said here, or is a letter or number that tells kin apart (haemoglobin A2).
    """
    own = {word for known in _known_names()[analyte.code] for word in _words(known)}
    foreign = said - own - SPECIMENS - URINE
    if any(_by_word().get(word, set()) & said for word in foreign):
        return True
    return any(word in foreign for word in _designators(name))


def _designators(name: str) -> list[str]:
    """Words of one or two signs, or with a digit, that are no part of a unit and no initials of
    the others: LD of lactate dehydrogenase says nothing new."""
    initials = "".join(word[0] for word in _words(name))
    parts = [part for part in re.split(r"[\s,;()\[\]]+", name) if not UNIT_SIGNS & set(part)]
    return [
        word
        for part in parts
        for word in _words(part)
        if not word.isdigit() and (len(word) <= 2 or any(map(str.isdigit, word)))
        if len(word) == 1 or word not in initials
    ]


@cache
def _by_word() -> dict[str, set[str]]:
    """Word of an analyte's name -> the words that stand beside it in such names."""
    found: dict[str, set[str]] = {}
    for names in _known_names().values():
        for words in map(_words, names):
            for word in words:
                found.setdefault(word, set()).update(set(words) - {word} - GENERAL)
    return found


def _nearest(analyte: Analyte, text: str) -> tuple[float, str]:
    """The likeness of a text to the nearest name of an analyte, 0 to 1."""
    words = _words(text)
    meant = [word for word in words if word not in SPECIMENS and word not in URINE]
    if not any(character.isalpha() for word in meant for character in word):
        return 0.0, ""
    is_urine = any(word in URINE for word in words)
    if is_urine != (analyte.group == "urine"):
        return 0.0, ""
    said = " ".join(meant)
    score, name = max((_alike(said, known), known) for known in _known_names()[analyte.code])
    return (score, name) if score >= ALIKE else (0.0, "")


def _alike(said: str, known: str) -> float:
    """Likeness of two names in any order of words; short ones must begin alike."""
    if said == known:
        return 1.0
    if min(len(said), len(known)) < 3:
        return 0.0
    score = fuzz.token_sort_ratio(said, known) / 100
    if known.startswith(said) or said.startswith(known):
        score = max(score, 0.8)
    return min(score, 0.97)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


@cache
def _known_names() -> dict[str, tuple[str, ...]]:
    """Every name and hint of each analyte, without the words that name a sample."""
    known: dict[str, set[str]] = {analyte.code: set() for analyte in analytes.all()}
    for name, analyte in analytes.names().items():
        known[analyte.code].add(name)
    for row in reference.rows("analyte_hints.csv"):
        known[row["code"]].add(row["hint"])
    return {
        code: tuple(sorted({_without_specimen(name) for name in names}))
        for code, names in known.items()
    }


@cache
def _cautions() -> dict[str, str]:
    rows = reference.rows("analyte_hints.csv")
    return {row["hint"]: row["caution"] for row in rows if row["caution"]}


def _without_specimen(name: str) -> str:
    words = [word for word in _words(name) if word not in SPECIMENS and word not in URINE]
    return " ".join(words) or name
