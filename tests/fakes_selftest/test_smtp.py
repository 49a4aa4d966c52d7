"""The SMTP sink, driven by smtplib."""

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from tests.fakes.smtp import Drop, SmtpSink, Stage


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as server:
        yield server


def mail(*recipients: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "hello@example.com", ", ".join(recipients), "Grüße"
    message.set_content("Hello\n.dot\n")
    message.add_alternative("<p>Hello</p>", subtype="html")
    return message


def send(sink: SmtpSink, *recipients: str, timeout: float = 5) -> dict[str, tuple[int, bytes]]:
    with smtplib.SMTP(sink.host, sink.port, timeout=timeout) as client:
        return client.send_message(mail(*recipients))


def test_mails_are_kept_and_parsed(sink: SmtpSink) -> None:
    send(sink, "mia@example.com", "tom@example.com")
    (received,) = sink.mails
    assert (received.mail_from, received.recipients) == ("hello@example.com", ("mia@example.com", "tom@example.com"))
    assert (received.message["Subject"], received.text, received.html.strip()) == (
        "Grüße",
        "Hello\n.dot\n",
        "<p>Hello</p>",
    )
    assert sink.to("tom@example.com") == [received]


@pytest.mark.parametrize("reply", ["450 4.2.0 busy", "550 5.1.1 unknown", "552 5.2.2 full", "550 5.7.1 policy"])
def test_one_recipient_is_refused_and_the_other_is_served(sink: SmtpSink, reply: str) -> None:
    sink.behave(reply=reply, recipient="mia@example.com")
    refused = send(sink, "mia@example.com", "tom@example.com")
    assert refused == {"mia@example.com": (int(reply[:3]), reply[4:].encode())}
    assert [received.recipients for received in sink.mails] == [("tom@example.com",)]
    assert sink.attempts == ["mia@example.com", "tom@example.com"]


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
def test_refusals_at_every_stage_are_counted_down(sink: SmtpSink, stage: Stage) -> None:
    sink.behave(status=450, stage=stage, times=1)
    with pytest.raises(smtplib.SMTPException):
        send(sink, "mia@example.com")
    send(sink, "mia@example.com")
    assert len(sink.mails) == 1


def test_421_at_the_greeting_closes_the_line(sink: SmtpSink) -> None:
    sink.behave(status=421, stage="connect", times=1)
    with pytest.raises(smtplib.SMTPConnectError) as error:
        smtplib.SMTP(sink.host, sink.port, timeout=5)
    assert error.value.smtp_code == 421
    send(sink, "mia@example.com")


@pytest.mark.parametrize(("drop", "kept"), [("before_answer", 0), ("lost_answer", 1)])
def test_a_lost_answer_to_data(sink: SmtpSink, drop: Drop, kept: int) -> None:
    sink.behave(drop_connection=drop, times=1)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(sink, "mia@example.com")
    assert len(sink.mails) == kept


def test_a_line_that_goes_dead_after_acceptance(sink: SmtpSink) -> None:
    sink.behave(drop_connection="after_answer", times=1)
    client = smtplib.SMTP(sink.host, sink.port, timeout=5)
    assert client.send_message(mail("mia@example.com")) == {}
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        client.docmd("NOOP")
    client.close()
    assert len(sink.mails) == 1


def test_a_slow_server_runs_into_the_timeout(sink: SmtpSink) -> None:
    sink.behave(delay=30, stage="data")
    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
        send(sink, "mia@example.com", timeout=0.2)
    assert sink.mails == []


def test_passwords_are_checked() -> None:
    with SmtpSink(username="compass", password="secret") as sink:
        with pytest.raises(smtplib.SMTPException):
            send(sink, "mia@example.com")
        with smtplib.SMTP(sink.host, sink.port, timeout=5) as client:
            with pytest.raises(smtplib.SMTPAuthenticationError):
                client.login("compass", "wrong")
        with smtplib.SMTP(sink.host, sink.port, timeout=5) as client:
            client.login("compass", "secret")
            client.send_message(mail("mia@example.com"))
        assert len(sink.mails) == 1


def test_down_and_up_again_on_the_same_port(sink: SmtpSink) -> None:
    port = sink.port
    sink.stop()
    with pytest.raises(ConnectionRefusedError):
        send(sink, "mia@example.com")
    sink.start()
    assert sink.port == port
    send(sink, "mia@example.com")
