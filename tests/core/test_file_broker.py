"""The queue in a folder: a worker never meets half a message, and survives a broken one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection
from kombu.transport.virtual import Channel

from apps.core import file_broker


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("messages", "control"):
        (tmp_path / name).mkdir()
    return tmp_path / "messages"


@pytest.fixture
def channel(folder: Path) -> Iterator[Channel]:
    file_broker.register()
    options = {
        "data_folder_in": str(folder),
        "data_folder_out": str(folder),
        "control_folder": str(folder / "../control"),
    }
    with Connection("filesystem://", transport_options=options) as connection:
        assert isinstance(connection.default_channel, file_broker.Channel)
        yield connection.default_channel


def test_message_comes_back_once(channel: Channel, folder: Path) -> None:
    channel._put("default", {"body": "é"})
    with pytest.raises(Empty):
        channel._get("mail")
    assert channel._get("default") == {"body": "é"}
    with pytest.raises(Empty):
        channel._get("default")
    assert not list(folder.iterdir())


def test_file_appears_whole(channel: Channel, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename, seen = Path.rename, []

    def look_first(self: Path, target: Path) -> Path:
        with pytest.raises(Empty):
            channel._get("default")
        seen.append(self.name)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", look_first)
    channel._put("default", {"body": 1})
    assert len(seen) == 1
    assert channel._get("default") == {"body": 1}


@pytest.mark.parametrize("content", [b"", b'{"body": ', b"\xff\xfe"])
def test_broken_message_stops_nobody(channel: Channel, folder: Path, content: bytes) -> None:
    (folder / "1_a.default.msg").write_bytes(content)
    with pytest.raises(Empty):
        channel._get("default")
    channel._put("default", {"body": 2})
    assert channel._get("default") == {"body": 2}


def test_many_bind_their_queues_at_once(channel: Channel) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: channel._queue_bind("here", "", "", f"queue-{number}"), range(40)))
    assert {bound.queue for bound in channel.get_table("here")} == {f"queue-{number}" for number in range(40)}


@pytest.mark.parametrize("content", ["", "[[", "nonsense"])
def test_a_broken_list_of_queues_is_written_anew(channel: Channel, folder: Path, content: str) -> None:
    file = folder.parent / "control" / "here.exchange"
    file.write_text(content)
    assert channel.get_table("here") == []
    channel._queue_bind("here", "key", "", "default")
    assert [bound.queue for bound in channel.get_table("here")] == ["default"]


def test_a_list_of_queues_is_never_seen_half_written(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    replace, seen = Path.replace, []

    def look_first(self: Path, target: Path) -> Path:
        seen.append([bound.queue for bound in channel.get_table("here")])
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", look_first)
    channel._queue_bind("here", "", "", "one")
    channel._queue_bind("here", "", "", "two")
    assert seen == [[], ["one"]]
