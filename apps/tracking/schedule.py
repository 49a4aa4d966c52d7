"""Beat entries of tracking."""

from __future__ import annotations

from apps.core.schedule import Every, declare

declare(
    Every("tracking.follow", seconds=30),
    Every("tracking.announce", seconds=30),
    Every("tracking.keep_partitions", seconds=6 * 3600),
)
