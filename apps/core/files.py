"""Files: taken in after a look at their bytes, kept in quarantine until scanned, handed out harmlessly.

Without `CLAMD_ADDRESS` there is no scanner: files are ready at once and their finding says that nobody looked.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import structlog
from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile, File
from django.db import transaction
from django.http import FileResponse
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _

from apps.core import audit, clamd, file_kinds, waker
from apps.core.locks import advisory_lock
from apps.core.models import FileState, StoredFile
from apps.core.refused import Refused

log = structlog.get_logger(__name__)

SCAN_WAITING = "core.scan_waiting_files"
MOST_SCAN_ATTEMPTS = 10
NOT_SCANNED = "not scanned: no scanner is configured"


@transaction.atomic
def accept(
    upload: File[bytes],
    *,
    organization_id: int,
    by: audit.Actor,
    now: datetime,
    allowed: frozenset[str] = file_kinds.DOCUMENTS,
    reference: str = "",
    supersedes: StoredFile | None = None,
) -> StoredFile:
    """Keep an uploaded file. Raises Refused (`file_size`, `file_kind`, `picture_…`, `file_superseded`).

    `reference` says in plain words what it belongs to (`vendor:12`); `supersedes` makes it the next version of a file.
    """
    most = settings.FILE_MAX_MEGABYTES * 1024 * 1024
    content = upload.read(most + 1)
    if not 0 < len(content) <= most:
        message = _("A file may have 1 byte to %(most)d MB.") % {"most": settings.FILE_MAX_MEGABYTES}
        raise Refused(message, code="file_size", field="file")
    kind = file_kinds.kind_of(content, allowed)
    thumbnail = b""
    if kind in file_kinds.IMAGES:
        content, thumbnail = file_kinds.remade_picture(content, kind)
    stored = StoredFile(
        organization_id=organization_id,
        name=_presentable(upload.name or ""),
        kind=kind,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        supersedes=_last_version(supersedes, organization_id),
        uploaded_by_id=by.audit_user_id,
        reference=reference,
        created_at=now,
        state=FileState.QUARANTINE if settings.CLAMD_ADDRESS else FileState.CLEAN,
        finding="" if settings.CLAMD_ADDRESS else NOT_SCANNED,
    )
    stored.content.save("", ContentFile(content), save=False)
    if thumbnail:
        stored.thumbnail.save("", ContentFile(thumbnail), save=False)
    stored.save()
    audit.record("file.accepted", by=by, organization_id=organization_id, on=stored, after={"sha256": stored.sha256})
    if settings.CLAMD_ADDRESS:
        transaction.on_commit(lambda: waker.wake(SCAN_WAITING))
    return stored


@transaction.atomic
def keep(
    content: File[bytes],
    *,
    name: str,
    kind: str,
    organization_id: int,
    by: audit.Actor,
    now: datetime,
    reference: str = "",
    permission: str = "",
) -> StoredFile:
    """Keep a file that the product itself has made: of any kind and size, ready at once, nobody has to scan it.

    `permission`: who may download it; empty lets every member.
    """
    digest = hashlib.sha256()
    for piece in content.chunks():
        digest.update(piece)
    content.seek(0)
    stored = StoredFile(
        organization_id=organization_id,
        name=_presentable(name),
        kind=kind,
        size=content.size,
        sha256=digest.hexdigest(),
        uploaded_by_id=by.audit_user_id,
        reference=reference,
        permission=permission,
        created_at=now,
        state=FileState.CLEAN,
        finding="not scanned: made here",
    )
    stored.content.save("", content, save=False)
    stored.save()
    return stored


def remove(stored: StoredFile) -> None:
    """Delete the bytes, then the row: after a kill in between the row is still there and the bytes are simply gone."""
    for file in (stored.content, stored.thumbnail):
        if file.name:
            file.storage.delete(file.name)
    stored.delete()


def _presentable(name: str) -> str:
    """The person's name for it, without folders and without anything that a header or a disk could misread."""
    base = name.replace("\\", "/").rpartition("/")[2]
    try:
        return get_valid_filename(base)[-200:]
    except SuspiciousFileOperation:
        return "file"


def _last_version(supersedes: StoredFile | None, organization_id: int) -> StoredFile | None:
    if supersedes is None:
        return None
    old = StoredFile.objects.owned_by(organization_id).select_for_update().get(pk=supersedes.pk)
    if StoredFile.objects.filter(supersedes=old).exists():
        raise Refused(_("There is a newer version of this file already."), code="file_superseded", field="file")
    return old


def scan_waiting(*, now: datetime) -> int:
    """Show every waiting file to the scanner; returns how many got a verdict. Safe beside another sweep."""
    with advisory_lock(SCAN_WAITING) as alone:
        if not alone or not settings.CLAMD_ADDRESS:
            return 0
        return sum(_scan(stored, now) for stored in StoredFile.objects.waiting().order_by("id").iterator())


def _scan(stored: StoredFile, now: datetime) -> bool:
    try:
        with stored.content.open("rb") as content:
            virus = clamd.scan(content.chunks(), address=settings.CLAMD_ADDRESS)
    except (clamd.ScannerUnavailable, OSError) as error:
        # Fail closed: without a verdict nothing leaves.
        stored.scan_attempts += 1
        stored.finding = str(error)[:200]
        if stored.scan_attempts >= MOST_SCAN_ATTEMPTS:
            stored.state = FileState.ERROR
        stored.save(update_fields=["scan_attempts", "finding", "state"])
        log.warning("scan_failed", file_id=stored.pk, attempts=stored.scan_attempts, error=str(error))
        return False
    stored.state = FileState.INFECTED if virus else FileState.CLEAN
    stored.finding, stored.scanned_at = virus[:200], now
    stored.save(update_fields=["state", "finding", "scanned_at"])
    if virus:
        log.warning("file_infected", file_id=stored.pk, virus=virus)
    return True


def scan_again(stored: StoredFile) -> None:
    """Give a file without a verdict another round of attempts."""
    stored.state, stored.scan_attempts = FileState.QUARANTINE, 0
    stored.save(update_fields=["state", "scan_attempts"])
    waker.wake(SCAN_WAITING)


def download(stored: StoredFile) -> FileResponse:
    """The file as an attachment that no browser runs. Raises Refused unless it is clean."""
    _must_be_clean(stored)
    return _harmless(FileResponse(stored.content.open("rb"), as_attachment=True, filename=stored.name), stored.kind)


def thumbnail(stored: StoredFile) -> FileResponse:
    """The small picture, to be shown. Raises Refused when there is none or the file is not clean."""
    _must_be_clean(stored)
    if not stored.thumbnail:
        raise Refused(_("This file has no preview."), code="no_preview")
    return _harmless(FileResponse(stored.thumbnail.open("rb")), stored.kind)


def _must_be_clean(stored: StoredFile) -> None:
    if stored.state != FileState.CLEAN:
        raise Refused(_("This file is not available."), code="file_not_clean")


def _harmless(response: FileResponse, kind: str) -> FileResponse:
    response["Content-Type"] = kind
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response
