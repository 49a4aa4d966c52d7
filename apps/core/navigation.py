"""The sidebar and the account menu as data: each app says at start-up which of its pages stand there.

    navigation.register(NavItem(_("Customers"), "customers:customer_list", "users", Can.VIEW_CUSTOMERS, order=20))

An item with `section` stands below the top-level item of that key (`NavItem(..., section="settings")`); the section
`"account"` is the menu behind the person's name.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from django.urls import reverse

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ACCOUNT = "account"


class Asking(Protocol):
    """Whoever looks at the page: a membership."""

    def can(self, permission: Any) -> bool:
        """Whether they hold this permission (a word of `accounts`, which stands above)."""


@dataclass(frozen=True)
class NavItem:
    """One page in the navigation. `permission` None: every member may open it. Without `url_name` it is the heading
    of its section and leads to the first page in it that the member may open."""

    label: StrOrPromise
    url_name: str
    icon: str
    permission: str | None = None
    order: int = 100
    section: str = ""
    key: str = ""


@dataclass(frozen=True)
class NavEntry:
    """What the template prints."""

    label: StrOrPromise
    url: str
    icon: str
    active: bool = False
    children: list[NavEntry] = field(default_factory=list)


_items: list[NavItem] = []


def register(*items: NavItem) -> None:
    """Add pages; call it in `AppConfig.ready()`. A second registration of the same page changes nothing."""
    _items.extend(item for item in items if item not in _items)


def entries(member: Asking | None, path: str) -> list[NavEntry]:
    """The sidebar for this member, with the entry active whose address is the longest beginning of `path`."""
    if member is None:
        return []
    found = []
    for item in _ordered(""):
        children = _open_to(member, item.key) if item.key else []
        if item.url_name and _may(member, item):
            found.append(NavEntry(item.label, reverse(item.url_name), item.icon, children=children))
        elif children:
            found.append(NavEntry(item.label, children[0].url, item.icon, children=children))
    return _with_active(found, path)


def account_entries(member: Asking | None) -> list[NavEntry]:
    """The menu behind the person's name."""
    return [] if member is None else _open_to(member, ACCOUNT)


def _ordered(section: str) -> list[NavItem]:
    return sorted((item for item in _items if item.section == section), key=lambda item: item.order)


def _may(member: Asking, item: NavItem) -> bool:
    return item.permission is None or member.can(item.permission)


def _open_to(member: Asking, section: str) -> list[NavEntry]:
    items = [item for item in _ordered(section) if _may(member, item)]
    return [NavEntry(item.label, reverse(item.url_name), item.icon) for item in items]


def _with_active(found: list[NavEntry], path: str) -> list[NavEntry]:
    """Mark one top-level entry, and below it the one child, that `path` belongs to."""

    def match(entry: NavEntry) -> int:
        # Home is "/", with which every address begins: it is active only when nothing else is.
        return len(entry.url) if path == entry.url or (entry.url != "/" and path.startswith(entry.url)) else 0

    def reach(entry: NavEntry) -> int:
        return max([match(entry), *(match(child) for child in entry.children)])

    best = max(map(reach, found), default=0)
    marked = []
    for entry in found:
        active = best > 0 and reach(entry) == best
        longest = max(map(match, entry.children), default=0)
        children = [replace(child, active=active and 0 < match(child) == longest) for child in entry.children]
        marked.append(replace(entry, active=active, children=children))
        best = 0 if active else best
    return marked
