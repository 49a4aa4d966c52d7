"""Files: their bytes decide, the scanner decides, and what leaves does no harm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from apps.accounts.models import Membership
from apps.accounts.permissions import Role
from apps.core import file_kinds, files
from apps.core.models import FileState, StoredFile
from apps.core.refused import Refused
from tests.conftest import make_member
from tests.fakes.clamd import EICAR, Clamd

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF"


def picture(size: tuple[int, int] = (640, 400), image_format: str = "JPEG") -> bytes:
    image = Image.new("RGB", size, "navy")
    exif = image.getexif()
    exif[0x010E] = "taken at home"
    exif[0x0112] = 6
    written = BytesIO()
    image.save(written, image_format, exif=exif)
    return written.getvalue()


def accept(member: Membership, content: bytes, name: str = "paper.pdf", **options: object) -> StoredFile:
    return files.accept(
        SimpleUploadedFile(name, content),
        organization_id=member.organization_id,
        by=member,
        now=timezone.now(),
        **options,  # type: ignore[arg-type]
    )


@pytest.fixture
def clamd(settings) -> Iterator[Clamd]:  # type: ignore[no-untyped-def]
    with Clamd() as daemon:
        settings.CLAMD_ADDRESS = f"{daemon.host}:{daemon.port}"
        yield daemon


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, "application/pdf"),
        ("näme;stärs\n".encode(), "text/csv"),
        ("näme;stärs\n".encode("cp1252"), "text/csv"),
        ("name\tstars\n".encode("utf-16"), "text/csv"),
    ],
)
def test_kind_comes_from_the_bytes(member: Membership, content: bytes, kind: str) -> None:
    assert accept(member, content, name="holiday.exe").kind == kind


@pytest.mark.parametrize(
    "content",
    [
        b"<!doctype html><script>alert(1)</script>",
        b"  <svg xmlns='http://www.w3.org/2000/svg'/>",
        b"#!/bin/sh\nrm -rf /",
        b"MZ\x90\x00" + b"\0" * 100,
        b"PK\x03\x04" + b"\0" * 100,
        b"a\x00b",
        b"\x7fELF" + b"\0" * 60,
    ],
)
def test_what_is_not_allowed_is_refused_whatever_its_name(member: Membership, content: bytes) -> None:
    with pytest.raises(Refused) as caught:
        accept(member, content, name="paper.pdf")
    assert caught.value.code == "file_kind"
    assert not StoredFile.objects.exists()


def test_size_is_capped(member: Membership, settings) -> None:  # type: ignore[no-untyped-def]
    settings.FILE_MAX_MEGABYTES = 1
    for content in (b"", PDF + b" " * 1024 * 1024):
        with pytest.raises(Refused) as caught:
            accept(member, content)
        assert caught.value.code == "file_size"


def test_picture_is_drawn_anew(member: Membership) -> None:
    payload = b"<script>alert(1)</script>"
    stored = accept(member, picture() + payload, name="me.jpg")
    with stored.content.open() as file, stored.thumbnail.open() as small:
        content, preview = file.read(), small.read()
    assert payload not in content
    assert b"taken at home" not in content
    shown = Image.open(BytesIO(content))
    assert shown.size == (400, 640), "turned as the camera said"
    assert not shown.getexif()
    assert max(Image.open(BytesIO(preview)).size) == 320
    assert stored.size == len(content)


def test_picture_with_too_many_pixels_is_refused_unread(member: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_kinds, "MOST_PIXELS", 1000)
    with pytest.raises(Refused) as caught:
        accept(member, picture())
    assert caught.value.code == "picture_size"


def test_broken_picture_is_refused(member: Membership) -> None:
    with pytest.raises(Refused) as caught:
        accept(member, picture()[:300])
    assert caught.value.code == "picture_broken"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\bill (1).pdf", "bill_1.pdf"),
        ('a"\r\nX: y.pdf', "aX_y.pdf"),
        ("", "file"),
    ],
)
def test_name_is_harmless_and_no_part_of_the_path(member: Membership, name: str, kept: str) -> None:
    upload = SimpleUploadedFile("x", PDF)
    upload._name = name  # type: ignore[attr-defined]
    stored = files.accept(upload, organization_id=member.organization_id, by=member, now=timezone.now())
    assert stored.name == kept
    assert kept not in stored.content.name


def test_versions_form_one_line(member: Membership) -> None:
    first = accept(member, PDF)
    second = accept(member, PDF + b"2", supersedes=first)
    assert second.supersedes == first
    with pytest.raises(Refused) as caught:
        accept(member, PDF + b"3", supersedes=first)
    assert caught.value.code == "file_superseded"


def test_version_of_a_strangers_file_does_not_exist(member: Membership, stranger: Membership) -> None:
    with pytest.raises(StoredFile.DoesNotExist):
        accept(member, PDF, supersedes=accept(stranger, PDF))


def test_without_a_scanner_files_are_ready_and_say_so(member: Membership) -> None:
    stored = accept(member, PDF)
    assert (stored.state, stored.finding) == (FileState.CLEAN, files.NOT_SCANNED)
    assert stored.scanned_at is None


def test_scanner_decides(member: Membership, clamd: Clamd) -> None:
    clean, infected = accept(member, PDF), accept(member, PDF + EICAR)
    assert clean.state == FileState.QUARANTINE
    with pytest.raises(Refused):
        files.download(clean)
    assert files.scan_waiting(now=timezone.now()) == 2
    clean.refresh_from_db()
    infected.refresh_from_db()
    assert (clean.state, infected.state) == (FileState.CLEAN, FileState.INFECTED)
    assert "EICAR" in infected.finding
    assert clamd.scanned[0] == PDF
    with pytest.raises(Refused):
        files.download(infected)


@pytest.mark.parametrize("trouble", [{"error": "busy"}, {"garbage": True}, {"drop_connection": True}])
def test_without_a_verdict_nothing_leaves(member: Membership, clamd: Clamd, trouble: dict[str, object]) -> None:
    stored = accept(member, PDF)
    clamd.behave(**trouble)  # type: ignore[arg-type]
    for _sweep in range(files.MOST_SCAN_ATTEMPTS):
        stored.refresh_from_db()
        assert stored.state == FileState.QUARANTINE
        assert files.scan_waiting(now=timezone.now()) == 0
    stored.refresh_from_db()
    assert stored.state == FileState.ERROR
    clamd.recover()
    files.scan_again(stored)
    assert files.scan_waiting(now=timezone.now()) == 1
    stored.refresh_from_db()
    assert stored.state == FileState.CLEAN


def test_scanner_that_is_away(member: Membership, clamd: Clamd) -> None:
    stored = accept(member, PDF)
    clamd.stop()
    assert files.scan_waiting(now=timezone.now()) == 0
    stored.refresh_from_db()
    assert stored.finding == "ConnectionRefusedError"


def test_download_is_an_attachment_that_nothing_runs(member: Membership, client_of: Callable[..., Client]) -> None:
    stored = accept(member, PDF, name="pä per.pdf")
    response = client_of(member).get(f"/files/{stored.pk}/")
    assert b"".join(response.streaming_content) == PDF  # type: ignore[attr-defined]
    response.close()
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["Content-Type"] == "application/pdf"


def test_thumbnail_is_shown(member: Membership, client_of: Callable[..., Client]) -> None:
    response = client_of(member).get(f"/files/{accept(member, picture()).pk}/thumbnail/")
    response.close()
    assert response["Content-Type"] == "image/jpeg"


def test_who_may_not_have_it(
    member: Membership, stranger: Membership, client: Client, client_of: Callable[..., Client]
) -> None:
    address = f"/files/{accept(member, PDF).pk}/"
    assert client.get(address).status_code == 302
    assert client_of(stranger).get(address).status_code == 404
    assert client_of(make_member(member.organization, Role.VENDOR)).get(address).status_code == 403


def test_file_in_quarantine_does_not_exist_for_members(
    member: Membership, client_of: Callable[..., Client], clamd: Clamd
) -> None:
    assert client_of(member).get(f"/files/{accept(member, PDF).pk}/").status_code == 404


def test_preview_that_does_not_exist_and_file_that_left_the_disk_are_404(
    member: Membership, client_of: Callable[[Membership], Client]
) -> None:
    paper, client = accept(member, PDF), client_of(member)
    assert client.get(f"/files/{paper.pk}/thumbnail/").status_code == 404
    paper.content.storage.delete(paper.content.name)
    assert client.get(f"/files/{paper.pk}/").status_code == 404
