"""How alike two customers are: a score with its reasons, never a decision. Knows no database.

The score adds up what speaks for one person and takes away what speaks against it; a name alone is never enough, and
neither is a number that a family shares. Names are compared by rapidfuzz without regard to order, case and accents.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

# From here on a person is asked.
ENOUGH = 0.6
# Names of mailboxes behind which anybody may sit.
SHARED_MAILBOXES = frozenset(
    {"admin", "contact", "hello", "info", "kontakt", "mail", "office", "post", "sales", "service", "shop", "support"}
)
BIRTHDAY = ("birthday", "date_of_birth", "birth_date", "dob")
POSTAL = ("postal_code", "postcode", "zip", "zip_code", "plz")


@dataclass(frozen=True)
class Face:
    """What of a customer is compared."""

    id: int
    name: str = ""
    email: str = ""
    mobile: str = ""
    company_id: int | None = None
    birthday: str = ""
    postal: str = ""


@dataclass(frozen=True)
class Likeness:
    """`score` from 0 to 1; `reasons`: stable words, each with how much it counted."""

    score: float
    reasons: dict[str, float]


def face_of(pk: int, name: str, email: str, mobile: str, company_id: int | None, custom: Mapping[str, Any]) -> Face:
    """What of a record is compared; birthday and postal code are found among its own fields by their usual keys."""
    return Face(
        pk,
        plain(name),
        email,
        mobile,
        company_id,
        next((str(custom[key])[:10] for key in BIRTHDAY if custom.get(key)), ""),
        next((str(custom[key]).replace(" ", "").lower() for key in POSTAL if custom.get(key)), ""),
    )


def plain(name: str) -> str:
    """The name without case and accents."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(sign for sign in letters if not unicodedata.combining(sign)).split())


def mailbox(email: str) -> str:
    """The part of the address that may tell who it is, without what people add to it; "" for shared mailboxes."""
    local = email.partition("@")[0].partition("+")[0].replace(".", "").replace("_", "").replace("-", "")
    return "" if local in SHARED_MAILBOXES or len(local) < 4 else local


def likeness(one: Face, other: Face) -> Likeness:
    """How alike the two are."""
    reasons = {name: points for name, points in _reasons(one, other).items() if points}
    return Likeness(round(min(max(sum(reasons.values()), 0.0), 1.0), 2), reasons)


def _reasons(one: Face, other: Face) -> dict[str, float]:
    return {
        "name": _name(one.name, other.name),
        "email": _email(one.email, other.email),
        "mobile": _mobile(one.mobile, other.mobile),
        "birthday": _same(one.birthday, other.birthday, 0.3, -0.4),
        "postal": _same(one.postal, other.postal, 0.15, -0.05),
        "company": _same(one.company_id, other.company_id, 0.1, 0.0),
    }


def _name(one: str, other: str) -> float:
    if not one or not other:
        return 0.0
    alike = max(fuzz.token_sort_ratio(one, other), fuzz.token_set_ratio(one, other) * 0.9) / 100
    if alike < 0.6:
        # Two names speak against it: a family shares number, post code and company.
        return -0.2
    return round(0.45 * alike, 2) if alike >= 0.8 else 0.15


def _email(one: str, other: str) -> float:
    if not one or not other:
        return 0.0
    if one == other:
        return 0.45
    first, second = mailbox(one), mailbox(other)
    if not first or not second:
        return 0.0
    if first == second:
        return 0.3
    return 0.2 if OSA.distance(one, other) == 1 or fuzz.ratio(first, second) >= 90 else 0.0


def _mobile(one: str, other: str) -> float:
    if not one or not other:
        return 0.0
    if one == other:
        return 0.35
    return 0.2 if OSA.distance(one, other) == 1 else 0.0


def _same(one: Any, other: Any, points: float, against: float) -> float:
    if not one or not other:
        return 0.0
    return points if one == other else against
