import datetime as dt
import shutil
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import call_command

from recommendations import catalogue, engine, queries
from recommendations.catalogue import expiry
from recommendations.catalogue.loader import FOLDER
from recommendations.models import Intervention
from tests.factories import RecommendationFactory
from tests.recommendations.people import TODAY, person

STEP = dt.timedelta(days=1)
SMOKER = {"age": 55, "smoker": True}


def reviewed(whole, id_, day):
    """The same catalogue, one of its interventions reviewed on another day."""
    items = [
        replace(item, review_date=day) if item.id == id_ else item for item in whole.interventions
    ]
    return replace(whole, interventions=tuple(items))


def years_before(day, years, *, days=0):
    return day.replace(year=day.year - years) - dt.timedelta(days=days)


@pytest.mark.parametrize(("days", "is_recommended"), [(0, True), (1, False)])
def test_an_item_is_recommended_up_to_the_last_day_of_its_review(days, is_recommended):
    whole = reviewed(catalogue.load(), "L01", years_before(TODAY, 2, days=days))

    ids = {item.id for item in engine.recommend(person(**SMOKER), whole).recommended}

    assert ("L01" in ids) is is_recommended


def test_the_oldest_review_that_holds_and_the_last_day_of_a_review_are_one_rule():
    whole = catalogue.load()
    days = [dt.date(2023, 2, 20) + STEP * number for number in range(1500)]

    for today in days:
        for review in (today.replace(year=today.year - 2, day=min(today.day, 28)) + STEP * step
                       for step in range(-3, 4)):  # fmt: skip
            entry = replace(whole.interventions[0], review_date=review)
            holds = review >= expiry.oldest_review(whole, today)
            assert holds is (expiry.last_day(entry, whole) >= today), (review, today)


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "is_shown"), [(0, True), (1, False)])
def test_what_has_run_out_overnight_is_not_shown_before_the_nightly_job(days, is_shown):
    call_command("load_catalogue", stdout=StringIO())
    review = years_before(TODAY, catalogue.load().valid_years, days=days)
    Intervention.objects.filter(code="L01").update(reviewed_on=review)
    patient = RecommendationFactory(item="L01").patient

    shown = queries.advice(patient.pk, today=TODAY).shown

    assert [line.recommendation.item for line in shown] == ["L01"] * is_shown
    assert queries.open_counts([patient.pk], today=TODAY)[patient.pk] == is_shown


def test_what_has_run_out_is_listed_oldest_first_with_the_interactions():
    whole = reviewed(catalogue.load(), "L01", dt.date(2020, 1, 1))
    old = replace(whole.interactions[0], review_date=dt.date(2019, 1, 1))
    whole = replace(whole, interactions=(old, *whole.interactions[1:]))

    assert [entry.id for entry in expiry.expired(whole, TODAY)] == [old.id, "L01"]


def test_an_old_interaction_is_still_checked():
    whole = catalogue.load()
    old = tuple(replace(row, review_date=dt.date(2001, 1, 1)) for row in whole.interactions)

    assert expiry.active(replace(whole, interactions=old), TODAY).interactions == old


def test_a_group_loses_the_members_that_have_run_out():
    whole = catalogue.load()
    member = whole.groups[0].members[0]

    left = expiry.active(reviewed(whole, member, dt.date(2020, 1, 1)), TODAY)

    assert all(member not in group.members for group in left.groups)


def test_nothing_is_copied_while_every_review_holds():
    whole = catalogue.load()

    assert expiry.active(whole, max(item.review_date for item in whole.interventions)) is whole


@pytest.mark.parametrize("years", ["0", "two", ""])
def test_a_validity_that_is_no_number_of_years_is_refused(tmp_path, years):
    for path in FOLDER.glob("*.yaml"):
        shutil.copy(path, tmp_path)
    (tmp_path / "validity.yaml").write_text(f"years: {years}\n")

    with pytest.raises(catalogue.FaultyCatalogue, match=r"validity\.yaml.*whole number"):
        catalogue.load(tmp_path)


def listed(monkeypatch, now):
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    said = StringIO()
    call_command("load_catalogue", "--expired", stdout=said)
    return said.getvalue()


@pytest.mark.django_db
def test_the_command_names_what_has_run_out(monkeypatch):
    said = listed(monkeypatch, dt.datetime(2035, 1, 1, 12, tzinfo=dt.UTC))

    assert "L01  reviewed 2026-11-22, held until 2028-11-22" in said
    assert "not recommended until reviewed" in said


@pytest.mark.django_db
def test_the_command_says_when_every_review_holds(monkeypatch):
    said = listed(monkeypatch, dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC))

    assert said == "No entry is older than 2 years: all reviews hold.\n"
