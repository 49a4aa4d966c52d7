"""The story of the first day: set up, record a visit, the customer answers on a phone, the answer is there."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import struct
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.conftest import Product, picture, violations

PASSWORD = "correct horse battery staple"
COMMENT = "Friendly staff and quick service, but the parking was terrible."


def one_time_code(secret: str) -> str:
    """What an authenticator shows now (RFC 6238, 6 digits, 30 seconds, SHA-1)."""
    key = base64.b32decode(secret.replace(" ", "").upper() + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1)
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def press(page: Page, words: str) -> None:
    page.get_by_role("button", name=words, exact=True).click()


def set_up(page: Page, product: Product) -> None:
    page.goto(product.address)
    assert page.url.endswith("/setup/"), "an empty installation shows the set-up"
    assert violations(page) == []
    page.get_by_label("Name").fill("Harbour Opticians")
    press(page, "Continue")
    page.get_by_label("Name").fill("Ada Lindqvist")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Continue")
    page.get_by_label("Branches").fill("Harbour Street\nOld Town")
    press(page, "Continue")
    page.locator("main [name=name]").fill("Harbour Opticians")
    page.locator("main [name=email]").fill("hello@harbour.example")
    press(page, "Continue")
    press(page, "Send me a test mail")
    expect(page.locator("main")).to_contain_text("ada@example.com")
    press(page, "Finish")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ada Lindqvist")
    assert page.request.get(f"{product.address}/setup/").status == 404, "nobody sets up twice"


def record_visit(page: Page, product: Product) -> None:
    page.goto(f"{product.address}/visits/new/")
    page.locator("[name=name]").fill("Grace Müller")
    page.locator("[name=email]").fill("grace@example.com")
    page.locator("input[type=checkbox]").first.check()
    page.locator("[name=purpose]").fill("Eye test")
    page.locator("[name=branch]").select_option(label="Harbour Street")
    press(page, "Record visit")
    expect(page.locator("main")).to_contain_text("Grace Müller")


def survey_link(page: Page, product: Product) -> str:
    """The living link of the newest mail to Grace in the browser outbox, once the worker has sent it."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        page.goto(f"{product.address}/outbox/")
        mail = page.locator("main tr", has_text="grace@example.com").first
        if mail.count():
            mail.get_by_role("link").click()
            page.wait_for_load_state()
            found = re.search(rf"{re.escape(product.address)}/s/[\w.-]+/", page.content())
            if found and page.request.get(found[0]).status == 200:
                picture(page, "outbox-mail")
                return found[0]
        page.wait_for_timeout(300)
    raise AssertionError("no survey mail in the outbox")


def answer_on_a_phone(phone: Page, link: str) -> None:
    answer = phone.goto(link)
    assert answer
    assert answer.status == 200
    assert violations(phone) == []
    picture(phone, "survey-phone")
    # By keyboard alone: the stars are radios, so the arrow keys choose.
    phone.locator("input[name=stars]").first.focus()
    for _ in range(3):
        phone.keyboard.press("ArrowRight")
    phone.keyboard.press("Tab")
    phone.keyboard.type(COMMENT)
    phone.keyboard.press("Tab")
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("heading", level=1)).to_contain_text("Thank you")
    assert violations(phone) == []
    picture(phone, "survey-thanks")
    again = phone.goto(link)
    assert again
    assert again.status == 410, "a used link"
    assert violations(phone) == []


def see_the_answer(page: Page, product: Product) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        page.goto(f"{product.address}/responses/")
        if page.locator("main a", has_text="Grace Müller").count():
            page.locator("main a", has_text="Grace Müller").first.click()
            break
        page.wait_for_timeout(300)
    expect(page.locator("main")).to_contain_text("parking was terrible")
    for _ in range(40):
        if "feedback_" in page.locator("main").inner_text():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.locator("main")).to_contain_text(re.compile(r"feedback_\d+_"))
    picture(page, "response")
    assert violations(page) == []


def the_lake_has_it(folder: Path) -> None:
    files = list((folder / "lake").rglob("feedback_*.json"))
    assert len(files) == 1
    content = json.loads(files[0].read_text())
    assert COMMENT in json.dumps(content, ensure_ascii=False)


def test_from_set_up_to_insight(empty_product: Product, open_browser: Callable[..., Page]) -> None:
    staff = open_browser()
    set_up(staff, empty_product)
    record_visit(staff, empty_product)
    link = survey_link(staff, empty_product)
    phone = open_browser(width=320, height=640, dark=True, has_touch=True, is_mobile=True)
    answer_on_a_phone(phone, link)
    see_the_answer(staff, empty_product)
    the_lake_has_it(empty_product.folder)


def test_second_factor(demo_product: Product, open_browser: Callable[..., Page]) -> None:
    page = open_browser()
    email, password = demo_product.sign_in_of("viewer")

    def sign_in() -> None:
        page.goto(f"{demo_product.address}/accounts/login/")
        page.locator("[name=login]").fill(email)
        page.locator("[name=password]").fill(password)
        page.locator("main button[type=submit]").first.click()

    sign_in()
    page.goto(f"{demo_product.address}/accounts/2fa/totp/activate/")
    if "reauthenticate" in page.url:
        page.locator("[name=password]").fill(password)
        page.locator("main button[type=submit]").first.click()
    text = page.locator(".secret code").inner_text()
    page.locator("[name=code]").fill(one_time_code(text))
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url(re.compile("2fa"))
    page.context.clear_cookies()
    sign_in()
    assert "2fa/authenticate" in page.url, "the password alone is not enough any more"
    page.locator("[name=code]").fill("000000")
    page.locator("main button[type=submit]").first.click()
    assert "2fa/authenticate" in page.url
    # A code counts once, so the next one is needed.
    used = one_time_code(text)
    while one_time_code(text) == used:
        page.wait_for_timeout(500)
    page.locator("[name=code]").fill(one_time_code(text))
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url(f"{demo_product.address}/")


def test_survey_without_javascript(empty_product: Product, open_browser: Callable[..., Page]) -> None:
    staff = open_browser()
    staff.goto(f"{empty_product.address}/accounts/login/")
    staff.locator("[name=login]").fill("ada@example.com")
    staff.locator("[name=password]").fill(PASSWORD)
    staff.locator("main button[type=submit]").first.click()
    staff.goto(f"{empty_product.address}/customers/")
    staff.locator("main a", has_text="Grace Müller").first.click()
    press(staff, "Send survey")
    link = survey_link(staff, empty_product)
    page = open_browser(width=375, height=700, java_script_enabled=False)
    page.goto(link)
    page.get_by_role("button").click()
    expect(page.locator("body")).to_contain_text("one to five stars")
    page.locator("input[name=stars][value='5']").check(force=True)
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
