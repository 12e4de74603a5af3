"""The page on which the alert budget is set and audited."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from recommendations.models import AlertBudget, AlertBudgetChange, CatalogueEdit, Interruption
from recommendations.services import budget, budgets, catalogue
from tests.factories import PatientFactory, RecommendationFactory, ResultFactory, UserFactory

pytestmark = pytest.mark.django_db
URL = "/recommendations/alert-budget/"
SENT = {"daily_capacity": "12", "percent": "7.5", "window_days": "20", "reason": "Fewer cards"}
ROLE = User.Role.CLINICIAN
DAY = dt.timedelta(days=1)


@pytest.fixture
def as_administrator(client, administrator):
    client.force_login(administrator)
    return client


def held(number, *, risk, at, fate="over_budget", **more):
    row = more.pop("row", None) or RecommendationFactory()
    return [
        Interruption.objects.create(
            patient=row.patient, recommendation=row, item="M01", role=ROLE, fate=fate,
            is_urgent=False, risk=risk, worth=0.01, at=at,
        )
        for _ in range(number)
    ]  # fmt: skip


def test_setting_it_keeps_who_when_and_why(as_administrator, administrator):
    response = as_administrator.post(URL, SENT)

    site, kept = AlertBudget.of(ROLE), AlertBudgetChange.objects.get()
    assert response.url == URL
    assert (site.daily_capacity, site.threshold, site.window_days) == (12, 0.075, 20)
    assert (kept.by, kept.reason, kept.threshold) == (administrator, "Fewer cards", 0.075)
    event = AuditEvent.objects.get(action="alert_budget.changed")
    assert (event.details["before"]["daily_capacity"], event.actor) == (
        20, administrator.get_username(),
    )  # fmt: skip


def test_the_page_shows_every_change_newest_first(as_administrator, administrator):
    as_administrator.post(URL, SENT)
    as_administrator.post(URL, SENT | {"daily_capacity": "9", "reason": "Fewer still"})

    html = as_administrator.get(URL).content.decode()

    assert html.index("Fewer still") < html.index("Fewer cards")
    assert administrator.display_name in html
    assert "At most 9 cards a day" in html


def test_the_same_choice_twice_is_one_change(as_administrator):
    for _ in range(2):
        as_administrator.post(URL, SENT)

    assert AlertBudgetChange.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("daily_capacity", "501"), ("daily_capacity", "-1"), ("percent", "101"), ("percent", "nan"),
     ("window_days", "0"), ("window_days", "366"), ("reason", "  "), ("percent", "")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_changes_nothing(as_administrator, name, value):
    response = as_administrator.post(URL, SENT | {name: value})

    assert response.status_code == 422
    assert response.context["form"].errors
    assert not AlertBudgetChange.objects.exists()
    assert AlertBudget.of(ROLE).daily_capacity == 20


@pytest.mark.parametrize("role", [User.Role.CLINICIAN, User.Role.LAB_STAFF, User.Role.PATIENT])
def test_roles_that_do_not_watch_the_advice_do_not_see_it(client, role):
    client.force_login(UserFactory(role=role))

    assert client.get(URL).status_code == 403


def test_who_may_only_read_gets_no_form_and_sets_nothing(client):
    client.force_login(UserFactory(role=User.Role.DATA_SCIENTIST))

    assert client.get(URL).context["form"] is None
    assert client.post(URL, SENT).status_code == 403
    assert not AlertBudgetChange.objects.exists()


def test_strangers_are_asked_to_log_in(client):
    assert client.get(URL).status_code == 302


def test_what_was_held_back_and_what_it_missed_can_be_read(as_administrator):
    now, patient = timezone.now(), PatientFactory(family_name="Hiddenname")
    row = RecommendationFactory(patient=patient)
    held(1, risk=0.12, at=now - 20 * DAY, row=row)
    held(11, risk=0.02, at=now - 19 * DAY, fate="below_threshold")
    ResultFactory(patient=patient, flag="HH", collected_at=now - 15 * DAY)

    html = as_administrator.get(URL).content.decode()

    assert "budget of the day used" in html
    assert html.count("<td>missed</td>") == 1
    assert "Hiddenname" not in html


def test_an_item_of_this_site_has_the_name_that_the_site_gives_it(as_administrator):
    base = catalogue.current().by_id["M01"].entry
    CatalogueEdit.objects.create(
        code="M01", part="intervention", kind="change", state="published", version=99,
        entry={**base, "name": "Statin, our wording"}, reason="x", author=UserFactory(),
        drafted_at=timezone.now(), decided_by=UserFactory(), decided_at=timezone.now(),
    )  # fmt: skip
    held(1, risk=0.12, at=timezone.now() - DAY)

    assert "Statin, our wording" in as_administrator.get(URL).content.decode()


def test_a_threshold_is_shown_with_what_it_would_have_sent_and_missed(as_administrator):
    """120 cards in a day: 30 of high risk, and those alone mattered."""
    now = timezone.now()
    at = now - 40 * DAY
    for _ in range(30):
        (row,) = held(1, risk=0.3, at=at)
        ResultFactory(patient=row.patient, flag="LL", collected_at=at + DAY)
    held(90, risk=0.06, at=at)
    AlertBudget.objects.create(role=ROLE, daily_capacity=40, threshold=0.05)

    found = {option.threshold: option for option in budgets.options(ROLE, now=now)}

    assert budget.proposed_threshold(role=ROLE, now=now) == pytest.approx(0.3)
    assert (found[0.05].cards_a_day, found[0.05].fits) == (120, False)
    assert (found[0.2].cards_a_day, found[0.2].fits, found[0.2].missed.count) == (30, True, 0)
    assert found[0.2].net_benefit > found[0.05].net_benefit
    assert "What a threshold would have done" in as_administrator.get(URL).content.decode()


def test_without_enough_cards_nothing_is_proposed(as_administrator):
    html = as_administrator.get(URL).content.decode()

    assert "A threshold is proposed once there are 100 cards" in html
    assert budgets.options(ROLE, now=timezone.now()) == []


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_whatever_was_held_back(
    as_administrator, count, django_assert_max_num_queries
):
    held(count, risk=0.1, at=timezone.now() - DAY)

    with django_assert_max_num_queries(20):
        as_administrator.get(reverse("alert-budget"))
