"""Pages of the lake: whole, as fragment, for strangers, without permission."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Membership, User
from apps.core.models import AuditEntry
from apps.lake import actions, stores
from apps.lake.models import FileState, LakeFile
from apps.lake.stores.base import Unavailable
from tests.fakes.datalake import DataLake
from tests.lake.conftest import NOW

Put = Callable[..., LakeFile]
ClientOf = Callable[[Membership], Client]
LIST = "/settings/lake/"


def words(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def test_empty_list_says_which_store(client_of: ClientOf, admin_member: Membership, folder: Path) -> None:
    page = client_of(admin_member).get(LIST)
    assert page.status_code == 200
    assert str(folder) in page.text
    assert "No files yet" in page.text
    assert "LAKE_AZURE_CONNECTION_STRING" in page.text


def test_list_shows_what_waits_and_what_failed(
    client_of: ClientOf, admin_member: Membership, put: Put, azure: DataLake
) -> None:
    put("feedback/a.json")
    failed = put("feedback/b.json")
    LakeFile.objects.filter(pk=failed.pk).update(state=FileState.FAILED, last_error="Another <b>file</b>")
    page = client_of(admin_member).get(LIST)
    assert "feedback/a.json" in page.text
    assert "Another &lt;b&gt;file&lt;/b&gt;" in page.text
    assert "Try all failed files again" in page.text
    assert azure.account in page.text
    assert azure.key not in page.text


def test_filters_and_fragment(client_of: ClientOf, admin_member: Membership, put: Put, folder: Path) -> None:
    put("feedback/a.json")
    put("feedback/b.json")
    LakeFile.objects.filter(path="feedback/b.json").update(state=FileState.FAILED)
    headers = {"HX-Request": "true", "HX-Target": "rows"}
    rows = client_of(admin_member).get(LIST, {"state": "failed"}, headers=headers)
    assert rows.text.lstrip().startswith('<div id="rows"')
    assert "feedback/b.json" in rows.text
    assert "feedback/a.json" not in rows.text
    by_path = client_of(admin_member).get(LIST, {"q": "feedback/a"})
    assert "feedback/a.json" in by_path.text
    assert "feedback/b.json" not in by_path.text
    nothing = client_of(admin_member).get(LIST, {"q": "feedback.response:99", "state": "nonsense"})
    assert nothing.status_code == 200


def test_pages_of_the_list(
    client_of: ClientOf, admin_member: Membership, put: Put, folder: Path, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        put(f"feedback/{number:03}.json", b"%d" % number)
    client = client_of(admin_member)
    with django_assert_max_num_queries(9):
        first = client.get(LIST)
    assert "feedback/059.json" in first.text
    assert "feedback/009.json" not in first.text
    second = client.get(LIST + first.context["older_url"])
    assert "feedback/009.json" in second.text
    assert client.get(LIST, {"cursor": "nonsense"}).status_code == 302


@pytest.mark.parametrize("state", ["waiting", "stored"])
def test_file_is_shown_from_the_row_or_the_store(
    client_of: ClientOf, viewer: Membership, put: Put, folder: Path, state: str
) -> None:
    file = put(content='{"stars":5,"comment":"<script>schön</script>"}'.encode())
    if state == "stored":
        assert actions.upload_next(now=NOW)
    page = client_of(viewer).get(reverse("lake:file_detail", args=[file.pk]))
    assert "&lt;script&gt;schön&lt;/script&gt;" in page.text
    assert "  &quot;stars&quot;: 5" in page.text
    assert file.sha256 in page.text
    assert "checksum differs" not in page.text


def test_file_that_somebody_changed_is_flagged(client_of: ClientOf, viewer: Membership, put: Put, folder: Path) -> None:
    file = put()
    actions.upload_next(now=NOW)
    (folder / file.lake_path).write_bytes(b"not json \xff")
    page = client_of(viewer).get(reverse("lake:file_detail", args=[file.pk]))
    assert "checksum differs" in page.text


def test_file_that_cannot_be_read_says_so(client_of: ClientOf, viewer: Membership, put: Put, folder: Path) -> None:
    file = put()
    actions.upload_next(now=NOW)
    (folder / file.lake_path).unlink()
    page = client_of(viewer).get(reverse("lake:file_detail", args=[file.pk]))
    assert page.status_code == 200
    assert "stored in “folder”" in page.text


def test_retry_of_one_and_of_all(client_of: ClientOf, admin_member: Membership, put: Put, folder: Path) -> None:
    file = put()
    client = client_of(admin_member)
    LakeFile.objects.update(state=FileState.FAILED)
    assert client.post(f"{LIST}{file.pk}/retry/").url == LIST
    file.refresh_from_db()
    assert file.state == FileState.WAITING
    assert "not failed" in words(client.post(f"{LIST}{file.pk}/retry/"))
    LakeFile.objects.update(state=FileState.FAILED)
    client.post(f"{LIST}retry/")
    file.refresh_from_db()
    assert file.state == FileState.WAITING
    assert AuditEntry.objects.filter(action="lake.retry_all").count() == 1


def test_test_button(
    client_of: ClientOf, admin_member: Membership, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(admin_member)
    assert "The store works" in words(client.post(f"{LIST}test/"))

    class Away:
        name = place = "away"

        def check(self) -> None:
            raise Unavailable("nobody there")

    monkeypatch.setattr(stores, "current", Away)
    assert "nobody there" in words(client.post(f"{LIST}test/"))
    for _ in range(9):
        client.post(f"{LIST}test/")
    assert client.post(f"{LIST}test/").status_code == 429


def test_strangers_find_nothing(client_of: ClientOf, stranger: Membership, put: Put, folder: Path) -> None:
    file = put()
    LakeFile.objects.update(state=FileState.FAILED)
    client = client_of(stranger)
    assert client.get(f"/lake/{file.pk}/").status_code == 404
    assert client.post(f"{LIST}{file.pk}/retry/").status_code == 404
    assert file.path not in client.get(LIST).text
    client.post(f"{LIST}retry/")
    file.refresh_from_db()
    assert file.state == FileState.FAILED


def test_permissions(client_of: ClientOf, manager: Membership, put: Put, folder: Path) -> None:
    file = put()
    client = client_of(manager)
    assert client.get(LIST).status_code == 403
    for address in ("test/", "retry/", f"{file.pk}/retry/"):
        assert client.post(LIST + address).status_code == 403
    assert client.get(f"/lake/{file.pk}/").status_code == 200
    assert Client().get(f"/lake/{file.pk}/").status_code == 302
    assert client.get(f"{LIST}test/").status_code == 405


def test_admin_never_loads_contents_and_retries_failed_files(put: Put, folder: Path, client: Client) -> None:
    file = put()
    LakeFile.objects.update(state=FileState.FAILED)
    root = User.objects.create_superuser("root@example.com", "correct horse battery", name="Root")
    client.force_login(root, backend="django.contrib.auth.backends.ModelBackend")
    assert "feedback_7_1" in client.get(reverse("admin:lake_lakefile_changelist")).text
    page = client.get(reverse("admin:lake_lakefile_change", args=[file.pk]))
    assert page.status_code == 200
    client.post(reverse("admin:lake_lakefile_changelist"), {"action": "retry", "_selected_action": [str(file.pk)]})
    file.refresh_from_db()
    assert file.state == FileState.WAITING
