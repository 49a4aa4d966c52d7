"""Whose events are not those of a person: robots by their user agent, test users by their names."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

# The words by which well-behaved robots, previews, monitors and scripted browsers name themselves.
ROBOT = re.compile(
    r"bot\b|bot/|spider|crawl|slurp|facebookexternalhit|preview|headless|phantomjs|selenium|puppeteer|playwright"
    r"|lighthouse|pingdom|uptime|monitor|scanner|\bcurl/|\bwget/|python-requests|go-http-client|okhttp-probe"
    r"|mediapartners|bingpreview|whatsapp/|telegram|embedly|archive\.org|validator",
    re.IGNORECASE,
)


@lru_cache(20_000)
def is_robot(user_agent: str) -> bool:
    """Whether this user agent names a robot. Nothing said is no robot: servers send for people."""
    return ROBOT.search(user_agent) is not None


def is_test_user(names: Collection[str], patterns: Collection[str]) -> bool:
    """Whether one of the names (user id, e-mail) is a pattern, or ends with a pattern that begins with `@`."""
    return any(
        name.endswith(pattern) if pattern.startswith("@") else name == pattern for name in names for pattern in patterns
    )
