"""One link, one answer: whatever arrives, in whatever order, at once."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.core.models import OutboxEvent
from apps.core.refused import Refused
from apps.feedback import actions
from apps.feedback.answers import Answer, InvalidAnswer, check
from apps.feedback.events import ResponseSubmitted
from apps.feedback.models import Response, SurveyRequest
from apps.forms import actions as link_actions
from apps.forms import tokens


def send(token: str, now: datetime, *, stars: int = 4, comment: str = "Fine", form_key: str = "") -> actions.Answered:
    return actions.answer(token, Answer(stars, comment, form_key), language="en", now=now)


def refusal(token: str, now: datetime, form_key: str = "") -> str:
    with pytest.raises(Refused) as caught:
        send(token, now, form_key=form_key)
    return caught.value.code


def test_answer_is_stored_with_what_the_request_knows(survey_request: SurveyRequest, token: str, now: datetime) -> None:
    answered = send(token, now, stars=2, comment="Too long a wait")
    response = Response.objects.get()
    assert not answered.is_repeat
    assert answered.organization_id == response.organization_id == survey_request.organization_id
    assert (response.stars, response.comment, response.submitted_at) == (2, "Too long a wait", now)
    assert response.request == survey_request
    assert response.customer == survey_request.customer
    assert response.branch == survey_request.branch
    assert response.staff_member == survey_request.staff_member
    assert (response.sentiment, response.analysed_at, response.is_contradiction) == ("", None, False)
    survey_request.link.refresh_from_db()
    assert survey_request.link.used_at == now


def test_announced_event_is_the_one_that_subscribers_know(
    survey_request: SurveyRequest, token: str, now: datetime
) -> None:
    send(token, now, stars=5)
    row = OutboxEvent.objects.get(name=ResponseSubmitted.name)
    event = ResponseSubmitted(organization_id=row.organization_id, **row.payload)
    assert event.response_id == Response.objects.get().pk
    assert (event.request_id, event.stars) == (survey_request.pk, 5)


def test_second_answer_is_refused_and_same_form_is_thanked(token: str, now: datetime) -> None:
    send(token, now, form_key="one")
    assert refusal(token, now, form_key="two") == "link_used"
    assert refusal(token, now) == "link_used", "no key is nobody's key"
    assert send(token, now, form_key="one").is_repeat
    assert Response.objects.count() == 1


def test_clock_at_the_expiry(survey_request: SurveyRequest, token: str) -> None:
    expiry = survey_request.link.expires_at
    assert refusal(token, expiry) == "link_expired"
    assert refusal(token, expiry + timedelta(seconds=1)) == "link_expired"
    assert not Response.objects.exists()
    send(token, expiry - timedelta(seconds=1))
    assert Response.objects.count() == 1


def test_row_that_expired_earlier_than_its_token_counts(
    survey_request: SurveyRequest, token: str, now: datetime
) -> None:
    link = survey_request.link
    link.expires_at = now
    link.save(update_fields=["expires_at"])
    assert refusal(token, now) == "link_expired"


def test_revoked_link(survey_request: SurveyRequest, token: str, now: datetime, member) -> None:
    link_actions.revoke(survey_request.link, by=member, now=now)
    assert refusal(token, now) == "link_revoked"


def test_deleted_request_leaves_nothing_to_answer(survey_request: SurveyRequest, token: str, now: datetime) -> None:
    link = survey_request.link
    survey_request.delete()
    with pytest.raises(Refused):
        send(token, now)
    link.delete()
    assert refusal(token, now) == "link_invalid"
    assert not Response.objects.exists()
    assert not OutboxEvent.objects.filter(name=ResponseSubmitted.name).exists()


@pytest.mark.django_db(transaction=True)
def test_two_hundred_at_once_store_one(survey_request: SurveyRequest, token: str) -> None:
    outcomes: Counter[str] = Counter()
    lock = threading.Lock()
    barrier = threading.Barrier(20)
    now = timezone.now()

    def post(start: int) -> None:
        barrier.wait()
        for number in range(start, start + 10):
            try:
                send(token, now, form_key=f"form-{number}")
                outcome = "stored"
            except Refused as refused:
                outcome = refused.code
            with lock:
                outcomes[outcome] += 1
        connection.close()

    threads = [threading.Thread(target=post, args=(start,)) for start in range(0, 200, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {"stored": 1, "link_used": 199}
    assert Response.objects.count() == 1
    assert OutboxEvent.objects.filter(name=ResponseSubmitted.name).count() == 1


@pytest.mark.django_db(transaction=True)
def test_broker_away_does_not_matter(
    token: str, now: datetime, settings, monkeypatch: pytest.MonkeyPatch, deliver_events
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise ConnectionError("no broker")

    settings.CELERY_TASK_ALWAYS_EAGER = False
    monkeypatch.setattr("apps.core.waker.current_app.send_task", refuse)
    send(token, now)
    settings.CELERY_TASK_ALWAYS_EAGER = True
    assert OutboxEvent.objects.waiting().filter(name=ResponseSubmitted.name).count() == 1
    assert deliver_events() >= 1


def test_signature_of_another_installation(survey_request: SurveyRequest, now: datetime, settings) -> None:
    settings.SECRET_KEY, own = "someone else's", settings.SECRET_KEY
    with pytest.raises(Refused):
        tokens.write(survey_request.link)
    settings.SECRET_KEY = own
    old = tokens.write(survey_request.link)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new one", [own]
    assert tokens.write(survey_request.link) == old, "a reminder still carries the same link"
    send(old, now)


@pytest.mark.parametrize(
    ("stars", "comment", "fields"),
    [
        (None, "", {"stars"}),
        ("", "", {"stars"}),
        (0, "", {"stars"}),
        (6, "", {"stars"}),
        ("0", "", {"stars"}),
        ("10", "", {"stars"}),
        ("٣", "", {"stars"}),
        (True, "", {"stars"}),
        (4.0, "", {"stars"}),
        ([5], "", {"stars"}),
        ({"a": 1}, {"b": 2}, {"stars", "comment"}),
        (5, "x" * 501, {"comment"}),
        (5, "👍" * 501, {"comment"}),
        (5, "nul\x00", {"comment"}),
        (5, 12, {"comment"}),
        (5, ["a"], {"comment"}),
        (5, "\ud800", {"comment"}),
        ("x", "y" * 10_000, {"stars", "comment"}),
    ],
)
def test_what_cannot_be_answered(stars: object, comment: object, fields: set[str]) -> None:
    with pytest.raises(InvalidAnswer) as caught:
        check(stars, comment)
    assert set(caught.value.errors) == fields


@pytest.mark.parametrize(
    ("comment", "stored"),
    [
        (None, ""),
        ("  spaced \r\n", "spaced"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("x" * 500, "x" * 500),
        ("👍" * 500, "👍" * 500),
        ("a\r\n" * 249 + "bc", "a\n" * 249 + "bc"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("مرحبا \u202eabc", "مرحبا \u202eabc"),
    ],
)
def test_what_can_be_answered(comment: str | None, stored: str) -> None:
    assert check("5", comment) == Answer(5, stored, "")


@pytest.mark.parametrize("key", ["x" * 65, "ü", "a\n", None, 7, ["a"]])
def test_strange_form_key_is_none(key: object) -> None:
    assert check(5, "", key).form_key == ""


@pytest.mark.parametrize("comment", ["<b>x</b>", "👨‍👩‍👧‍👦" * 20, "שלום", "'; DROP TABLE x; --", "%(now)s %s"])
def test_any_text_arrives_unchanged(comment: str, token: str, now: datetime) -> None:
    actions.answer(token, check(3, comment), language="en", now=now)
    assert Response.objects.get().comment == comment
