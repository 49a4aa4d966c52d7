"""Numbers of the lake for Prometheus."""

from __future__ import annotations

from django.utils import timezone

from apps.core import metrics
from apps.lake.models import LakeFile


@metrics.gauge_source("compass_lake_files", "Files that are not in the lake, by state", ["state"])
def files_not_stored() -> metrics.Samples:
    """Waiting and failed; each has an index that holds only those rows."""
    return {
        ("waiting",): LakeFile.objects.waiting().count(),
        ("failed",): LakeFile.objects.failed().count(),
    }


@metrics.gauge_source("compass_lake_oldest_waiting_seconds", "How long the oldest waiting file has been waiting")
def oldest_waiting_seconds() -> metrics.Samples:
    """0 when nothing waits."""
    oldest = LakeFile.objects.waiting().order_by("created_at").values_list("created_at", flat=True).first()
    return {(): (timezone.now() - oldest).total_seconds() if oldest else 0.0}
