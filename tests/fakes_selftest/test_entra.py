"""A service principal signs in at the Entra fake and writes to the data-lake fake, all by Microsoft's SDKs."""

from collections.abc import Iterator

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential
from azure.storage.filedatalake import DataLakeServiceClient

from tests.fakes.datalake import DataLake
from tests.fakes.entra import CLIENT_ID, CLIENT_SECRET, TENANT_ID, EntraId


@pytest.fixture
def entra() -> Iterator[EntraId]:
    with EntraId() as server:
        yield server


def principal(entra: EntraId, secret: str = CLIENT_SECRET) -> ClientSecretCredential:
    return ClientSecretCredential(
        TENANT_ID,
        CLIENT_ID,
        secret,
        authority=entra.url,
        disable_instance_discovery=True,
        connection_verify=str(entra.ca_file),
    )


def test_a_service_principal_writes_to_the_lake(entra: EntraId) -> None:
    with DataLake(bearer_token=entra.access_token, tls=True) as lake, principal(entra) as credential:
        lake.add_filesystem("compass")
        with DataLakeServiceClient(
            lake.account_url, credential=credential, connection_verify=str(lake.ca_file)
        ) as service:
            service.get_file_system_client("compass").get_file_client("a.json").upload_data(b"{}", overwrite=True)
        assert lake.files("compass") == {"a.json": b"{}"}


def test_a_wrong_secret_is_refused(entra: EntraId) -> None:
    with principal(entra, "wrong") as credential, pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        credential.get_token("https://storage.azure.com/.default")
