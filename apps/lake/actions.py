"""What happens to files: put into the row by whoever has them, carried to the store by a worker."""

from __future__ import annotations

import hashlib
import random
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Organization
from apps.core import audit, waker
from apps.core.outbox import announce
from apps.core.refused import Refused
from apps.lake import paths, stores
from apps.lake.events import FileFailed, FileStored
from apps.lake.models import FileState, LakeFile
from apps.lake.stores.base import Conflict, Rejected, Store, StoreError

log = structlog.get_logger(__name__)

UPLOAD_TASK = "lake.upload_waiting"
# Longer than the longest upload that the stores' time-outs allow.
LEASE = timedelta(minutes=5)
MAX_BYTES = 10 * 1024 * 1024
MAX_REJECTIONS = 10
LONGEST_PAUSE_SECONDS = 3600


@transaction.atomic
def put(path: str, content: bytes, *, organization: Organization, reference: str, now: datetime) -> LakeFile:
    """Keep `content` for the lake under `{organisation}/{path}`; a worker uploads it after the commit.

    Call it in the transaction that makes the content true. The same bytes under the same path are the same row.

    Raises:
        Refused: `bad_path`; `too_large`; `path_taken` when the path holds other bytes already.
    """
    lake_path = f"{organization.slug}/{path}"
    if not paths.is_safe(path):
        raise Refused(_("A file in the lake cannot have this name."), code="bad_path")
    if len(content) > MAX_BYTES:
        raise Refused(_("The file is too large for the lake."), code="too_large")
    digest = hashlib.sha256(content).hexdigest()
    file, created = LakeFile.objects.owned_by(organization).get_or_create(
        organization=organization,
        path=path,
        defaults={
            "lake_path": lake_path,
            "reference": reference,
            "content": content,
            "size": len(content),
            "sha256": digest,
            "next_attempt_at": now,
            "created_at": now,
        },
    )
    if file.sha256 != digest:
        raise Refused(_("The lake already has another file of this name."), code="path_taken")
    if created:
        transaction.on_commit(wake)
    return file


def wake() -> None:
    """Ask for an upload soon."""
    waker.wake(UPLOAD_TASK)


def upload_next(*, now: datetime) -> bool:
    """Carry one due file to the store; whether it makes sense to go on with the next one now.

    Safe beside any number of other workers and against a kill between any two steps: the row is claimed for the time
    of a lease, the store never replaces a file, and an upload that was done already is recognised by its content.
    """
    file = _claim(now)
    if file is None:
        return False
    store = stores.current()
    try:
        store.create(file.lake_path, bytes(file.content or b""))
    except Conflict as error:
        _give_up(file, store, error)
    except Rejected as error:
        if file.attempts >= MAX_REJECTIONS:
            _give_up(file, store, error)
        else:
            _postpone(file, store, error, now)
    except StoreError as error:
        _postpone(file, store, error, now)
        # The next file would meet the same store; beat comes back to it.
        return False
    else:
        _finish(file, store, now)
    return True


@transaction.atomic
def retry(file: LakeFile, *, by: audit.Actor, now: datetime) -> LakeFile:
    """Try a failed file again. Raises Refused (`not_failed`) for any other."""
    changed = LakeFile.objects.filter(pk=file.pk, state=FileState.FAILED).update(
        state=FileState.WAITING, attempts=0, next_attempt_at=now, lease_until=None
    )
    if not changed:
        raise Refused(_("This file has not failed."), code="not_failed")
    file.refresh_from_db()
    audit.record("lake.retry", by=by, organization_id=file.organization_id, on=file)
    transaction.on_commit(wake)
    return file


@transaction.atomic
def retry_all(organization: Organization, *, by: audit.Actor, now: datetime) -> int:
    """Try every failed file of the organisation again; returns how many."""
    count = (
        LakeFile.objects.owned_by(organization)
        .failed()
        .update(state=FileState.WAITING, attempts=0, next_attempt_at=now, lease_until=None)
    )
    if count:
        audit.record("lake.retry_all", by=by, organization_id=organization.pk, after={"files": count})
        transaction.on_commit(wake)
    return count


@transaction.atomic
def _claim(now: datetime) -> LakeFile | None:
    due = LakeFile.objects.due(now).order_by("next_attempt_at", "id")
    if connection.features.has_select_for_update_skip_locked:
        due = due.select_for_update(skip_locked=True)
    file = due.first()
    if file is None:
        return None
    file.attempts += 1
    file.lease_until = now + LEASE
    file.save(update_fields=["attempts", "lease_until"])
    return file


@transaction.atomic
def _finish(file: LakeFile, store: Store, now: datetime) -> None:
    # Conditional: a worker whose lease ended under it must not tell the news a second time.
    won = LakeFile.objects.filter(pk=file.pk, state=FileState.WAITING).update(
        state=FileState.STORED,
        backend=store.name,
        stored_at=now,
        content=None,
        lease_until=None,
        last_error="",
    )
    if won:
        announce(
            FileStored(
                organization_id=file.organization_id, file_id=file.pk, reference=file.reference, path=file.lake_path
            )
        )


def _postpone(file: LakeFile, store: Store, error: StoreError, now: datetime) -> None:
    ceiling = min(LONGEST_PAUSE_SECONDS, 5 * 2 ** min(file.attempts, 20))
    pause = max(random.uniform(1, ceiling), error.retry_after_seconds)
    log.warning("lake_upload_postponed", file_id=file.pk, attempt=file.attempts, error=str(error))
    LakeFile.objects.filter(pk=file.pk, state=FileState.WAITING).update(
        backend=store.name,
        next_attempt_at=now + timedelta(seconds=pause),
        lease_until=None,
        last_error=str(error)[:500],
    )


@transaction.atomic
def _give_up(file: LakeFile, store: Store, error: StoreError) -> None:
    log.error("lake_upload_failed", file_id=file.pk, attempt=file.attempts, error=str(error))
    won = LakeFile.objects.filter(pk=file.pk, state=FileState.WAITING).update(
        state=FileState.FAILED, backend=store.name, lease_until=None, last_error=str(error)[:500]
    )
    if won:
        announce(
            FileFailed(
                organization_id=file.organization_id,
                file_id=file.pk,
                reference=file.reference,
                path=file.lake_path,
                reason=str(error)[:500],
            )
        )
