"""The store in use: Azure where it is configured, a local folder everywhere else."""

from __future__ import annotations

import os
from functools import lru_cache

from django.conf import settings

from apps.lake.stores.azure import AzureAccount, AzureStore
from apps.lake.stores.base import Store
from apps.lake.stores.folder import FolderStore


def current() -> Store:
    """The configured store."""
    account = AzureAccount(
        connection_string=settings.LAKE_AZURE_CONNECTION_STRING,
        account_url=settings.LAKE_AZURE_ACCOUNT_URL,
        tenant_id=settings.LAKE_AZURE_TENANT_ID,
        client_id=settings.LAKE_AZURE_CLIENT_ID,
        client_secret=settings.LAKE_AZURE_CLIENT_SECRET,
    )
    if account.is_configured:
        return _azure(account, settings.LAKE_FILE_SYSTEM, os.getpid())
    return FolderStore(settings.LAKE_FOLDER)


@lru_cache(maxsize=4)
def _azure(account: AzureAccount, file_system: str, _process_id: int) -> AzureStore:
    # One client per process, because it keeps connections; they do not survive a fork, hence the process id.
    return AzureStore(account, file_system)
