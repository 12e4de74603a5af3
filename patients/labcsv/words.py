"""Results in words: the closed lists of what is read as a result, a remark, or none at all.

A word that stands in no list is refused: kept as text it would hide a typing error such as
`5..1`. The lists are documented in docs/reference/lab-files.md; a test compares them.
"""

import re

# Text results in canonical words, each with the spellings that say it.
RESULTS = {
    "negative": "neg negative negativ négatif négative negativo negativa negatief (-)",
    "positive": "pos positive positiv positif positivo positiva positief (+) +",
    "weakly positive": "weak_positive weakly_positive schwach_positiv",
    "nonreactive": "nr nonreactive non_reactive nicht_reaktiv non_réactif no_reactivo",
    "reactive": "reactive reaktiv réactif reactivo",
    "weakly reactive": "weakly_reactive weak_reactive",
    "indeterminate": "ind indeterminate inconclusive unbestimmt indéterminé indeterminado",
    "equivocal": "equivocal grenzwertig équivoque borderline",
    "detected": "detected nachgewiesen détecté detectado aangetoond",
    "not detected": "not_detected undetected undetectable nicht_nachgewiesen nicht_nachweisbar "
    "non_détecté no_detectado niet_aangetoond",
    "present": "present vorhanden présent presente aanwezig",
    "absent": "absent nicht_vorhanden ausente afwezig",
    "trace": "tr trace traces spur spuren trazas sporen ± +/-",
    "1+": "1+", "2+": "2+ ++", "3+": "3+ +++", "4+": "4+ ++++",
    "normal": "normal normaal wnl within_normal_limits",
    "abnormal": "abnormal abn",
    "none": "none none_seen keine aucun ninguno geen",
    "rare": "rare", "few": "few", "occasional": "occasional occ", "moderate": "moderate mod",
    "many": "many", "numerous": "numerous", "small": "small sm", "large": "large lrg lg",
    "too numerous to count": "tntc too_numerous_to_count",
    "no growth": "no_growth kein_wachstum",
    "clear": "clear klar clair", "hazy": "hazy", "cloudy": "cloudy trüb trouble",
    "slightly hazy": "slightly_hazy slhazy", "slightly cloudy": "slightly_cloudy slcloudy",
    "turbid": "turbid", "colourless": "colorless colourless farblos", "yellow": "yellow gelb",
    "light yellow": "light_yellow pale_yellow hellgelb", "dark yellow": "dark_yellow",
    "straw": "straw", "amber": "amber", "red": "red", "brown": "brown", "orange": "orange",
    "see note": "see_note see_comment see_report siehe_befund siehe_bemerkung voir_commentaire",
}  # fmt: skip
# Why there is no result: the status becomes cancelled, the words a note.
NO_RESULT = {
    "hemolyzed": "hemolyzed hemolysed haemolyzed haemolysed hemolysis haemolysis hemolytic "
    "haemolytic hämolytisch hémolysé hemolizado hemolytisch",
    "lipemic": "lipemic lipaemic lipämisch lipémique",
    "icteric": "icteric ikterisch ictérique",
    "clotted": "clotted geronnen coagulé coagulado gestold",
    "contaminated": "contaminated kontaminiert",
    "quantity not sufficient": "qns quantity_not_sufficient insufficient insufficient_sample "
    "insufficient_specimen zu_wenig_material quantité_insuffisante",
    "test not performed": "tnp test_not_performed not_performed not_done notdone not_tested "
    "nicht_bestimmt non_effectué no_realizado niet_bepaald",
    "cancelled": "cancelled canceled cancel canc cancelado annulé geannuleerd storniert",
    "rejected": "rejected specimen_rejected sample_rejected",
    "no specimen": "no_specimen no_sample specimen_lost no_specimen_received kein_material",
    "unable to calculate": "unable_to_calculate not_calculated nicht_berechenbar",
    "unable to report": "unable_to_report unable_to_perform no_result invalid",
}
# There will be one: the status becomes registered.
STILL_TO_COME = (
    "pending in_progress result_pending to_follow awaited ausstehend folgt in_arbeit en_cours "
    "pendiente volgt"
)
# A remark on the sample that may stand behind a number.
SAMPLE_REMARKS = ("hemolyzed", "lipemic", "icteric")
PLACEHOLDERS = frozenset(
    {"na", "n/a", "n.a.", "null", "none.", "nil", "nd", "n/d", "-", "--", "---", ".", "..", "?",
     "_", "__", "___", "unknown", "missing", "blank"}
)  # fmt: skip
# In a wide table these say that a test was not done, as an empty cell does.
NOT_DONE = frozenset({"", "NA", "N/A", "NULL"})
SPREADSHEET_ERROR = re.compile(r"#(?:N/?A|VALUE!|REF!|DIV/0!|NUM!|NAME\?|NULL!|SPILL!|#+)#*")
SPACE = re.compile(r"[\s_-]+")


def spellings(cell: str) -> tuple[str, str]:
    """A cell as the lists above may write it: as it is, and without what decorates it."""
    word = cell.casefold()
    return word, SPACE.sub("_", word.strip(" .!*"))


def says_nothing(cell: str) -> bool:
    """Whether a cell is blank or stands for a missing value, as `___` does where a number has
    been taken out."""
    word = cell.strip().casefold()
    return not word or word in PLACEHOLDERS


def _said_by(table: dict[str, str]) -> dict[str, str]:
    return {spelling: word for word, spellings in table.items() for spelling in spellings.split()}


RESULT_OF = _said_by(RESULTS)
NO_RESULT_OF = _said_by(NO_RESULT)
PENDING = frozenset(STILL_TO_COME.split())
