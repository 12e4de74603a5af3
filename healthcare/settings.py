"""One settings file. Every difference between machines is an environment variable.

Development needs none. `DJANGO_ENV=production` refuses to start on an installation secret,
an embedded server or an open host list.
"""

import os
from pathlib import Path
from typing import Any

import dj_database_url
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from kombu import Exchange, Queue

from healthcare import env
from healthcare.embedded import valkey

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.getenv("DATA_DIR") or BASE_DIR / "var").resolve()
PRODUCTION = (
    env.choice("DJANGO_ENV", options={"development", "production"}, default="development")
    == "production"
)
VERSION = "0.1.0"
DEMO_DATA = env.flag("DEMO_DATA", default=not PRODUCTION)  # every page says "synthetic"

# --- What production must bring, and development finds by itself ------------------------

DATABASE_URL = env.secret("DATABASE_URL")
BROKER_URL = env.secret("BROKER_URL")
SECRET_KEY = env.secret("SECRET_KEY")
ALLOWED_HOSTS = [host for host in os.getenv("ALLOWED_HOSTS", "").split(",") if host]
if PRODUCTION:
    for name in ["DATABASE_URL", "BROKER_URL", "SECRET_KEY", "ALLOWED_HOSTS"]:
        if not globals()[name]:
            raise ImproperlyConfigured(
                f"{name} is not set. Production needs its own; see docs/how-to/deploy.md."
            )
    if len(SECRET_KEY) < 50:
        raise ImproperlyConfigured("SECRET_KEY must have 50 characters or more.")
else:
    SECRET_KEY = SECRET_KEY or env.installation_secret(DATA_DIR / "secret-key")
    ALLOWED_HOSTS = ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]"]
DEBUG = env.flag("DEBUG", default=False)
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG shows the record to strangers: leave it off in production.")

# --- Database and broker ----------------------------------------------------------------

# Tests and smoke runs throw their database away and may skip the disk.
EMBEDDED_DURABLE = env.flag("EMBEDDED_DURABLE", default=True)
EMBEDDED_DATABASE = {
    "ENGINE": "healthcare.embedded.postgresql",
    "NAME": "postgres",
    "USER": "postgres",
    "HOST": str(valkey.socket_file(DATA_DIR).parent),
    "PORT": "5432",
}
DATABASES: dict[str, dict[str, Any]] = {
    "default": dict(dj_database_url.parse(DATABASE_URL)) if DATABASE_URL else EMBEDDED_DATABASE,
}
DATABASES["default"] |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Applications -----------------------------------------------------------------------

INSTALLED_APPS = [
    "healthcare",
    "healthcare.accounts",
    "healthcare.audit",
    "healthcare.jobs",
    "healthcare.portal",
    "healthcare.interop",
    "healthcare.demo",
    "patients",
    "predictions",
    "recommendations",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "rest_framework",
]
MIDDLEWARE = [
    "healthcare.common.middleware.real_address",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "healthcare.common.middleware.private_responses",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "healthcare.accounts.idle.log_out_the_idle",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "healthcare.urls"
WSGI_APPLICATION = "healthcare.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "healthcare.portal.context.site",
            ]
        },
    }
]
CRISPY_TEMPLATE_PACK = "bootstrap5"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"

LANGUAGE_CODE = "en"
TIME_ZONE = os.getenv("TIME_ZONE", "UTC")
USE_TZ = True
FORMAT_MODULE_PATH = ["healthcare.formats"]

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
MEDIA_ROOT = DATA_DIR / "media"  # uploads: never served by URL
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
UPLOAD_MAX_BYTES = int(os.getenv("UPLOAD_MAX_BYTES", str(200 * 1024 * 1024)))
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024  # a list of 1,000 people for /assess/

# --- Who may come in --------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
SESSION_COOKIE_AGE = 8 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# Nobody who is away from the screen stays logged in; 0: until the session ends.
SESSION_IDLE_MINUTES = int(os.getenv("SESSION_IDLE_MINUTES", "30"))
# Proxies that are believed when they say for whom they ask (X-Forwarded-For): addresses or
# networks. Without any, whoever connects is the client.
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")

# --- Browser security -------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=True)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS]

# --- API --------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "healthcare.accounts.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": [
        "healthcare.common.parsers.JsonParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "healthcare.common.api.Pages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.UserRateThrottle",
        "rest_framework.throttling.AnonRateThrottle",
    ],
    # Counted in each web process: a bound on runaway clients, not a quota.
    "NUM_PROXIES": 0,  # `real_address` has looked behind the proxies already
    "DEFAULT_THROTTLE_RATES": {
        "user": os.getenv("API_RATE", "200/sec"),
        "anon": "60/min",
    },
    "EXCEPTION_HANDLER": "healthcare.common.api.problem_json",
    "PAGE_SIZE": 50,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Carelens",
    "DESCRIPTION": "Records, calibrated risk with its reasons, and safe recommendations. "
    "Supports a clinician; never replaces one.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
}

# --- Background work --------------------------------------------------------------------
# The truth about every job is a row (healthcare.jobs); the broker only says "look now".

CELERY_BROKER_URL = BROKER_URL or valkey.url(DATA_DIR)
# One routing key a queue: with Celery's default they would all be bound to the same key, and
# every message would land in all three.
CELERY_TASK_QUEUES = [
    Queue(name, Exchange("carelens"), routing_key=name)
    for name in ["inference", "imports", "training"]
]
CELERY_TASK_DEFAULT_QUEUE = "inference"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    # Without these two a lost message is looked for only every 100 seconds or so.
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 2,
    # A web request must not wait for a broker that is gone: the sweeper sends what was not sent.
    "max_retries": 0,
    "socket_keepalive": not CELERY_BROKER_URL.startswith("redis+socket"),
    "health_check_interval": 15,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "sweep-jobs": {"task": "healthcare.jobs.tasks.sweep", "schedule": 5.0},
    "seal-audit-trail": {"task": "healthcare.audit.tasks.seal", "schedule": 60.0},
    "find-duplicates-nightly": {
        "task": "patients.tasks.find_duplicates_nightly",
        "schedule": crontab(hour=1, minute=0),
    },
    "forget-hl7-bodies-nightly": {
        "task": "patients.tasks.forget_hl7_bodies",
        "schedule": crontab(hour=1, minute=30),
    },
    "escalate-result-tasks": {
        "task": "patients.tasks.escalate_result_tasks",
        "schedule": 60.0,
    },
    "score-changed-patients-nightly": {
        "task": "predictions.tasks.score_changed_patients",
        "schedule": crontab(hour=2, minute=0),
    },
    "learn-from-answers-nightly": {
        "task": "recommendations.tasks.learn_from_answers",
        "schedule": crontab(hour=4, minute=0),
    },
    "retrain-weekly": {
        "task": "predictions.tasks.retrain_all",
        "schedule": crontab(day_of_week="sunday", hour=3, minute=0),
    },
}

# --- Models and data sets ---------------------------------------------------------------

MODEL_ARTIFACTS = BASE_DIR / "ml" / "artifacts"
NHANES_PATH = os.getenv("NHANES_PATH", "")  # needed for retraining only; see data/README.md

# --- Messages of laboratories -------------------------------------------------------------

# The text of an answered message is kept so long, to look into what went wrong; 0: for ever.
# Results, counts, the answer and a digest that knows a repeat again stay.
HL7_BODIES_KEPT_DAYS = int(os.getenv("HL7_BODIES_KEPT_DAYS", "90"))

# --- Results that cannot wait ---------------------------------------------------------------

# How long a critical result waits for somebody before the next people are told.
CRITICAL_ESCALATION_MINUTES = int(os.getenv("CRITICAL_ESCALATION_MINUTES", "30"))

# --- Logs: ids and counts only, never names, values or file contents --------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": os.getenv("LOG_LEVEL", "INFO")},
    "loggers": {"django.request": {"level": "ERROR"}, "django.security": {"level": "ERROR"}},
}
