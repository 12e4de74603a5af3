"""What the frame of every page needs: where this user may go, and what is running."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from healthcare.accounts import permissions
from healthcare.accounts.permissions import Permission

# Label, name of the address, who sees it.
PLACES = [
    ("Worklist", "worklist", Permission.PATIENT_VIEW),
    ("Result tasks", "patients:tasks", Permission.RESULT_ACKNOWLEDGE),
    ("Data to check", "recommendation-tasks", Permission.RECORD_EDIT),
    ("Uploads", "patients:imports", Permission.LABS_UPLOAD),
    ("Duplicates", "patients:duplicates", Permission.RECORDS_MERGE),
    ("Emergency", "patients:emergency", Permission.EMERGENCY_ACCESS),
    ("Access review", "patients:emergency-review", Permission.ACCESS_REVIEW),
    ("Cohort", "patients:cohort", Permission.COHORT_EXPORT),
    ("Models", "models", Permission.MODEL_VIEW),
    ("Catalogue", "catalogue", Permission.CATALOGUE_VIEW),
    ("Advice quality", "recommendation-quality", Permission.ADVICE_QUALITY_VIEW),
    ("Jobs", "jobs", Permission.JOBS_VIEW),
    ("My health", "my-health", Permission.OWN_RECORD_VIEW),
    ("My devices", "patients:my-devices", Permission.OWN_RECORD_VIEW),
    ("Who looked", "patients:my-looks", Permission.OWN_RECORD_VIEW),
    ("What I prefer", "my-preferences", Permission.OWN_RECORD_VIEW),
    ("What I allow", "patients:my-consents", Permission.OWN_RECORD_VIEW),
]


def site(request: HttpRequest) -> dict:
    """Context of `base.html`."""
    common = {"app_version": settings.VERSION, "demo_data": settings.DEMO_DATA}
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return common
    return common | {
        "idle_seconds": settings.SESSION_IDLE_MINUTES * 60,
        "nav_items": _places(request),
        "search_url": reverse("worklist") if permissions.can(user, Permission.PATIENT_VIEW) else "",
    }


def _places(request: HttpRequest) -> list[tuple[str, str, bool]]:
    here = request.resolver_match.view_name if request.resolver_match else ""
    return [
        (label, reverse(name), here == name)
        for label, name, permission in PLACES
        if permissions.can(request.user, permission)  # type: ignore[arg-type]
    ]
