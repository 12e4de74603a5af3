"""What a published edit of the catalogue changes: engine, rows, and the way back to the files."""

import datetime as dt

import pytest
import yaml
from django.core.management import call_command

from recommendations import catalogue as files
from recommendations.catalogue import loader
from recommendations.models import CatalogueEdit, Intervention, Recommendation
from recommendations.services import catalogue, cataloguelist, editing, recommend
from recommendations.services.editing import Proposal
from tests.factories import PatientFactory, RecommendationFactory
from tests.recommendations.drafts import LATER, NOW, drafted, entry, published
from tests.recommendations.jobs import asked_to_weigh

pytestmark = pytest.mark.django_db


def test_a_withdrawn_item_is_offered_to_nobody_from_that_moment(author, second):
    row = RecommendationFactory(item="L01")
    edit = editing.withdraw("L01", reason="Harm", by=author, now=NOW)
    editing.publish(edit, seen=editing.digest(edit), by=second, now=LATER)

    row.refresh_from_db()
    assert "L01" not in catalogue.current().by_id
    assert row.superseded_at == LATER
    assert asked_to_weigh() == [[row.patient_id]]
    assert not Intervention.objects.filter(code="L01", is_active=True).exists()


def test_a_withdrawn_item_leaves_its_group_and_can_be_brought_back(author, second):
    edit = editing.withdraw("M01", reason="Harm", by=author, now=NOW)
    editing.publish(edit, seen=editing.digest(edit), by=second, now=LATER)
    assert all("M01" not in group.members for group in catalogue.current().groups)

    published(author, second, code="M01", reason="No harm after all")

    assert catalogue.current().by_id["M01"].version == entry("M01")["version"] + 2


def test_a_withdrawn_interaction_no_longer_warns(author, second):
    edit = editing.withdraw("X001", reason="Mended upstream", by=author, now=NOW)
    editing.publish(edit, seen=editing.digest(edit), by=second, now=LATER)

    assert "X001" not in {row.id for row in catalogue.current().interactions}


def test_a_new_entry_is_weighed_like_any_other(author, second):
    new = {**entry(), "id": "Z01", "name": "Breathe"}
    proposal = Proposal("Z01", "intervention", "new", "Asked for", new)
    edit = editing.draft(proposal, by=author, now=NOW)
    editing.publish(edit, seen=editing.digest(edit), by=second, now=LATER)

    assert catalogue.current().by_id["Z01"].version == 1
    assert catalogue.current().interventions[-1].id == "Z01"


def test_an_edit_goes_back_to_the_file_by_two_people(author, second):
    published(author, second, name="Stop smoking today")
    edit = editing.back_to_file("L01", reason="Taken up upstream", by=author, now=LATER)
    editing.publish(edit, seen=editing.digest(edit), by=second, now=LATER)

    assert catalogue.current() is files.load()
    assert Intervention.objects.get(code="L01").version == entry()["version"]


def test_a_version_is_never_given_twice(author, second):
    published(author, second, name="Stop smoking today")
    edit = editing.back_to_file("L01", reason="Taken up upstream", by=author, now=LATER)
    editing.publish(edit, seen=editing.digest(edit), by=second, now=LATER)

    published(author, second, name="Stop smoking at once")

    rows = CatalogueEdit.objects.order_by("pk").values_list("kind", "version")
    first = entry()["version"]
    assert list(rows) == [("change", first + 1), ("file", first + 2), ("change", first + 3)]


def test_an_entry_of_the_site_alone_has_no_file_to_go_back_to(author, second):
    """It would vanish without a trace, and its code be free for another entry."""
    new = {**entry(), "id": "Z01", "name": "Breathe"}
    edit = editing.draft(
        Proposal("Z01", "intervention", "new", "Asked for", new), by=author, now=NOW
    )
    editing.publish(edit, seen=editing.digest(edit), by=second, now=LATER)

    with pytest.raises(editing.Refused, match="The files have no such entry"):
        editing.back_to_file("Z01", reason="x", by=author, now=LATER)


def test_a_publication_that_failed_leaves_nothing_behind_in_memory(author, second, monkeypatch):
    edit = drafted(author, name="Stop smoking today")
    with monkeypatch.context() as broken:
        broken.setattr(recommend, "request_everybody", _no_connection)
        with pytest.raises(ConnectionError):
            editing.publish(edit, seen=editing.digest(edit), by=second, now=NOW)
    assert catalogue.current() is files.load()
    changed = drafted(author, name="Stop smoking at once")

    editing.publish(changed, seen=editing.digest(changed), by=second, now=LATER)

    assert catalogue.current().by_id["L01"].name == "Stop smoking at once"


def _no_connection():
    raise ConnectionError


def test_a_load_keeps_the_edits_of_the_site_and_names_them(author, second, capsys):
    published(author, second, name="Stop smoking today")
    call_command("load_catalogue")

    assert Intervention.objects.get(code="L01").name == "Stop smoking today"
    said = capsys.readouterr().out
    assert f"L01  kept: the site's own version {entry()['version'] + 1}" in said
    assert "HAS CHANGED" not in said


def test_a_load_says_where_the_file_has_changed_under_an_edit(author, second, capsys):
    edit = published(author, second, name="Stop smoking today")
    CatalogueEdit.objects.filter(pk=edit.pk).update(file_digest="older")
    call_command("load_catalogue")

    assert "THE FILE HAS CHANGED SINCE" in capsys.readouterr().out


def test_a_load_says_which_edit_the_files_have_taken_up(author, second):
    edit = published(author, second, name="Stop smoking today")
    same = entry(version=7)
    CatalogueEdit.objects.filter(pk=edit.pk).update(entry=same)

    assert [own.is_as_file for own in catalogue.own_edits()] == [True]


def test_an_edit_that_a_later_schema_refuses_is_offered_to_nobody(author, second):
    published(author, second, name="Stop smoking today")
    bad = CatalogueEdit.objects.get()
    CatalogueEdit.objects.all().delete()
    bad.pk, bad.entry = None, {**bad.entry, "urgency": "whenever"}
    bad.save()

    assert "L01" not in catalogue.current().by_id
    assert "urgency" in catalogue.own_edits()[0].fault


def test_published_edits_come_out_as_the_files_would_hold_them(author, second):
    published(author, second, name="Stop smoking today")
    edit = editing.withdraw("L02", reason="Harm", by=author, now=NOW)
    editing.publish(edit, seen=editing.digest(edit), by=second, now=LATER)

    content = yaml.safe_load(cataloguelist.export())

    (said,) = content["edits"]["lifestyle.yaml"]
    assert loader.intervention(said["entry"]).name == "Stop smoking today"
    assert [each["id"] for each in content["withdrawn"]] == ["L02"]


def test_the_weighing_of_a_patient_uses_the_published_edit(author, second, analytes):
    patient = PatientFactory(birth_date=dt.date(1970, 1, 1))
    rule = {"text": "Everybody", "rule": "age>=0"}
    published(author, second, name="Stop smoking today", indication=rule)

    recommend.recommend([patient.pk], now=LATER)

    row = Recommendation.objects.current().get(patient=patient, item="L01")
    assert row.content["name"] == "Stop smoking today"
    assert row.catalogue_digest == catalogue.current().digest


def test_what_runs_out_is_closed_over_night(author, second, analytes):
    patient = PatientFactory()
    old = RecommendationFactory(patient=patient, item="L01")
    kept = RecommendationFactory(patient=patient, item="L02")
    published(author, second, review_date="2020-01-01")

    assert recommend.request_expired(now=LATER) == 1

    old.refresh_from_db()
    kept.refresh_from_db()
    assert (old.superseded_at, kept.superseded_at) == (LATER, None)


def test_what_runs_out_stands_until_its_patients_are_weighed_again(author, second, monkeypatch):
    row = RecommendationFactory(item="L01")
    published(author, second, review_date="2020-01-01")
    monkeypatch.setattr(recommend, "request", lambda **_: _no_connection())

    with pytest.raises(ConnectionError):
        recommend.request_expired(now=LATER)

    row.refresh_from_db()
    assert row.superseded_at is None


def test_an_expired_entry_is_listed_and_not_weighed(author, second, analytes):
    patient = PatientFactory(birth_date=dt.date(1970, 1, 1))
    rule = {"text": "Everybody", "rule": "age>=0"}
    published(author, second, review_date="2020-01-01", indication=rule)

    recommend.recommend([patient.pk], now=LATER)

    assert [each.code for each in cataloguelist.expired(today=NOW.date())] == ["L01"]
    assert not Recommendation.objects.current().filter(item="L01").exists()
