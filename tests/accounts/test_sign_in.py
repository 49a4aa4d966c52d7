"""Signing in through the real doors: password, lock-out, second factor, another provider; and the log of all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx2
import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import LazySettings
from django.contrib.auth.hashers import get_hashers_by_algorithm
from django.core import mail
from django.core.cache import cache
from django.test import Client

from apps.accounts import user_agent
from apps.accounts.models import Membership, Organization, User
from apps.core.models import AuditEntry
from tests.fakes.oidc import OpenIDProvider, Person

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def fresh_counters(organization: Organization) -> None:
    cache.clear()


def sign_in(email: str, password: str = PASSWORD, client: Client | None = None) -> Client:
    client = client or Client()
    client.response = client.post(LOGIN, {"login": email, "password": password})  # type: ignore[attr-defined]
    return client


def logged(member: Membership) -> list[str]:
    entries = AuditEntry.objects.filter(organization_id=member.organization_id).order_by("id")
    return list(entries.values_list("action", flat=True))


def test_password_in_any_case_of_the_address(member: Membership) -> None:
    client = sign_in(member.user.email.upper())
    assert client.get("/profile/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/profile/").status_code == 302
    assert logged(member) == ["sign_in.done", "sign_in.ended"]


def test_wrong_password_and_unknown_address_read_the_same(member: Membership) -> None:
    wrong = sign_in(member.user.email, "wrong").response  # type: ignore[attr-defined]
    unknown = sign_in("nobody@example.com", "wrong").response  # type: ignore[attr-defined]
    errors = [re.findall(r'role="alert">.*?</div></div>', page.content.decode(), re.S) for page in (wrong, unknown)]
    assert errors[0] and errors[0] == errors[1]
    assert logged(member) == ["sign_in.failed"]
    assert AuditEntry.objects.get(organization=None).actor_label == "nobody@example.com"


def test_locked_out_after_five_failures(member: Membership) -> None:
    for _attempt in range(5):
        assert sign_in(member.user.email, "wrong").response.status_code == 200  # type: ignore[attr-defined]
    locked = sign_in(member.user.email).response  # type: ignore[attr-defined]
    assert locked.status_code == 429, "even the right password waits now"
    assert int(locked["Retry-After"]) > 0
    assert b"A little slower" in locked.content
    assert logged(member)[-1] == "sign_in.locked_out"
    api = Client().post(
        "/_allauth/app/v1/auth/login", {"email": member.user.email, "password": PASSWORD}, "application/json"
    )
    assert api.status_code == 429, "the API's door counts with the page's"


def test_next_page_stays_on_this_site(member: Membership) -> None:
    for wanted, reached in [("/profile/", "/profile/"), ("https://evil.example/", "/")]:
        answer = Client().post(
            f"{LOGIN}?next={wanted}", {"login": member.user.email, "password": PASSWORD, "next": wanted}
        )
        assert answer.headers["Location"] == reached


def test_nobody_signs_up() -> None:
    assert b"By invitation only" in Client().get("/accounts/signup/").content
    Client().post("/accounts/signup/", {"email": "x@example.com", "password1": "harbour lamps 9"})
    assert not User.objects.exists()


@pytest.mark.parametrize("address", ["/accounts/email/", "/accounts/confirm-email/", "/accounts/confirm-email/x/"])
def test_doors_that_stay_closed(member: Membership, address: str) -> None:
    assert sign_in(member.user.email).get(address).status_code == 404


def test_argon2_guards_passwords() -> None:
    assert "argon2" in get_hashers_by_algorithm()
    assert User.objects.create_user("x@example.com", "y").password.startswith("md5"), "the tests' fast one"


def test_forgotten_password(member: Membership) -> None:
    client = Client()
    for address in (member.user.email, "nobody@example.com"):
        assert client.post("/accounts/password/reset/", {"email": address}).status_code == 302
    assert [letter.to for letter in mail.outbox] == [[member.user.email]]
    assert client.get("/accounts/password/reset/done/").status_code == 200
    found = re.search(r"http://[^/]+(/accounts/password/reset/key/\S+)", str(mail.outbox[0].body))
    assert found
    form = client.get(found[1], follow=True)
    address = form.redirect_chain[-1][0]
    assert client.post(address, {"password1": "short", "password2": "short"}).status_code == 200
    done = client.post(address, {"password1": "harbour lamps 9", "password2": "harbour lamps 9"}, follow=True)
    assert b"Your new password is saved" in done.content
    assert sign_in(member.user.email, "harbour lamps 9").get("/profile/").status_code == 200
    assert b"no longer works" in Client().get(found[1], follow=True).content
    assert "password.reset" in logged(member)


def test_changing_the_password_signs_the_others_out(member: Membership) -> None:
    here, there = sign_in(member.user.email), sign_in(member.user.email)
    typed = {"oldpassword": PASSWORD, "password1": "harbour lamps 9", "password2": "harbour lamps 9"}
    assert here.post("/accounts/password/change/", typed).status_code == 302
    assert there.get("/profile/").status_code == 302
    assert "password.changed" in logged(member)


# The second factor


def code_for(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


@pytest.mark.django_db(transaction=True)
def test_second_factor_from_set_up_to_sign_in(member: Membership) -> None:
    client = sign_in(member.user.email)
    assert b"Set up" in client.get("/accounts/2fa/").content
    asked = client.get("/accounts/2fa/totp/activate/").headers["Location"]
    assert asked.startswith("/accounts/reauthenticate/"), "what guards the account asks once more"
    assert client.post(asked, {"password": "wrong"}).status_code == 200
    assert client.post(asked, {"password": PASSWORD}).status_code == 302
    page = client.get("/accounts/2fa/totp/activate/")
    found = re.search(r"<code>(\w+)</code>", page.content.decode())
    assert found
    assert b"data:image/svg+xml" in page.content
    assert client.post("/accounts/2fa/totp/activate/", {"code": "000"}).status_code == 200
    assert client.post("/accounts/2fa/totp/activate/", {"code": code_for(found[1])}).status_code == 302
    assert len(re.findall(r"<li>[\w-]{8,}</li>", client.get("/accounts/2fa/recovery-codes/").content.decode())) == 10
    assert b"text/plain" in client.get("/accounts/2fa/recovery-codes/download/")["Content-Type"].encode()
    assert client.get("/accounts/2fa/recovery-codes/generate/").status_code == 200
    assert client.get("/accounts/2fa/totp/deactivate/").status_code == 200

    other = sign_in(member.user.email)
    assert other.response.headers["Location"] == "/accounts/2fa/authenticate/"  # type: ignore[attr-defined]
    assert other.get("/profile/").status_code == 302, "the password alone opens nothing"
    assert other.get("/accounts/2fa/authenticate/").status_code == 200
    assert other.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    code = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()[0]
    assert other.post("/accounts/2fa/authenticate/", {"code": code}).status_code == 302
    assert other.get("/profile/").status_code == 200
    seen = logged(member)
    assert {"second_factor.added", "second_factor.failed"} <= set(seen)


def test_token_needs_the_second_factor_too(member: Membership) -> None:
    TOTP.activate(member.user, "JBSWY3DPEHPK3PXP")
    answer = Client().post(
        "/_allauth/app/v1/auth/login", {"email": member.user.email, "password": PASSWORD}, "application/json"
    )
    assert answer.status_code == 401
    assert "access_token" not in answer.json()["meta"]


def test_pages_of_keys_render(member: Membership) -> None:
    client = sign_in(member.user.email)
    assert b"No keys yet" in client.get("/accounts/2fa/webauthn/").content
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert b"mfa_webauthn_add" in client.get("/accounts/2fa/webauthn/add/").content
    assert client.get("/accounts/2fa/webauthn/login/", headers={"Accept": "application/json"}).status_code in (200, 302)
    assert client.get("/accounts/sessions/").status_code == 200
    assert client.get("/accounts/reauthenticate/").status_code == 200
    assert client.get("/accounts/logout/").status_code == 200


@pytest.mark.parametrize(
    "address", [LOGIN, "/accounts/password/reset/", "/accounts/inactive/", "/accounts/3rdparty/login/cancelled/"]
)
def test_open_pages_have_no_inline_script(address: str, member: Membership) -> None:
    page = Client().get(address)
    assert page.status_code == 200
    scripts = re.findall(r"<script(?![^>]*(?:src=|application/json))[^>]*>", page.content.decode())
    assert scripts == []
    assert not re.search(r"\son\w+=|\sstyle=", page.content.decode())


# Another provider


@pytest.fixture
def provider(settings: LazySettings) -> Iterator[OpenIDProvider]:
    with OpenIDProvider() as running:
        company = {
            "provider_id": "company",
            "name": "Company account",
            "client_id": running.client_id,
            "secret": running.client_secret,
            "settings": {"server_url": running.url},
        }
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [company]}}
        yield running


def through(provider: OpenIDProvider, person: Person | None) -> tuple[Client, str]:
    """Follow the real flow as a browser does; the browser, and the page that it reaches."""
    provider.person = person
    client = Client()
    leave = client.post("/accounts/oidc/company/login/")
    assert leave.status_code == 302
    back = httpx2.get(leave.headers["Location"]).headers["Location"]
    answer = client.get(back.removeprefix("http://testserver"), follow=True)
    return client, answer.content.decode()


def test_button_is_there_only_when_configured(provider: OpenIDProvider, settings: LazySettings) -> None:
    assert b"Sign in with Company account" in Client().get(LOGIN).content
    settings.SOCIALACCOUNT_PROVIDERS = {}
    page = Client().get(LOGIN).content
    assert b"Company account" not in page and b"google" not in page


def test_person_comes_in_by_their_address(provider: OpenIDProvider, member: Membership) -> None:
    client, _page = through(provider, Person(email=member.user.email))
    assert client.get("/profile/").status_code == 200
    assert {"sign_in.done", "sign_in.provider_connected"} <= set(logged(member))


def test_unknown_and_unverified_people_stay_outside(provider: OpenIDProvider, member: Membership) -> None:
    for person in (Person(email="nobody@example.com"), Person(email=member.user.email, email_verified=False)):
        client, page = through(provider, person)
        assert "By invitation only" in page
        assert client.get("/profile/").status_code == 302
    assert User.objects.count() == 1


def test_who_cancels_there_reads_so(provider: OpenIDProvider) -> None:
    _client, page = through(provider, None)
    assert "Sign-in cancelled" in page


def test_forged_answers_open_nothing(provider: OpenIDProvider) -> None:
    client = Client()
    answer = client.get("/accounts/oidc/company/login/callback/?code=x&state=y")
    assert b"Sign-in did not work" in answer.content
    assert client.get("/profile/").status_code == 302


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/google/login/",
        "/accounts/google/login/callback/",
        "/accounts/google/login/token/",
        "/accounts/oidc/nobody/login/",
        "/accounts/oidc/%00/login/",
        "/accounts/oidc/%00/login/callback/",
    ],
)
def test_provider_that_is_not_configured_is_not_there(address: str) -> None:
    assert Client().get(address).status_code == 404


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "GET", "POST"])
def test_phone_numbers_are_no_way_in(method: str) -> None:
    address = "/_allauth/app/v1/account/phone"
    assert Client().generic(method, address, b"{}", content_type="application/json").status_code == 404


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5", "curl/8.5"),
        ("", "Unknown program"),
    ],
)
def test_browser_names(text: str, name: str) -> None:
    assert user_agent.describe(text) == name
