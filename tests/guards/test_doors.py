"""Every address says who may open it, or why anybody may."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.urls import URLPattern, get_resolver

from apps.accounts.permissions import Can

# Where views of other projects are mounted → why they guard themselves.
OTHER_PEOPLES_VIEWS = {
    "admin/": "Django admin asks for is_staff and model permissions.",
    "accounts/": "allauth's sign-in, second factor and sessions: it decides who may, and its rate limits hold.",
    "_allauth/": "allauth's API for the same.",
    "api/schema/": "The description of the API holds no data.",
}


def views() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every address and what answers there."""

    def walk(patterns: list[Any], prefix: str) -> Iterator[tuple[str, Callable[..., Any]]]:
        for pattern in patterns:
            address = prefix + str(pattern.pattern)
            if isinstance(pattern, URLPattern):
                yield address, pattern.callback
            else:
                yield from walk(pattern.url_patterns, address)

    return walk(get_resolver().url_patterns, "")


def others(address: str, view: Callable[..., Any]) -> str | None:
    """The mount of another project's view; a view of ours never counts as one."""
    if view.__module__.startswith("apps."):
        return None
    return next((prefix for prefix in OTHER_PEOPLES_VIEWS if address.startswith(prefix)), None)


def declared(view: Callable[..., Any], name: str) -> Any:
    """What the function, or the class behind it, says."""
    for place in (view, getattr(view, "cls", None), getattr(view, "view_class", None)):
        if getattr(place, name, None):
            return getattr(place, name)
    return None


def permissions(view: Callable[..., Any]) -> list[Any]:
    single, by_method = declared(view, "permission"), declared(view, "permissions") or {}
    return [*([single] if single else []), *by_method.values()]


def test_every_address_declares_who_may_open_it() -> None:
    silent = [
        address
        for address, view in views()
        if others(address, view) is None and not permissions(view) and not declared(view, "public_reason")
    ]
    assert not silent, f"neither a permission nor a reason to be public: {silent}"


def test_no_address_is_both_public_and_closed() -> None:
    both = [address for address, view in views() if permissions(view) and declared(view, "public_reason")]
    assert not both


def test_declared_permissions_exist() -> None:
    unknown = [
        (address, needed) for address, view in views() for needed in permissions(view) if needed not in list(Can)
    ]
    assert not unknown


def test_reasons_are_sentences() -> None:
    short = [address for address, view in views() if 0 < len(declared(view, "public_reason") or "") < 10]
    assert not short


def test_allow_list_holds_nothing_stale() -> None:
    used = {others(address, view) for address, view in views()}
    assert set(OTHER_PEOPLES_VIEWS) <= used
