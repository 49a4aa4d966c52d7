"""A browser's name for people, from what it says of itself."""

from __future__ import annotations

from django.utils.translation import gettext as _

# The order matters: Edge also says Chrome, Chrome also says Safari, Android also says Linux.
BROWSERS = [("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")]
SYSTEMS = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
]


def describe(text: str) -> str:
    """ "Firefox on Windows", or the beginning of a text that names neither."""
    browser = next((name for mark, name in BROWSERS if mark in text), "")
    system = next((name for mark, name in SYSTEMS if mark in text), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or text[:40] or _("Unknown program")
