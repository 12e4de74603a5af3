import csv
import datetime as dt
import io
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils.html import escape

from healthcare.accounts.models import User
from healthcare.demo import demo_day, queries, services
from healthcare.demo.stories import STORIES, mrn
from patients.models import Result
from patients.queries import facts_known_at
from tests.demo.conftest import NOW
from tests.factories import PatientFactory, UserFactory
from tests.patients.labfiles import counts, import_file

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]
SAMPLE_DAY = dt.date(2026, 3, 2)


@pytest.fixture
def osei(hospital, client):
    user = User.objects.get(username=services.CLINICIAN)
    client.force_login(user)
    return user


def test_a_clinician_gets_links_to_the_patients_of_their_teams_only(osei):
    linked = {stop.mrn for stop in queries.tour(osei) if stop.url}

    assert linked == {f"CL-{number:06d}" for number in range(1, 11)} - {"CL-000005"}


def test_a_link_leads_to_the_patient_by_the_public_id(osei, patient):
    first = queries.tour(osei)[0]

    assert first.url == reverse("patient", args=[patient(1).public_id])


def test_a_patient_of_the_same_number_elsewhere_is_not_linked(team, clinician):
    PatientFactory(mrn="CL-000001", care_team=team, is_synthetic=False)

    assert not [stop for stop in queries.tour(clinician) if stop.url]


def test_the_tour_takes_one_query(osei, django_assert_num_queries):
    with django_assert_num_queries(1):
        queries.tour(osei)


def test_the_page_shows_every_story_and_no_password(osei, client):
    page = client.get(reverse("tour")).content.decode()

    assert [story.title for story in STORIES if escape(story.title) not in page] == []
    assert page.count("Open the record") == 9
    assert not [login for login in services.logins() if login.password in page]


def test_lab_staff_read_the_tour_without_links(hospital, client, lab_staff):
    client.force_login(lab_staff)

    page = client.get(reverse("tour")).content.decode()

    assert "Open the record" not in page
    assert "not open to you" in page


@pytest.mark.parametrize("name", ["tour", "tour-demo-day"])
def test_a_patient_is_refused(client, name):
    client.force_login(UserFactory(role=User.Role.PATIENT))

    assert client.get(reverse(name)).status_code == 403


def test_the_demo_day_is_downloaded_as_a_file(osei, client):
    response = client.get(reverse("tour-demo-day"))

    assert response["Content-Disposition"] == 'attachment; filename="demo_day.csv"'
    header = next(csv.reader(io.StringIO(response.content.decode())))
    assert tuple(header) == demo_day.COLUMNS


def test_the_demo_day_imports_without_a_refusal(hospital, broker):
    done = import_file(demo_day.text(NOW.date()), uploaded_at=NOW)

    rows = demo_day.text(NOW.date()).count("\n") - 1
    assert counts(done) == (rows - 1, 1, 0, 0)


def test_the_demo_day_brings_what_was_missing(patient):
    import_file(demo_day.text(NOW.date()), uploaded_at=NOW)
    people = [patient(2), patient(6), patient(7)]

    known = facts_known_at(NOW, people)

    assert known[people[0].pk].value("CREAT") == pytest.approx(0.80, abs=0.01)
    assert known[people[1].pk].value("HBA1C") == 8.4
    assert known[people[2].pk].value("CREAT") == 1.24


def test_the_demo_day_holds_a_critical_value(patient):
    import_file(demo_day.text(NOW.date()), uploaded_at=NOW)

    assert Result.objects.get(patient=patient(10), value=6.4).is_critical


def test_the_sample_in_the_repository_is_the_demo_day():
    sample = (ROOT / "samples" / "demo_day.csv").read_text()

    assert sample == demo_day.text(SAMPLE_DAY)


def test_the_tour_document_tells_every_story():
    page = (ROOT / "docs" / "tutorial" / "tour.md").read_text()

    assert [story.title for story in STORIES if story.title not in page] == []
    assert [mrn(person) for person in range(len(STORIES)) if mrn(person) not in page] == []
