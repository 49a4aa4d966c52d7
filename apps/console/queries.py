"""What Home shows: what needs the member now, and how the week went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Avg, Count, Q
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import Membership
from apps.accounts.permissions import Can
from apps.core.components import Trend
from apps.core.models import OutboxEvent
from apps.customers.models import PrivacyRequest
from apps.feedback.models import RequestState, Response, SentimentLabel, SurveyRequest
from apps.feedback.models.request import TROUBLES
from apps.lake.models import FileState, LakeFile

DAYS = 7


@dataclass(frozen=True)
class Need:
    """Something that waits for a person; `url` shows its rows."""

    text: str
    url: str
    icon: str
    tone: str


@dataclass(frozen=True)
class Number:
    """One number of the week with its days, compared with the week before."""

    label: str
    value: str
    url: str
    days: list[float]
    says: str
    trend: Trend | None


def needs(member: Membership, *, now: datetime) -> list[Need]:
    """What needs this member now, the most urgent first; only what they may look into."""
    found: list[Need] = []
    organization = member.organization
    if member.can(Can.VIEW_RESPONSES):
        # From midnight, as the list's filter counts, so that the number and its rows agree.
        since = timezone.localtime(now - timedelta(days=DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
        unhappy = (
            Response.objects.owned_by(organization)
            .filter(submitted_at__gte=since, sentiment=SentimentLabel.NEGATIVE)
            .count()
        )
        if unhappy:
            text = ngettext("%(n)d unhappy customer this week", "%(n)d unhappy customers this week", unhappy)
            narrowed = f"?sentiment={SentimentLabel.NEGATIVE}&since={timezone.localdate(since)}"
            url = reverse("feedback:response_list") + narrowed
            found.append(Need(text % {"n": unhappy}, url, "mood-sad", "bad"))
    if member.can(Can.SEND_SURVEYS):
        troubled = SurveyRequest.objects.owned_by(organization).filter(delivery__in=TROUBLES)
        undelivered = troubled.in_state(RequestState.UNDELIVERED, now).count()
        if undelivered:
            text = ngettext("%(n)d survey did not arrive", "%(n)d surveys did not arrive", undelivered)
            url = f"{reverse('feedback:request_list')}?state={RequestState.UNDELIVERED}"
            found.append(Need(text % {"n": undelivered}, url, "alert-circle", "bad"))
        unknown = troubled.in_state(RequestState.UNKNOWN, now).count()
        if unknown:
            text = ngettext("%(n)d survey may not have arrived", "%(n)d surveys may not have arrived", unknown)
            url = f"{reverse('feedback:request_list')}?state={RequestState.UNKNOWN}"
            found.append(Need(text % {"n": unknown}, url, "help", "warn"))
        delayed = troubled.in_state(RequestState.DELAYED, now).count()
        if delayed:
            text = ngettext("%(n)d survey mail is delayed", "%(n)d survey mails are delayed", delayed)
            url = f"{reverse('feedback:request_list')}?state={RequestState.DELAYED}"
            found.append(Need(text % {"n": delayed}, url, "clock", "warn"))
    if member.can(Can.HANDLE_PRIVACY):
        late = PrivacyRequest.objects.owned_by(organization).overdue(now).count()
        if late:
            text = ngettext("%(n)d privacy request is overdue", "%(n)d privacy requests are overdue", late)
            found.append(Need(text % {"n": late}, reverse("customers:privacy_list"), "shield-x", "bad"))
    if member.can(Can.MANAGE_PROVIDERS):
        failed = LakeFile.objects.owned_by(organization).filter(state=FileState.FAILED).count()
        if failed:
            text = ngettext("%(n)d file did not reach the lake", "%(n)d files did not reach the lake", failed)
            found.append(
                Need(text % {"n": failed}, f"{reverse('lake:file_list')}?state={FileState.FAILED}", "database", "warn")
            )
        dead = OutboxEvent.objects.owned_by(organization).dead().count()
        if dead:
            text = ngettext("%(n)d event could not be handled", "%(n)d events could not be handled", dead)
            url = f"{reverse('admin:core_outboxevent_changelist')}?dead_at__isempty=0"
            found.append(Need(text % {"n": dead}, url, "alert-circle", "warn"))
    return found


def week(member: Membership, *, today: date) -> list[Number]:
    """Customers asked, answers, average rating and answer rate of the last seven days, today included.

    Days are those of the organisation's time zone; the trend compares with the seven days before.
    """
    zone = member.organization.zone
    first = today - timedelta(days=2 * DAYS - 1)
    start = datetime.combine(first, datetime.min.time(), tzinfo=zone)
    days = [first + timedelta(days=number) for number in range(2 * DAYS)]

    def daily(queryset: object, field: str, **values: object) -> dict[date, dict[str, float]]:
        rows = (
            queryset.owned_by(member.organization)  # type: ignore[attr-defined]
            .filter(**{f"{field}__gte": start})
            .annotate(day=TruncDate(field, tzinfo=zone))
            .values("day")
            .annotate(**values)
        )
        return {row["day"]: row for row in rows}

    used = Count("id", Q(link__used_at__isnull=False))
    asked = daily(SurveyRequest.objects, "requested_at", n=Count("id"), hit=used)
    answers = daily(Response.objects, "submitted_at", n=Count("id"), mean=Avg("stars"))

    def counts(rows: dict[date, dict[str, float]], key: str = "n") -> list[float]:
        return [float(rows.get(day, {}).get(key) or 0) for day in days]

    answered = counts(answers)
    stars = [count * mean for count, mean in zip(answered, counts(answers, "mean"), strict=True)]
    responses = reverse("feedback:response_list")
    since = f"?since={days[DAYS]}"
    requests = reverse("feedback:request_list") + since if member.can(Can.SEND_SURVEYS) else ""
    return [
        _count(_("Customers asked"), counts(asked), requests),
        _count(_("Answers"), answered, responses + since),
        _ratio(_("Average rating"), stars, answered, responses + since, decimals=1),
        _ratio(_("Answer rate"), counts(asked, "hit"), counts(asked), requests, percent=True),
    ]


def _count(label: str, days: Sequence[float], url: str) -> Number:
    before, now = sum(days[:DAYS]), sum(days[DAYS:])
    trend = _trend(now - before, f"{now - before:+.0f}")
    return Number(label, f"{now:.0f}", url, list(days[DAYS:]), _says(label, days[DAYS:]), trend)


def _ratio(
    label: str, hits: Sequence[float], out_of: Sequence[float], url: str, *, decimals: int = 0, percent: bool = False
) -> Number:
    factor = 100 if percent else 1
    sign = " %" if percent else ""

    def share(first: int, last: int) -> float | None:
        total = sum(out_of[first:last])
        return factor * sum(hits[first:last]) / total if total else None

    before, now = share(0, DAYS), share(DAYS, 2 * DAYS)
    days = [factor * hit / total if total else 0 for hit, total in zip(hits[DAYS:], out_of[DAYS:], strict=True)]
    if now is None:
        return Number(label, "–", url, [], "", None)
    trend = None if before is None else _trend(now - before, f"{now - before:+.{decimals}f}{sign}")
    return Number(label, f"{now:.{decimals}f}{sign}", url, days, _says(label, days), trend)


def _trend(change: float, text: str) -> Trend:
    if abs(change) < 0.05:
        return Trend(_("unchanged"), "flat")
    return Trend(text, "up", "good") if change > 0 else Trend(text, "down", "bad")


def _says(label: str, days: Sequence[float]) -> str:
    return str(format_lazy("{}: {}", label, ", ".join(f"{value:g}" for value in days)))
