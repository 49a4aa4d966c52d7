"""Beat entries of the lake."""

from __future__ import annotations

from apps.core.schedule import Every, declare

declare(Every("lake.upload_waiting", seconds=30))
