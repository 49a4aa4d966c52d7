"""Who was erased and must not come back: asked by imports, API, events and visits before they make a record.

    gone = is_erased(organization.pk, [("email", "ann@example.com", ""), ("external", "4711", "shopify")])

What is kept of an erased customer is a keyed hash per identifier. The key (`PrivacySettings.salt`) is random, one for
each organisation, and stored encrypted, so that the table alone does not tell whose numbers and addresses they were.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import transaction

from apps.core.secret import Secret
from apps.customers.models import ErasedIdentity, IdentifierKind, PrivacyRequest, PrivacySettings
from apps.customers.subject import Identity as Identity

# A device is left out: the tablet in the shop or at home serves others too.
REMEMBERED = frozenset(
    {
        IdentifierKind.EMAIL.value,
        IdentifierKind.PHONE.value,
        IdentifierKind.EXTERNAL.value,
        IdentifierKind.USER_ID.value,
    }
)
# Up to here all hashes of an organisation are read at once, which is cheaper than to ask for those of a large file.
READ_WHOLE = 20_000
# What one statement may name on every database.
ASKED_AT_ONCE = 500


def is_erased(organization_id: int, identities: Iterable[Identity]) -> set[Identity]:
    """Which of these belong to erased customers.

    Args:
        identities: (kind, value, system) with the value normalised as in `Identifier`; system is "" but for external
            ids. Kinds that are not remembered and empty values are never erased.

    One or two statements for a page of an API, and a few for a chunk of an import; none of them writes.
    """
    asked = {identity for identity in identities if identity[1] and identity[0] in REMEMBERED}
    if not asked:
        return set()
    salt = _salt(organization_id)
    if not salt:
        return set()
    hashes = {hash_of(salt, identity): identity for identity in asked}
    return {hashes[found] for found in _found(organization_id, list(hashes)) if found in hashes}


def remember(
    organization_id: int, identities: Iterable[Identity], *, request: PrivacyRequest | None, now: datetime
) -> int:
    """Keep the hashes of these; returns how many can be remembered. The same ones again change nothing."""
    kept = {identity for identity in identities if identity[1] and identity[0] in REMEMBERED}
    if not kept:
        return 0
    salt = salt_of(organization_id)
    rows = [
        ErasedIdentity(organization_id=organization_id, hash=hash_of(salt, identity), erased_at=now, request=request)
        for identity in sorted(kept)
    ]
    ErasedIdentity.objects.bulk_create(rows, ignore_conflicts=True, batch_size=ASKED_AT_ONCE)
    return len(kept)


def forget(organization_id: int, identities: Iterable[Identity]) -> int:
    """The customer came back by themselves: these hashes stop nobody any more. Returns how many there were."""
    salt = _salt(organization_id)
    if not salt:
        return 0
    hashes = [hash_of(salt, identity) for identity in set(identities)]
    rows = ErasedIdentity.objects.owned_by(organization_id)
    return sum(rows.filter(hash__in=part).delete()[0] for part in _parts(hashes))


def hash_of(salt: str, identity: Identity) -> str:
    """The keyed hash (HMAC-SHA-256) of one identifier."""
    kind, value, system = identity
    # The separator can stand in none of the three, so no two identifiers share a hash.
    return hmac.digest(salt.encode(), "\x1f".join((kind, system, value)).encode(), hashlib.sha256).hex()


@transaction.atomic
def salt_of(organization_id: int) -> str:
    """The organisation's key, made at first use; whoever comes second takes the first one's."""
    PrivacySettings.objects.get_or_create(organization_id=organization_id)
    settings = PrivacySettings.objects.select_for_update().get(organization_id=organization_id)
    if not settings.salt:
        settings.salt = Secret(secrets.token_hex(32))
        settings.save(update_fields=["salt"])
    return settings.salt


def _salt(organization_id: int) -> str:
    return PrivacySettings.objects.owned_by(organization_id).values_list("salt", flat=True).first() or ""


def _found(organization_id: int, hashes: list[str]) -> Iterator[str]:
    stored = ErasedIdentity.objects.owned_by(organization_id).values_list("hash", flat=True)
    if len(hashes) > ASKED_AT_ONCE:
        whole = list(stored[: READ_WHOLE + 1])
        if len(whole) <= READ_WHOLE:
            yield from whole
            return
    for part in _parts(hashes):
        yield from stored.filter(hash__in=part)


def _parts(hashes: list[str]) -> Iterator[list[str]]:
    return (hashes[start : start + ASKED_AT_ONCE] for start in range(0, len(hashes), ASKED_AT_ONCE))
