"""Azure Data Lake Storage Gen2, through Microsoft's SDK.

An upload is three calls (create, append, flush), so a kill can leave an empty file behind. Creating fails where the
name is taken, flushing succeeds only on the very version that we created or found empty: nothing that somebody
committed is ever replaced, and an upload that was interrupted anywhere is taken up again under the same name.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from apps.lake.stores.base import Conflict, Missing, Rejected, StoreError, Unavailable

if TYPE_CHECKING:
    from azure.identity import ClientSecretCredential
    from azure.storage.filedatalake import DataLakeFileClient, DataLakeServiceClient, FileSystemClient

T = TypeVar("T")

CONNECT_SECONDS = 5
READ_SECONDS = 20
# The row is tried again for as long as it takes; the SDK's own retries only bridge a hiccup.
RETRIES = {"retry_total": 2, "retry_connect": 1, "retry_read": 2, "retry_status": 2, "initial_backoff": 1}
BUSY = {408, 429, 500, 502, 503, 504}


@dataclass(frozen=True)
class AzureAccount:
    """How to get in: a connection string, or the account's address and a service principal."""

    connection_string: str = field(default="", repr=False)
    account_url: str = ""
    tenant_id: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)

    @property
    def is_configured(self) -> bool:
        """Whether there is anything to connect to."""
        return bool(self.connection_string or self.account_url)


class AzureStore:
    """Files in one file system of a storage account."""

    name = "azure"

    def __init__(self, account: AzureAccount, file_system: str, *, credential: Any = None, **options: Any) -> None:
        """`credential` replaces the service principal; `options` go to the SDK's client."""
        self._account, self._file_system, self._credential = account, file_system, credential
        self._options = {
            "connection_timeout": CONNECT_SECONDS,
            "read_timeout": READ_SECONDS,
            **RETRIES,
            **options,
        }
        self._made: FileSystemClient | None = None

    @property
    def place(self) -> str:
        """Account and file system."""
        for part in self._account.connection_string.split(";"):
            key, _, value = part.partition("=")
            if key.strip().lower() == "accountname":
                return f"{value}/{self._file_system}"
        return f"{self._account.account_url}/{self._file_system}"

    def create(self, path: str, content: bytes) -> None:
        """Create, append, flush; take up what an interrupted upload left behind."""
        self._run(lambda: self._create(path, content))

    def read(self, path: str) -> bytes:
        """The file."""
        return self._run(lambda: self._client.get_file_client(path).download_file().readall())

    def delete(self, path: str) -> None:
        """Delete the file; whether older versions survive is the account's setting (versioning, soft delete)."""
        with contextlib.suppress(Missing):
            self._run(lambda: self._client.get_file_client(path).delete_file())

    def check(self) -> None:
        """Write, read and remove a small file."""
        path = f"check/{uuid.uuid4().hex}.txt"
        self.create(path, b"check")
        if self.read(path) != b"check":
            raise Unavailable("The store does not give back what was written.")
        self._run(lambda: self._client.get_file_client(path).delete_file())

    def close(self) -> None:
        """Give the connections back."""
        if self._made is not None:
            self._made.close()
            self._made = None

    def _create(self, path: str, content: bytes) -> None:
        from azure.core import MatchConditions
        from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError

        file = self._client.get_file_client(path)
        try:
            etag = self._create_empty(file)
        except (ResourceExistsError, ResourceModifiedError):
            found = _committed(file)
            if found.data:
                _compare(path, found.data, content)
                return
            etag = found.etag
        try:
            file.append_data(content, 0, len(content))
            file.flush_data(
                len(content),
                etag=etag,
                match_condition=MatchConditions.IfNotModified,
                content_settings=_json_settings(),
            )
        except HttpResponseError as error:
            # A rival may have been faster, or the answer to our own flush was lost: what is stored decides.
            if error.status_code is None or error.status_code in BUSY or error.status_code in (401, 403):
                raise
            found = _committed(file)
            if not found.data:
                raise
            _compare(path, found.data, content)

    def _create_empty(self, file: DataLakeFileClient) -> str:
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        def create() -> str:
            made = file.create_file(match_condition=MatchConditions.IfMissing, content_settings=_json_settings())
            return str(made["etag"])

        try:
            return create()
        except ResourceNotFoundError as error:
            if getattr(error, "error_code", "") not in ("FilesystemNotFound", "ContainerNotFound"):
                raise
        with contextlib.suppress(ResourceExistsError):  # another worker may make it too
            self._client.create_file_system()
        return create()

    @property
    def _client(self) -> FileSystemClient:
        if self._made is None:
            self._made = self._service().get_file_system_client(self._file_system)
        return self._made

    def _service(self) -> DataLakeServiceClient:
        from azure.storage.filedatalake import DataLakeServiceClient

        if self._account.connection_string:
            return DataLakeServiceClient.from_connection_string(self._account.connection_string, **self._options)
        return DataLakeServiceClient(
            self._account.account_url, credential=self._credential or principal(self._account), **self._options
        )

    def _run(self, call: Callable[[], T]) -> T:
        """Turn the SDK's errors into ours."""
        from azure.core.exceptions import AzureError

        try:
            return call()
        except AzureError as error:
            raise _typed(error) from error
        except StoreError:
            raise
        except ValueError as error:
            # A broken connection string or address, or a body that is no JSON or XML.
            raise Rejected(_short(error)) from error


def principal(account: AzureAccount, **options: Any) -> ClientSecretCredential:
    """The service principal of an account; `options` go to azure-identity."""
    from azure.identity import ClientSecretCredential

    return ClientSecretCredential(
        account.tenant_id,
        account.client_id,
        account.client_secret,
        connection_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retry_total=2,
        **options,
    )


@dataclass(frozen=True)
class _Committed:
    data: bytes
    etag: str


def _committed(file: DataLakeFileClient) -> _Committed:
    """What the file holds now, and its version."""
    properties = file.get_file_properties()
    data = file.download_file().readall() if properties.size else b""
    return _Committed(data, str(properties.etag))


def _compare(path: str, stored: bytes, content: bytes) -> None:
    if stored != content:
        raise Conflict(f"Another file is stored as {path}.")


def _json_settings() -> Any:
    from azure.storage.filedatalake import ContentSettings

    return ContentSettings(content_type="application/json")


def _typed(error: Exception) -> StoreError:
    from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError

    if isinstance(error, ResourceNotFoundError):
        return Missing(_short(error))
    status = error.status_code if isinstance(error, HttpResponseError) else None
    if isinstance(error, ClientAuthenticationError) or (
        status is not None and 400 <= status < 500 and status not in BUSY
    ):
        return Rejected(_short(error))
    wait = 0.0
    if isinstance(error, HttpResponseError) and error.response is not None:
        headers: Mapping[str, str] = getattr(error.response, "headers", {})
        asked = headers.get("Retry-After", "")
        wait = min(float(asked), 3600.0) if asked.replace(".", "", 1).isdigit() else 0.0
    return Unavailable(_short(error), retry_after_seconds=wait)


def _short(error: Exception) -> str:
    """The first line, which holds no header and no key, with the service's code."""
    code = getattr(error, "error_code", "") or ""
    code = getattr(code, "value", code)
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return f"{code}: {lines[0]}"[:300] if code else lines[0][:300]
