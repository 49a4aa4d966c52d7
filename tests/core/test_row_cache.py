"""Rows kept as HTML: printed once, printed anew for another version, reader or borrowed value."""

from __future__ import annotations

from typing import Any

import pytest
from django.template import engines
from django.utils import timezone, translation

from apps.core import row_cache
from apps.core.row_cache import RowCache


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch) -> RowCache:
    template = engines["django"].from_string("<p>{{ row }}</p>")
    monkeypatch.setattr(row_cache, "get_template", lambda _name: template)
    return RowCache("row.html", size=3)


class Fetch:
    """Rows on demand; remembers who was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    def __call__(self, ids: list[Any]) -> dict[Any, Any]:
        self.asked.append(ids)
        return {pk: f"<{pk}>" for pk in ids if pk != 404}


def test_rows_come_in_the_order_of_the_keys_and_only_what_is_missing_is_fetched(cache: RowCache) -> None:
    fetch = Fetch()
    assert cache.render([(2, 1), (1, 1)], fetch) == "<p>&lt;2&gt;</p><p>&lt;1&gt;</p>"
    assert cache.render([(1, 1), (3, 1), (2, 1)], fetch) == "<p>&lt;1&gt;</p><p>&lt;3&gt;</p><p>&lt;2&gt;</p>"
    assert fetch.asked == [[2, 1], [3]]


def test_version_borrowed_value_language_and_zone_are_part_of_the_key(cache: RowCache) -> None:
    fetch = Fetch()
    cache.render([(1, 1, "Pier")], fetch)
    cache.render([(1, 2, "Pier")], fetch)
    cache.render([(1, 2, "Old Town")], fetch)
    with translation.override("de"):
        cache.render([(1, 2, "Old Town")], fetch)
    with timezone.override("Asia/Kolkata"):
        cache.render([(1, 2, "Old Town")], fetch)
    assert len(fetch.asked) == 5


def test_least_recently_used_rows_fall_out(cache: RowCache) -> None:
    fetch = Fetch()
    for pk in (1, 2, 3, 1, 4):
        cache.render([(pk, 1)], fetch)
    cache.render([(1, 1)], fetch)
    assert fetch.asked == [[1], [2], [3], [4]], "1 was used again and stays"
    cache.render([(2, 1)], fetch)
    assert fetch.asked[-1] == [2]


def test_page_larger_than_the_cache_is_printed_whole(cache: RowCache) -> None:
    assert cache.render([(pk, 1) for pk in range(10)], Fetch()).count("<p>") == 10


def test_row_deleted_since_is_left_out(cache: RowCache) -> None:
    assert cache.render([(404, 1), (1, 1)], Fetch()) == "<p>&lt;1&gt;</p>"
