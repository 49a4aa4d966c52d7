"""Sources and their write keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Organization
from apps.accounts.permissions import Caller
from apps.core import audit
from apps.core.refused import Refused
from apps.tracking.models import Source, SourceKind, TrackingSettings
from apps.tracking.models.source import SHOWN_LENGTH, digest, new_write_key

HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?")


@dataclass(frozen=True)
class SourceDetails:
    """A source as typed; `allowed_origins` are words."""

    name: str
    kind: str = SourceKind.WEBSITE
    allowed_origins: str = ""
    accepts_old: bool = False

    def checked(self) -> SourceDetails:
        """As it is stored. Raises Refused (`name_missing`, `bad_origin`, `origin_missing`)."""
        name = " ".join(self.name.split())
        if not name:
            raise Refused(_("Give the source a name."), code="name_missing", field="name")
        origins = sorted({_origin(word) for word in self.allowed_origins.split()})
        if self.kind == SourceKind.WEBSITE and not origins:
            raise Refused(
                _("Say which website may send, e.g. https://www.example.com"),
                code="origin_missing",
                field="allowed_origins",
            )
        return SourceDetails(name[:100], self.kind, "\n".join(origins), self.accepts_old)


def _origin(word: str) -> str:
    """As browsers write it: scheme, host and port, without a path."""
    parts = urlsplit(word.lower().rstrip("/"))
    if parts.scheme not in ("http", "https") or not HOST.fullmatch(parts.netloc) or parts.path:
        raise Refused(
            _("“%(word)s” is not the address of a website. Write it like https://www.example.com") % {"word": word},
            code="bad_origin",
            field="allowed_origins",
        )
    return f"{parts.scheme}://{parts.netloc}"


@transaction.atomic
def create_source(
    organization: Organization, details: SourceDetails, *, by: Caller, now: datetime
) -> tuple[Source, str]:
    """A source and its write key, which is never shown again.

    Raises Refused (`name_taken` or what `SourceDetails.checked` raises).
    """
    details = details.checked()
    _claim_name(organization.pk, details.name)
    write_key = new_write_key()
    # Locked: a change of the plan at this very moment must reach this source too.
    plan = TrackingSettings.objects.owned_by(organization).select_for_update().first()
    source = Source.objects.create(
        organization=organization,
        plan_version=plan.version if plan else 0,
        shown_prefix=write_key[:SHOWN_LENGTH],
        key_sha256=digest(write_key),
        created_at=now,
        announced_until=now,
        **vars(details),
    )
    audit.record("event_source.created", by=by, organization_id=organization.pk, on=source, after=vars(details))
    return source, write_key


@transaction.atomic
def change_source(source: Source, details: SourceDetails, *, by: Caller) -> Source:
    """Change what differs. Raises Refused (`name_taken`, `switched_off` or what `SourceDetails.checked` raises)."""
    details = details.checked()
    source = _locked(source)
    before = {name: getattr(source, name) for name, value in vars(details).items() if getattr(source, name) != value}
    if not before:
        return source
    if "name" in before:
        _claim_name(source.organization_id, details.name)
    after = {name: getattr(details, name) for name in before}
    for name, value in after.items():
        setattr(source, name, value)
    source.save(update_fields=[*before])
    audit.record(
        "event_source.changed", by=by, organization_id=source.organization_id, on=source, before=before, after=after
    )
    return source


@transaction.atomic
def renew_write_key(source: Source, *, by: Caller) -> tuple[Source, str]:
    """Another write key; the former one stops at once. Raises Refused (`switched_off`)."""
    source = _locked(source)
    write_key = new_write_key()
    source.shown_prefix, source.key_sha256 = write_key[:SHOWN_LENGTH], digest(write_key)
    source.save(update_fields=["shown_prefix", "key_sha256"])
    audit.record("event_source.key_renewed", by=by, organization_id=source.organization_id, on=source)
    return source, write_key


@transaction.atomic
def revoke_source(source: Source, *, by: Caller, now: datetime) -> Source:
    """Nothing is accepted from it any more, from the next request on. A second time changes nothing."""
    source = Source.objects.select_for_update().get(pk=source.pk)
    if source.revoked_at is None:
        source.revoked_at = now
        source.save(update_fields=["revoked_at"])
        audit.record("event_source.revoked", by=by, organization_id=source.organization_id, on=source)
    return source


def _locked(source: Source) -> Source:
    source = Source.objects.select_for_update().get(pk=source.pk)
    if not source.is_live:
        raise Refused(_("This source is switched off."), code="switched_off")
    return source


def _claim_name(organization_id: int, name: str) -> None:
    # The constraint is what keeps two at once apart; this is for the words.
    if Source.objects.owned_by(organization_id).live().filter(name=name).exists():
        raise Refused(_("Another source has this name."), code="name_taken", field="name")
