"""Where each role starts, and the gallery of components for developers."""

import json
from pathlib import Path

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from healthcare.accounts.forms import LoginForm
from healthcare.accounts.models import User
from healthcare.accounts.requests import SignedInRequest

Role = User.Role
STARTS = {
    Role.CLINICIAN: "worklist",
    Role.API_CLIENT: "worklist",
    Role.LAB_STAFF: "patients:imports",
    Role.DATA_SCIENTIST: "models",
    Role.CATALOGUE_EDITOR: "catalogue",
    Role.ADMINISTRATOR: "models",
    Role.PATIENT: "my-health",
}


@require_GET
def home(request: SignedInRequest) -> HttpResponse:
    """Go to what this role does most."""
    return redirect(STARTS[Role(request.user.role)])


@require_GET
def gallery(request: SignedInRequest) -> HttpResponse:
    """Every component in every state; not in production."""
    if settings.PRODUCTION:
        raise Http404
    numbers = Path(settings.BASE_DIR / "templates/dev/gallery_context.json")
    context = json.loads(numbers.read_text(encoding="utf-8"))
    page = Paginator(range(312), 25).get_page(2)
    empty = Paginator(range(0), 25).get_page(1)
    form = LoginForm(request)
    return render(
        request, "dev/gallery.html", context | {"page": page, "empty_page": empty, "form": form}
    )
