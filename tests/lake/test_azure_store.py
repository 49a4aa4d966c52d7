"""Azure Data Lake by Microsoft's SDK against the fake on loopback: good days, bad days, kills between the calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from apps.lake.stores.azure import AzureAccount, AzureStore, principal
from apps.lake.stores.base import Conflict, Missing, Rejected, StoreError, Unavailable
from tests.fakes.datalake import DataLake
from tests.fakes.entra import CLIENT_ID, CLIENT_SECRET, TENANT_ID, EntraId

PATH = "harbour/feedback/2026/03/29/feedback_7_20260329T010000Z.json"
CONTENT = '{"stars": 5, "comment": "schön 😀"}'.encode()
QUICK: dict[str, Any] = {"retry_total": 0, "retry_connect": 0, "retry_read": 0, "retry_status": 0, "read_timeout": 1}


@pytest.fixture
def lake() -> Iterator[DataLake]:
    with DataLake() as fake:
        fake.add_filesystem("compass")
        yield fake


OPEN: list[AzureStore] = []


@pytest.fixture(autouse=True)
def closed_afterwards() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


def open_store(account: AzureAccount, file_system: str = "compass", **options: Any) -> AzureStore:
    OPEN.append(AzureStore(account, file_system, **{**QUICK, **options}))
    return OPEN[-1]


def store_of(lake: DataLake, file_system: str = "compass", **options: Any) -> AzureStore:
    return open_store(AzureAccount(connection_string=lake.connection_string), file_system, **options)


def test_create_and_read(lake: DataLake) -> None:
    store = store_of(lake)
    store.create(PATH, CONTENT)
    assert store.read(PATH) == CONTENT
    assert lake.files("compass") == {PATH: CONTENT}


def test_a_missing_file_system_is_made(lake: DataLake) -> None:
    store_of(lake, "fresh").create(PATH, CONTENT)
    assert lake.files("fresh") == {PATH: CONTENT}


def test_the_same_content_again_is_done(lake: DataLake) -> None:
    store_of(lake).create(PATH, CONTENT)
    store_of(lake).create(PATH, CONTENT)
    assert lake.files("compass") == {PATH: CONTENT}


def test_another_content_is_never_replaced(lake: DataLake) -> None:
    store_of(lake).create(PATH, b"theirs")
    with pytest.raises(Conflict):
        store_of(lake).create(PATH, CONTENT)
    assert lake.files("compass") == {PATH: b"theirs"}


@pytest.mark.parametrize("drop", ["before", "during", "after"])
@pytest.mark.parametrize(("method", "step"), [("PUT", 1), ("PATCH", 1), ("PATCH", 2)])
def test_a_line_that_dies_at_any_step_is_taken_up_again(lake: DataLake, method: str, step: int, drop: Any) -> None:
    """The same as a worker killed there: the next try starts from what the store holds."""
    if step == 2:
        lake.behave(times=1, method=method)  # the first one goes through
    lake.behave(times=1, drop_connection=drop, method=method)
    with pytest.raises(Unavailable):
        store_of(lake).create(PATH, CONTENT)
    store_of(lake).create(PATH, CONTENT)
    assert lake.files("compass") == {PATH: CONTENT}


def test_the_sdk_bridges_a_hiccup_by_itself(lake: DataLake) -> None:
    lake.behave(status=503, times=1, method="PATCH")
    store = store_of(lake, retry_total=2, retry_status=2, initial_backoff=0, increment_base=0)
    store.create(PATH, CONTENT)
    assert lake.files("compass") == {PATH: CONTENT}


@pytest.mark.parametrize("status", [429, 500, 503])
def test_busy_or_broken_is_unavailable(lake: DataLake, status: int) -> None:
    lake.behave(status=status, retry_after=7)
    with pytest.raises(Unavailable) as caught:
        store_of(lake).create(PATH, CONTENT)
    assert caught.value.retry_after_seconds == 7
    assert lake.files("compass") == {}


def test_slow_is_unavailable(lake: DataLake) -> None:
    lake.behave(delay=30, times=1)
    with pytest.raises(Unavailable):
        store_of(lake, read_timeout=0.3).create(PATH, CONTENT)


def test_nobody_there_is_unavailable(lake: DataLake) -> None:
    store = store_of(lake)
    lake.stop()
    with pytest.raises(Unavailable):
        store.create(PATH, CONTENT)


def test_garbage_is_never_taken_for_stored(lake: DataLake) -> None:
    lake.behave(garbage=True, times=1)
    with pytest.raises(StoreError):
        store_of(lake).create(PATH, CONTENT)
    store_of(lake).create(PATH, CONTENT)
    assert lake.files("compass") == {PATH: CONTENT}


def test_wrong_key_is_rejected_and_not_shown(lake: DataLake) -> None:
    wrong = "d3Jvbmcga2V5IHdyb25nIGtleQ=="
    broken = lake.connection_string.replace(lake.key, wrong)
    with pytest.raises(Rejected) as caught:
        open_store(AzureAccount(connection_string=broken)).create(PATH, CONTENT)
    assert "AuthenticationFailed" in str(caught.value)
    assert wrong not in str(caught.value)


def test_connection_string_that_is_none_is_rejected() -> None:
    with pytest.raises(Rejected):
        open_store(AzureAccount(connection_string="nonsense")).check()


def test_missing_file(lake: DataLake) -> None:
    with pytest.raises(Missing):
        store_of(lake).read(PATH)


def test_check_leaves_nothing_behind(lake: DataLake) -> None:
    store_of(lake).check()
    assert lake.files("compass") == {}


def test_place_names_account_and_file_system_but_no_key(lake: DataLake) -> None:
    assert store_of(lake).place == f"{lake.account}/compass"
    assert lake.key not in repr(AzureAccount(connection_string=lake.connection_string))


def test_service_principal() -> None:
    with EntraId() as entra, DataLake(bearer_token=entra.access_token, tls=True) as lake:
        account = AzureAccount(
            account_url=lake.account_url, tenant_id=TENANT_ID, client_id=CLIENT_ID, client_secret=CLIENT_SECRET
        )
        credential = principal(
            account, authority=entra.url, disable_instance_discovery=True, connection_verify=str(entra.ca_file)
        )
        store = open_store(account, credential=credential, connection_verify=str(lake.ca_file))
        with credential:
            store.create(PATH, CONTENT)
            assert store.read(PATH) == CONTENT


def test_wrong_secret_of_a_service_principal_is_rejected() -> None:
    with EntraId() as entra, DataLake(bearer_token=entra.access_token, tls=True) as lake:
        account = AzureAccount(
            account_url=lake.account_url, tenant_id=TENANT_ID, client_id=CLIENT_ID, client_secret="wrong~secret"
        )
        credential = principal(
            account, authority=entra.url, disable_instance_discovery=True, connection_verify=str(entra.ca_file)
        )
        with credential, pytest.raises(Rejected) as caught:
            open_store(account, credential=credential, connection_verify=str(lake.ca_file)).create(PATH, CONTENT)
        assert "wrong~secret" not in str(caught.value)
