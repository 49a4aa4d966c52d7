"""A real SMTP server that keeps what it is given and refuses on demand, reply code by reply code."""

import asyncio
import contextlib
import threading
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Final, Literal, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

# When a trouble strikes: at the greeting, at MAIL FROM, at RCPT TO, or at the end of DATA.
Stage = Literal["connect", "mail", "rcpt", "data"]
# before_answer  the line goes dead instead of the answer to DATA, and the mail is lost
# lost_answer    the same for the sender, but the mail was kept
# after_answer   the mail was kept, 250 was said, then the line goes dead
Drop = Literal["before_answer", "lost_answer", "after_answer"]

REPLIES: Final = {
    421: "421 4.3.2 Service not available, closing transmission channel",
    450: "450 4.2.0 Mailbox busy, try again later",
    451: "451 4.7.1 Greylisted, try again later",
    452: "452 4.5.3 Too many recipients",
    550: "550 5.1.1 The email account that you tried to reach does not exist",
    552: "552 5.2.2 Mailbox full",
    554: "554 5.7.1 Message rejected as spam",
}


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One accepted mail: its envelope, its bytes as sent, and both parsed."""

    mail_from: str
    recipients: tuple[str, ...]
    data: bytes
    message: EmailMessage

    @property
    def text(self) -> str:
        """The plain-text part, empty when there is none."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """The HTML part, empty when there is none."""
        return self._part("html")

    def _part(self, kind: Literal["plain", "html"]) -> str:
        part = self.message.get_body((kind,))
        return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


@dataclass(slots=True)
class _Trouble:
    reply: str | None
    stage: Stage
    recipient: str
    delay: float
    drop: Drop | None
    times: int | None


class SmtpSink:
    """`host` and `port` to send to; `mails` is what was accepted."""

    host: Final = "127.0.0.1"

    def __init__(self, *, username: str = "", password: str = "", max_bytes: int = 33_554_432, port: int = 0) -> None:
        """With a username, AUTH is required (PLAIN and LOGIN, over the clear loopback line)."""
        self.port, self.username, self.password, self.max_bytes = port, username, password, max_bytes
        self._mails: list[ReceivedMail] = []
        self._troubles: list[_Trouble] = []
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._server: asyncio.Server | None = None
        self._transports: set[asyncio.BaseTransport] = set()
        # Every recipient that was ever named in RCPT TO, accepted or not.
        self.attempts: list[str] = []

    @property
    def url(self) -> str:
        """The address as an smtp:// URL, with credentials where there are some."""
        credentials = f"{self.username}:{self.password}@" if self.username else ""
        return f"smtp://{credentials}{self.host}:{self.port}"

    @property
    def mails(self) -> list[ReceivedMail]:
        """Everything accepted so far, oldest first (a copy)."""
        with self._lock:
            return list(self._mails)

    def to(self, address: str) -> list[ReceivedMail]:
        """The mails whose envelope names that recipient."""
        return [mail for mail in self.mails if address in mail.recipients]

    def behave(
        self,
        *,
        status: int | None = None,
        reply: str = "",
        stage: Stage = "rcpt",
        recipient: str = "",
        delay: float = 0.0,
        drop_connection: bool | Drop = False,
        times: int | None = None,
    ) -> None:
        """Refuse with `status` (see REPLIES) or with a full `reply` line at `stage`, for the next `times` chances.

        `recipient` limits it to one address (stage rcpt); `delay` waits first, in seconds; `drop_connection` acts at
        DATA, True means "before_answer". 421 closes the connection, as it must.
        """
        drop: Drop | None = "before_answer" if drop_connection is True else (drop_connection or None)
        line = reply or (REPLIES.get(status, f"{status} refused") if status else None)
        with self._lock:
            self._troubles.append(_Trouble(line, "data" if drop else stage, recipient, delay, drop, times))

    def recover(self) -> None:
        """Forget every trouble that is still waiting."""
        with self._lock:
            self._troubles.clear()

    def reset(self) -> None:
        """Forget troubles and mails."""
        self.recover()
        with self._lock:
            self._mails.clear()
            self.attempts.clear()

    def start(self) -> Self:
        """Listen on loopback; returns itself."""
        if self._thread is not None:
            raise RuntimeError("the fake already runs")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        listening = self._loop.create_server(self._connection, self.host, self.port)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def stop(self) -> None:
        """Close the port and every connection. Safe to call twice; a new start takes the same port."""
        if self._loop is None or self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._loop = self._thread = self._server = None

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    async def trouble(self, stage: Stage, recipient: str = "") -> _Trouble | None:
        """The trouble at this stage, counted down and waited for."""
        with self._lock:
            found = next(
                (each for each in self._troubles if each.stage == stage and each.recipient in ("", recipient)), None
            )
            if found is not None and found.times is not None:
                found.times -= 1
                if found.times <= 0:
                    self._troubles.remove(found)
        if found is not None and found.delay:
            await asyncio.sleep(found.delay)
        return found

    def keep(self, envelope: Envelope) -> None:
        """Store an accepted mail."""
        data = envelope.original_content or b""
        recipients = tuple(str(address) for address in envelope.rcpt_tos)
        message = message_from_bytes(data, policy=policy.default)
        with self._lock:
            self._mails.append(ReceivedMail(str(envelope.mail_from or ""), recipients, data, message))

    def connected(self, transport: asyncio.BaseTransport) -> None:
        """Remember a connection, to close it on stop."""
        self._transports.add(transport)

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        """Check user name and password."""
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (
            self.username.encode(),
            self.password.encode(),
        )
        return AuthResult(success=good, handled=good)

    def _connection(self) -> SMTP:
        options = {"authenticator": self.authenticate, "auth_require_tls": False} if self.username else {}
        return _Connection(self, _Handler(self), data_size_limit=self.max_bytes, enable_SMTPUTF8=True, **options)

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        for transport in self._transports:
            transport.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        self._transports.clear()


class _Connection(SMTP):
    """aiosmtpd's protocol, with a line that can go dead."""

    def __init__(self, sink: SmtpSink, handler: "_Handler", **options: Any) -> None:
        self.sink = sink
        self.hang_up_after_answer = False
        super().__init__(handler, hostname="smtp.fake.test", ident="fake", **options)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the connection."""
        self.sink.connected(transport)
        super().connection_made(transport)

    async def push(self, status: str | bytes) -> None:
        """Say a line; hang up after 421 and where a trouble wants it."""
        line = status.encode() if isinstance(status, str) else status
        if line.startswith(b"220 ") and (trouble := await self.sink.trouble("connect")) and trouble.reply:
            line = trouble.reply.encode()
        with contextlib.suppress(ConnectionError):
            await super().push(line)
        if line.startswith(b"421") or self.hang_up_after_answer:
            self.hang_up()

    def hang_up(self) -> None:
        """Close the line after what was already written."""
        if self.transport is not None:
            self.transport.close()


class _Handler:
    """Decides at each stage of the dialogue."""

    def __init__(self, sink: SmtpSink) -> None:
        self.sink = sink

    async def handle_MAIL(
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """MAIL FROM."""
        if self.sink.username and not session.authenticated:
            return "530 5.7.0 Authentication required"
        trouble = await self.sink.trouble("mail")
        if trouble is not None and trouble.reply:
            return trouble.reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """RCPT TO, one recipient."""
        self.sink.attempts.append(address)
        trouble = await self.sink.trouble("rcpt", address)
        if trouble is not None and trouble.reply:
            return trouble.reply
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: _Connection, _session: Session, envelope: Envelope) -> str:
        """The end of DATA: the moment of acceptance."""
        trouble = await self.sink.trouble("data")
        if trouble is not None and trouble.reply:
            return trouble.reply
        drop = trouble.drop if trouble is not None else None
        if drop != "before_answer":
            self.sink.keep(envelope)
        if drop in ("before_answer", "lost_answer"):
            server.hang_up()
        server.hang_up_after_answer = drop == "after_answer"
        return "250 2.0.0 OK: queued"
