"""SMTP against a real server: what may follow depends on the step at which it fails."""

from __future__ import annotations

from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import compat32
from email.utils import parseaddr
from typing import Any

import pytest

from apps.core.http.breaker import FAILURES_TO_OPEN
from apps.messaging.providers.base import MaybeAccepted, NotAccepted, RecipientRefused
from apps.messaging.providers.smtp import Smtp
from tests.fakes.smtp import SmtpSink
from tests.messaging.conftest import mail

pytestmark = pytest.mark.django_db


def test_a_mail_arrives_as_it_was_written(smtp: SmtpSink) -> None:
    sent = mail(
        headers={
            "List-Unsubscribe": f"<https://compass.example/u/{'a' * 32}.{'b' * 43}/>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        reply_to="desk@harbour.example",
    )
    Smtp().send(sent)
    (got,) = smtp.mails
    assert (got.mail_from, got.recipients) == ("hello@harbour.example", ("mia@example.com",))
    assert got.message["Subject"] == "Wie war’s? 👓"
    assert got.message["To"] == "Mia Müller <mia@example.com>"
    assert got.message["From"] == "Harbour Opticians <hello@harbour.example>"
    assert (got.text, got.html.strip()) == ("Grüße\n.\nEnde\n", "<p>Grüße</p>")
    assert got.message["Reply-To"] == "desk@harbour.example"
    raw_head = got.data.partition(b"\r\n\r\n")[0].decode("ascii")
    unfolded = raw_head.replace("\r\n ", " ")
    assert f"Message-ID: {sent.message_id}" in unfolded
    for name, value in sent.headers.items():
        assert f"{name}: {value}" in unfolded, "programs read these as they stand, without encoded words"
    assert all(len(line) <= 998 for line in got.data.split(b"\r\n"))


def test_a_very_long_subject_and_name(smtp: SmtpSink) -> None:
    subject, name = "Größe und Güte " * 30, "Ω" * 150
    Smtp().send(mail(subject=subject.strip(), to_name=name, text="x" * 5000))
    (got,) = smtp.mails
    assert got.message["Subject"] == subject.strip()
    # Python's own reader puts spaces between the encoded words of a name.
    (shown, address) = parseaddr(str(make_header(decode_header(_header(got.data, "To")))))
    assert (shown, address) == (name, "mia@example.com")
    assert got.text.strip() == "x" * 5000


def _header(data: bytes, name: str) -> str:
    return str(message_from_bytes(data, policy=compat32)[name])


def test_a_name_with_every_trick_in_it_stays_a_name(smtp: SmtpSink) -> None:
    name = 'Mia "M" <evil@example.com>, Bob\\'
    Smtp().send(mail(to_name=name))
    (got,) = smtp.mails
    (address,) = got.message["To"].addresses
    assert (address.display_name, address.addr_spec) == (name, "mia@example.com")
    assert got.recipients == ("mia@example.com",)


@pytest.mark.parametrize("status", [421, 450, 451])
@pytest.mark.parametrize("stage", ["connect", "mail", "rcpt", "data"])
def test_not_now_may_go_elsewhere(smtp: SmtpSink, status: int, stage: Any) -> None:
    smtp.behave(status=status, stage=stage)
    with pytest.raises(NotAccepted, match=str(status)):
        Smtp().send(mail())
    assert smtp.mails == []


@pytest.mark.parametrize(
    ("status", "stage", "code"),
    [(550, "rcpt", "5.1.1"), (552, "rcpt", "5.2.2"), (554, "data", "5.7.1"), (550, "data", "5.1.1")],
)
def test_a_permanent_no_goes_nowhere_else(smtp: SmtpSink, status: int, stage: Any, code: str) -> None:
    smtp.behave(status=status, stage=stage)
    with pytest.raises(RecipientRefused) as refusal:
        Smtp().send(mail())
    assert refusal.value.status == code


def test_a_bare_no_after_the_body_is_about_the_body(smtp: SmtpSink) -> None:
    smtp.behave(reply="550 Content rejected", stage="data")
    with pytest.raises(RecipientRefused) as refusal:
        Smtp().send(mail())
    assert refusal.value.status == "5.6.0"


@pytest.mark.parametrize(("stage", "reply"), [("mail", "550 5.7.1 Sender denied"), ("rcpt", "530 5.7.0 Sign in")])
def test_a_no_to_ourselves_may_go_elsewhere(smtp: SmtpSink, stage: Any, reply: str) -> None:
    smtp.behave(reply=reply, stage=stage)
    with pytest.raises(NotAccepted):
        Smtp().send(mail())


def test_a_wrong_password_may_go_elsewhere(settings: Any) -> None:
    with SmtpSink(username="compass", password="right") as sink:
        settings.SMTP_URL = sink.url.replace("right", "wrong")
        with pytest.raises(NotAccepted, match="535"):
            Smtp().send(mail())
        settings.SMTP_URL = sink.url
        assert "sign-in" in Smtp().check()
        Smtp().send(mail())
        assert len(sink.mails) == 1


@pytest.mark.parametrize("drop", ["before_answer", "lost_answer"])
def test_silence_after_the_body_is_unknown(smtp: SmtpSink, drop: Any) -> None:
    smtp.behave(drop_connection=drop)
    with pytest.raises(MaybeAccepted):
        Smtp().send(mail())


def test_a_time_out_after_the_body_is_unknown(smtp: SmtpSink, settings: Any) -> None:
    settings.SMTP_TIMEOUT_SECONDS = 0.2
    smtp.behave(delay=5, stage="data")
    with pytest.raises(MaybeAccepted):
        Smtp().send(mail())


def test_a_time_out_before_it_is_not(smtp: SmtpSink, settings: Any) -> None:
    settings.SMTP_TIMEOUT_SECONDS = 0.2
    smtp.behave(delay=5, stage="rcpt")
    with pytest.raises(NotAccepted):
        Smtp().send(mail())


def test_a_line_that_dies_after_250_changes_nothing(smtp: SmtpSink) -> None:
    smtp.behave(drop_connection="after_answer")
    Smtp().send(mail())
    assert len(smtp.mails) == 1


def test_nobody_there_opens_the_circuit(smtp: SmtpSink) -> None:
    smtp.stop()
    for _ in range(FAILURES_TO_OPEN):
        with pytest.raises(NotAccepted, match="Refused"):
            Smtp().send(mail())
    with pytest.raises(NotAccepted, match="circuit") as refusal:
        Smtp().check()
    assert refusal.value.retry_after_seconds > 0


def test_refusals_do_not_open_it(smtp: SmtpSink) -> None:
    smtp.behave(status=550)
    for _ in range(FAILURES_TO_OPEN + 1):
        with pytest.raises(RecipientRefused):
            Smtp().send(mail())


def test_checking_sends_nothing(smtp: SmtpSink) -> None:
    assert Smtp().check() == "The server answers."
    assert smtp.mails == []


@pytest.mark.parametrize(
    ("url", "place", "tls"),
    [
        ("smtp://mail.example", "mail.example:25", "none"),
        ("smtp://mail.example:587", "mail.example:587", "starttls"),
        ("smtp://u:p%40ss@mail.example:465", "mail.example:465", "implicit"),
        ("smtp://mail.example?tls=starttls", "mail.example:587", "starttls"),
        ("smtp://mail.example:2525?tls=implicit", "mail.example:2525", "implicit"),
    ],
)
def test_the_address_in_the_settings(settings: Any, url: str, place: str, tls: str) -> None:
    settings.SMTP_URL = url
    provider = Smtp()
    assert (provider.place, provider._tls, provider.is_configured) == (place, tls, True)


def test_a_server_that_cannot_encrypt_is_not_spoken_to_in_the_clear(smtp: SmtpSink, settings: Any) -> None:
    settings.SMTP_URL = f"{smtp.url}?tls=starttls"
    with pytest.raises(NotAccepted, match="STARTTLS"):
        Smtp().send(mail())
