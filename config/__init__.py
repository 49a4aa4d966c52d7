"""The wiring: settings, URLs, servers and Celery. Nothing but Django imports this package."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
