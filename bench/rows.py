"""A large installation, made by a few set-based statements: one organisation, many customers, many answers.

Used within a process for which `harness.setup_django` has been called.
"""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "a long enough password"

FILL = """
INSERT INTO customers_branch (organization_id, name, name_key, time_zone, country, is_active)
  SELECT %(organization)s, 'Branch ' || n, 'branch ' || n, '', '', true FROM generate_series(1, 12) n;
INSERT INTO customers_staffmember (organization_id, name, name_key, branch_id, is_active)
  SELECT %(organization)s, 'Person ' || id, 'person ' || id, id, true FROM customers_branch;
INSERT INTO customers_customer (organization_id, name, email, mobile, language, time_zone, preferred_channel,
    last_visited_at, last_branch_id, created_at, updated_at, version, kind, custom, is_restricted)
  SELECT %(organization)s, (ARRAY['Ann','Björn','Chloé','Dora','Emre','Fatma','Grace','Hans'])[1 + n %% 8]
      || ' ' || (ARRAY['Ahlberg','Becker','Çelik','Dubois','Evans','Fischer','García'])[1 + n %% 7] || ' ' || n,
    'customer' || n || '@example.com', '+4930' || (1000000 + n), 'en', '', 'email',
    now() - n * interval '97 seconds', (SELECT min(id) FROM customers_branch) + n %% 12,
    now() - n * interval '101 seconds', now() - n * interval '97 seconds', 1, 'person', '{}', false
  FROM generate_series(1, %(customers)s) n;
INSERT INTO customers_consententry (organization_id, customer_id, purpose, channel, action, method, reason,
    recorded_at, by_label)
  SELECT organization_id, id, 'survey', 'email', CASE WHEN id %% 10 = 0 THEN 'withdrawn' ELSE 'given' END, 'counter',
    '', created_at, 'Ann' FROM customers_customer;
INSERT INTO compass_forms_onetimelink (organization_id, purpose, seed, secret_sha256, created_at, expires_at, used_at,
    is_opened_by_machine)
  SELECT %(organization)s, 'survey', md5(n::text), lpad(n::text, 64, '0'), now() - n * interval '89 seconds',
    now(), now() - n * interval '83 seconds', false
  FROM generate_series(1, %(responses)s) n;
INSERT INTO feedback_surveyrequest (organization_id, customer_id, branch_id, staff_member_id, link_id, language,
    purpose, recipient, requested_at, delivery, reminders_sent, mails_written)
  SELECT l.organization_id, c.id, c.last_branch_id, s.id, l.id, 'en', 'Eye test', c.email, l.created_at,
    'delivered', 0, 1
  FROM compass_forms_onetimelink l
  JOIN customers_customer c ON c.id = (SELECT min(id) FROM customers_customer)
      + (l.id * 7919) %% %(customers)s
  JOIN customers_staffmember s ON s.branch_id = c.last_branch_id;
INSERT INTO feedback_response (organization_id, request_id, customer_id, branch_id, staff_member_id, stars, comment,
    language, submitted_at, form_key, sentiment, sentiment_score, text_score, is_contradiction, sentiment_words,
    sentiment_by, summary, summary_by, analysed_at)
  SELECT r.organization_id, r.id, r.customer_id, r.branch_id, r.staff_member_id, 1 + (r.id %% 5),
    'The team was friendly and quick, the wait was short, and the glasses fit at once. Visit number ' || r.id,
    'en', l.used_at, '', (ARRAY['negative','negative','neutral','positive','positive'])[1 + r.id %% 5],
    (r.id %% 5) / 2.0 - 1, 0.7, r.id %% 97 = 0, '[["friendly", 0.6], ["quick", 0.3]]'::jsonb,
    '{"engine": "built-in"}'::jsonb, 'Friendly team, short wait.', '{"engine": "built-in"}'::jsonb, l.used_at
  FROM feedback_surveyrequest r JOIN compass_forms_onetimelink l ON l.id = r.link_id;
"""


@dataclass(frozen=True)
class Signed:
    """How to ask as the one member of the organisation."""

    organization_id: int
    member_id: int
    api_key: dict[str, str]
    cookie: dict[str, str]


def people() -> Signed:
    """An organisation with an administrator who is signed in and has a key for everything; made once in a database."""
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client

    from apps.accounts.models import ApiKey, Membership, Organization, User
    from apps.accounts.models.api_key import digest, new_secret
    from apps.accounts.permissions import Can, Role

    call_command("migrate", verbosity=0)
    organization = Organization.objects.get_or_create(
        slug="bench", defaults={"name": "Bench", "time_zone": "Europe/Berlin"}
    )[0]
    user = User.objects.filter(email="ann@bench.example").first()
    user = user or User.objects.create_user("ann@bench.example", PASSWORD, name="Ann")
    member = Membership.objects.get_or_create(organization=organization, user=user, defaults={"role": Role.ADMIN})[0]
    secret = new_secret()
    ApiKey.objects.create(
        organization=organization,
        name="bench",
        shown_prefix=secret[:12],
        secret_sha256=digest(secret),
        scopes=[str(scope) for scope in Can],
        created_by=user,
    )
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    return Signed(
        organization.pk,
        member.pk,
        {"Authorization": f"Bearer {secret}"},
        {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"},
    )


def fill(signed: Signed, *, customers: int, responses: int) -> None:
    """Everything else, on PostgreSQL; with the statistics that a running installation would have."""
    from django.db import connection

    values = {"organization": signed.organization_id, "customers": customers, "responses": responses}
    with connection.cursor() as cursor:
        for statement in FILL.split(";\n"):
            if statement.strip():
                cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
