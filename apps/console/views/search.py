"""Search from anywhere: what the apps find, and the pages that the member may open."""

from __future__ import annotations

from django.http import HttpResponse

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core import navigation
from apps.core.pages import render_page
from apps.core.search import LONGEST_TEXT, Hit, find

MOST_PAGES = 5


@requires(Can.USE_APP)
def search(request: MemberRequest) -> HttpResponse:
    """`?q=`: the type-ahead's options, or a page of results where there is no script."""
    text = request.GET.get("q", "").strip()[:LONGEST_TEXT]
    hits = [*find(request.member, text), *_pages(request, text)] if text else []
    return render_page(request, "console/search.html", {"text": text, "hits": hits}, fragments=["search_options"])


def _pages(request: MemberRequest, text: str) -> list[Hit]:
    entries = navigation.entries(request.member, request.path)
    entries = [*entries, *(child for entry in entries for child in entry.children)]
    fitting = {entry.url: entry for entry in entries if text.casefold() in str(entry.label).casefold()}
    return [Hit(str(entry.label), "", entry.url, entry.icon) for entry in list(fitting.values())[:MOST_PAGES]]
