"""Every address × everybody: what each may open is a committed table, and another organisation's rows are not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.db import transaction
from django.test import Client

from tests.guards import ledger
from tests.guards.test_doors import others, views
from tests.guards.world import PARAMETER, ROLES, SECRET_NAME, World

PEOPLE = ["nobody", *map(str, ROLES), "foreign"]
HEADER = f"{'':7}{'':55}" + " ".join(f"{who:>16}" for who in PEOPLE)
# The table takes minutes; in parts the test workers share it.
PARTS = 8
# Their parameter names no row of an organisation.
NO_ROW_OF_AN_ORGANISATION = {
    "s/": "who holds the link may open it",
    "u/": "who holds the link may open it",
    "logo/": "whoever has a mail or a survey may see its logo",
    "invitations/": "who holds the link may open it",
    "api/v1/feedback/": "who holds the link may open it",
    "settings/providers/": "the name of a provider",
    "api/v1/customers/by-external/": "the other system's own id; each organisation has its own customer of this id",
}


@pytest.fixture
def world(db: None) -> World:
    return World()


def routes() -> Iterator[tuple[str, list[str]]]:
    """Our addresses, and the methods worth trying there."""
    for route, view in views():
        if others(route, view) is None and not route.startswith(("accounts/", "_allauth/")):
            yield route, methods(view)


def methods(view: Callable[..., Any]) -> list[str]:
    api_view = getattr(view, "cls", None)
    if api_view is None:
        return ["GET", "POST"]
    return [name.upper() for name in ("get", "post", "put", "patch", "delete") if hasattr(api_view, name)]


def ask(client: Client, method: str, path: str) -> Any:
    """The answer; nothing stays changed."""
    caches["ratelimit"].clear()
    with transaction.atomic():
        answer = client.generic(method, path, b"", content_type="application/x-www-form-urlencoded")
        transaction.set_rollback(True)
    answer.content_read = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer


@pytest.mark.parametrize("part", range(PARTS))
def test_who_may_open_what(world: World, part: int) -> None:
    clients = {who: world.client(who) for who in PEOPLE}
    every = [(method, route) for route, tried in routes() for method in tried]
    lines = [HEADER] if part == 0 else []
    for method, route in every[part::PARTS]:
        path = world.path(route)
        statuses = [ask(client, method, path).status_code for client in clients.values()]
        assert max(statuses) < 500 or route == "health/ready", f"{method} {path} breaks: {statuses}"
        lines.append(f"{method:7}/{route:54}" + " ".join(f"{status:>16}" for status in statuses))
    keys = [" ".join(PEOPLE[:2]), *(f"{method} /{route}" for method, route in every)]
    ledger.compare_part("access_matrix.txt", [line.rstrip() for line in lines], keys=keys)


def test_rows_of_others_are_not_there(world: World) -> None:
    client, seen = world.client("foreign"), []
    for route, tried in routes():
        if PARAMETER.search(route) and not route.startswith(tuple(NO_ROW_OF_AN_ORGANISATION)):
            path = world.path(route)
            answers = {method: ask(client, method, path).status_code for method in tried}
            # 405 says nothing about the row: the method is refused before anybody looks.
            if 404 not in answers.values() or not set(answers.values()) <= {404, 405}:
                seen.append((route, answers))
    assert not seen, f"another organisation's rows show: {seen}"


def test_lists_of_others_are_empty(world: World) -> None:
    client = world.client("foreign")
    telling = [
        route
        for route, _methods in routes()
        if not PARAMETER.search(route) and SECRET_NAME.encode() in ask(client, "GET", f"/{route}?q=Ada").content_read
    ]
    assert not telling


@pytest.mark.parametrize("number", [0, 2**63 - 1, 2**63, 10**30])
def test_ids_that_no_row_can_have(world: World, number: int) -> None:
    client, odd = world.client("admin"), []
    for route, tried in routes():
        if "<int:" in route:
            path = "/" + PARAMETER.sub(str(number), route)
            odd += [(method, path) for method in tried if ask(client, method, path).status_code not in (404, 405)]
    assert not odd
