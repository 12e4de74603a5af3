"""A catalogue with an item that everybody would like to have."""

from dataclasses import replace

import pytest

from ml import rules
from recommendations import catalogue
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
