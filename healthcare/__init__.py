"""The project: settings, cellar (accounts, audit, jobs, common), roof (portal, interop, demo)."""

from healthcare.celery import app as celery_app

__all__ = ["celery_app"]
