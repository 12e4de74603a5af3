"""What people are told, and that they have read it."""

from datetime import datetime

from healthcare.accounts.models import User
from patients.models import Notice


def mark_read(*, of: User, now: datetime, pk: int | None = None) -> int:
    """Mark one notice of a user as read, or all of them; return how many were unread."""
    unread = Notice.objects.visible_to(of).unread()
    if pk is not None:
        unread = unread.filter(pk=pk)
    return unread.update(read_at=now)
