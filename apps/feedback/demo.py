"""Surveys and answers to look at: made up, through the same actions as real ones."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from apps.accounts.models import Organization
from apps.core import audit
from apps.core.refused import Refused
from apps.customers.models import Customer, Visit
from apps.feedback import actions, answers
from apps.feedback.models import Delivery, Response, SurveyRequest
from apps.forms import tokens
from apps.forms.models import OneTimeLink
from apps.messaging.demo import settle
from apps.messaging.models import Message

RESPONSES = 150
DAYS = 90
BY = audit.System("demo")
# stars → (weight, comments); the fifth of those who write nothing is drawn apart.
COMMENTS: dict[int, tuple[int, list[str]]] = {
    5: (
        44,
        [
            "Wonderful service. Mara took her time and explained everything.",
            "Very friendly team, the new glasses fit perfectly!",
            "Quick and competent. I will happily come back.",
            "Best eye test I ever had, no hurry at all.",
            "Sehr freundliche Beratung, die Brille sitzt perfekt. Danke!",
            "My order was ready a day early. Great!",
            "Super Team, alles hat wunderbar geklappt.",
            "They repaired my frame while I waited and did not charge me. Lovely people.",
        ],
    ),
    4: (
        28,
        [
            "Good advice, only the waiting room was a little full.",
            "Nice staff and a fair price.",
            "Everything went well. Parking is difficult, though.",
            "Gute Beratung, nur etwas lange Wartezeit.",
            "Pleasant visit, the choice of frames could be larger.",
        ],
    ),
    3: (
        14,
        [
            "It was okay. The test was fine, the price was not.",
            "Average. Nobody asked whether I had an appointment.",
            "War in Ordnung, mehr aber auch nicht.",
            "The glasses are good, but I had to call twice to hear that they were ready.",
        ],
    ),
    2: (
        8,
        [
            "Waited forty minutes, and nobody said why.",
            "The lenses scratch easily and the answer to my complaint was rude.",
            "Leider musste ich sehr lange warten, und die Beratung war unfreundlich.",
            "I felt hurried and was sold something that I did not need.",
        ],
    ),
    1: (
        6,
        [
            "Terrible. My order was lost and nobody called me.",
            "The glasses broke after two days and I was told it was my fault. Never again.",
            "Schlechter Service, die Brille war kaputt und niemand hat sich gekümmert.",
        ],
    ),
}


GERMAN = frozenset(
    {
        "Sehr freundliche Beratung, die Brille sitzt perfekt. Danke!",
        "Super Team, alles hat wunderbar geklappt.",
        "Gute Beratung, nur etwas lange Wartezeit.",
        "War in Ordnung, mehr aber auch nicht.",
        "Leider musste ich sehr lange warten, und die Beratung war unfreundlich.",
        "Schlechter Service, die Brille war kaputt und niemand hat sich gekümmert.",
    }
)
# The first answers of the last days, so that Home and the list of contradictions have something to say.
RECENT = timedelta(days=6)
RECENT_ANSWERS = [
    (1, "Terrible. My order was lost and nobody called me."),
    (5, "Great. I waited an hour and the glasses were broken, terrible service."),
    (2, "Leider musste ich sehr lange warten, und die Beratung war unfreundlich."),
    (4, "Nice staff and a fair price."),
    (2, "The lenses scratch easily and the answer to my complaint was rude."),
]


def fill(organization: Organization, rng: random.Random, now: datetime) -> None:
    """About 150 answers over 90 days, some questions without one, a few that still wait.

    The mails of the past are painted as delivered; those that still wait are sent as any other.
    """
    visits = Visit.objects.owned_by(organization).select_related("customer").order_by("visited_at", "id")
    asked = [(visit.customer, visit, visit.visited_at + timedelta(minutes=20)) for visit in visits]
    guests = list(Customer.objects.owned_by(organization).order_by("id"))
    # At most so many tries: a demo in which nobody agreed to surveys simply has no answers.
    tries: list[tuple[Customer, Visit | None, datetime]] = [*asked]
    for _ in range(4 * RESPONSES if guests else 0):
        moment = now - timedelta(minutes=rng.randrange(3 * 24 * 60, DAYS * 24 * 60))
        tries.append((rng.choice(guests), None, moment))
    # By whether the mail arrived.
    questions: dict[bool, list[SurveyRequest]] = {True: [], False: []}
    replies: list[tuple[SurveyRequest, datetime]] = []
    for number, (customer, visit, moment) in enumerate(tries):
        if number >= len(asked) and len(replies) >= RESPONSES:
            break
        survey = _ask(customer, visit, min(moment, now))
        if survey is None:
            continue
        reply_at = survey.requested_at + timedelta(minutes=rng.randrange(4, 40 * 60))
        is_answered = reply_at < now and rng.random() < 0.75
        if is_answered:
            replies.append((survey, reply_at))
        if is_answered or survey.link.expires_at <= now:
            questions[is_answered or rng.random() < 0.85].append(survey)
    settle(arrived=_post(questions[True], Delivery.DELIVERED), returned=_post(questions[False], Delivery.FAILED))
    recent = iter(RECENT_ANSWERS)
    for survey, reply_at in replies:
        drawn = _drawn(rng)
        _answer(survey, reply_at, *(next(recent, drawn) if now - reply_at < RECENT else drawn))
    OneTimeLink.objects.bulk_update([survey.link for survey, _ in replies], ["first_opened_at"])


def _ask(customer: Customer, visit: Visit | None, at: datetime) -> SurveyRequest | None:
    try:
        return actions.request_survey(customer, visit=visit, by=BY, now=at)
    except Refused:
        return None


def _post(surveys: list[SurveyRequest], delivery: Delivery) -> list[Message]:
    """Write the mails of questions of the past."""
    messages = [actions.write_mail(survey, now=survey.requested_at) for survey in surveys]
    posted = SurveyRequest.objects.filter(pk__in=[survey.pk for survey in surveys])
    posted.update(next_reminder_at=None, delivery=delivery)
    return [message for message in messages if message]


def _drawn(rng: random.Random) -> tuple[int, str]:
    stars = rng.choices(list(COMMENTS), weights=[weight for weight, _ in COMMENTS.values()])[0]
    return stars, "" if rng.random() < 0.2 else rng.choice(COMMENTS[stars][1])


def _answer(survey: SurveyRequest, at: datetime, stars: int, comment: str) -> None:
    """Answer, read the answer and put its file into the lake's queue: all as it was then."""
    survey.link.first_opened_at = at - timedelta(minutes=2)
    language = "de" if comment in GERMAN else "en"
    actions.answer(tokens.write(survey.link), answers.check(stars, comment), language=language, now=at)
    response = Response.objects.select_related("organization", "customer", "staff_member").get(request=survey)
    read_at = at + timedelta(seconds=20)
    actions.store_in_lake(actions.analyse(response, now=read_at), now=read_at)
