"""Recording a visit: the moment in which a customer becomes known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from apps.accounts.models import Membership, Organization
from apps.accounts.permissions import Caller, Can
from apps.core import audit
from apps.core.outbox import announce
from apps.core.refused import Refused
from apps.customers import normalise
from apps.customers.actions import history, identity
from apps.customers.actions.branch import find_or_create_branch, find_or_create_staff_member
from apps.customers.actions.consent import current_notice, record_consent
from apps.customers.actions.customer import CustomerDetails, create_customer, update_customer
from apps.customers.events import VisitRecorded
from apps.customers.identity import EMAIL, PHONE, Seen
from apps.customers.models import (
    Channel,
    ConsentEntry,
    ConsentMethod,
    Customer,
    Identifier,
    Notice,
    Purpose,
    Visit,
    VisitSource,
)

# Other systems' clocks may run a little ahead of ours.
CLOCK_SKEW = timedelta(minutes=5)
OLDEST = timedelta(days=100 * 365)


@dataclass(frozen=True)
class VisitDraft:
    """What was typed at the counter or sent by another system.

    `customer_id`: the returning customer whom somebody chose; what is typed then corrects the record. Without it the
    customer is found by e-mail, else by mobile, and only blanks are filled.
    `notice_id`: the words that stood beside the tick box. `form_key`: the same twice is the same visit.
    `has_come_back`: staff state that an erased customer returned by themselves.
    """

    name: str
    email: str = ""
    mobile: str = ""
    has_email_consent: bool = False
    purpose: str = ""
    branch_id: int | None = None
    branch_name: str = ""
    staff_id: int | None = None
    staff_name: str = ""
    customer_id: int | None = None
    visited_at: datetime | None = None
    source: str = VisitSource.PAGE
    notice_id: int | None = None
    form_key: str | None = None
    has_come_back: bool = False


def capture_visit(draft: VisitDraft, *, organization: Organization, by: Caller, now: datetime) -> Visit:
    """Record the visit, and with it the customer, the branch, the staff member and the consent where they are new.

    A second draft with the same `form_key` gives the first one's visit and changes nothing.
    Raises Refused, with the field where one is to blame.
    """
    earlier = _captured(draft, organization)
    if earlier is not None:
        return earlier
    try:
        with transaction.atomic():
            return _capture(draft, organization, by, now)
    except IntegrityError:
        # The same form came twice at once: everything of this one is rolled back, the first one's visit stands.
        earlier = _captured(draft, organization)
        if earlier is None:
            raise
        return earlier


def _captured(draft: VisitDraft, organization: Organization) -> Visit | None:
    if not draft.form_key:
        return None
    visits = Visit.objects.owned_by(organization).select_related("customer", "branch", "staff_member")
    return visits.filter(form_key=draft.form_key).first()


def _capture(draft: VisitDraft, organization: Organization, by: Caller, now: datetime) -> Visit:
    # Machines bring the names of the shop system; people at the counter must not open a branch by a slip of the pen.
    may_create = draft.source == VisitSource.API or by.can(Can.MANAGE_BRANCHES)
    purpose = normalise.one_line(draft.purpose)
    if len(purpose) > 200:
        raise Refused(_("Keep it to 200 characters."), code="purpose_too_long", field="purpose")
    if draft.visited_at is not None and not now - OLDEST < draft.visited_at < now + CLOCK_SKEW:
        raise Refused(_("A visit lies in the past, and not in another century."), code="bad_date", field="visited_at")
    branch = find_or_create_branch(
        organization, branch_id=draft.branch_id, name=draft.branch_name, by=by, may_create=may_create
    )
    person = find_or_create_staff_member(
        organization, staff_id=draft.staff_id, name=draft.staff_name, branch=branch, by=by, may_create=may_create
    )
    country = (branch.country if branch else "") or organization.country
    customer = _customer(draft, organization, country, by, now)
    visit = Visit.objects.create(
        organization=organization,
        customer=customer,
        branch=branch,
        staff_member=person,
        purpose=purpose,
        visited_at=draft.visited_at or now,
        created_by=by if isinstance(by, Membership) else None,
        source=draft.source,
        form_key=draft.form_key or None,
    )
    _remember_last_visit(visit, now)
    if draft.has_email_consent:
        _record_survey_consent(draft, visit.customer, by, now)
    history.tell_visit(visit, by=by)
    audit.record("visit.recorded", by=by, organization_id=organization.pk, on=visit)
    announce(
        VisitRecorded(
            organization_id=organization.pk,
            visit_id=visit.pk,
            customer_id=customer.pk,
            has_email_consent=ConsentEntry.objects.is_given(customer, Purpose.SURVEY, Channel.EMAIL),
        )
    )
    return visit


def _customer(draft: VisitDraft, organization: Organization, country: str, by: Caller, now: datetime) -> Customer:
    typed = CustomerDetails(draft.name, draft.email, draft.mobile).normalised(country)
    if draft.customer_id is not None:
        chosen = Customer.objects.owned_by(organization).filter(pk=draft.customer_id).first()
        if chosen is None:
            raise Refused(_("This customer no longer exists. Search again."), code="no_such_customer", field="name")
        if chosen.merged_into_id is not None:
            chosen = identity.head_of(chosen)
        if chosen.email and typed.email not in ("", chosen.email) and chosen.name != typed.name:
            # Two corrections at once are nobody's slip of the pen: somebody new was typed over the one chosen.
            raise Refused(
                _("Name and e-mail differ from the customer you chose. Somebody else? Empty the search field."),
                code="other_person",
                field="name",
            )
        return _fill(chosen, typed, by, now, name=typed.name, corrects=True)
    if not typed.email and not typed.mobile:
        raise Refused(
            _("Enter an e-mail address or a mobile number, so that we know the customer next time."),
            code="no_address",
            field="email",
        )
    # Whoever else records the same address or number waits here until this visit is stored.
    identity.lock(organization.pk, Seen(EMAIL, typed.email), Seen(PHONE, typed.mobile))
    returning = _returning(organization, typed)
    if returning is None:
        return create_customer(
            typed, organization=organization, by=by, now=now, country=country, has_come_back=draft.has_come_back
        )
    return _fill(returning, typed, by, now, name=returning.name or typed.name, corrects=False)


def _returning(organization: Organization, typed: CustomerDetails) -> Customer | None:
    """The customer who was ever seen with this address, else with this number: always the head."""
    if typed.email:
        found = _seen_as(organization, EMAIL, typed.email).first()
        if found is not None:
            return found
    if typed.mobile:
        # A family shares a number: another e-mail address on the record means another person.
        same_number = _seen_as(organization, PHONE, typed.mobile)
        return same_number.filter(email="").first() if typed.email else same_number.first()
    return None


def _seen_as(organization: Organization, kind: str, value: str) -> QuerySet[Customer]:
    """The heads of all records with this identifier, the newest first."""
    seen = Identifier.objects.owned_by(organization).live().named(kind, value)
    heads = seen.values(head=Coalesce("customer__merged_into", "customer"))
    return Customer.objects.owned_by(organization).filter(pk__in=heads).order_by("-id")


def _fill(
    customer: Customer, typed: CustomerDetails, by: Caller, now: datetime, *, name: str, corrects: bool
) -> Customer:
    """Write what was typed into the blanks of the record; with `corrects`, over what stood there too."""

    def chosen(stored: str, new: str) -> str:
        return (new or stored) if corrects else (stored or new)

    details = CustomerDetails(
        name,
        chosen(customer.email, typed.email),
        chosen(customer.mobile, typed.mobile),
        customer.language,
        customer.time_zone,
        customer.preferred_channel,
    )
    return update_customer(customer, details, by=by, now=now)


def _remember_last_visit(visit: Visit, now: datetime) -> None:
    customer = Customer.objects.select_for_update().get(pk=visit.customer_id)
    if customer.last_visited_at is None or visit.visited_at >= customer.last_visited_at:
        customer.last_visited_at, customer.last_branch = visit.visited_at, visit.branch
        customer.save(update_fields=["last_visited_at", "last_branch", *customer.touch(now)])
    visit.customer = customer


def _record_survey_consent(draft: VisitDraft, customer: Customer, by: Caller, now: datetime) -> None:
    method = ConsentMethod.API if draft.source == VisitSource.API else ConsentMethod.COUNTER
    shown: Notice | None = None
    if draft.notice_id is not None:
        shown = Notice.objects.owned_by(customer.organization_id).filter(pk=draft.notice_id).first()
    if shown is None and draft.source == VisitSource.PAGE:
        shown = current_notice(customer.organization, Purpose.SURVEY, customer.language, now=now)
    record_consent(customer, purpose=Purpose.SURVEY, channel=Channel.EMAIL, method=method, by=by, now=now, notice=shown)
