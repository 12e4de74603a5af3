"""HL7 messages that were received: their list, and how long their text is kept."""

import datetime as dt

import pytest

from healthcare.audit.models import AuditEvent
from patients import tasks
from patients.models import Hl7Message
from patients.services import hl7kept, hl7messages
from patients.services.hl7messages import Terms
from tests.patients.hl7messages import OBR, PID, hba1c, obx, oru

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes")]
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
LONG_AFTER = NOW + dt.timedelta(days=91)
PAGE = "/labs/messages/"


def send(message, now=NOW):
    return hl7messages.answer(message.encode(), terms=Terms(), now=now)


def bodies():
    return {message.control_id: bool(message.body) for message in Hl7Message.objects.all()}


@pytest.fixture
def sent(ada):
    """One message that was taken, one with a unit that nobody knows, one of a stranger."""
    send(hba1c("6.1", id="good"))
    send(oru(PID, OBR.format(issued=""), obx(value="high"), id="bad"))
    stranger = PID.replace("CL-000001", "CL-9")
    send(oru(stranger, OBR.format(issued=""), obx(), id="held"))


def test_whoever_looks_at_the_messages_is_written_down(client, sent, lab_staff):
    client.force_login(lab_staff)

    client.get(PAGE)

    event = AuditEvent.objects.get(action="hl7_messages.listed")
    assert (event.actor, event.details) == (lab_staff.username, {"messages": 3})


def test_staff_see_every_message_with_its_state_and_problems(client, sent, lab_staff):
    client.force_login(lab_staff)

    page = client.get(PAGE)

    told = {one.message.control_id: one for one in page.context["rows"]}
    assert {name: one.state for name, one in told.items()} == {
        "good": "Taken", "bad": "Taken in part or not", "held": "Taken"}  # fmt: skip
    assert b"OBX-1-5" in page.content
    assert b"This is not a number." in page.content
    assert b"high" not in page.content.partition(b"<tbody>")[2]


def test_messages_are_shown_by_their_state(client, sent, lab_staff):
    client.force_login(lab_staff)

    page = client.get(PAGE, {"state": "in-part"})

    assert [one.message.control_id for one in page.context["rows"]] == ["bad"]


@pytest.mark.parametrize("role", ["clinician", "data_scientist", "api_client_user"])
def test_others_see_no_message(client, role, request, sent):
    client.force_login(request.getfixturevalue(role))

    assert client.get(PAGE).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_for_any_number(
    client, ada, lab_staff, count, django_assert_num_queries
):
    for number in range(count):
        send(hba1c("6.1", id=f"M{number}"))
    client.force_login(lab_staff)
    client.get(PAGE)

    with django_assert_num_queries(5):  # session, user, count, page, audit
        assert len(client.get(PAGE).context["rows"]) == count


def test_the_text_of_an_answered_message_goes_after_its_time(sent):
    assert hl7kept.forget_bodies(now=LONG_AFTER) == 2

    assert bodies() == {"good": False, "bad": False, "held": True}


def test_the_text_stays_until_then_and_for_ever_where_that_is_set(sent, settings):
    assert hl7kept.forget_bodies(now=NOW + dt.timedelta(days=89)) == 0
    settings.HL7_BODIES_KEPT_DAYS = 0
    assert hl7kept.forget_bodies(now=LONG_AFTER) == 0


def test_a_message_that_is_not_answered_keeps_its_text(ada):
    hl7messages.keep(hba1c("6.1").encode(), terms=Terms(), now=NOW)

    assert hl7kept.forget_bodies(now=LONG_AFTER) == 0


def test_a_repeat_gets_the_same_answer_when_the_text_is_gone(ada):
    first = send(hba1c("6.1"))
    Hl7Message.objects.update(received_at=NOW - dt.timedelta(days=1000))
    tasks.forget_hl7_bodies()

    assert (send(hba1c("6.1"), now=LONG_AFTER), bodies()) == (first, {"M1": False})
