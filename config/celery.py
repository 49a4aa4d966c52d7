"""The Celery application. Queues are explained in `config/settings/tasks.py`."""

from __future__ import annotations

import os

from celery import Celery

from apps.core import celery_trace, file_broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Django's checks import every view; `manage.py` and CI run them, a worker starts a third faster without.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

file_broker.register()
app = Celery("compass")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
celery_trace.connect()
