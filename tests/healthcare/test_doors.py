"""Whose address a request has, and what is said to addresses that there are not."""

from ipaddress import ip_network

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import RequestFactory

from healthcare import env
from healthcare.accounts.models import LoginFailure
from healthcare.common.middleware import real_address

PROXY = "10.0.0.7"


def seen(*, peer, told=None):
    """The address that the site sees."""
    headers = {"X-Forwarded-For": told} if told else {}
    request = RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers)
    real_address(lambda _: HttpResponse())(request)
    return request.META["REMOTE_ADDR"]


@pytest.fixture
def trusted(settings):
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/24"), ip_network("2001:db8::1")]


def test_without_a_trusted_proxy_nobody_is_believed():
    assert seen(peer=PROXY, told="198.51.100.4") == PROXY


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    ("peer", "told", "address"),
    [
        (PROXY, "198.51.100.4", "198.51.100.4"),
        ("2001:db8::1", "2001:db8:9::4", "2001:db8:9::4"),
        (PROXY, "1.2.3.4, 198.51.100.4", "198.51.100.4"),  # the first one is the client's word
        (PROXY, "198.51.100.4, 10.0.0.8", "198.51.100.4"),  # two proxies in a row
        ("198.51.100.9", "1.2.3.4", "198.51.100.9"),
        (PROXY, "nonsense", PROXY),
        (PROXY, "", PROXY),
        (PROXY, None, PROXY),
        ("", "1.2.3.4", ""),
    ],
)
def test_a_trusted_proxy_tells_for_whom_it_asks(peer, told, address):
    assert seen(peer=peer, told=told) == address


@pytest.mark.django_db
@pytest.mark.usefixtures("trusted")
def test_failed_log_ins_count_by_the_client_behind_the_proxy(client):
    client.post(
        "/login/", {"username": "x", "password": "y"}, REMOTE_ADDR=PROXY,
        headers={"X-Forwarded-For": "198.51.100.4"},
    )  # fmt: skip

    assert LoginFailure.objects.get().address == "198.51.100.4"


def test_networks_are_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.7, 192.168.0.0/24,")

    assert env.networks("TRUSTED_PROXIES") == [
        ip_network("10.0.0.7/32"), ip_network("192.168.0.0/24"),
    ]  # fmt: skip


def test_a_network_that_is_none_is_refused_at_the_start(monkeypatch):
    monkeypatch.setenv("TRUSTED_PROXIES", "proxy.local")

    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXIES must be addresses"):
        env.networks("TRUSTED_PROXIES")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/nothing/", "/api/v1/patients/none/of/it", "/api/v2/"])
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_address_that_the_api_has_not_is_a_problem_in_json(signed_in, path, method):
    answer = getattr(signed_in, method)(path)

    assert (answer.status_code, answer.json()["status"]) == (404, 404)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "/api/v1/docs/" in answer.json()["detail"]


@pytest.mark.django_db
def test_a_page_that_is_not_there_stays_a_page(signed_in):
    answer = signed_in.get("/nothing/")

    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


@pytest.mark.django_db
def test_a_missing_slash_still_leads_to_the_endpoint(signed_in):
    assert signed_in.get("/api/v1/patients").url == "/api/v1/patients/"
