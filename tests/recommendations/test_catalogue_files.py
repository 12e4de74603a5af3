import shutil
from collections import Counter

import pytest
import yaml

from ml import analytes, codes, rules
from recommendations import catalogue
from recommendations.catalogue.loader import FOLDER

KINDS = {"has": "condition", "on": "drug", "allergy": "allergy", "flag": "flag", "due": "done"}


@pytest.fixture(scope="module")
def whole():
    return catalogue.load()


@pytest.fixture
def copy(tmp_path):
    """A copy of the catalogue's folder whose entries can be spoilt."""
    folder = tmp_path / "catalogue"
    folder.mkdir()
    for path in FOLDER.glob("*.yaml"):
        shutil.copy(path, folder)
    return folder


def spoil(folder, file, change):
    """Apply a change to the first entry of a file."""
    path = folder / file
    entries = yaml.safe_load(path.read_text())
    change(entries[0])
    path.write_text(yaml.safe_dump(entries))


def refusal(folder):
    with pytest.raises(catalogue.FaultyCatalogue) as refused:
        catalogue.load(folder)
    return str(refused.value)


def every_rule(whole):
    for item in whole.interventions:
        yield item.id, item.indication
        for rule in (item.exclusion, item.exclusion_if_known):
            if rule is not None:
                yield item.id, rule
    for row in whole.interactions:
        yield row.id, row.trigger


def test_the_catalogue_holds_every_intervention_and_interaction(whole):
    counts = Counter(item.category for item in whole.interventions)
    assert len(whole.interactions) == 175
    assert counts == {
        "lifestyle": 28, "education": 9, "screening": 40, "vaccination": 12,
        "medication": 47, "monitoring": 19, "referral": 21, "safety": 27,
    }  # fmt: skip


def test_every_rule_reads_back_as_itself(whole):
    trees = [tree for _, tree in every_rule(whole)]
    assert len(trees) > 400
    assert all(rules.parse(str(tree)) == tree for tree in trees)


def test_every_measurement_in_a_rule_is_a_known_analyte(whole):
    known = frozenset(analyte.code for analyte in analytes.all())
    for _, tree in every_rule(whole):
        rules.parse(str(tree), known)


def test_every_code_in_a_rule_is_in_the_vocabulary(whole):
    unknown = {
        (id_, str(leaf))
        for id_, tree in every_rule(whole)
        for leaf in rules.leaves(tree)
        if isinstance(leaf, rules.Call)
        and leaf.function in KINDS
        and leaf.code not in codes.vocabulary(KINDS[leaf.function])
    }
    assert unknown == set()


def test_every_drug_class_of_an_item_is_in_the_vocabulary(whole):
    classes = {name for item in whole.interventions for name in item.checked_classes}
    assert classes <= set(codes.vocabulary("drug"))


def test_every_drug_has_a_class_to_check(whole):
    drugs = [item for item in whole.interventions if item.is_drug]
    assert [item.id for item in drugs if not item.drug_classes or not item.needs_clinician] == []


def test_what_rests_on_general_knowledge_is_not_called_verified(whole):
    entries = (*whole.interventions, *whole.interactions)
    assert sum(not item.evidence.verified for item in whole.interventions) == 60
    assert not any(
        entry.evidence.verified
        for entry in entries
        if entry.evidence.verification.startswith("author knowledge")
    )


def test_a_mended_entry_says_what_was_mended(whole):
    mended = {item.id for item in (*whole.interventions, *whole.interactions) if item.note}
    assert {"M19", "M37", "D06", "X104", "F05", "M24", "X138", "L03"} <= mended


def test_the_gravest_interactions_of_a_class_come_first(whole):
    severities = [row.severity for row in whole.by_class["metformin"]]
    assert severities == ["contraindicated", "contraindicated", "major", "major"]


def test_entries_keep_their_text_and_digest_for_the_rows(whole):
    item = whole.by_id["L01"]
    assert item.entry["review_date"] == "2026-11-22"
    assert len({entry.digest for entry in whole.interventions}) == 203


@pytest.mark.parametrize(
    ("section", "field", "said"),
    [
        ("indication", "rule", "indication.rule: is missing"),
        ("evidence", "grade", "evidence.grade: is missing"),
        ("evidence", "source", "evidence.source: is missing"),
        ("effect", "text", "effect.text: is missing"),
        (None, "review_date", "review_date: is missing"),
        (None, "patient_text", "patient_text: is missing"),
        (None, "clinician_text", "clinician_text: is missing"),
    ],
)
def test_an_entry_without_what_it_must_have_is_refused_by_name(copy, section, field, said):
    spoil(copy, "lifestyle.yaml", lambda entry: (entry[section] if section else entry).pop(field))
    assert f"lifestyle.yaml: L01: {said}" in refusal(copy)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("review_date", "soon", "must be a date"),
        ("urgency", "whenever", "must be one of urgent, soon, routine"),
        ("patient_text", "  ", "must be a text and not empty"),
        ("drug_classes", "statin", "must be a list of texts"),
        ("needs_clinician", "yes", "must be true or false"),
        ("burden", {"effort": 9, "cost": 1, "acceptability": 1}, "must be 1 to 5"),
        ("colour", "red", "is not a field of the catalogue"),
        ("category", "medication", "does not match the file"),
    ],
)
def test_a_faulty_value_is_refused_by_name(copy, field, value, said):
    spoil(copy, "lifestyle.yaml", lambda entry: entry.update({field: value}))
    assert said in refusal(copy)


def test_an_unreadable_rule_is_refused_with_its_place(copy):
    spoil(copy, "lifestyle.yaml", lambda entry: entry["indication"].update(rule="smoker or"))
    assert "L01: indication.rule: Expected a fact" in refusal(copy)


def test_a_rule_that_only_counts_where_it_is_known_is_read_as_well(copy):
    spoil(copy, "lifestyle.yaml", lambda entry: entry["exclusion"].update(if_known="smoker or"))
    assert "L01: exclusion.if_known: Expected a fact" in refusal(copy)


def test_an_entry_without_effects_has_to_say_so(copy):
    spoil(copy, "lifestyle.yaml", lambda entry: entry["effect"].update(changes=[]))
    assert "L01: effect.text: without changes it must say «No quantified effect»" in refusal(copy)


def test_two_entries_of_one_id_are_refused(copy):
    spoil(copy, "lifestyle.yaml", lambda entry: entry.update(id="L02"))
    assert "L02: id: is used more than once" in refusal(copy)


def test_every_fault_is_named_at_once(copy):
    spoil(copy, "lifestyle.yaml", lambda entry: entry.update(patient_text=None, tags=[]))
    spoil(copy, "interactions.yaml", lambda entry: entry.update(severity="grave"))
    said = refusal(copy)
    assert "3 faults" in said
    assert "interactions.yaml: X001: severity" in said


def test_a_missing_file_is_named(copy):
    (copy / "safety.yaml").unlink()
    assert "safety.yaml: -: -: cannot be read" in refusal(copy)


def test_a_file_that_would_run_code_is_refused(copy):
    (copy / "safety.yaml").write_text("!!python/object/apply:os.getcwd []\n")
    assert "safety.yaml: -: -: cannot be read" in refusal(copy)
