"""Reads about files: the list, what waits, what one holds."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from apps.accounts.models import Organization
from apps.core.keyset import Keyset, Page
from apps.lake import stores
from apps.lake.models import FileState, LakeFile

NEWEST = Keyset("-id")
# Nobody needs to know it more exactly, and counting further would cost more than the page.
COUNT_UP_TO = 1000
SHOWN_CHARACTERS = 200_000


@dataclass(frozen=True)
class Backlog:
    """What is not in the lake yet; counts stop at `COUNT_UP_TO`."""

    waiting: int
    failed: int
    oldest_at: datetime | None
    last_error: str


@dataclass(frozen=True)
class Content:
    """What a file holds, for reading. `is_intact`: it has the very bytes that were put."""

    text: str
    is_intact: bool
    is_cut: bool


def backlog(organization: Organization) -> Backlog:
    """How much waits, since when, and why."""
    files = LakeFile.objects.owned_by(organization)
    oldest = files.waiting().order_by("id").values("created_at", "last_error").first()
    return Backlog(
        waiting=files.waiting()[:COUNT_UP_TO].count(),
        failed=files.failed()[:COUNT_UP_TO].count(),
        oldest_at=oldest["created_at"] if oldest else None,
        last_error=oldest["last_error"] if oldest else "",
    )


def file_page(
    organization: Organization, *, state: str = "", text: str = "", cursor: str = "", size: int = 50
) -> Page[LakeFile]:
    """Files, newest first. `text` is a reference, or how a path begins. Raises Refused for a broken cursor."""
    files = LakeFile.objects.owned_by(organization).defer("content")
    if state in FileState.values:
        files = files.filter(state=state)
    if text:
        files = files.filter(Q(reference=text) | Q(path__startswith=text))
    return NEWEST.page(files, cursor=cursor, size=size)


def latest_file(reference: str, *, organization: Organization) -> LakeFile | None:
    """The newest file of a reference, for the page of what it was made from (`lake/_file.html`)."""
    return LakeFile.objects.owned_by(organization).filter(reference=reference).defer("content").order_by("-id").first()


def content_of(file: LakeFile) -> Content:
    """The row's copy while there is one, then the store's. Raises StoreError (Missing, Unavailable, Rejected)."""
    data = bytes(file.content) if file.content is not None else stores.current().read(file.lake_path)
    try:
        text = json.dumps(json.loads(data), indent=2, ensure_ascii=False)
    except ValueError:
        text = data.decode("utf-8", errors="replace")
    return Content(
        text=text[:SHOWN_CHARACTERS],
        is_intact=hashlib.sha256(data).hexdigest() == file.sha256,
        is_cut=len(text) > SHOWN_CHARACTERS,
    )
