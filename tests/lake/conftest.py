"""A lake for tests: a folder of their own, or the fake of Azure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from apps.accounts.models import Organization
from apps.lake import actions, stores
from apps.lake.models import LakeFile
from apps.lake.stores.azure import AzureStore
from tests.fakes.datalake import DataLake

NOW = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    """The folder that stands in for the lake."""
    settings.LAKE_AZURE_CONNECTION_STRING = settings.LAKE_AZURE_ACCOUNT_URL = ""
    settings.LAKE_FOLDER = tmp_path / "lake"
    return tmp_path / "lake"


@pytest.fixture
def azure(settings: Any) -> Iterator[DataLake]:
    """The settings lead to a fake of Azure."""
    with DataLake() as fake:
        settings.LAKE_AZURE_CONNECTION_STRING = fake.connection_string
        yield fake
        store = stores.current()
        assert isinstance(store, AzureStore)
        store.close()


@pytest.fixture
def put(organization: Organization) -> Callable[..., LakeFile]:
    """Put a file as a caller does, in a transaction."""

    def put_file(path: str = "feedback/2026/03/29/feedback_7_1.json", content: bytes = b'{"stars": 5}') -> LakeFile:
        with transaction.atomic():
            return actions.put(path, content, organization=organization, reference="feedback.response:12", now=NOW)

    return put_file
