"""How hard a text is to read: the Flesch-Kincaid grade (Kincaid et al. 1975)."""

import re


def grade(text: str) -> float:
    """School grade of an English text; 8 can be read by most adults.

    Syllables are counted as groups of vowels, a silent final e left out. Raises ValueError for a
    text without words.

    >>> round(grade("The cat sat on the mat."), 1)
    -1.4
    """
    words = re.findall(r"[A-Za-z']+|\d+", text)
    if not words:
        raise ValueError("A text without words has no reading grade.")
    sentences = max(1, len(re.findall(r"[.!?]+(?:\s|$)", text)))
    syllables = sum(map(_syllables, words))
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59


def _syllables(word: str) -> int:
    bare = re.sub(r"(?<![aeiouyl])e$", "", word.lower())
    return max(1, len(re.findall(r"[aeiouy]+", bare)))
