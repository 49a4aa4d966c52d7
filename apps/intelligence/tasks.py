"""Background work of intelligence."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from apps.intelligence import actions


@shared_task(name="intelligence.forget_fallbacks")
def forget_fallbacks() -> None:
    """Fallbacks are shown for 30 days."""
    actions.forget_fallbacks(before=timezone.now() - timedelta(days=30))
