"""Finding runs that wait, also those whose worker was killed; dropping old files."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction

from apps.imports.models import ImportRun, Work, folder, forget_files

# Renewed with every chunk; a killed worker's run is taken up after this.
LEASE = timedelta(minutes=3)
KEEP_FILES = timedelta(days=30)
UPLOADS_TAKE_AT_MOST = timedelta(days=1)


@transaction.atomic
def claim_next(*, now: datetime) -> ImportRun | None:
    """Take the oldest run that waits; nobody else has it until the lease ends."""
    due = ImportRun.objects.due(now).order_by("id")
    if connection.features.has_select_for_update_skip_locked:
        due = due.select_for_update(skip_locked=True)
    run = due.first()
    if run is not None:
        run.lease_until = now + LEASE
        run.save(update_fields=["lease_until"])
    return run


def forget_old_files(*, now: datetime) -> int:
    """Files hold names and addresses: 30 days after the upload they go, the history stays. Returns how many went."""
    count = 0
    for run in ImportRun.objects.filter(created_at__lt=now - KEEP_FILES, work=Work.NONE).exclude(path=""):
        forget_files(run.file)
        run.path = run.error_path = ""
        run.save(update_fields=["path", "error_path"])
        count += 1
    return count + _forget_strays(now)


def _forget_strays(now: datetime) -> int:
    """Files of uploads that were killed: no run knows them."""
    count = 0
    for path in folder().glob("*/*.data"):
        is_old = path.stat().st_mtime < (now - UPLOADS_TAKE_AT_MOST).timestamp()
        if is_old and not ImportRun.objects.filter(path=str(path.relative_to(folder()))).exists():
            forget_files(path)
            count += 1
    return count
