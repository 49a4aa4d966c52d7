"""Numbers of imports for Prometheus."""

from __future__ import annotations

from apps.core import metrics
from apps.imports.models import ImportRun, Work


@metrics.gauge_source("compass_imports_waiting", "Imports that a worker has or should have in hand", ["work"])
def imports_waiting() -> metrics.Samples:
    """By what is to be done; an index holds only these rows."""
    rows = ImportRun.objects.exclude(work=Work.NONE).values_list("work", flat=True)
    found = list(rows)
    return {(work,): found.count(work) for work in (Work.CHECK, Work.IMPORT, Work.UNDO)}
