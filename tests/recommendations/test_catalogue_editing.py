"""Edits of the catalogue: drafts, and the second person who decides."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from recommendations import catalogue as files
from recommendations.models import CatalogueEdit, ReviewTask
from recommendations.services import catalogue, editing
from tests.factories import UserFactory
from tests.recommendations.drafts import LATER, NOW, drafted, entry, published

pytestmark = pytest.mark.django_db


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


def test_a_renewed_review_takes_two_people_as_well(author, second):
    edit = editing.renew("L01", on=NOW.date(), reason="Read again", by=author, now=NOW)
    editing.publish(edit, seen=editing.digest(edit), by=second, now=LATER)

    assert catalogue.current().by_id["L01"].review_date == NOW.date()
    assert edit.kind == "renew"


def test_a_review_of_tomorrow_is_refused(author):
    with pytest.raises(editing.Refused, match="today or before"):
        editing.renew("L01", on=LATER.date() + dt.timedelta(1), reason="x", by=author, now=NOW)


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
