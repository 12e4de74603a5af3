"""Names of people as two registrars may write them."""

import re
import unicodedata
from functools import lru_cache

from rapidfuzz.distance import JaroWinkler

SIMILAR = 0.9  # Jaro-Winkler; 0.9 to 0.92 is usual for names

# Letters that no accent is taken from, and titles and suffixes that are no part of a name.
LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d",
                         "þ": "th", "ı": "i"})  # fmt: skip
SUFFIXES = {"jr", "junior", "sr", "senior", "ii", "iii", "iv"}
TITLES = {"mr", "mrs", "ms", "miss", "dr", "prof"}
# Modest on purpose: pairs that most registrars would write one for the other.
NICKNAMES = [
    set(group.split())
    for group in (
        "alexander alex sandy sasha", "alexandra alex sandra sasha", "andrew andy drew",
        "anthony tony", "antonio tony toni", "barbara barb", "benjamin ben", "catherine kate cathy",
        "katherine kate kathy katie", "charles charlie chuck", "christina chris tina",
        "christopher chris", "daniel dan danny", "david dave", "deborah debbie", "donald don",
        "dorothy dot dottie", "edward ed eddie ted", "elizabeth liz beth betty eliza lisa",
        "frances fran", "francis frank", "frederick fred", "gregory greg", "guillermo memo",
        "jacob jake", "jacqueline jackie", "james jim jimmy jamie", "jennifer jen jenny",
        "jessica jess", "johannes hans jan", "john jack johnny", "jonathan jon", "jose pepe",
        "joseph joe", "joshua josh", "judith judy", "kenneth ken", "lawrence larry",
        "margaret maggie meg peggy", "matthew matt", "michael mike mick", "nicholas nick",
        "pamela pam", "patricia pat patty trish", "patrick pat paddy", "peter pete",
        "rebecca becky", "richard rick dick", "robert bob rob bobby", "ronald ron", "samantha sam",
        "samuel sam", "stephen steve", "steven steve", "susan sue", "theodore ted theo",
        "theresa terry", "thomas tom", "timothy tim", "victoria vicky", "william bill will",
    )
]  # fmt: skip


@lru_cache(maxsize=100_000)
def plain(name: str) -> str:
    """A name without case, accents, titles, suffixes and punctuation; words apart by a space."""
    return " ".join(word for word in _words(name) if word not in SUFFIXES | TITLES)


@lru_cache(maxsize=10_000)
def suffix(name: str) -> str:
    """Junior, senior or the third, in one spelling."""
    found = next((word for word in _words(name) if word in SUFFIXES), "")
    return {"junior": "jr", "senior": "sr"}.get(found, found)


def _words(name: str) -> list[str]:
    decomposed = unicodedata.normalize("NFKD", name.casefold().translate(LETTERS))
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return re.findall(r"\w+", letters.replace("'", "").replace("’", ""))


def are_similar(a: str, b: str) -> bool:
    """Similar by Jaro-Winkler, or one slip apart; both as `plain` gives them."""
    a, b = a.replace(" ", ""), b.replace(" ", "")
    if a == b:
        return True
    if min(len(a), len(b)) < 3:
        return False
    likeness = JaroWinkler.similarity(a, b, prefix_weight=0.1)
    return likeness >= SIMILAR or _one_slip(a, b)


def _one_slip(a: str, b: str) -> bool:
    """One letter wrong, missing, too many or two changed places, in a name of four or more."""
    if min(len(a), len(b)) < 4 or abs(len(a) - len(b)) > 1:
        return False
    letters = enumerate(zip(a, b, strict=False))
    start = next((place for place, (x, y) in letters if x != y), min(len(a), len(b)))
    rest_a, rest_b = a[start:], b[start:]
    if len(a) == len(b):
        swapped = rest_a[1:2] + rest_a[:1] + rest_a[2:]
        return rest_a[1:] == rest_b[1:] or swapped == rest_b
    return rest_a[1:] == rest_b or rest_b[1:] == rest_a


@lru_cache(maxsize=100_000)
def are_nicknames(a: str, b: str) -> bool:
    return any(a in group and b in group for group in NICKNAMES)
