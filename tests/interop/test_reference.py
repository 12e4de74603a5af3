import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db


def test_every_endpoint_stands_in_the_reference_with_its_example(signed_in):
    page = signed_in.get(reverse("api-docs")).content.decode()

    assert "POST /api/v1/assess/" in page
    assert "GET /api/v1/patients/{patient_id}/predictions/" in page
    assert "&quot;measurements&quot;" in page


def test_the_reference_costs_no_query_beyond_the_session(signed_in, django_assert_num_queries):
    signed_in.get(reverse("api-docs"))

    with django_assert_num_queries(2):  # session, user
        signed_in.get(reverse("api-docs"))
