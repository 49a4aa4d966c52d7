"""One row of everything that an address can name, all in one organisation, and people of every kind who ask for it."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

from allauth.usersessions.models import UserSession
from django.apps import apps
from django.core.files.base import File
from django.db import connection
from django.db.models import AutoField
from django.test import Client
from django.utils import timezone

from apps.accounts import actions as accounts
from apps.accounts.models import Membership, Organization
from apps.accounts.permissions import Can, Role
from apps.commerce import actions as commerce
from apps.commerce.actions import CategoryDraft, LineDraft, OrderDraft, ProductDraft
from apps.core import files
from apps.customers import actions as customers
from apps.customers.actions import (
    BranchDetails,
    CustomerDetails,
    VisitDraft,
    fields,
    notes,
    privacy,
    saved_searches,
    tags,
)
from apps.customers.models import (
    CustomerTag,
    DuplicateSuggestion,
    Identifier,
    PrivacyKind,
    StaffMember,
    SuggestionReason,
)
from apps.feedback import actions as feedback
from apps.feedback.answers import Answer
from apps.feedback.models import Response, SurveyRequest
from apps.forms import tokens
from apps.imports import actions as imports
from apps.messaging import actions as messaging
from apps.messaging.models import Message, SuppressionReason
from apps.tracking import actions as tracking
from apps.tracking.models import Event, QuarantinedEvent
from tests.conftest import make_member

PARAMETER = re.compile(r"<(\w+:)?\w+>")
SECRET_NAME = "Ada Lovelace-Byron"
ROLES = (Role.VIEWER, Role.CAMPAIGN_MANAGER, Role.AGENT, Role.MANAGER, Role.ADMIN, Role.VENDOR)


def spread_ids() -> None:
    """Let every table count from a thousand of its own, so that an id of the wrong table can never fit by chance."""
    counted = (model._meta for model in apps.get_models() if isinstance(model._meta.pk, AutoField))
    with connection.cursor() as cursor:
        for number, meta in enumerate(counted, 1):
            if connection.vendor == "postgresql":
                place = "setval(pg_get_serial_sequence(%s, %s), %s)"
                cursor.execute(f"SELECT {place}", [f'"{meta.db_table}"', meta.pk.column, number * 1000])
            else:
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [meta.db_table])
                cursor.execute(
                    "INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [meta.db_table, number * 1000]
                )


class World:
    """The rows; `rows` maps the beginning of a route to what its parameters are filled with."""

    def __init__(self) -> None:
        """Fill an organisation the way its people would."""
        spread_ids()
        now = timezone.now()
        self.home = Organization.objects.create(name="Harbour Opticians", slug="harbour", time_zone="Europe/Berlin")
        self.away = Organization.objects.create(name="Stranger Ltd", slug="stranger")
        self.people = {str(role): make_member(self.home, role) for role in ROLES}
        self.people["foreign"] = make_member(self.away, Role.ADMIN)
        admin = self.people[Role.ADMIN]
        spare = make_member(self.home, Role.AGENT, "spare@harbour.example")
        branch = customers.create_branch(BranchDetails("Old Town"), organization=self.home, by=admin)
        draft = VisitDraft(
            SECRET_NAME, email="ada@example.com", has_email_consent=True, branch_id=branch.pk, staff_name="Mara"
        )
        visit = customers.capture_visit(draft, organization=self.home, by=admin, now=now - timedelta(hours=1))
        twin = customers.create_customer(
            CustomerDetails(f"{SECRET_NAME} jr", "ada@work.example"), organization=self.home, by=admin, now=now
        )
        pair = DuplicateSuggestion.objects.create(
            organization=self.home,
            customer=visit.customer,
            other=twin,
            reason=SuggestionReason.SIMILAR,
            score=0.8,
            created_at=now,
        )
        survey = feedback.request_survey(visit.customer, visit=visit, by=admin, now=now)
        feedback.write_mail(survey, now=now)
        token = tokens.write(survey.link)
        feedback.answer(token, Answer(2, "Terrible wait", ""), language="en", now=now)
        response = feedback.analyse(Response.objects.get(request=survey), now=now)
        feedback.store_in_lake(response, now=now)
        response.refresh_from_db()
        waiting = SurveyRequest.objects.get(pk=survey.pk)
        message = Message.objects.filter(organization=self.home).latest("pk")
        suppressed = messaging.suppress(
            "gone@example.com", organization_id=self.home.pk, reason=SuppressionReason.HARD_BOUNCE, now=now
        )
        staff = StaffMember.objects.get(organization=self.home)
        invitation = accounts.invite(self.home, email="new@example.com", role=Role.AGENT, by=admin, now=now)
        key, _secret = accounts.create_api_key(self.home, name="Till", scopes=[Can.VIEW_CUSTOMERS], by=admin, now=now)
        asked = privacy.open_request(visit.customer, kind=PrivacyKind.ERASURE, by=admin, now=now, note=SECRET_NAME)
        note = File(BytesIO(b"%PDF-1.4\n%%EOF\n"), name="note.pdf")
        stored = files.accept(note, organization_id=self.home.pk, by=admin, now=now)
        session = UserSession.objects.create(user=spare.user, ip="127.0.0.1", session_key="none", user_agent="x")
        owner = {"organization": self.home, "by": admin, "now": now}
        category = commerce.upsert_category(CategoryDraft(name="Lenses"), **owner)
        product = commerce.upsert_product(ProductDraft(name="Blue lens", category_id=category.pk), **owner)
        sold = LineDraft(quantity=Decimal(2), unit_price=Decimal("12.50"), product_id=product.pk)
        order = commerce.upsert_order(
            OrderDraft(placed_at=now, lines=(sold,), customer_id=visit.customer_id, number="SECRET-1001"), **owner
        )
        sends, _key = tracking.create_source(self.home, tracking.SourceDetails("Shop", "server"), by=admin, now=now)
        call = {"type": "track", "event": "Order Completed", "userId": "42", "messageId": "one"}
        tracking.ingest(tracking.Sender(sends.pk, self.home.pk), [call, {**call, "event": "Other"}], now=now)
        planned = tracking.save_plan_event(self.home, tracking.PlanDetails("Order Completed"), by=admin)
        known = Identifier.objects.filter(customer=twin)[0]
        tag = tags.add_tag(visit.customer, "VIP", by=admin, now=now)
        tagged = CustomerTag.objects.get(tag=tag)
        said = notes.write_note(visit.customer, f"{SECRET_NAME} prefers mornings", by=admin, now=now)
        field = fields.create_field(fields.FieldDetails("size", "Size", "text"), organization=self.home, by=admin)
        rule = {"all": [{"field": "name", "operator": "contains", "value": "Ada"}]}
        search = saved_searches.save_search(admin, name=SECRET_NAME, rule=rule, now=now)
        brought = imports.upload([b"email,name\nada@example.com,Ada\n"], "ada.csv", target_key="customers", **owner)
        mapping = imports.save_mapping(brought, "Shop", by=admin, now=now)
        self.rows: dict[str, object] = {
            "imports/": brought.pk,
            "api/v1/imports/": brought.pk,
            "imports/mappings/": mapping.pk,
            "customers/tags/": tagged.pk,
            "customers/contacts/": known.pk,
            "customers/notes/": said.pk,
            "customers/searches/": search.pk,
            "settings/fields/": field.pk,
            "settings/tags/": tag.pk,
            "api/v1/contacts/": known.pk,
            "api/v1/notes/": said.pk,
            "api/v1/customer-fields/": field.pk,
            "api/v1/tags/": tag.pk,
            "api/v1/saved-searches/": search.pk,
            "events/": Event.objects.get(organization=self.home).pk,
            "events/quarantine/": QuarantinedEvent.objects.get(organization=self.home).pk,
            "events/sources/": sends.pk,
            "events/plan/": planned.pk,
            "api/v1/categories/": category.pk,
            "api/v1/products/": product.pk,
            "api/v1/orders/": order.pk,
            "products/": product.pk,
            "orders/": order.pk,
            "api/v1/users/": spare.user_id,
            "api/v1/api-keys/": key.pk,
            "api/v1/customers/by-external/": "no-such-id",
            "api/v1/customers/": visit.customer_id,
            "api/v1/branches/": branch.pk,
            "api/v1/surveys/trigger/": visit.customer_id,
            "api/v1/feedback/": token,
            "api/v1/messages/": message.public_id,
            "profile/sessions/": session.pk,
            "organizations/": self.home.pk,
            "logo/": "no-such-token",
            "invitations/": "no-such-secret",
            "settings/team/": spare.pk,
            "settings/invitations/": invitation.pk,
            "settings/api-keys/": key.pk,
            "settings/branches/": branch.pk,
            "settings/staff/": staff.pk,
            "settings/lake/": response.lake_file_id,
            "lake/": response.lake_file_id,
            "files/": stored.pk,
            "messages/": message.pk,
            "settings/suppressions/": suppressed.pk,
            "api/v1/suppressions/": suppressed.pk,
            "outbox/": message.pk,
            "settings/providers/": "outbox",
            "u/": "no-such-token",
            "p/": "no-such-token",
            "privacy/": asked.pk,
            "api/v1/privacy-requests/": asked.pk,
            "visits/": visit.pk,
            "customers/": visit.customer_id,
            "customers/duplicates/": pair.pk,
            "customers/identifiers/": known.pk,
            "api/v1/duplicates/": pair.pk,
            "api/v1/identifiers/": known.pk,
            "responses/": response.pk,
            "surveys/send/": visit.customer_id,
            "surveys/": waiting.pk,
            "s/": token,
        }

    def path(self, route: str) -> str:
        """The address of the row that this route shows; a new route has to be named above."""
        return "/" + PARAMETER.sub(lambda _: str(self._value(route)), route)

    def _value(self, route: str) -> object:
        fitting = [start for start in self.rows if route.startswith(start + "<")]
        assert fitting, f"World does not know what {route} names: add a row"
        return self.rows[max(fitting, key=len)]

    def client(self, who: str) -> Client:
        """The browser of this person; nobody is signed in at `nobody`'s."""
        client = Client(raise_request_exception=False)
        if who in self.people:
            member: Membership = self.people[who]
            client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
        return client
