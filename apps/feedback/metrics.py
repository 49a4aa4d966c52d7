"""Numbers of feedback for Prometheus."""

from __future__ import annotations

from apps.core import metrics

REDEMPTIONS = metrics.Counter(
    "compass_link_redemptions_total", "Answers that arrived, by what became of them", ["outcome"]
)
