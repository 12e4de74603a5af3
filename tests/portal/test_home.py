import pytest
from django.urls import reverse

from healthcare.accounts.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
Role = User.Role


@pytest.mark.parametrize(
    ("role", "start"),
    [
        (Role.CLINICIAN, "worklist"),
        (Role.API_CLIENT, "worklist"),
        (Role.LAB_STAFF, "patients:imports"),
        (Role.DATA_SCIENTIST, "models"),
        (Role.ADMINISTRATOR, "models"),
        (Role.PATIENT, "my-health"),
    ],
)
def test_each_role_starts_at_what_it_does_most(client, role, start):
    client.force_login(UserFactory(role=role))

    assert client.get(reverse("home")).url == reverse(start)


def test_nobody_is_offered_a_place_that_would_refuse_them(client):
    client.force_login(UserFactory(role=Role.LAB_STAFF))

    offered = client.get(reverse("tour")).context["nav_items"]

    assert [label for label, _, _ in offered] == ["Uploads"]


def test_the_gallery_renders_every_component(signed_in):
    assert signed_in.get(reverse("gallery")).status_code == 200


def test_production_has_no_gallery(signed_in, settings):
    settings.PRODUCTION = True

    assert signed_in.get(reverse("gallery")).status_code == 404
