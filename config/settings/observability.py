"""Logs, metrics, error reports."""

from __future__ import annotations

from config import env
from config.settings.base import DEBUG, VERSION

env.section("Observability")
LOG_LEVEL = env.text("LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR.")
LOG_FORMAT = env.text("LOG_FORMAT", "console" if DEBUG else "json", "json for machines, console for people.")
SENTRY_DSN = env.text("SENTRY_DSN", "", "Error reports go there. Empty: none are sent.")
METRICS_TOKEN = env.text(
    "METRICS_TOKEN", "", "Bearer token for /metrics. Empty: the page answers only to the machine itself."
)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"structured": {"()": "apps.core.logs.formatter", "style": LOG_FORMAT}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"handlers": ["stderr"], "propagate": False},
        "uvicorn.access": {"level": "WARNING"},
        "azure": {"level": "WARNING"},
        # Says at every start that the file broker has no host name.
        "kombu.connection": {"level": "ERROR"},
        # Every task leaves one line of ours (`apps/core/celery_trace.py`).
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "httpcore2": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
    },
}

if SENTRY_DSN:
    import sentry_sdk

    sentry_sdk.init(
        dsn=SENTRY_DSN,
        release=VERSION,
        traces_sample_rate=0.0,
        # No personal data: not the request's, and not what functions happened to hold.
        send_default_pii=False,
        include_local_variables=False,
    )
