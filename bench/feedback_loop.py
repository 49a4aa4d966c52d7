"""The whole loop with real reviews over real HTTP, in a product that was started the way a user starts it.

    python bench/feedback_loop.py --reviews REVIEWS.csv
        [--postgres | --database-url … --redis-url …] [--limit 100] [--threads 8]

Starts web server, worker and beat with one command (embedded SQLite and file broker by default; `--postgres`: a fresh
PostgreSQL database and Redis), walks through the set-up wizard, signs in, makes an API key, and then for every review:
capture by API → the mail, taken from a real SMTP server on loopback → its link → the page → the answer → until
response, timeline and lake have it. Reviews over 500 characters are sent whole first and must be refused (422, the
right words, nothing lost), then shortened.

Printed: the counts, which must agree in all five places (or the run fails); the throughput; and how well the mood that
the product read in the text alone agrees with the stars (1–2 negative, 3 neutral, 4–5 positive), beside plain VADER on
the same texts.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import harness
from loop import LONGEST, Loop, Review, lines, read, set_up

sys.path.insert(0, str(harness.ROOT))

from sentiment import accuracy, macro_f1, plain_vader, vader_label

from apps.intelligence.builtin import feeling
from tests.fakes.smtp import SmtpSink


def main() -> int:
    """Run the loop and print; fails unless every count agrees."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reviews", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=0, help="only so many reviews")
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--postgres", action="store_true", help="a fresh PostgreSQL database, and Redis")
    parser.add_argument("--database-url", default="")
    parser.add_argument("--redis-url", default="")
    arguments = parser.parse_args()
    reviews = read(arguments.reviews)[: arguments.limit or None]
    with ExitStack() as stack:
        var = stack.enter_context(harness.folder())
        if arguments.postgres:
            arguments.database_url = stack.enter_context(harness.database("loop"))
            arguments.redis_url = harness.clean_redis()
        sink = stack.enter_context(SmtpSink())
        env = harness.environment(
            var,
            database_url=arguments.database_url,
            redis_url=arguments.redis_url,
            DEMO="0",
            EMAIL_PROVIDERS="smtp",
            SMTP_URL=f"{sink.url}?tls=none",
            # All customers of this run share one address and one key.
            SURVEY_ANSWERS_PER_ADDRESS="1000000000",
            API_REQUESTS_PER_KEY="1000000000",
        )
        started = time.monotonic()
        address = stack.enter_context(harness.product(env, var))
        harness.say(f"started in {time.monotonic() - started:.1f} s at {address}")
        key = set_up(address, sink)
        loop = Loop(address, key, sink, var / "lake", arguments.threads)
        loop.run(reviews)
    return report(loop, reviews, "PostgreSQL + Redis" if arguments.database_url else "SQLite + file broker")


def report(loop: Loop, reviews: list[Review], where: str) -> int:
    """Print what was counted; 1 unless all agree."""
    count = len(reviews)
    counts = {
        "captures": sum(1 for review in reviews if review.customer_id),
        "mails": sum(1 for review in reviews if loop.mails[review.email] == 1),
        "responses by API": sum(1 for review in reviews if is_right(loop.responses.get(review.customer_id), review)),
        "timeline entries by API": sum(1 for review in reviews if is_told_once(loop, review)),
        "lake files, right content": sum(
            1
            for review in reviews
            if len(loop.files.get(review.customer_id, [])) == 1 and is_right(loop.files[review.customer_id][0], review)
        ),
    }
    print(f"\n{count} reviews, {where}, {loop.threads} people at a time, {os.cpu_count()} cores for everything")
    for name, value in counts.items():
        print(f"  {name:<28}{value:>6}  {'' if value == count else 'WRONG'}")
    long = [review for review in reviews if review.is_long]
    refused = sum(not review.problems for review in long)
    print(f"  {f'refused first (over {LONGEST})':<28}{refused:>6}  of {len(long)}")
    for name, seconds in loop.seconds.items():
        print(f"  {name:<28}{seconds:>6.1f} s  {count / seconds:.1f} reviews/s")
    problems = [f"{review.number}: {problem}" for review in reviews for problem in review.problems]
    for problem in problems[:10]:
        print(f"  WRONG {problem}")
    report_mood(loop, reviews)
    return int(any(value != count for value in counts.values()) or bool(problems))


def is_right(found: dict[str, Any] | None, review: Review) -> bool:
    """Whether a response or a file says what the customer said."""
    return found is not None and (found["stars"], lines(found["comment"])) == (review.stars, lines(review.sent))


def is_told_once(loop: Loop, review: Review) -> bool:
    """Whether the timeline has the answer exactly once, with its words."""
    entries = [e for e in loop.timeline.get(review.customer_id, []) if e["kind"] == "response"]
    return len(entries) == 1 and lines(entries[0]["body"]) == lines(review.sent)


def report_mood(loop: Loop, reviews: list[Review]) -> None:
    """The agreement of text and stars, over what the lake holds."""
    stored = [loop.files[review.customer_id][0] for review in reviews if review.customer_id in loop.files]
    stored = [document for document in stored if document["sentiment"]["text_score"] is not None]
    if not stored:
        return
    gold = ["negative" if d["stars"] < 3 else "neutral" if d["stars"] == 3 else "positive" for d in stored]
    ours = [feeling.text_label(document["sentiment"]["text_score"]) for document in stored]
    plain = [vader_label(plain_vader(document["comment"])) for document in stored]
    print(f"\n  Mood of the text alone against the stars, {len(stored)} texts with words of a mood")
    for name, found in (("the product", ours), ("plain VADER", plain)):
        print(f"    {name:<14}accuracy {accuracy(gold, found):.3f}   macro-F1 {macro_f1(gold, found):.3f}")


if __name__ == "__main__":
    sys.exit(main())
