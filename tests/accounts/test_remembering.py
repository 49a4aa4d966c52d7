"""Who asks is remembered, and no process believes it a moment longer than it is true: with a real second process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings as real_settings
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from apps.accounts import actions
from apps.accounts.authentication import living_key
from apps.accounts.models import ApiKey, Membership, Session, User
from apps.accounts.permissions import Can, Role
from apps.accounts.sessions import SessionStore
from apps.core import revision
from apps.core.memory import Memory, copied
from apps.core.shared_mark import SharedMark
from tests.conftest import make_member

pytestmark = pytest.mark.django_db(transaction=True)
ME, PEOPLE = "/api/v1/users/me/", "/api/v1/users/"
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def remembering(settings) -> Iterator[None]:
    settings.REMEMBERS_WHO_ASKS = True
    yield
    revision.listen_no_longer()


class Other:
    """The second process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def says(
        self, method: str, address: str, header: str, value: str, body: str = "", fork: bool = False
    ) -> tuple[int, int]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("\t".join(["FORK"] * fork + [method, address, header, value, body]) + "\n")
        self.process.stdin.flush()
        status, looks = self.process.stdout.readline().split()
        return int(status), int(looks)

    def gets(self, session: str, address: str = ME, **more: bool) -> tuple[int, int]:
        return self.says("GET", address, "Cookie", f"{real_settings.SESSION_COOKIE_NAME}={session}", **more)


@pytest.fixture(scope="module")
def other(django_db_setup: None) -> Iterator[Other]:
    """One for all tests: each signs in anew, and emptying the tables is news that makes it look again."""
    name = connection.settings_dict["NAME"]
    url = f"sqlite:///{name}" if connection.vendor == "sqlite" else os.environ["DATABASE_URL"].rpartition("/")[0]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": str(ROOT)}
    environment |= {"DATABASE_URL": url if connection.vendor == "sqlite" else f"{url}/{name}", "LOG_LEVEL": "ERROR"}
    command = [sys.executable, "-m", "tests.accounts.other_process"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stdout.readline() == "ready\n"
        yield Other(process)
        process.terminate()


def signed_in(member: Membership) -> str:
    client = Client()
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    settle()
    return client.cookies[real_settings.SESSION_COOKIE_NAME].value


def settle() -> None:
    """Let the news of what came before arrive: it makes everybody look again, so nobody would seem to remember."""
    time.sleep(0.05)


@pytest.fixture
def boss(organization) -> Membership:
    return make_member(organization, Role.ADMIN, "boss@harbour.example")


@pytest.fixture
def agent(organization) -> Membership:
    return make_member(organization, Role.ADMIN, "second@harbour.example")


def sign_out(member: Membership, boss: Membership) -> None:
    Session.objects.filter(user=member.user).delete()


def demote(member: Membership, boss: Membership) -> None:
    actions.change_role(member, role=Role.AGENT, by=boss)


def deactivate(member: Membership, boss: Membership) -> None:
    actions.deactivate_member(member, by=boss)


def lock_out(member: Membership, boss: Membership) -> None:
    User.objects.filter(pk=member.user_id).update(is_active=False)


def new_password(member: Membership, boss: Membership) -> None:
    member.user.set_password("harbour lamps 9")
    member.user.save()


def by_hand(member: Membership, boss: Membership) -> None:
    """As somebody at the database's own prompt."""
    with connection.cursor() as cursor:
        cursor.execute("update accounts_membership set role = 'agent' where id = %s", [member.pk])


@pytest.mark.parametrize("change", [sign_out, demote, deactivate, lock_out, new_password, by_hand])
def test_what_changes_here_counts_there_at_once(
    other: Other, boss: Membership, agent: Membership, change: Callable[[Membership, Membership], None]
) -> None:
    session = signed_in(agent)
    assert other.gets(session, PEOPLE) == (200, 1)
    assert other.gets(session, PEOPLE) == (200, 0), "the second time it is remembered"
    change(agent, boss)
    status, looks = other.gets(session, PEOPLE)
    assert (status, looks) == (403 if change in (demote, by_hand) else 401, 1)


def test_what_changes_there_counts_here_at_once(other: Other, boss: Membership, agent: Membership) -> None:
    session = signed_in(agent)
    here = Client(headers={"Cookie": f"{real_settings.SESSION_COOKIE_NAME}={session}"})
    assert here.get(ME).status_code == 200
    assert here.get(ME).status_code == 200
    _key, secret = actions.create_api_key(boss.organization, name="team", scopes=list(Can), by=boss, now=timezone.now())
    done = other.says("PATCH", f"{PEOPLE}{agent.user_id}/", "Authorization", f"Bearer {secret}", '{"is_active": false}')
    assert done[0] == 200
    assert here.get(ME).status_code == 401


def test_a_process_knows_its_own_changes_at_once(agent: Membership) -> None:
    for _ in range(20):
        session = signed_in(agent)
        client = Client(headers={"Cookie": f"{real_settings.SESSION_COOKIE_NAME}={session}"})
        assert client.get(ME).status_code == 200
        SessionStore(session).delete()
        assert client.get(ME).status_code == 401


def test_a_revoked_key_is_dead_everywhere(other: Other, boss: Membership) -> None:
    key, secret = actions.create_api_key(boss.organization, name="till", scopes=list(Can), by=boss, now=timezone.now())
    ask = ("GET", PEOPLE, "Authorization", f"Bearer {secret}")
    other.says(*ask)  # notes the use, which is a change
    settle()
    other.says(*ask)
    assert other.says(*ask) == (200, 0)
    actions.revoke_api_key(key, by=boss, now=timezone.now())
    assert other.says(*ask) == (401, 1)


def test_a_key_that_expires_meanwhile_is_dead(boss: Membership) -> None:
    now = timezone.now()
    key, secret = actions.create_api_key(
        boss.organization, name="t", scopes=list(Can), by=boss, now=now, expires_at=now + timezone.timedelta(1)
    )
    assert living_key(f"Bearer {secret}", now=now) == key
    assert living_key(f"Bearer {secret}", now=now + timezone.timedelta(2)) is None


def test_what_is_taken_back_disturbs_nobody(other: Other, agent: Membership) -> None:
    session = signed_in(agent)
    other.gets(session)
    with transaction.atomic():
        Session.objects.all().delete()
        transaction.set_rollback(True)
    assert other.gets(session) == (200, 0)


def test_a_fork_neither_uses_nor_breaks_what_its_parent_hears(other: Other, agent: Membership) -> None:
    session = signed_in(agent)
    other.gets(session)
    assert other.gets(session, fork=True)[0] == 200
    assert other.gets(session) == (200, 0), "the parent still listens"
    Session.objects.all().delete()
    assert other.gets(session)[0] == 401
    assert other.gets(session, fork=True)[0] == 401


def test_a_look_that_began_before_the_change_is_not_believed_after_it(agent: Membership) -> None:
    memory: Memory[str] = Memory()

    def slow() -> str:
        found = User.objects.get(pk=agent.user_id).name
        User.objects.filter(pk=agent.user_id).update(name="New")
        return found

    def quick() -> str:
        return User.objects.get(pk=agent.user_id).name

    assert memory.recall("a", slow) == "Admin"
    assert memory.recall("a", quick) == "New"
    settle()
    memory.recall("a", quick)
    assert memory.recall("a", pytest.fail) == "New"


def test_inside_of_a_transaction_nothing_is_remembered(agent: Membership) -> None:
    memory: Memory[int] = Memory()
    memory.recall("a", lambda: 1)
    with transaction.atomic():
        assert memory.recall("a", lambda: 2) == 2
    assert memory.recall("a", lambda: 3) == 1


def test_nothing_is_remembered_for_long(agent: Membership, monkeypatch) -> None:
    memory: Memory[int] = Memory()
    memory.recall("a", lambda: 1)
    monkeypatch.setattr("apps.core.memory.time.monotonic", lambda: 1e12)
    assert memory.recall("a", lambda: 2) == 2


def test_what_one_request_does_to_a_person_no_other_sees(agent: Membership) -> None:
    kept = Session.objects.create(
        session_key="k", session_data="", expire_date=timezone.now(), user=agent.user, membership=agent
    )
    mine = copied(kept)
    assert mine.user and mine.membership
    mine.user.name = mine.membership.role = "spoiled"
    mine.membership.organization = None  # type: ignore[assignment]
    assert kept.user and kept.membership
    assert (kept.user.name, kept.membership.role) == ("Admin", "admin")
    assert kept.membership.organization is not None
    key = ApiKey(scopes=["a"])
    copied(key).scopes.append("b")
    assert key.scopes == ["a"]


def test_not_a_moment_too_late(other: Other, agent: Membership) -> None:
    for _ in range(40):
        session = signed_in(agent)
        assert other.gets(session)[0] == 200
        SessionStore(session).delete()
        assert other.gets(session)[0] == 401


def test_a_mark_is_seen_by_whoever_opened_the_same_file(tmp_path: Path) -> None:
    mine, yours = SharedMark(tmp_path / "mark"), SharedMark(tmp_path / "mark")
    before = yours.read()
    mine.change()
    assert yours.read() == mine.read() != before


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite needs no connection to hear")
def test_without_an_ear_everything_is_looked_up(agent: Membership) -> None:
    before = revision.current()
    assert before is not None
    listener = revision._ear._connection
    assert listener is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 2000)", [listener.info.backend_pid])
    assert revision.current() is None, "it must not believe what it knew while it was deaf"
    revision._ear._next_try = 0
    again = revision.current()
    assert again is not None and again != before


def test_without_triggers_nothing_is_remembered(agent: Membership, monkeypatch) -> None:
    monkeypatch.setattr(revision, "_has_triggers", False)
    monkeypatch.setattr(revision, "told_tables", lambda: ("accounts_user", "core_outboxevent"))
    assert revision.current() is None
