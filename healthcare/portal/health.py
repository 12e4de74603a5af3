"""Is it alive, is it ready: for supervisors and load balancers. No patient data, no log-in."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET
from kombu import Connection


@login_not_required
@require_GET
def livez(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "alive"})


@login_not_required
@require_GET
def readyz(request: HttpRequest) -> JsonResponse:
    """Ready without the broker too: uploads wait in the database until it is back."""
    has_database, has_broker = _database_answers(), _broker_answers()
    status = "ready" if has_database and has_broker else "degraded" if has_database else "down"
    answer = {"status": status, "database": has_database, "broker": has_broker}
    return JsonResponse(answer, status=200 if has_database else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def _broker_answers() -> bool:
    try:
        with Connection(settings.CELERY_BROKER_URL, connect_timeout=1) as broker:
            broker.ensure_connection(max_retries=1)
    except Exception:  # kombu raises whatever its transport raises
        return False
    return True
