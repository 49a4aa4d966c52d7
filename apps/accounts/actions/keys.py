"""Keys for machines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.events import ApiKeyRevoked
from apps.accounts.models import ApiKey, Organization
from apps.accounts.models.api_key import SHOWN_LENGTH, digest, new_secret
from apps.accounts.permissions import Caller, Can
from apps.core import audit
from apps.core.outbox import announce
from apps.core.refused import Refused


@transaction.atomic
def create_api_key(
    organization: Organization,
    *,
    name: str,
    scopes: Sequence[str],
    by: Caller,
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A key and its secret, which is never shown again. Raises Refused for scopes that the maker does not hold."""
    if not scopes:
        raise Refused(_("Choose at least one thing that the key may do."), code="no_scopes", field="scopes")
    if not all(by.can(Can(scope)) for scope in scopes):
        raise Refused(_("A key cannot do more than you may."), code="scope_beyond_own", field="scopes")
    if expires_at is not None and expires_at <= now:
        raise Refused(_("This day is in the past."), code="expires_in_past", field="expires_at")
    secret = new_secret()
    key = ApiKey.objects.create(
        organization=organization,
        name=name,
        shown_prefix=secret[:SHOWN_LENGTH],
        secret_sha256=digest(secret),
        scopes=sorted(set(scopes)),
        created_by_id=by.audit_user_id,
        expires_at=expires_at,
    )
    after = {"name": name, "scopes": key.scopes, "expires_at": expires_at}
    audit.record("api_key.created", by=by, organization_id=organization.pk, on=key, after=after)
    return key, secret


@transaction.atomic
def revoke_api_key(key: ApiKey, *, by: Caller, now: datetime) -> ApiKey:
    """The key works no longer, from the next request on. A second time changes nothing."""
    key = ApiKey.objects.select_for_update().get(pk=key.pk)
    if key.revoked_at is None:
        key.revoked_at = now
        key.save(update_fields=["revoked_at"])
        audit.record("api_key.revoked", by=by, organization_id=key.organization_id, on=key)
        announce(ApiKeyRevoked(organization_id=key.organization_id, api_key_id=key.pk))
    return key
