"""Beat entries of messaging."""

from __future__ import annotations

from apps.core.schedule import Every, declare
from apps.messaging.actions.message import SEND_TASK
from apps.messaging.actions.webhook import WEBHOOK_TASK

declare(
    Every(SEND_TASK, seconds=15),
    Every(WEBHOOK_TASK, seconds=15),
    Every("messaging.mark_abandoned", seconds=60),
    Every("messaging.tidy_up", seconds=3600),
)
