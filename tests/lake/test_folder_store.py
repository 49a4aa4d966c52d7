"""The folder that stands in for the lake: whole files or none, never replaced, nothing outside the folder."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from apps.lake.stores.base import Conflict, Missing, Rejected, Unavailable
from apps.lake.stores.folder import UPLOADING, FolderStore

PATH = "harbour/feedback/2026/03/29/feedback_7_1.json"


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_create_and_read(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "lake")
    store.create(PATH, b"{}")
    assert store.read(PATH) == b"{}"
    assert files(tmp_path / "lake") == {PATH: b"{}"}, "no draft is left"


def test_again_is_done_and_other_content_is_refused(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.create(PATH, b"one")
    store.create(PATH, b"one")
    with pytest.raises(Conflict):
        store.create(PATH, b"two")
    assert files(tmp_path) == {PATH: b"one"}


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(Missing):
        FolderStore(tmp_path).read(PATH)


@pytest.mark.parametrize(
    "path",
    [
        "../out.json",
        "a/../../out.json",
        "/etc/passwd",
        "a//b",
        "a/./b",
        "",
        "a\\b",
        "a\0b",
        "a\nb",
        ".uploading/x",
        "ü",
    ],
)
def test_names_that_lead_elsewhere_are_rejected(tmp_path: Path, path: str) -> None:
    store = FolderStore(tmp_path / "lake")
    with pytest.raises(Rejected):
        store.create(path, b"x")
    with pytest.raises(Rejected):
        store.read(path)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "harbour").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Rejected):
        FolderStore(tmp_path / "lake").create("harbour/a.json", b"x")
    assert files(tmp_path / "elsewhere") == {}


def test_a_full_disk_or_a_file_in_the_way_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "harbour").write_text("not a folder")
    with pytest.raises(Unavailable):
        FolderStore(tmp_path).create(PATH, b"x")


def test_drafts_of_killed_writers_go_away(tmp_path: Path) -> None:
    drafts = tmp_path / UPLOADING
    drafts.mkdir()
    for name, age in (("old", 7200), ("fresh", 0)):
        (drafts / name).write_bytes(b"half")
        os.utime(drafts / name, (time.time() - age, time.time() - age))
    FolderStore(tmp_path).create(PATH, b"x")
    assert [path.name for path in drafts.iterdir()] == ["fresh"]


def test_writers_at_one_time_store_one_file(tmp_path: Path) -> None:
    outcomes: list[str] = []
    barrier = threading.Barrier(8)

    def write(content: bytes) -> None:
        barrier.wait()
        try:
            FolderStore(tmp_path).create(PATH, content)
            outcomes.append("done")
        except Conflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=write, args=(b"one" if number % 2 else b"two",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict"] * 4 + ["done"] * 4
    assert list(files(tmp_path)) == [PATH]


def test_check_leaves_nothing_behind(tmp_path: Path) -> None:
    FolderStore(tmp_path).check()
    assert files(tmp_path) == {}
