"""What the sample consists of: plain rows, as other systems would export them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

SOURCE = "sample-shop"


class Kind(StrEnum):
    """How somebody buys: the truth that segments and models should find again."""

    LOYAL = "loyal"
    REGULAR = "regular"
    BARGAIN = "bargain"
    ONE_TIME = "one_time"
    BROWSER = "browser"


@dataclass(frozen=True)
class Known:
    """Somebody who is in the organisation already and becomes one of the sample's people."""

    name: str
    email: str
    mobile: str


@dataclass(frozen=True)
class Record:
    """One system's view of a person; two records of one person are duplicates."""

    record_id: str
    person_id: int
    system: str
    name: str
    email: str
    mobile: str
    created_on: date


@dataclass
class Person:
    """The truth about somebody."""

    person_id: int
    kind: Kind
    name: str
    joined_on: date
    churned_on: date | None
    response_rate: float
    records: list[Record] = field(default_factory=list)


@dataclass(frozen=True)
class Article:
    """Something on sale; cents."""

    external_id: str
    name: str
    category: str
    price_cents: int


@dataclass(frozen=True)
class Line:
    """A line of an order; cents. A negative quantity came back."""

    number: int
    article: Article
    quantity: int
    unit_cents: int
    discount_cents: int

    @property
    def total_cents(self) -> int:
        """What it costs."""
        return self.quantity * self.unit_cents - self.discount_cents


@dataclass(frozen=True)
class Order:
    """An order; `record_id` empty: nobody knows whose. `refund_cents` 0: nothing went back."""

    external_id: str
    record_id: str
    person_id: int | None
    placed_at: datetime
    status: str
    channel: str
    lines: tuple[Line, ...]
    payment_kind: str
    paid_cents: tuple[int, ...]
    refund_cents: int = 0
    refunded_at: datetime | None = None

    @property
    def total_cents(self) -> int:
        """What all lines cost."""
        return sum(line.total_cents for line in self.lines)

    @property
    def counts(self) -> bool:
        """Whether it is a sale."""
        return self.status != "cancelled"


@dataclass(frozen=True)
class Contact:
    """A visit or a ticket, and what the customer answered (0 stars: nothing)."""

    contact_id: str
    record_id: str
    kind: str
    at: datetime
    branch: str
    subject: str
    stars: int
    solved_after_minutes: int


@dataclass(frozen=True)
class Mailing:
    """One mail of one campaign to one record; times are empty where it did not happen."""

    campaign: str
    record_id: str
    sent_at: datetime
    opened_at: datetime | None
    clicked_at: datetime | None
    bought_order: str


@dataclass(frozen=True)
class Call:
    """An event of the website as it is sent: when it happened, when it was sent, in which words."""

    message_id: str
    anonymous_id: str
    user_id: str
    type: str
    name: str
    at: datetime
    sent_at: datetime
    properties: tuple[tuple[str, str | float], ...]
    is_duplicate: bool = False

    @property
    def is_late(self) -> bool:
        """Sent more than an hour after it happened."""
        return (self.sent_at - self.at).total_seconds() > 3600


@dataclass
class Sample:
    """Everything, in the order in which it is written."""

    seed: int
    until: date
    people: list[Person]
    articles: list[Article]
    orders: list[Order]
    contacts: list[Contact]
    mailings: list[Mailing]
    calls: list[Call]

    @property
    def records(self) -> list[Record]:
        """All records of all people."""
        return [record for person in self.people for record in person.records]
