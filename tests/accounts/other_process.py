"""A second process of the same installation, for `test_remembering`: answers requests, one line for each.

A line in: method, address, name and value of one header, body. A line out: the status, and how often it looked up who
asks.
"""

from __future__ import annotations

import os
import sys

import django

django.setup()

from django.test import Client  # noqa: E402

from apps.core.prepared import PreparedRow  # noqa: E402

looks = 0
first = PreparedRow.first


def counted(self, **values):
    global looks
    looks += 1
    return first(self, **values)


PreparedRow.first = counted


def answer(line: str) -> str:
    global looks
    method, address, header, value, body = line.split("\t")
    client = Client(headers={header: value}, SERVER_NAME="127.0.0.1", raise_request_exception=True)
    looks = 0
    response = client.generic(method, address, body, content_type="application/json")
    return f"{response.status_code} {looks}"


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


say("ready")
for line in sys.stdin:
    line = line.rstrip("\n")
    if line.startswith("FORK\t"):
        # The child opens a connection of its own, and ends; what the parent has goes on.
        child = os.fork()
        if not child:
            from django.db import connections

            for each in connections.all():
                each.connection = None
            say(answer(line.removeprefix("FORK\t")))
            os._exit(0)
        os.waitpid(child, 0)
    else:
        say(answer(line))
