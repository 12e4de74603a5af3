"""A catalogue with an item that everybody would like to have, and two people who edit it."""

from dataclasses import replace

import pytest

from healthcare.accounts.models import User
from ml import rules
from recommendations import catalogue
from tests.factories import UserFactory
from tests.recommendations.people import PLANTED


@pytest.fixture(scope="module")
def with_favourite():
    """The catalogue with a popular item: indicated for all, urgent, easy, strongly backed."""
    whole = catalogue.load()
    popular = replace(
        whole.by_id["M19"],
        id=PLANTED,
        indication=rules.parse("age>=0"),
        exclusion=None,
        urgency="urgent",
        burden=replace(whole.by_id["M19"].burden, effort=1, cost=1, acceptability=5),
    )
    return replace(whole, interventions=(*whole.interventions, popular))


@pytest.fixture
def author(broker):
    return UserFactory(role=User.Role.CATALOGUE_EDITOR)


@pytest.fixture
def second(db):
    return UserFactory(role=User.Role.CATALOGUE_EDITOR)
