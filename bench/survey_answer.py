"""How fast answers arrive, beside what PostgreSQL itself reaches with the very same statement.

    python bench/survey_answer.py [--rounds 3] [--seconds 5]

Needs PostgreSQL with pgbench, and wrk. In one run and turn by turn: pgbench with the statement of
`apps/feedback/actions/answering.py` (32 clients, prepared), the product's page on PostgreSQL, the product's page on
SQLite (granian, 2 workers × 4 threads, 32 keep-alive connections each). Every page request is a real POST of a form
with its own link. Prints rates, their ratios, p95, and counts that must agree.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = 32
LUA = """
local threads = 0
function setup(thread) thread:set("number", threads); threads = threads + 1 end
function init(args)
  tokens = {}
  local at = 0
  for line in io.lines(args[1]) do
    if at % 2 == number then tokens[#tokens + 1] = line end
    at = at + 1
  end
  sent = 0
  wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
end
function request()
  sent = sent + 1
  return wrk.format("POST", "/s/" .. (tokens[sent] or "used-up") .. "/", nil,
    "stars=4&comment=The+team+was+friendly+and+quick%2C+the+wait+was+short.&form_key=k" .. sent)
end
function done(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(95),
    summary.errors.status + summary.errors.read + summary.errors.timeout + summary.errors.connect))
end
"""


def environment(folder: Path, database_url: str) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if name != "REDIS_URL"},
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url,
        "VAR_DIR": str(folder),
        "LOG_LEVEL": "WARNING",
        "SURVEY_ANSWERS_PER_ADDRESS": "1000000000",
        "PYTHONPATH": str(ROOT),
    }


def prepare(links: int, tokens_file: Path) -> None:
    """(In a process of its own) an organisation, and so many requests with their links and tokens."""
    import django

    django.setup()
    from datetime import timedelta

    from django.core.management import call_command
    from django.db import connection, transaction
    from django.utils import timezone

    from apps.accounts.models import Organization
    from apps.customers.models import Branch, Customer, StaffMember
    from apps.feedback.models import SurveyRequest
    from apps.forms import tokens
    from apps.forms.models import OneTimeLink, digest

    call_command("migrate", verbosity=0)
    now = timezone.now()
    organization, _ = Organization.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    branch, _ = Branch.objects.get_or_create(organization=organization, name="One", name_key="one")
    staff, _ = StaffMember.objects.get_or_create(organization=organization, name="Ann", name_key="ann", branch=branch)
    customers = [
        Customer.objects.get_or_create(organization=organization, email=f"c{number}@bench.example")[0]
        for number in range(100)
    ]
    first = (OneTimeLink.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    seeds = [secrets.token_hex(32) for _ in range(links)]
    rows = [
        OneTimeLink(
            pk=first + number,
            organization=organization,
            purpose="survey",
            seed=seed,
            secret_sha256=digest(tokens.secret_of(seed)),
            created_at=now,
            expires_at=(now + timedelta(hours=48)).replace(microsecond=0),
        )
        for number, seed in enumerate(seeds)
    ]
    requests = [
        SurveyRequest(
            organization=organization,
            customer=customers[number % 100],
            branch=branch,
            staff_member=staff,
            link=link,
            language="en",
            recipient="c@bench.example",
            requested_at=now,
        )
        for number, link in enumerate(rows)
    ]
    with transaction.atomic():
        OneTimeLink.objects.bulk_create(rows, batch_size=1000)
        SurveyRequest.objects.bulk_create(requests, batch_size=1000)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # pgbench computes with numbers only, so its half of the links carries secrets made of their numbers.
            cursor.execute(
                "UPDATE compass_forms_onetimelink SET secret_sha256 = lpad(id::text, 64, '0')"
                " WHERE id >= %s AND id < %s",
                [first, first + links // 2],
            )
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("CHECKPOINT")
        rows = rows[links // 2 :]
    tokens_file.write_text("\n".join(tokens.write(row) for row in rows) + "\n")
    print(first)


def statement() -> str:
    """The product's statement with pgbench's variables in the places of its parameters."""
    import django

    django.setup()
    from apps.feedback.actions.answering import ONE_STATEMENT

    values = {
        "link_id": ":link_id",
        "secret_sha256": "lpad((:link_id)::text, 64, '0')",
        "purpose": "'survey'",
        "now": "now()",
        "stars": "4",
        "comment": "'The team was friendly and quick, the wait was short.'",
        "language": "NULL",
        "form_key": "'k'",
        "request_id": "'bench'",
    }
    return (ONE_STATEMENT % values).strip()


def in_child(call: str, env: dict[str, str]) -> str:
    head = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'bench')!r}); from pathlib import Path; import survey_answer as s"
    )
    done = subprocess.run([sys.executable, "-c", f"{head}; {call}"], env=env, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout.strip()


def pgbench(url: str, script: Path, first: int, per_client: int, seconds: int) -> tuple[float, int]:
    parts = urlsplit(url)
    output = subprocess.run(
        [
            "pgbench",
            "-n",
            "-M",
            "prepared",
            "-c",
            str(CLIENTS),
            "-j",
            "2",
            "-T",
            str(seconds),
            "-f",
            script,
            "-D",
            f"first={first}",
            "-D",
            f"per_client={per_client}",
            "-D",
            "n=0",
            "-h",
            parts.hostname or "127.0.0.1",
            "-p",
            str(parts.port or 5432),
            "-U",
            parts.username or "root",
            parts.path[1:],
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    rate = float(re.search(r"tps = ([\d.]+)", output)[1])  # type: ignore[index]
    done = int(re.search(r"actually processed: (\d+)", output)[1])  # type: ignore[index]
    return rate, done


def wrk(port: int, lua: Path, tokens: Path, seconds: int) -> tuple[float, float, int, int]:
    output = subprocess.run(
        ["wrk", "-t2", f"-c{CLIENTS}", f"-d{seconds}s", "-s", lua, f"http://127.0.0.1:{port}", "--", tokens],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+)", output)
    assert found, output
    requests, duration, p95, failed = map(int, found.groups())
    return requests / (duration / 1e6), p95 / 1000, requests, failed


def serve(env: dict[str, str]) -> tuple[subprocess.Popen[bytes], int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "granian",
            "--interface",
            "wsgi",
            "--workers",
            "2",
            "--blocking-threads",
            "4",
            "--no-access-log",
            "--log-level",
            "warning",
            "--port",
            str(port),
            "config.wsgi:application",
        ],
        env=env,
        cwd=ROOT,
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                time.sleep(2)  # the second worker
                return server, port
        time.sleep(0.1)
    raise SystemExit("the server did not start")


def counted(env: dict[str, str]) -> tuple[int, int, int]:
    """Used links, responses and events; they must be the same number."""
    call = (
        "import django; django.setup();"
        "from apps.forms.models import OneTimeLink as L; from apps.feedback.models import Response as R;"
        "from apps.core.models import OutboxEvent as E;"
        "print(L.objects.exclude(used_at=None).count(), R.objects.count(),"
        " E.objects.filter(name='feedback.ResponseSubmitted').count())"
    )
    used, responses, events = map(int, in_child(call, env).split())
    return used, responses, events


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default="postgres://root@127.0.0.1:5432/postgres", help="where databases are made")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    options = parser.parse_args()
    for tool in ("pgbench", "wrk", "psql"):
        if not shutil.which(tool):
            raise SystemExit(f"{tool} is not installed")
    name = f"bench_survey_{os.getpid()}"
    url = options.server.rsplit("/", 1)[0] + f"/{name}"
    subprocess.run(["psql", "-q", options.server, "-c", f"CREATE DATABASE {name}"], check=True)
    try:
        with tempfile.TemporaryDirectory(prefix="compass-bench-") as folder:
            run(options, Path(folder), url)
    finally:
        subprocess.run(["psql", "-q", options.server, "-c", f"DROP DATABASE {name} WITH (FORCE)"], check=True)


def run(options: argparse.Namespace, folder: Path, url: str) -> None:
    envs = {
        "postgres": environment(folder / "postgres", url),
        "sqlite": environment(folder / "sqlite", f"sqlite:///{folder}/bench.sqlite3"),
    }
    for env in envs.values():
        command = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"]
        subprocess.run(command, env=env, cwd=ROOT, check=True)
    lua = folder / "post.lua"
    lua.write_text(LUA)
    script = folder / "answer.sql"
    text = in_child("print(s.statement())", envs["postgres"]).replace("\n", " ")
    script.write_text(f"\\set link_id :first + :client_id * :per_client + :n\n\\set n :n + 1\n{text};\n")
    enough = 9000 * options.seconds // CLIENTS * CLIENTS
    rates: dict[str, list[float]] = {"pgbench": [], "postgres": [], "sqlite": []}
    p95: dict[str, list[float]] = {"postgres": [], "sqlite": []}
    sent = {"postgres": 0, "sqlite": 0}
    failed = {"postgres": 0, "sqlite": 0}
    for number in range(options.rounds):
        for kind, env in envs.items():
            file = folder / f"{kind}-{number}.txt"
            warm = folder / f"{kind}-{number}-warm.txt"
            links = 2 * enough if kind == "postgres" else enough
            first = int(in_child(f"s.prepare({links}, Path({str(file)!r}))", env).splitlines()[-1])
            if kind == "postgres":
                rate, done = pgbench(url, script, first, enough // CLIENTS, options.seconds)
                rates["pgbench"].append(rate)
                sent[kind] += done
            tokens = file.read_text().splitlines(keepends=True)
            warm.write_text("".join(tokens[: enough // 3]))
            file.write_text("".join(tokens[enough // 3 :]))
            server, port = serve(env)
            try:
                # Warm-up: connections, prepared statements, templates.
                wrk_warm = wrk(port, lua, warm, 2)
                rate, late, requests, wrong = wrk(port, lua, file, options.seconds)
            finally:
                server.terminate()
                server.wait(20)
            rates[kind].append(rate)
            p95[kind].append(late)
            sent[kind] += requests + wrk_warm[2]
            failed[kind] += wrong + wrk_warm[3]
        latest = {key: values[-1] for key, values in rates.items()}
        print(
            f"round {number + 1}: pgbench {latest['pgbench']:,.0f}/s, page on PostgreSQL {latest['postgres']:,.0f}/s,"
            f" page on SQLite {latest['sqlite']:,.0f}/s",
            flush=True,
        )
    limit, on_postgres, on_sqlite = (statistics.median(rates[key]) for key in ("pgbench", "postgres", "sqlite"))
    late_postgres, late_sqlite = (statistics.median(p95[key]) for key in ("postgres", "sqlite"))
    print(f"\nmedians of {options.rounds} rounds, {CLIENTS} clients, rate limits counted in the process")
    print(f"  pgbench, same statement {limit:8,.0f}/s  1.00")
    print(
        f"  page on PostgreSQL      {on_postgres:8,.0f}/s  {on_postgres / limit:.2f} of pgbench (goal: 0.30),"
        f" p95 {late_postgres:.1f} ms (goal: 25)"
    )
    print(
        f"  page on SQLite          {on_sqlite:8,.0f}/s  {on_sqlite / on_postgres:.2f} of PostgreSQL (goal: 0.85),"
        f" p95 {late_sqlite:.1f} ms"
    )
    for kind, env in envs.items():
        used, responses, events = counted(env)
        # What wrk gave up at the end of its time was stored and not counted: at most one for each connection and run.
        extra = responses - (sent[kind] - failed[kind])
        fits = used == responses == events and 0 <= extra <= 2 * CLIENTS * options.rounds and not failed[kind]
        print(
            f"  {kind}: {sent[kind]} answers sent, {failed[kind]} failed; {used} links used = {responses} responses"
            f" = {events} events: {'agree, no link used twice' if fits else 'DISAGREE'}"
        )


if __name__ == "__main__":
    main()
