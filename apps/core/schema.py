"""How the API is described: the names of operations, and what the description leaves out."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema

from apps.core.api import KeysetList

Endpoint = tuple[str, str, str, Any]


class Schema(AutoSchema):
    """The generator takes only an array for a list; ours are pages of rows."""

    def get_operation_id(self) -> str:
        """`messages_list` beside `messages_retrieve`, so that the two never share a name."""
        if isinstance(self.view, KeysetList) and self.method == "GET":
            return "_".join([*self._tokenize_path(), "list"])
        return str(super().get_operation_id())


def without_second_addresses(endpoints: list[Endpoint]) -> list[Endpoint]:
    """Addresses that answer with and without a slash at the end are described once, without it."""
    paths = {path for path, _regex, _method, _view in endpoints}
    return [each for each in endpoints if not (each[0].endswith("/") and each[0].rstrip("/") in paths)]
