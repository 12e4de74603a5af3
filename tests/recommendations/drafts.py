"""Drafts of the catalogue for the tests, and what two people publish."""

import datetime as dt

from recommendations import catalogue as files
from recommendations.services import editing
from recommendations.services.editing import Proposal

NOW = dt.datetime(2026, 11, 25, 9, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)


def entry(code="L01", **other):
    return {**files.load().by_id[code].entry, **other}


def drafted(by, code="L01", kind="change", reason="Guideline of 2026", tasks=(), **other):
    proposal = Proposal(code, "intervention", kind, reason, entry(code, **other), tuple(tasks))
    return editing.draft(proposal, by=by, now=NOW)


def published(author, second, **more):
    edit = drafted(author, **more)
    return editing.publish(edit, seen=editing.digest(edit), by=second, now=LATER)
