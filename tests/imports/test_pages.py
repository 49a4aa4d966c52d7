from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Membership
from apps.customers.models import Customer
from apps.imports import actions, tasks
from apps.imports.models import ImportMapping, ImportRun, RunState

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Membership], Client]
CONTENT = b"id,name,email\n1,Ann,ann@example.com\n2,Bob,nonsense\n"


def _upload(client: Client, content: bytes = CONTENT) -> ImportRun:
    answer = client.post("/imports/", {"file": SimpleUploadedFile("people.csv", content), "target": "customers"})
    assert answer.status_code == 302, answer.content.decode()
    return ImportRun.objects.latest("id")


def _fields(run: ImportRun, **more: str) -> dict[str, str]:
    said = {"target": run.target, "source": run.source, "has_header": "on", "encoding": "utf-8", "delimiter": ","}
    said |= {f"column-{key}": str(number) for key, number in run.mapping.items()}
    return {**said, "decimal": ".", **more}


def test_upload_look_import_and_undo(client_of: ClientOf, manager: Membership) -> None:
    client = client_of(manager)
    run = _upload(client)
    page = client.get(f"/imports/{run.pk}/").content.decode()
    assert "ann@example.com" in page
    assert "This is not an e-mail address." in page
    assert not Customer.objects.exists()
    answer = client.post(f"/imports/{run.pk}/", _fields(run, do="check", mapping_name="Till"))
    assert answer.status_code == 302
    tasks.work()
    run.refresh_from_db()
    assert (run.state, run.created, run.rejected) == (RunState.CHECKED, 1, 1)
    assert not Customer.objects.exists()
    client.post(f"/imports/{run.pk}/", _fields(run, do="import"))
    busy = client.get(f"/imports/{run.pk}/", headers={"HX-Request": "true", "HX-Target": "progress"}).content.decode()
    assert 'hx-trigger="every 1s"' in busy
    assert "<html" not in busy
    tasks.work()
    run.refresh_from_db()
    assert run.state == RunState.DONE
    assert Customer.objects.get().email == "ann@example.com"
    errors = client.get(f"/imports/{run.pk}/errors/")
    assert b"nonsense" in b"".join(errors.streaming_content)  # type: ignore[attr-defined]
    assert "attachment" in errors["Content-Disposition"]
    assert client.post(f"/imports/{run.pk}/undo/").status_code == 302
    tasks.work()
    assert not Customer.objects.exists()
    assert ImportMapping.objects.get().mapping == {"external_id": "id", "name": "name", "email": "email"}


def test_a_bad_file_is_refused_with_words_and_leaves_nothing(client_of: ClientOf, manager: Membership) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + b"\0" * 200
    answer = client_of(manager).post("/imports/", {"file": SimpleUploadedFile("people.csv", picture)})
    assert answer.status_code == 422
    assert "image/png" in answer.content.decode()
    assert not ImportRun.objects.exists()


def test_a_required_field_without_a_column_stops_the_import(client_of: ClientOf, manager: Membership) -> None:
    client = client_of(manager)
    run = _upload(client, b"colour,size\nred,1\n")
    answer = client.post(f"/imports/{run.pk}/", _fields(run, do="import"))
    assert answer.status_code == 422
    assert "Choose a column" in answer.content.decode()


def test_strangers_and_agents_stay_outside(
    client_of: ClientOf, manager: Membership, member: Membership, stranger: Membership
) -> None:
    run = _upload(client_of(manager))
    assert client_of(member).get("/imports/").status_code == 403
    for path in ("", "errors/"):
        assert client_of(stranger).get(f"/imports/{run.pk}/{path}").status_code == 404
    assert client_of(stranger).post(f"/imports/{run.pk}/undo/").status_code == 404


def test_the_api_does_the_same(client_of: ClientOf, manager: Membership) -> None:
    client = client_of(manager)
    answer = client.post("/api/v1/imports/", {"file": SimpleUploadedFile("people.csv", CONTENT), "target": "customers"})
    assert answer.status_code == 201, answer.content
    pk = answer.json()["id"]
    patched = client.patch(
        f"/api/v1/imports/{pk}/", {"mapping": {"email": "email", "name": "name"}}, content_type="application/json"
    )
    assert patched.json()["mapping"] == {"email": 2, "name": 1}
    asked = client.post(f"/api/v1/imports/{pk}/steps/", {"action": "import"}, content_type="application/json")
    assert asked.status_code == 202
    tasks.work()
    done = client.get(f"/api/v1/imports/{pk}/").json()
    assert (done["state"], done["created"], done["rejected"], done["percent"]) == ("done", 1, 1, 100)
    errors = client.get(f"/api/v1/imports/{pk}/errors/")
    assert b"nonsense" in b"".join(errors.streaming_content)  # type: ignore[attr-defined]
    again = client.post(f"/api/v1/imports/{pk}/steps/", {"action": "import"}, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "already_imported")


def test_an_import_whose_worker_was_killed_is_taken_up_again(client_of: ClientOf, manager: Membership) -> None:
    run = _upload(client_of(manager))
    actions.start(run, by=manager, now=timezone.now())
    now = timezone.now()
    assert actions.claim_next(now=now) == run
    assert actions.claim_next(now=now) is None
    later = now + actions.sweeping.LEASE
    assert actions.claim_next(now=later) == run
