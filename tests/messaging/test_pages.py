"""The pages: providers, outbox, unsubscribe, send again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import Membership
from apps.core.http.breaker import FAILURES_TO_OPEN, Breaker
from apps.messaging import actions, unsubscribing
from apps.messaging.models import Message
from tests.fakes.smtp import SmtpSink
from tests.messaging.conftest import announced

pytestmark = pytest.mark.django_db
Write = Callable[..., Message]
ClientOf = Callable[[Membership], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def kept(write: Write, settings: Any) -> Message:
    """A mail in the outbox."""
    settings.EMAIL_PROVIDERS = ["outbox"]
    message = write(
        html='<p>Hello <a href="https://compass.example/s/abc/">Answer</a><script>alert(1)</script></p>',
        now=timezone.now(),
    )
    actions.send_due(clock=timezone.now)
    return message


class TestProviders:
    def test_whole_page(self, client_of: ClientOf, admin_member: Membership, smtp: SmtpSink) -> None:
        page = client_of(admin_member).get("/settings/providers/")
        assert page.status_code == 200
        text = page.content.decode()
        assert f"127.0.0.1:{smtp.port}" in text
        assert "SENDGRID_API_KEY" in text, "it says how to configure the others"
        assert admin_member.user.email in text

    @pytest.mark.parametrize("who", ["manager", "member", "viewer"])
    def test_only_for_admins(self, client_of: ClientOf, request: pytest.FixtureRequest, who: str) -> None:
        client = client_of(request.getfixturevalue(who))
        assert client.get("/settings/providers/").status_code == 403
        assert client.post("/settings/providers/smtp/test/").status_code == 403
        assert client.get("/outbox/").status_code == 403

    def test_strangers_sign_in_first(self) -> None:
        assert Client().get("/settings/providers/").status_code == 302
        assert Client().get("/outbox/").status_code == 302

    def test_a_test_says_what_it_found(self, client_of: ClientOf, admin_member: Membership, smtp: SmtpSink) -> None:
        client = client_of(admin_member)
        page = client.post("/settings/providers/smtp/test/")
        assert "The server answers." in page.content.decode()
        assert "<html" in page.content.decode(), "without a script the whole page comes"
        smtp.stop()
        part = client.post("/settings/providers/smtp/test/", headers={**HTMX, "HX-Target": "providers"})
        assert part.content.decode().lstrip().startswith('<div id="providers">')
        assert "Does not work" in part.content.decode()
        assert client.post("/settings/providers/pigeon/test/").status_code == 404
        assert client.get("/settings/providers/smtp/test/").status_code == 405

    def test_an_open_circuit_shows(self, client_of: ClientOf, admin_member: Membership, smtp: SmtpSink) -> None:
        circuit = Breaker(f"127.0.0.1:{smtp.port}", None)
        for _ in range(FAILURES_TO_OPEN):
            circuit.pause()
            circuit.failed()
        assert "Resting after failures" in client_of(admin_member).get("/settings/providers/").content.decode()

    def test_a_test_mail(self, client_of: ClientOf, admin_member: Membership, smtp: SmtpSink) -> None:
        client = client_of(admin_member)
        assert client.post("/settings/providers/", {"to_address": "me@example.com"}).status_code == 302
        actions.send_due(clock=timezone.now)
        (mail,) = smtp.mails
        assert mail.recipients == ("me@example.com",)
        assert "Harbour Opticians" in mail.text and "Harbour Opticians" in mail.html
        assert "me@example.com" in client.get("/settings/providers/").content.decode(), "its history is shown"

    def test_a_wrong_address(self, client_of: ClientOf, admin_member: Membership) -> None:
        page = client_of(admin_member).post("/settings/providers/", {"to_address": "nobody"})
        assert page.status_code == 422
        assert not Message.objects.exists()


class TestOutbox:
    def test_list(self, client_of: ClientOf, admin_member: Membership, kept: Message) -> None:
        client = client_of(admin_member)
        assert "How was it?" in client.get("/outbox/").content.decode()
        part = client.get("/outbox/", headers={**HTMX, "HX-Target": "mails"}).content.decode()
        assert part.lstrip().startswith('<div id="mails"')
        assert client.get("/outbox/?cursor=nonsense").status_code == 302

    def test_empty_list(self, client_of: ClientOf, admin_member: Membership) -> None:
        assert "No mails yet" in client_of(admin_member).get("/outbox/").content.decode()

    def test_pages(self, client_of: ClientOf, admin_member: Membership, write: Write) -> None:
        for number in range(55):
            write(subject=f"Mail {number:02}")
        Message.objects.update(provider="outbox", state="delivered")
        page = client_of(admin_member).get("/outbox/")
        assert "Mail 54" in page.content.decode() and "Mail 04" not in page.content.decode()
        older = page.context["older_url"]
        assert "Mail 04" in client_of(admin_member).get(f"/outbox/{older}").content.decode()

    def test_one_mail(self, client_of: ClientOf, admin_member: Membership, kept: Message) -> None:
        text = client_of(admin_member).get(f"/outbox/{kept.pk}/").content.decode()
        assert "https://compass.example/s/abc/" in text
        assert kept.message_id.strip("<>") in text
        assert "Please tell us." in text
        assert f'src="/outbox/{kept.pk}/html/" sandbox' in text
        assert "alert(1)" not in text

    def test_its_html_is_locked_up(self, client_of: ClientOf, admin_member: Membership, kept: Message) -> None:
        response = client_of(admin_member).get(f"/outbox/{kept.pk}/html/")
        policy = response["Content-Security-Policy"]
        assert "sandbox" in policy and "default-src 'none'" in policy and "allow-" not in policy
        assert response.content.decode() == kept.html

    def test_what_went_out_to_people_is_not_shown(
        self, client_of: ClientOf, admin_member: Membership, kept: Message
    ) -> None:
        Message.objects.update(provider="smtp")
        client = client_of(admin_member)
        assert "How was it?" not in client.get("/outbox/").content.decode()
        assert client.get(f"/outbox/{kept.pk}/").status_code == 404
        assert client.get(f"/outbox/{kept.pk}/html/").status_code == 404

    def test_another_organisation(self, client_of: ClientOf, stranger: Membership, kept: Message) -> None:
        client = client_of(stranger)
        assert "How was it?" not in client.get("/outbox/").content.decode()
        for path in (f"/outbox/{kept.pk}/", f"/outbox/{kept.pk}/html/"):
            assert client.get(path).status_code == 404


class TestUnsubscribe:
    def address(self, message: Message) -> str:
        return f"/u/{unsubscribing.token_of(message.public_id)}/"

    def test_get_and_head_only_ask(self, write: Write) -> None:
        message = write(unsubscribe=True, purpose="survey")
        client = Client(enforce_csrf_checks=True)
        for _ in range(3):
            page = client.get(self.address(message))
            assert client.head(self.address(message)).status_code == 200
        assert "Unsubscribe?" in page.content.decode()
        assert "Harbour Opticians" in page.content.decode()
        assert (page["Referrer-Policy"], page["Cache-Control"]) == ("no-referrer", "no-store")
        message.refresh_from_db()
        assert (message.unsubscribed_at, announced()) == (None, [])

    def test_one_click(self, write: Write) -> None:
        """RFC 8058: a POST without cookies, answered 200 without a redirect, as often as it comes."""
        message = write(unsubscribe=True, purpose="survey")
        for _ in range(3):
            answer = Client(enforce_csrf_checks=True).post(
                self.address(message), "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
            )
            assert answer.status_code == 200
            assert not answer.cookies
        assert announced() == ["Unsubscribed"]

    def test_many_people_at_one_mail_provider(self, write: Write) -> None:
        message = write(unsubscribe=True)
        answers = {Client().post(self.address(message)).status_code for _ in range(40)}
        assert answers == {200}

    def test_forged_costs_no_query(self, write: Write, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        token = unsubscribing.token_of(write().public_id)
        forged = [token[:-1] + ("a" if token[-1] != "a" else "b"), token.split(".")[0], "x", "x.y", token + "x"]
        with django_assert_num_queries(0):
            assert {Client().post(f"/u/{each}/").status_code for each in forged} == {404}

    def test_a_message_that_is_gone(self, write: Write) -> None:
        message = write()
        address = self.address(message)
        message.delete()
        assert Client().post(address).status_code == 404

    def test_other_methods(self, write: Write) -> None:
        assert Client().put(self.address(write())).status_code == 405


class TestSendAgain:
    def test_one_click(self, client_of: ClientOf, member: Membership, write: Write) -> None:
        message = write()
        Message.objects.update(state="unknown")
        answer = client_of(member).post(f"/messages/{message.pk}/resend/", {"next": "/customers/7/"})
        assert (answer.status_code, answer["Location"]) == (302, "/customers/7/")
        message.refresh_from_db()
        assert message.state == "queued"

    def test_never_to_somebody_elses_site(self, client_of: ClientOf, member: Membership, write: Write) -> None:
        answer = client_of(member).post(f"/messages/{write().pk}/resend/", {"next": "https://evil.example/"})
        assert answer["Location"] == "/"

    def test_not_for_everybody(
        self, client_of: ClientOf, viewer: Membership, stranger: Membership, write: Write
    ) -> None:
        path = f"/messages/{write().pk}/resend/"
        assert client_of(viewer).post(path).status_code == 403
        assert client_of(stranger).post(path).status_code == 404
        assert Client().post(path).status_code == 302
