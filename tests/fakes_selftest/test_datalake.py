"""The data-lake fake, driven by Microsoft's own SDK."""

import base64
import hashlib
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.credentials import AccessToken
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.filedatalake import DataLakeServiceClient, FileSystemClient, LinearRetry

from tests.fakes.datalake import DataLake


class Token:
    """A credential that always has the same token."""

    def __init__(self, token: str) -> None:
        self.token = token

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken(self.token, 4_102_444_800)


def connect(lake: DataLake, **options: Any) -> DataLakeServiceClient:
    return DataLakeServiceClient.from_connection_string(lake.connection_string, retry_total=0, **options)


def codes(error: Any) -> tuple[int, str]:
    return error.status_code, error.error_code


@pytest.fixture
def lake() -> Iterator[DataLake]:
    with DataLake() as server:
        server.add_filesystem("compass")
        yield server


@pytest.fixture
def filesystem(lake: DataLake) -> Iterator[FileSystemClient]:
    with connect(lake).get_file_system_client("compass") as client:
        yield client


def test_create_append_flush_read_rename_delete(lake: DataLake, filesystem: FileSystemClient) -> None:
    file = filesystem.get_file_client("feedback/2026/11/21/answer é 1.json")
    file.create_file(match_condition=MatchConditions.IfMissing, metadata={"sha256": "abc"})
    file.append_data(b"hello ", 0, 6)
    file.append_data(b"world", 6, 5)
    file.flush_data(11)
    assert file.download_file().readall() == b"hello world"
    assert file.download_file(offset=6, length=3).readall() == b"wor"
    properties = file.get_file_properties()
    assert (properties.size, properties.metadata) == (11, {"sha256": "abc"})

    file.set_metadata({"state": "done"})
    assert file.get_file_properties().metadata == {"state": "done"}
    renamed = file.rename_file("compass/archive/answer.json")
    assert renamed.exists() and not file.exists()
    renamed.delete_file()
    assert lake.files("compass") == {}


def test_create_only_refuses_a_second_file_of_that_name(filesystem: FileSystemClient) -> None:
    file = filesystem.get_file_client("once.json")
    file.create_file(match_condition=MatchConditions.IfMissing)
    with pytest.raises(ResourceExistsError) as error:
        file.create_file(match_condition=MatchConditions.IfMissing)
    assert codes(error.value) == (409, "PathAlreadyExists")


def test_positions_that_leave_a_hole_are_refused(filesystem: FileSystemClient) -> None:
    file = filesystem.create_file("hole.json")
    file.append_data(b"abc", 5, 3)
    with pytest.raises(HttpResponseError) as error:
        file.flush_data(8)
    assert error.value.status_code == 400


def test_a_changed_etag_is_refused(filesystem: FileSystemClient) -> None:
    file = filesystem.create_file("etag.json")
    etag = file.get_file_properties().etag
    file.upload_data(b"new", overwrite=True)
    with pytest.raises(ResourceModifiedError):
        file.download_file(etag=etag, match_condition=MatchConditions.IfNotModified)


def test_twenty_megabytes_arrive_whole(lake: DataLake, filesystem: FileSystemClient) -> None:
    data = random.Random(1).randbytes(20 * 1024 * 1024)
    file = filesystem.get_file_client("big.bin")
    file.upload_data(data, overwrite=True, chunk_size=4 * 1024 * 1024, max_concurrency=2)
    appends = [request for request in lake.requests if request.query.get("action") == "append"]
    assert len(appends) == 5
    assert hashlib.sha256(file.download_file().readall()).digest() == hashlib.sha256(data).digest()


def test_an_empty_file_can_be_read(filesystem: FileSystemClient) -> None:
    assert filesystem.create_file("empty").download_file().readall() == b""


def test_sixty_files_are_listed_in_pages(lake: DataLake, filesystem: FileSystemClient) -> None:
    for number in range(60):
        filesystem.create_file(f"feedback/{number:02}.json")
    names = [path.name for path in filesystem.get_paths(path="feedback", max_results=25)]
    assert names == [f"feedback/{number:02}.json" for number in range(60)]
    assert sum(request.query.get("maxResults") == "25" for request in lake.requests) == 3
    assert [(path.name, path.is_directory) for path in filesystem.get_paths(recursive=False)] == [("feedback", True)]
    with pytest.raises(ResourceNotFoundError):
        list(filesystem.get_paths(path="nowhere"))


def test_file_systems_and_directories(lake: DataLake) -> None:
    with connect(lake) as service:
        service.create_file_system("second")
        with pytest.raises(ResourceExistsError):
            service.create_file_system("second")
        assert [entry.name for entry in service.list_file_systems()] == ["compass", "second"]
        second = service.get_file_system_client("second")
        assert second.get_file_system_properties().name == "second"
        second.create_directory("a/b")
        second.create_file("a/b/c.json")
        assert second.get_directory_client("a/b").get_directory_properties().metadata == {"hdi_isfolder": "true"}
        second.get_directory_client("a").delete_directory()
        assert list(second.get_paths()) == []
        service.delete_file_system("second")
        assert not second.exists()
        with pytest.raises(ResourceNotFoundError):
            second.create_file("late.json")


def test_a_wrong_key_is_refused(lake: DataLake) -> None:
    wrong = base64.b64encode(b"w" * 64).decode()
    credential = {"account_name": lake.account, "account_key": wrong}
    with DataLakeServiceClient(lake.account_url, credential=credential, retry_total=0) as service:
        with pytest.raises(ClientAuthenticationError) as error:
            service.get_file_system_client("compass").create_file("x.json")
    assert codes(error.value) == (403, "AuthenticationFailed")
    assert lake.files("compass") == {}


@pytest.mark.parametrize(("token", "accepted"), [("right", True), ("wrong", False)])
def test_a_bearer_token_is_checked(token: str, accepted: bool) -> None:
    with DataLake(bearer_token="right", tls=True) as lake:
        lake.add_filesystem("compass")
        service = DataLakeServiceClient(
            lake.account_url, credential=Token(token), retry_total=0, connection_verify=str(lake.ca_file)
        )
        with service:
            file = service.get_file_system_client("compass").get_file_client("x.json")
            if accepted:
                file.create_file()
            else:
                with pytest.raises(ClientAuthenticationError):
                    file.create_file()


def test_a_busy_server_is_retried_by_the_sdk_and_429_is_not(lake: DataLake) -> None:
    retry = LinearRetry(backoff=0, random_jitter_range=0)
    with DataLakeServiceClient.from_connection_string(lake.connection_string, retry_policy=retry) as service:
        filesystem = service.get_file_system_client("compass")
        lake.behave(status=503, times=1)
        filesystem.create_file("x.json")
        assert len(lake.requests) == 2
        lake.behave(status=429, retry_after=1, times=1)
        with pytest.raises(HttpResponseError) as error:
            filesystem.create_file("y.json")
    response: Any = error.value.response
    assert response.headers["Retry-After"] == "1"
    assert len(lake.requests) == 3


@pytest.mark.parametrize("status", [429, 500, 503])
def test_troubles_reach_the_client(lake: DataLake, filesystem: FileSystemClient, status: int) -> None:
    lake.behave(status=status, times=1)
    with pytest.raises(HttpResponseError) as error:
        filesystem.create_file("x.json")
    assert error.value.status_code == status
    filesystem.create_file("x.json")


def test_a_slow_lake_runs_into_the_read_timeout(lake: DataLake) -> None:
    lake.behave(delay=30)
    with connect(lake, read_timeout=0.2) as service, pytest.raises(AzureError):
        service.get_file_system_client("compass").create_file("x.json")


def test_a_line_that_drops_in_mid_upload_stores_nothing(lake: DataLake, filesystem: FileSystemClient) -> None:
    file = filesystem.create_file("x.bin")
    lake.behave(drop_connection="during", times=1, method="PATCH", path=r"x\.bin$")
    with pytest.raises(AzureError):
        file.upload_data(bytes(2_000_000), overwrite=True)
    assert lake.files("compass") == {"x.bin": b""}


def test_a_lost_answer_still_did_the_work(lake: DataLake, filesystem: FileSystemClient) -> None:
    lake.behave(drop_connection="after", times=1)
    with pytest.raises(AzureError):
        filesystem.create_file("x.json")
    assert lake.files("compass") == {"x.json": b""}


def test_a_folder_keeps_the_files(tmp_path: Path) -> None:
    with DataLake(folder=tmp_path) as lake, connect(lake) as service:
        filesystem = service.create_file_system("compass")
        filesystem.get_file_client("a/b.json").upload_data(b"{}", overwrite=True)
        filesystem.get_file_client("a/b.json").rename_file("compass/a/c.json")
    assert (tmp_path / "compass/a/c.json").read_bytes() == b"{}"
    assert DataLake(folder=tmp_path).files("compass") == {"a/c.json": b"{}"}


def test_it_runs_as_a_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fakes.datalake", "0", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        connection_string = process.stdout.readline().strip()
        with DataLakeServiceClient.from_connection_string(connection_string, retry_total=0) as service:
            service.create_file_system("compass").create_file("a.json")
        process.terminate()
    assert (tmp_path / "compass/a.json").exists()


def test_paths_cannot_leave_the_account(lake: DataLake, filesystem: FileSystemClient) -> None:
    with pytest.raises(HttpResponseError):
        filesystem.create_file("../../outside.json")
