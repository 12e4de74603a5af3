"""The Celery application. Queues, schedule and safety settings are in settings.py."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "healthcare.settings")
# The web processes check the site. In a worker the checks would load every page with its
# libraries, for a hundred megabytes that no job needs.
os.environ.setdefault("CELERY_SKIP_CHECKS", "true")
# The allocator of the columnar library gives back what an import no longer needs.
os.environ.setdefault("_RJEM_MALLOC_CONF", "narenas:1,dirty_decay_ms:0,muzzy_decay_ms:0")
# Its own threads would take the processors that the database stores with, and memory each.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

app = Celery("healthcare")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
