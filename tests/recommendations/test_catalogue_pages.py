"""The pages of the catalogue editor."""

import datetime as dt

import pytest

from healthcare.accounts.models import User
from recommendations import catalogue as files
from recommendations.models import CatalogueEdit, ReviewTask
from recommendations.services import catalogue, editing
from recommendations.services.editing import Proposal
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 25, 9, tzinfo=dt.UTC)


@pytest.fixture
def editor(client, broker):
    user = UserFactory(role=User.Role.CATALOGUE_EDITOR)
    client.force_login(user)
    return user


@pytest.fixture
def other(db):
    return UserFactory(role=User.Role.CATALOGUE_EDITOR)


def draft(by, code="L01", **other):
    entry = {**files.load().by_id[code].entry, **other}
    proposal = Proposal(code, "intervention", "change", "Guideline of 2026", entry)
    return editing.draft(proposal, by=by, now=NOW)


def publish(edit, by):
    return editing.publish(edit, seen=editing.digest(edit), by=by, now=NOW)


def text(response):
    return response.content.decode()


def filled(response):
    """What a browser would send of a page's forms if nobody touched them."""
    forms = [response.context["form"], *(response.context["changes"] or [])]
    said = {}
    for form in forms:
        for bound in form:
            value = bound.value()
            if value is not None and value is not False:
                said[bound.html_name] = bound.field.prepare_value(value)
    if response.context["changes"] is not None:
        management = response.context["changes"].management_form
        said |= {bound.html_name: bound.value() for bound in management}
    return said


def codes(response):
    return [row["code"] for row in response.context["rows"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [("q=ATORVASTATIN+10-20", ["M01"]), ("q=zzzz", []), ("state=nonsense&q=zzzz", None)],
)
def test_entries_are_found_by_words(client, editor, query, found):
    response = client.get(f"/catalogue/?{query}")

    assert response.status_code == 200
    if found is not None:
        assert codes(response) == found


def test_entries_are_found_by_state(client, editor, other):
    publish(draft(other, "L01", review_date="2020-01-01"), editor)
    publish(editing.withdraw("L02", reason="Harm", by=other, now=NOW), editor)
    draft(other, "L03", name="Renamed")

    assert codes(client.get("/catalogue/?state=expired")) == ["L01"]
    assert codes(client.get("/catalogue/?state=withdrawn")) == ["L02"]
    assert codes(client.get("/catalogue/?state=draft")) == ["L03"]
    assert codes(client.get("/catalogue/?state=own")) == ["L01", "L02"]
    assert "L01" not in codes(client.get("/catalogue/?state=active"))
    assert client.get("/catalogue/?state=unverified").context["page"].paginator.count > 50


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_whatever_is_in_draft(
    client, editor, other, count, django_assert_num_queries
):
    for code in ["L01", "L02", "L03"][:count]:
        draft(other, code, name="Renamed")

    with django_assert_num_queries(6):
        client.get("/catalogue/")


def test_the_page_of_an_entry_says_every_field_in_words(client, editor):
    page = text(client.get("/catalogue/M01/"))

    for said in ["Moderate-intensity statin", "Does not take statin", "ACC/AHA 2026 class 1",
                 "LDL cholesterol −49 to −30 %", "A daily tablet that lowers cholesterol",
                 "statin intolerance", "22-Nov-2026"]:  # fmt: skip
        assert said in page


@pytest.mark.parametrize("row", ["X001", "X138"])
def test_the_page_of_an_interaction_opens(client, editor, row):
    assert client.get(f"/catalogue/{row}/").status_code == 200


def test_every_entry_has_a_page_and_its_form_says_the_entry_back(client, editor):
    """A form that is sent back untouched changes nothing, whatever the entry holds."""
    every = catalogue.entries(files.load())
    for code in [*list(every)[::23], "M30", "X001"]:
        response = client.get(f"/catalogue/{code}/change/")
        said = filled(response) | {"reason": "Nothing"}

        again = client.post(f"/catalogue/{code}/change/", said)

        assert again.status_code == 422, code
        assert "This changes nothing" in text(again), (code, again.context["form"].errors)


def test_an_unknown_entry_is_not_there(client, editor):
    assert client.get("/catalogue/L99/").status_code == 404
    assert client.get("/catalogue/L99/change/").status_code == 404


def test_a_form_keeps_a_draft_and_shows_what_changes(client, editor):
    said = filled(client.get("/catalogue/L01/change/"))

    response = client.post(
        "/catalogue/L01/change/",
        said | {"name": "Stop smoking today", "reason": "Plainer"}, follow=True,
    )  # fmt: skip

    edit = CatalogueEdit.objects.get()
    assert edit.entry == {**files.load().by_id["L01"].entry, "name": "Stop smoking today",
                          "version": 2}  # fmt: skip
    assert [row.label for row in response.context["differences"]] == ["Name"]
    assert "This draft is yours" in text(response)


def test_a_fault_of_the_schema_stands_at_its_field(client, editor):
    said = filled(client.get("/catalogue/L01/change/"))

    response = client.post(
        "/catalogue/L01/change/", said | {"indication__rule": "smoker or", "reason": "x"}
    )

    assert response.status_code == 422
    assert "Expected a fact" in response.context["form"].errors["indication__rule"][0]
    assert not CatalogueEdit.objects.exists()


def test_an_effect_in_numbers_is_added_and_another_dropped(client, editor):
    said = filled(client.get("/catalogue/M01/change/"))
    last = int(said["changes-INITIAL_FORMS"])
    new = {"feature": "stroke", "op": "rr", "min": "0.7", "max": "0.9", "months": "60"}
    said |= {f"changes-{last}-{name}": value for name, value in new.items()}
    said |= {"changes-0-DELETE": "on", "reason": "x"}

    client.post("/catalogue/M01/change/", said)

    changes = CatalogueEdit.objects.get().entry["effect"]["changes"]
    before = files.load().by_id["M01"].entry["effect"]["changes"]
    assert changes[:-1] == before[1:]
    assert changes[-1] == {"feature": "stroke", "op": "rr", "min": 0.7, "max": 0.9,
                           "unit": None, "months": 60}  # fmt: skip


def test_a_new_entry_is_drafted(client, editor):
    said = filled(client.get("/catalogue/L01/change/")) | {"code": "Z01", "reason": "Asked for"}

    response = client.post("/catalogue/new/intervention/", said)

    assert response.status_code == 302
    assert CatalogueEdit.objects.get().kind == "new"
    assert codes(client.get("/catalogue/?state=draft")) == ["Z01"]


def test_a_second_editor_publishes_from_the_page(client, editor, other):
    edit = draft(other, name="Stop smoking today")
    page = client.get(f"/catalogue/edits/{edit.pk}/")

    client.post(
        f"/catalogue/edits/{edit.pk}/decide/",
        {"decision": "publish", "seen": page.context["seen"]},
    )

    edit.refresh_from_db()
    assert (edit.state, edit.decided_by) == ("published", editor)
    assert "Stop smoking today" in text(client.get("/catalogue/L01/"))


def test_an_author_is_not_offered_to_publish_and_cannot(client, editor):
    edit = draft(editor, name="Stop smoking today")
    page = client.get(f"/catalogue/edits/{edit.pk}/")

    response = client.post(
        f"/catalogue/edits/{edit.pk}/decide/",
        {"decision": "publish", "seen": page.context["seen"]}, follow=True,
    )  # fmt: skip

    assert ">Publish<" not in text(page)
    assert "A second person publishes" in text(response)
    assert CatalogueEdit.objects.get().is_open


def test_a_rejection_without_a_reason_is_refused_aloud(client, editor, other):
    edit = draft(other, name="Stop smoking today")

    said = {"decision": "reject", "why": ""}
    response = client.post(f"/catalogue/edits/{edit.pk}/decide/", said, follow=True)

    assert "Say in a few words why" in text(response)


@pytest.mark.parametrize("what", ["renew", "withdraw"])
def test_a_short_form_drafts(client, editor, what):
    client.post(f"/catalogue/L01/{what}/", {"on": "2026-11-22", "reason": "Read again"})

    drafted = CatalogueEdit.objects.filter(kind=what).exists()
    assert drafted is (what == "withdraw")  # the same review date changes nothing


def test_going_back_to_the_file_needs_an_edit_of_the_site(client, editor):
    response = client.post("/catalogue/L01/back-to-file/", {"reason": "x"})

    assert response.status_code == 422
    assert "no edit of its own" in text(response)


def test_proposals_from_answers_stand_on_the_entry_and_in_its_form(client, editor):
    task = ReviewTask.objects.create(
        kind="catalogue", item="L01", text="Does an exclusion lack?", opened_at=NOW
    )

    assert "Does an exclusion lack?" in text(client.get("/catalogue/L01/"))
    said = filled(client.get("/catalogue/L01/change/")) | {"name": "Other", "reason": "x"}
    client.post("/catalogue/L01/change/", said)
    assert list(CatalogueEdit.objects.get().tasks.all()) == [task]


def test_the_page_of_what_ran_out_says_since_when_and_what_to_do(client, editor, other):
    publish(draft(other, review_date="2020-01-01"), editor)
    response = client.get("/catalogue/expired/")

    (row,) = response.context["rows"]
    assert row["days"] > 300
    assert "Recommended to nobody" in text(response)
    assert "/catalogue/L01/renew/" in text(response)


def test_a_clinician_reads_and_does_not_edit(client, team, other):
    client.force_login(UserFactory(role=User.Role.CLINICIAN, care_teams=[team]))
    edit = draft(other, name="Other")

    assert "/catalogue/L02/change/" not in text(client.get("/catalogue/L02/"))
    assert client.get("/catalogue/L02/change/").status_code == 403
    assert ">Publish<" not in text(client.get(f"/catalogue/edits/{edit.pk}/"))
    said = {"decision": "publish", "seen": editing.digest(edit)}
    assert client.post(f"/catalogue/edits/{edit.pk}/decide/", said).status_code == 403


def test_what_one_request_publishes_the_next_reads(client, editor, other):
    edit = draft(other, name="Stop smoking today")
    said = {"decision": "publish", "seen": editing.digest(edit)}

    client.post(f"/catalogue/edits/{edit.pk}/decide/", said)

    assert catalogue.current().by_id["L01"].name == "Stop smoking today"
