"""Every page that a role can open, light and dark, wide and narrow: no accessibility violation, no sideways scroll."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.journeys.conftest import Product, picture, sign_in, violations

PAGES = [
    "/",
    "/visits/new/",
    "/customers/",
    "/customers/?q=nobody-has-this-name",
    "/responses/",
    "/surveys/",
    "/orders/",
    "/orders/?number=nobody-has-this-number",
    "/products/",
    "/products/?q=nobody-sells-this",
    "/products/categories/",
    "/outbox/",
    "/profile/",
    "/settings/organization/",
    "/settings/sender/",
    "/settings/team/",
    "/settings/roles/",
    "/settings/branches/",
    "/settings/survey/",
    "/settings/providers/",
    "/settings/lake/",
    "/settings/intelligence/",
    "/settings/api-keys/",
    "/settings/audit-log/",
    "/nothing-here/",
]
FIRST_OF_LIST = ["/customers/", "/responses/", "/orders/", "/products/", "/outbox/"]
PUBLIC = ["/accounts/login/", "/accounts/password/reset/", "/s/no-such-token/", "/u/no-such-token/"]


def check(page: Page, name: str) -> list[str]:
    """Violations, and whether the page scrolls sideways."""
    picture(page, name)
    sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return violations(page) + ([f"{page.url} scrolls sideways by {sideways} px"] if sideways > 0 else [])


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (375, False), (320, True)])
def test_staff_pages(demo_product: Product, open_browser: Callable[..., Page], width: int, dark: bool) -> None:
    page = open_browser(width=width, dark=dark)
    sign_in(page, demo_product, "administrator")
    look = f"{width}-{'dark' if dark else 'light'}"
    found: list[str] = []
    for path in PAGES:
        page.goto(demo_product.address + path)
        found += check(page, f"{look}{path}")
    for path in FIRST_OF_LIST:
        page.goto(demo_product.address + path)
        first = page.locator("main table tbody a").first
        for _ in range(60):
            # Right after the start the worker is still writing the mails that wait.
            if first.count():
                break
            page.wait_for_timeout(1000)
            page.reload()
        first.click()
        page.wait_for_load_state()
        found += check(page, f"{look}{path}first")
    assert found == []


@pytest.mark.parametrize("dark", [False, True])
def test_public_pages(demo_product: Product, open_browser: Callable[..., Page], dark: bool) -> None:
    page = open_browser(width=320, dark=dark)
    found: list[str] = []
    for path in PUBLIC:
        page.goto(demo_product.address + path)
        found += check(page, f"public-{'dark' if dark else 'light'}{path}")
    assert found == []
