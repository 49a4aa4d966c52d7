"""ETag and If-Match: nobody overwrites what they have not seen."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from apps.core import etag


class Lamp:
    version = 7


class LampDetail(APIView):
    authentication_classes = ()
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        return etag.answer(request, Lamp(), {"lit": True})

    def patch(self, request: Request) -> Response:
        etag.check(request, Lamp())
        return etag.answer(request, Lamp(), {"lit": False})


def ask(method: str, **headers: str) -> Any:
    request = getattr(APIRequestFactory(), method)("/", headers={k.replace("_", "-"): v for k, v in headers.items()})
    return LampDetail.as_view()(request).render()


def test_reading_gives_the_tag() -> None:
    answer = ask("get")
    assert (answer.status_code, answer["ETag"], answer.data) == (200, '"7"', {"lit": True})


@pytest.mark.parametrize("known", ['"7"', 'W/"7"', '"3", "7"'])
def test_who_has_this_version_gets_no_body(known: str) -> None:
    answer = ask("get", If_None_Match=known)
    assert (answer.status_code, answer["ETag"]) == (304, '"7"')
    assert not answer.content


def test_who_has_another_version_gets_the_body() -> None:
    assert ask("get", If_None_Match='"6"').status_code == 200


def test_change_without_a_tag_is_428() -> None:
    answer = ask("patch")
    assert answer.status_code == 428
    assert answer.data["code"] == "precondition_required"
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("given", ['"6"', 'W/"7"', "7", '""', '"77"', '"7', "\x00"])
def test_change_of_another_version_is_412(given: str) -> None:
    answer = ask("patch", If_Match=given)
    assert answer.status_code == 412
    assert answer.data["code"] == "precondition_failed"


@pytest.mark.parametrize("given", ['"7"', '"6", "7"', "*"])
def test_change_of_this_version_happens(given: str) -> None:
    answer = ask("patch", If_Match=given)
    assert (answer.status_code, answer.data) == (200, {"lit": False})
