"""What the lake holds of a customer: the files that were made from their answers. An erasure removes them for good."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core import personal_data
from apps.core.personal_data import Holding, Part, Subject
from apps.lake import stores
from apps.lake.actions import LEASE
from apps.lake.models import FileState, LakeFile
from apps.lake.stores.base import Missing, Unavailable


def files_of(subject: Subject) -> QuerySet[LakeFile]:
    """The files that were filed under one of the customer's references."""
    return LakeFile.objects.owned_by(subject.organization_id).filter(reference__in=subject.references).defer("content")


def remove_files(files: QuerySet[Any], _subject: Subject, now: datetime) -> int:
    """Delete each file in the store, then its row: a kill in between leaves a row whose file is simply gone.

    Raises StoreError; a file that a worker is carrying to the store at this moment is Unavailable until it is there.
    """
    store, number = stores.current(), 0
    for pk in files.values_list("pk", flat=True):
        file = _claim(pk, now)
        if file is not None:
            store.delete(file.lake_path)
            LakeFile.objects.filter(pk=pk).delete()
            number += 1
    return number


def content_of(file: LakeFile, _subject: Subject) -> Iterator[tuple[str, bytes]]:
    """The file as it stands in the lake; none when the store does not have it."""
    if file.content is not None:
        yield file.path, bytes(file.content)
        return
    try:
        yield file.path, stores.current().read(file.lake_path)
    except Missing:
        return


@transaction.atomic
def _claim(pk: int, now: datetime) -> LakeFile | None:
    """The file with nobody else's hands on it: an upload that ends after the deletion would bring it back."""
    file = LakeFile.objects.select_for_update().filter(pk=pk).first()
    if file is None:
        return None
    if file.state == FileState.WAITING:
        if file.lease_until is not None and file.lease_until > now:
            wait = (file.lease_until - now).total_seconds()
            raise Unavailable("The file is on its way into the lake.", retry_after_seconds=wait)
        LakeFile.objects.filter(pk=pk).update(state=FileState.FAILED, lease_until=now + LEASE)
    return file


PART = Part(
    key="lake",
    label=_("Data lake"),
    order=60,
    holdings=(
        Holding(
            model=LakeFile,
            rows=files_of,
            hidden=frozenset({"content", "lease_until", "attempts", "next_attempt_at", "last_error", "backend"}),
            erase=remove_files,
            content=content_of,
        ),
    ),
)


personal_data.register(PART)
