"""Edits of the catalogue: drafts, the second person, and what the engine reads next."""

import datetime as dt

import pytest
import yaml
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from recommendations import catalogue as files
from recommendations.catalogue import loader
from recommendations.models import CatalogueEdit, Intervention, Recommendation, ReviewTask
from recommendations.services import catalogue, cataloguelist, editing, recommend
from recommendations.services.editing import Proposal
from tests.factories import PatientFactory, RecommendationFactory, UserFactory
from tests.recommendations.jobs import asked_to_weigh

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 25, 9, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)


@pytest.fixture
def author(broker):
    return UserFactory(role=User.Role.CATALOGUE_EDITOR)


@pytest.fixture
def second(db):
    return UserFactory(role=User.Role.CATALOGUE_EDITOR)


def entry(code="L01", **other):
    return {**files.load().by_id[code].entry, **other}


def drafted(by, code="L01", kind="change", reason="Guideline of 2026", tasks=(), **other):
    proposal = Proposal(code, "intervention", kind, reason, entry(code, **other), tuple(tasks))
    return editing.draft(proposal, by=by, now=NOW)


def published(author, second, **more):
    edit = drafted(author, **more)
    return editing.publish(edit, seen=editing.digest(edit), by=second, now=LATER)


def test_a_draft_changes_nothing_that_the_engine_reads(author):
    drafted(author, name="Stop smoking today")

    assert catalogue.current() is files.load()


def test_what_a_second_person_publishes_is_read_next_and_has_the_next_version(author, second):
    edit = published(author, second, name="Stop smoking today")

    found = catalogue.current().by_id["L01"]
    assert (found.name, found.version) == ("Stop smoking today", 2)
    assert (edit.author, edit.decided_by, edit.decided_at) == (author, second, LATER)
    assert catalogue.current().digest != files.load().digest


def test_nobody_publishes_their_own_draft(author):
    edit = drafted(author, name="Stop smoking today")

    with pytest.raises(editing.Refused, match="A second person publishes"):
        editing.publish(edit, seen=editing.digest(edit), by=author, now=LATER)


def test_the_database_refuses_a_publisher_who_is_the_author(author):
    edit = drafted(author, name="Stop smoking today")

    with pytest.raises(IntegrityError, match="second_person"), transaction.atomic():
        CatalogueEdit.objects.filter(pk=edit.pk).update(
            state="published", decided_by=author, decided_at=NOW
        )


@pytest.mark.parametrize("role", sorted(set(User.Role) - {User.Role.CATALOGUE_EDITOR}))
def test_only_a_catalogue_editor_drafts_and_publishes(author, role):
    other = UserFactory(role=role)
    edit = drafted(author, name="Stop smoking today")

    with pytest.raises(PermissionDenied):
        drafted(other, code="L02", name="x")
    with pytest.raises(PermissionDenied):
        editing.publish(edit, seen=editing.digest(edit), by=other, now=LATER)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"patient_text": " "}, "patient_text must be a text"),
        ({"review_date": "soon"}, "review_date must be a date"),
        ({"indication": {"text": "x", "rule": "smoker or"}}, "indication.rule Expected a fact"),
        ({"indication": {"text": "x", "rule": "has('nonsense')"}}, "no record can hold"),
        ({"indication": {"text": "x", "rule": "NOSUCH>3"}}, "indication.rule"),
        ({"drug_classes": ["statine"]}, "is not a drug class"),
        ({"target_risks": []}, "target_risks must name at least one"),
        ({"id": "L02"}, "id is not the code"),
    ],
)
def test_a_draft_that_the_schema_refuses_is_refused_with_its_sentence(author, change, said):
    with pytest.raises(editing.Faulty, match=said):
        drafted(author, **change)

    assert not CatalogueEdit.objects.exists()


def test_a_draft_needs_a_reason_and_a_difference(author):
    with pytest.raises(editing.Refused, match="why"):
        drafted(author, reason=" ", name="x")
    with pytest.raises(editing.Refused, match="changes nothing"):
        drafted(author)


def test_an_entry_has_one_draft_which_its_author_may_change(author, second):
    first = drafted(author, name="Stop smoking today")
    again = drafted(author, name="Stop smoking now")

    assert again.pk == first.pk
    assert again.entry["name"] == "Stop smoking now"
    with pytest.raises(editing.Refused, match="has a draft of this entry"):
        drafted(second, name="Mine")


def test_who_drafts_at_the_same_instant_is_told_so(author, second, monkeypatch):
    drafted(author, name="Stop smoking today")
    # The second looks before the first has saved.
    monkeypatch.setattr(editing, "_own_draft", lambda code, by: CatalogueEdit(code=code))

    with pytest.raises(editing.Refused, match="at the same time"):
        drafted(second, name="Mine")
    assert CatalogueEdit.objects.get().author == author


def test_a_draft_that_changed_while_it_was_read_is_not_published(author, second):
    edit = drafted(author, name="Stop smoking today")
    seen = editing.digest(edit)
    drafted(author, name="Smoke more")

    with pytest.raises(editing.Refused, match="changed while you read"):
        editing.publish(edit, seen=seen, by=second, now=LATER)


def test_a_draft_of_an_entry_that_changed_meanwhile_is_not_published(author, second):
    edit = drafted(author, name="Stop smoking today")
    CatalogueEdit.objects.filter(pk=edit.pk).update(base_digest="older")

    with pytest.raises(editing.Refused, match="changed since the draft"):
        editing.publish(edit, seen=editing.digest(edit), by=second, now=LATER)


def test_a_rejected_draft_keeps_its_reason_and_the_entry_as_it_was(author, second):
    edit = drafted(author, name="Stop smoking today")
    with pytest.raises(editing.Refused, match="why the draft is rejected"):
        editing.reject(edit, why=" ", by=second, now=LATER)

    edit = editing.reject(edit, why="No source", by=second, now=LATER)

    assert (edit.state, edit.decision, edit.decided_by) == ("rejected", "No source", second)
    assert catalogue.current() is files.load()


def test_an_author_takes_a_draft_back_and_nobody_else_does(author, second):
    edit = drafted(author, name="Stop smoking today")
    with pytest.raises(editing.Refused, match="somebody else's"):
        editing.take_back(edit, by=second, now=LATER)

    assert editing.take_back(edit, by=author, now=LATER).state == "taken_back"
    with pytest.raises(editing.Refused, match="already decided"):
        editing.publish(edit, seen=editing.digest(edit), by=second, now=LATER)


def test_every_step_is_audited_with_who_did_it(author, second):
    published(author, second, name="Stop smoking today")

    steps = AuditEvent.objects.filter(action__startswith="catalogue.").order_by("pk")
    assert list(steps.values_list("action", "actor")) == [
        ("catalogue.drafted", author.username),
        ("catalogue.published", second.username),
    ]


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


def test_a_renewed_review_takes_two_people_as_well(author, second):
    edit = editing.renew("L01", on=NOW.date(), reason="Read again", by=author, now=NOW)
    editing.publish(edit, seen=editing.digest(edit), by=second, now=LATER)

    assert catalogue.current().by_id["L01"].review_date == NOW.date()
    assert edit.kind == "renew"


def test_a_review_of_tomorrow_is_refused(author):
    with pytest.raises(editing.Refused, match="today or before"):
        editing.renew("L01", on=LATER.date() + dt.timedelta(1), reason="x", by=author, now=NOW)


def test_a_new_entry_is_weighed_like_any_other(author, second):
    new = {**entry(), "id": "Z01", "name": "Breathe"}
    proposal = Proposal("Z01", "intervention", "new", "Asked for", new)
    edit = editing.draft(proposal, by=author, now=NOW)
    editing.publish(edit, seen=editing.digest(edit), by=second, now=LATER)

    assert catalogue.current().by_id["Z01"].version == 1
    assert catalogue.current().interventions[-1].id == "Z01"


def test_a_code_in_use_is_not_given_to_a_new_entry(author):
    with pytest.raises(editing.Refused, match="already in the catalogue"):
        drafted(author, kind="new")


def test_an_entry_stays_in_its_category(author):
    with pytest.raises(editing.Refused, match="stays in its category"):
        drafted(author, category="education")


def test_words_that_no_other_entry_has_are_pointed_out(author):
    edit = drafted(author, code="L02", tags=["behaviour", "smokng"])

    assert editing.new_words(edit) == ["smokng"]


def test_publishing_closes_the_proposals_it_answers_and_rejecting_does_not(author, second):
    def proposal():
        return ReviewTask.objects.create(kind="catalogue", item="L01", text="Lacks", opened_at=NOW)

    answered, kept = proposal(), proposal()
    rejected = drafted(author, name="One", tasks=[kept])
    editing.reject(rejected, why="No", by=second, now=LATER)
    published(author, second, name="Two", tasks=[answered])

    answered.refresh_from_db()
    kept.refresh_from_db()
    assert (answered.closed_at, answered.closed_by) == (LATER, second)
    assert f"Version {entry()['version'] + 1} was published" in answered.closing_comment
    assert kept.closed_at is None


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


def test_a_draft_that_answers_something_else_by_now_is_not_published(author, second):
    edit = drafted(author, name="Stop smoking today")
    seen = editing.digest(edit)
    task = ReviewTask.objects.create(kind="catalogue", item="L01", text="Lacks", opened_at=NOW)
    drafted(author, name="Stop smoking today", tasks=[task])

    with pytest.raises(editing.Refused, match="changed while you read"):
        editing.publish(edit, seen=seen, by=second, now=LATER)


def test_a_review_of_today_is_one_of_the_day_here(author):
    with timezone.override("Europe/Paris"):
        late = dt.datetime(2026, 11, 24, 23, 30, tzinfo=dt.UTC)  # half an hour into the 25th
        edit = editing.renew("L01", on=dt.date(2026, 11, 25), reason="x", by=author, now=late)

    assert edit.entry["review_date"] == "2026-11-25"


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
