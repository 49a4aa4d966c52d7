"""Files on their way into the lake: nothing is lost, nothing is stored twice, whatever dies on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction

from apps.accounts.models import Membership, Organization
from apps.core import waker
from apps.core.models import AuditEntry, OutboxEvent
from apps.core.refused import Refused
from apps.lake import actions, stores
from apps.lake.models import FileState, LakeFile
from apps.lake.stores.base import Rejected, Unavailable
from tests.fakes.datalake import DataLake
from tests.lake.conftest import NOW

Put = Callable[..., LakeFile]
FULL = "harbour/feedback/2026/03/29/feedback_7_1.json"


def events() -> list[str]:
    return list(OutboxEvent.objects.order_by("id").values_list("name", flat=True))


class Broken:
    """A store that always fails in one way."""

    name = place = "broken"

    def __init__(self, error: Exception) -> None:
        self.error, self.calls = error, 0

    def create(self, path: str, content: bytes) -> None:
        self.calls += 1
        raise self.error

    def read(self, path: str) -> bytes:
        raise self.error

    def check(self) -> None:
        raise self.error


def test_put_keeps_the_content_and_wakes_a_worker_after_the_commit(
    put: Put, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(waker, "wake", woken.append)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        file = put()
        assert woken == []
    assert woken == ["lake.upload_waiting"]
    assert (file.state, bytes(file.content or b""), file.size) == (FileState.WAITING, b'{"stars": 5}', 12)
    assert file.lake_path == FULL


def test_put_vanishes_with_its_transaction(organization: Organization) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012
        actions.put("feedback/a.json", b"{}", organization=organization, reference="x:1", now=NOW)
        raise ZeroDivisionError
    assert not LakeFile.objects.exists()


def test_same_bytes_are_the_same_row(put: Put) -> None:
    assert put().pk == put().pk


def test_other_bytes_under_the_same_path_are_refused(put: Put) -> None:
    put()
    with pytest.raises(Refused) as caught:
        put(content=b"{}")
    assert caught.value.code == "path_taken"


@pytest.mark.parametrize("path", ["../a", "a/../b", "/a", "a\n.json", "", "a" * 401])
def test_bad_paths_are_refused(put: Put, path: str) -> None:
    with pytest.raises(Refused) as caught:
        put(path=path)
    assert caught.value.code == "bad_path"


def test_oversized_content_is_refused(put: Put) -> None:
    with pytest.raises(Refused) as caught:
        put(content=b"x" * (actions.MAX_BYTES + 1))
    assert caught.value.code == "too_large"


def test_two_organisations_may_use_one_path(put: Put, other_organization: Organization, folder: Path) -> None:
    put()
    actions.put("feedback/2026/03/29/feedback_7_1.json", b"{}", organization=other_organization, reference="x", now=NOW)
    while actions.upload_next(now=NOW):
        pass
    assert LakeFile.objects.filter(state=FileState.STORED).count() == 2
    assert (folder / FULL).read_bytes() == b'{"stars": 5}'
    assert (folder / FULL.replace("harbour", "stranger")).read_bytes() == b"{}"


def test_upload_stores_forgets_the_copy_and_tells(put: Put, folder: Path) -> None:
    file = put()
    assert actions.upload_next(now=NOW)
    assert not actions.upload_next(now=NOW)
    file.refresh_from_db()
    assert (file.state, file.content, file.stored_at, file.backend) == (FileState.STORED, None, NOW, "folder")
    assert (folder / FULL).read_bytes() == b'{"stars": 5}'
    assert events() == ["lake.FileStored"]
    assert OutboxEvent.objects.get().payload == {
        "file_id": file.pk,
        "reference": "feedback.response:12",
        "path": FULL,
    }


def test_a_renamed_organisation_keeps_the_name_that_the_file_got(
    put: Put, organization: Organization, folder: Path
) -> None:
    put()
    Organization.objects.filter(pk=organization.pk).update(slug="moved")
    actions.upload_next(now=NOW)
    assert (folder / FULL).exists()
    assert not (folder / "moved").exists()


def test_killed_before_the_upload(put: Put, folder: Path) -> None:
    put()
    assert actions._claim(NOW) is not None  # and then the worker dies
    assert not actions.upload_next(now=NOW + timedelta(minutes=1)), "the lease still runs"
    assert actions.upload_next(now=NOW + actions.LEASE)
    assert (folder / FULL).exists()


def test_killed_between_upload_and_record(put: Put, folder: Path) -> None:
    file = put()
    assert actions._claim(NOW) is not None
    stores.current().create(file.lake_path, bytes(file.content or b""))  # and then the worker dies
    assert actions.upload_next(now=NOW + actions.LEASE)
    file.refresh_from_db()
    assert file.state == FileState.STORED
    assert events() == ["lake.FileStored"]


def test_worker_that_outlives_its_lease_tells_nothing_twice(put: Put, folder: Path) -> None:
    put()
    slow = actions._claim(NOW)
    assert slow is not None
    assert actions.upload_next(now=NOW + actions.LEASE)
    actions._finish(slow, stores.current(), NOW + actions.LEASE)
    actions._give_up(slow, stores.current(), Unavailable("late"))
    actions._postpone(slow, stores.current(), Unavailable("late"), NOW)
    assert events() == ["lake.FileStored"]
    assert LakeFile.objects.get().state == FileState.STORED


def test_another_file_in_its_place_fails_with_the_reason(put: Put, folder: Path) -> None:
    (folder / FULL).parent.mkdir(parents=True)
    (folder / FULL).write_bytes(b"theirs")
    file = put()
    actions.upload_next(now=NOW)
    file.refresh_from_db()
    assert file.state == FileState.FAILED
    assert FULL in file.last_error
    assert bytes(file.content or b"") == b'{"stars": 5}', "what could not be stored is kept"
    assert (folder / FULL).read_bytes() == b"theirs"
    assert events() == ["lake.FileFailed"]


def test_unavailable_store_is_asked_once_a_round_and_never_given_up(
    put: Put, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Broken(Unavailable("away", retry_after_seconds=90))
    monkeypatch.setattr(stores, "current", lambda: broken)
    put("feedback/a.json")
    file = put("feedback/b.json")
    assert not actions.upload_next(now=NOW)
    assert broken.calls == 1
    first = LakeFile.objects.order_by("id").first()
    assert first is not None
    assert first.next_attempt_at >= NOW + timedelta(seconds=90), "it asked to be left alone"
    for hour in range(1, 40):
        actions.upload_next(now=NOW + timedelta(hours=2 * hour))
        actions.upload_next(now=NOW + timedelta(hours=2 * hour))
    assert set(LakeFile.objects.values_list("state", flat=True)) == {FileState.WAITING}
    monkeypatch.undo()
    while actions.upload_next(now=NOW + timedelta(days=9)):
        pass
    file.refresh_from_db()
    assert file.state == FileState.STORED
    assert file.last_error == ""


def test_rejected_file_backs_off_then_fails_and_can_be_tried_again(
    put: Put, folder: Path, admin_member: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "current", lambda: Broken(Rejected("wrong key")))
    file = put()
    for hour in range(actions.MAX_REJECTIONS):
        assert actions.upload_next(now=NOW + timedelta(hours=2 * hour))
    file.refresh_from_db()
    assert (file.state, file.last_error) == (FileState.FAILED, "wrong key")
    monkeypatch.undo()
    actions.retry(file, by=admin_member, now=NOW)
    assert actions.upload_next(now=NOW)
    file.refresh_from_db()
    assert file.state == FileState.STORED
    assert AuditEntry.objects.get().action == "lake.retry"
    with pytest.raises(Refused) as caught:
        actions.retry(file, by=admin_member, now=NOW)
    assert caught.value.code == "not_failed"


def test_retry_all_touches_only_its_own_failed_files(
    put: Put, organization: Organization, other_organization: Organization, admin_member: Membership
) -> None:
    put("feedback/a.json")
    put("feedback/b.json")
    actions.put("feedback/c.json", b"{}", organization=other_organization, reference="x", now=NOW)
    LakeFile.objects.exclude(path="feedback/b.json").update(state=FileState.FAILED)
    assert actions.retry_all(organization, by=admin_member, now=NOW) == 1
    assert LakeFile.objects.owned_by(other_organization).get().state == FileState.FAILED


@pytest.mark.django_db(transaction=True)
def test_workers_at_one_time_store_each_file_once(put: Put, folder: Path) -> None:
    for number in range(12):
        put(f"feedback/{number}.json", b'{"n": %d}' % number)
    _work_at_once(4)
    assert set(LakeFile.objects.values_list("state", "attempts")) == {(FileState.STORED, 1)}
    assert events() == ["lake.FileStored"] * 12
    assert len(list(folder.rglob("*.json"))) == 12


@pytest.mark.django_db(transaction=True)
def test_workers_at_one_time_with_azure(put: Put, azure: DataLake) -> None:
    for number in range(6):
        put(f"feedback/{number}.json", b'{"n": %d}' % number)
    _work_at_once(2)
    assert len(azure.files("compass")) == 6
    assert events() == ["lake.FileStored"] * 6


def _work_at_once(workers: int) -> None:
    errors: list[BaseException] = []

    def work() -> None:
        try:
            while actions.upload_next(now=NOW):
                pass
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_end_to_end_with_azure(put: Put, azure: DataLake) -> None:
    file = put()
    assert actions.upload_next(now=NOW)
    file.refresh_from_db()
    assert (file.state, file.backend) == (FileState.STORED, "azure")
    assert azure.files("compass") == {FULL: b'{"stars": 5}'}
