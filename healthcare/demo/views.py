from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from healthcare.accounts.models import User
from healthcare.accounts.requests import SignedInRequest
from healthcare.demo import demo_day as demo_day_file
from healthcare.demo import queries


@require_GET
def tour(request: SignedInRequest) -> HttpResponse:
    """What to click in the demo hospital. For staff: a patient is told nothing of others."""
    _staff_only(request.user)
    return render(request, "demo/tour.html", {"stops": queries.tour(request.user)})


@require_GET
def demo_day(request: SignedInRequest) -> HttpResponse:
    """A lab file of yesterday for the people of the tour."""
    _staff_only(request.user)
    return HttpResponse(
        demo_day_file.text(timezone.localdate()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="demo_day.csv"'},
    )


def _staff_only(user: User) -> None:
    if user.role == User.Role.PATIENT:
        raise PermissionDenied("The tour is for the people who work here.")
