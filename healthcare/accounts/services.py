"""Keys of external systems and the limit on guessing passwords."""

import hashlib
from datetime import datetime, timedelta

from django.db import transaction

from healthcare.accounts.models import ApiKey, CareTeam, LoginFailure, User

FAILURES_PER_NAME_AND_ADDRESS = 5
FAILURES_PER_ADDRESS = 30


class TooManyFailures(Exception):
    def __init__(self) -> None:
        minutes = LoginFailure.WINDOW // timedelta(minutes=1)
        super().__init__(f"Too many failed log-ins. Wait {minutes} minutes and try again.")


@transaction.atomic
def create_api_key(*, name: str, role: str, care_teams: list[CareTeam]) -> str:
    """Make a user for an external system and its key; the key cannot be read again."""
    user = User.objects.create_user(username=f"key:{name}", first_name=name, role=role)
    user.set_unusable_password()
    user.save()
    user.care_teams.set(care_teams)
    key = ApiKey.generate()
    ApiKey.objects.create(name=name, user=user, digest=ApiKey.digest_of(key))
    return key


def check_login_allowed(*, username: str, address: str | None, now: datetime) -> None:
    """Raise TooManyFailures; a stranger elsewhere cannot lock a name's owner out."""
    recent = LoginFailure.objects.recent(at=now).filter(address=address)
    if recent.filter(name_digest=_digest(username)).count() >= FAILURES_PER_NAME_AND_ADDRESS:
        raise TooManyFailures
    if recent.count() >= FAILURES_PER_ADDRESS:
        raise TooManyFailures


def record_login_failure(*, username: str, address: str | None, now: datetime) -> None:
    LoginFailure.objects.create(at=now, name_digest=_digest(username), address=address)
    LoginFailure.objects.filter(at__lt=now - LoginFailure.WINDOW).delete()


def _digest(username: str) -> str:
    return hashlib.sha256(username.strip().casefold().encode()).hexdigest()
