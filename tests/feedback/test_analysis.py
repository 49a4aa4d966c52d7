"""What we read in an answer, and its file."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from apps.core.models import OutboxEvent
from apps.feedback import actions, queries, tasks
from apps.feedback.answers import Answer
from apps.feedback.models import Response, SurveyRequest
from apps.lake.models import LakeFile

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs/schemas/feedback.v1.json").read_text())


@pytest.fixture
def response(survey_request: SurveyRequest, token: str, now: datetime) -> Response:
    actions.answer(token, Answer(5, "Great team.\nThe wait was terrible and awful!", ""), language="en", now=now)
    return Response.objects.select_related("organization").get()


def test_answer_is_read_once(response: Response, now: datetime) -> None:
    read = actions.analyse(response, now=now)
    assert read.sentiment in ("positive", "neutral", "negative")
    assert read.sentiment_by["engine"] == "built-in"
    assert read.summary_by["engine"] == "built-in"
    again = actions.analyse(Response.objects.get(), now=now + timedelta(hours=1))
    assert again.analysed_at == now
    assert OutboxEvent.objects.filter(name="feedback.ResponseAnalysed").count() == 1


def test_rival_workers_announce_once(response: Response, now: datetime) -> None:
    rival = Response.objects.select_related("organization").get()
    actions.analyse(response, now=now)
    actions.analyse(rival, now=now)
    assert OutboxEvent.objects.filter(name="feedback.ResponseAnalysed").count() == 1


def test_words_that_drove_it_are_marked(response: Response) -> None:
    response.sentiment_words = [["terrible", -0.5], ["Great", 0.6], ["a.b", 0.1]]
    marks = queries.marked_comment(response)
    assert "".join(mark.text for mark in marks) == response.comment
    assert {(mark.text, mark.weight) for mark in marks if mark.weight} == {("terrible", -0.5), ("Great", 0.6)}


def test_file_has_one_name_and_fits_its_schema(response: Response, now: datetime, deliver_events) -> None:
    tasks.analyse_responses()
    deliver_events()
    tasks.store_responses()
    actions.store_in_lake(Response.objects.get(), now=now + timedelta(days=3))
    file = LakeFile.objects.get()
    at = now.astimezone(UTC)
    assert re.fullmatch(rf"feedback/{at:%Y/%m/%d}/feedback_{response.customer_id}_\d{{8}}T\d{{12}}Z\.json", file.path)
    document = json.loads(bytes(file.content))
    assert set(document) == set(SCHEMA["properties"]) == set(SCHEMA["required"])
    for part in ("sentiment", "summary"):
        assert set(document[part]) == set(SCHEMA["properties"][part]["properties"])
    assert document["comment"] == response.comment
    assert re.fullmatch(SCHEMA["$defs"]["moment"]["pattern"], document["submitted_at"])


def test_sweep_hands_over_what_was_left(response: Response, now: datetime) -> None:
    actions.analyse(response, now=now)
    assert not LakeFile.objects.exists()
    tasks.store_responses()
    assert Response.objects.get().lake_file == LakeFile.objects.get()
